"""API tokens: everyone makes and revokes their own, a lead sees and revokes all.

The secret is on the answer to the form and nowhere else: not in the log, the session or a message.
"""

from datetime import timedelta

from django import forms
from django.contrib import admin
from django.db import transaction
from django.utils import timezone
from django.views.decorators.cache import never_cache
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from oddsproject.api.models import ApiToken
from oddsproject.api.roles import LEAD, VIEWER, has_role, roles_of
from oddsproject.api.tokens import LONGEST_DAYS, issue_token, revoke_token
from oddsproject.desk.base import ReadOnlyAdmin
from oddsproject.desk.formats import age, badge, foreign, lagos
from oddsproject.desk.pages import page

USUAL_DAYS = 90


class NewTokenForm(forms.ModelForm):
    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=USUAL_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"How long it is valid, at most {LONGEST_DAYS}.",
    )

    class Meta:
        model = ApiToken
        fields = ["name", "role"]
        widgets = {"name": UnfoldAdminTextInputWidget, "role": UnfoldAdminSelectWidget}


@admin.register(ApiToken)
class TokenAdmin(ReadOnlyAdmin):
    view_role = add_role = VIEWER
    form = NewTokenForm
    list_display = ["shown_prefix", "purpose", "user", "role", "state", "created", "expires", "last_used"]
    list_select_related = ["user"]
    list_filter = ["role"]
    search_fields = ["prefix", "name", "user__username"]
    search_help_text = "Prefix, purpose or user"
    ordering = ["-id"]
    sortable_by = ()
    actions = ["revoke"]
    fields = readonly_fields = [
        "shown_prefix", "purpose", "user", "role", "state", "created", "expires", "last_used",
    ]  # fmt: skip

    def get_queryset(self, request):
        tokens = super().get_queryset(request).defer("secret_hash")
        return tokens if has_role(request.user, LEAD) else tokens.filter(user=request.user)

    def get_fields(self, request, obj=None):
        return ["name", "role", "days"] if obj is None else self.fields

    def get_readonly_fields(self, request, obj=None):
        return () if obj is None else self.readonly_fields

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "role":
            held = roles_of(request.user)
            kwargs["choices"] = [choice for choice in ApiToken.Role.choices if choice[0] in held]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def add_view(self, request, form_url="", extra_context=None):
        # Whatever is pressed leads to the one page that shows the secret.
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **one_button})

    def save_model(self, request, obj, form, change):
        given = form.cleaned_data
        token, obj.secret = issue_token(
            user=request.user, name=given["name"], role=given["role"], lifetime=timedelta(days=given["days"])
        )
        obj.pk = token.pk
        obj.refresh_from_db()

    def response_add(self, request, obj, post_url_continue=None):
        return never_cache(page)(request, "desk/token.html", title="New API token", token=obj, secret=obj.secret)

    @action(description="Revoke: programs that use them are refused at once", icon="key_off")
    def revoke(self, request, queryset):
        with transaction.atomic():
            revoked = [token for token in queryset.select_related("user") if revoke_token(token, by=request.user)]
            for token in revoked:
                self.log_change(request, token, "Revoked")
        self.message_user(request, f"{len(revoked)} token{'' if len(revoked) == 1 else 's'} revoked.")

    @display(description="Token")
    def shown_prefix(self, token):
        return f"{token.prefix}…"

    @display(description="Purpose")
    def purpose(self, token):
        return foreign(token.name)

    @display(description="State")
    def state(self, token):
        if token.revoked_at is not None:
            return badge("Revoked", "key_off", "calm", f"at {token.revoked_at:%Y-%m-%d %H:%M:%S} UTC")
        if token.expires_at is not None and token.expires_at <= timezone.now():
            return badge("Expired", "event_busy", "calm")
        if not token.user.is_active:
            return badge("User switched off", "person_off", "warn")
        return badge("Valid", "key", "good")

    @display(description="Made")
    def created(self, token):
        return lagos(token.created_at)

    @display(description="Expires")
    def expires(self, token):
        return lagos(token.expires_at) if token.expires_at else "never"

    @display(description="Last used")
    def last_used(self, token):
        return age(token.last_used_at)
