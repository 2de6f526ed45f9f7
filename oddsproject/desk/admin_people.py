"""Users and roles, for the lead: nobody raises their own rights or makes a superuser here."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from oddsproject.api.roles import LEAD, ROLES
from oddsproject.desk.base import DeskAdmin, ReadOnlyAdmin

for model in (User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class RoleField(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        super().__init__(
            queryset=Group.objects.filter(name__in=ROLES),
            required=False,
            empty_label="No access",
            widget=UnfoldAdminSelectWidget,
            help_text="viewer reads; trader also maps and refreshes; lead also steers the scraper and users.",
            **kwargs,
        )


class PersonForm(UserChangeForm):
    role = RoleField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = self.instance.groups.filter(name__in=ROLES).first()


class NewPersonForm(UserCreationForm):
    role = RoleField()


@admin.register(User)
class PersonAdmin(DeskAdmin, DjangoUserAdmin):
    view_role = add_role = change_role = LEAD
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "full_name", "role_name", "is_active", "last_login"]
    list_filter = ["groups", "is_active"]
    search_fields = ["username", "first_name", "last_name"]
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Access", {"fields": ["is_active", "role"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "usable_password", "password1", "password2", "role"]})]

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "is_active", "role_name"] if obj is not None and obj == request.user else fields

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or (obj != request.user and self.has_change_permission(request, obj)):
            return fieldsets
        # One's own role, and that of people one may not change, is shown and cannot be sent.
        return [
            (title, {**options, "fields": ["role_name" if name == "role" else name for name in options["fields"]]})
            for title, options in fieldsets
        ]

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        if obj is not None and obj == request.user:
            form = type("OwnPersonForm", (form,), {"role": None})
        return form

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        person = form.instance
        if "role" not in form.cleaned_data or person == request.user:
            return
        role = form.cleaned_data["role"]
        others = person.groups.exclude(name__in=ROLES)
        person.groups.set([*others, *([role] if role else [])])
        if person.is_staff != bool(role) and not person.is_superuser:
            person.is_staff = bool(role)
            person.save(update_fields=["is_staff"])

    @display(description="Name")
    def full_name(self, person):
        return person.get_full_name() or "–"

    @display(description="Role")
    def role_name(self, person):
        if person.is_superuser:
            return "superuser"
        held = {group.name for group in person.groups.all()}
        return next((role for role in reversed(ROLES) if role in held), "no access")


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    view_role = LEAD
    list_display = ["name"]
    fields = readonly_fields = ["name"]
