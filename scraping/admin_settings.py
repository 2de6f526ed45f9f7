"""The settings page: plain number fields, every change with its author, view-only below lead."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from odds.models import Bookmaker
from oddsproject.api.roles import LEAD, has_role
from oddsproject.desk.base import ReadOnlyAdmin
from oddsproject.desk.formats import age, lagos
from oddsproject.desk.pages import page, require
from scraping import services
from scraping.models import Settings, SettingsChange
from scraping.models.settings import LIMIT_RANGES

NUMBERS = {
    "interval_minutes": "Minutes between cycles",
    "cycle_deadline_seconds": "Cycle deadline, seconds",
    "batch_size": "Events per batch",
    "max_concurrent_events": "Events in flight per worker",
    "odds_retention_days": "Days of odds history",
    "run_retention_days": "Days of runs",
}
LIMITS = {
    "details": "Event pages at once",
    "lists": "Lists at once",
    "delay_ms": "Delay after each request, ms",
}


def _registry():
    # Asked for when a page is: the admin loads in every process, the clients only where they work.
    from scraping.bookmakers import REGISTRY

    return REGISTRY


def _number(label, low, high, help_text=""):
    message = f"A whole number from {low} to {high}."
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        help_text=help_text or f"{low} to {high}",
        error_messages=dict.fromkeys(("min_value", "max_value", "invalid", "required"), message),
        widget=UnfoldAdminIntegerFieldWidget,
    )


def _range_of(name):
    limits = {validator.code: validator.limit_value for validator in Settings._meta.get_field(name).validators}
    return limits["min_value"], limits["max_value"]


class SettingsForm(forms.Form):
    """Everything of the Settings row except pause, which is a button of its own."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        required=False,
        max_length=500,
        label="Why",
        help_text="Kept with the change.",
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args, settings, **kwargs):
        self.settings = settings
        super().__init__(*args, **kwargs)
        for name, label in NUMBERS.items():
            self.fields[name] = _number(label, *_range_of(name))
            self.fields[name].initial = getattr(settings, name)
        for slug, bookmaker in _registry().items():
            self.fields[f"{slug}_enabled"] = forms.BooleanField(
                required=False,
                label="Scraped",
                initial=slug not in settings.disabled_bookmakers,
                widget=UnfoldBooleanSwitchWidget,
            )
            for name, label in LIMITS.items():
                low, high = LIMIT_RANGES[name]
                field = _number(label, low, high, f"{low} to {high}; own default {bookmaker.default_limits[name]}")
                field.initial = settings.limits[slug][name]
                self.fields[f"{slug}_{name}"] = field
        self.fields["version"].initial = settings.version

    def numbers(self):
        return [self[name] for name in NUMBERS]

    def bookmakers(self):
        """[(bookmaker name, switch, limit fields)] for the template."""
        names = dict(Bookmaker.objects.values_list("slug", "name"))
        return [
            (names.get(slug, slug), self[f"{slug}_enabled"], [self[f"{slug}_{name}"] for name in LIMITS])
            for slug in _registry()
        ]

    def save(self, user):
        """Write the change through the service. Raises ValidationError as the service does."""
        data = self.cleaned_data
        overrides = {}
        for slug, bookmaker in _registry().items():
            own = bookmaker.default_limits
            changed = {name: data[f"{slug}_{name}"] for name in LIMITS if data[f"{slug}_{name}"] != own[name]}
            if changed:
                overrides[slug] = changed
        return services.change_settings(
            user=user,
            reason=data["reason"],
            expected_version=data["version"],
            disabled_bookmakers=[slug for slug in _registry() if not data[f"{slug}_enabled"]],
            bookmaker_limits=overrides,
            **{name: data[name] for name in NUMBERS},
        )

    def add_service_errors(self, error):
        """Put what the service refused beside the fields that this form has."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            self.add_error(name if name in self.fields else None, errors)


@require(methods=("GET", "HEAD", "POST"))
def settings_page(request):
    is_lead = has_role(request.user, LEAD)
    settings = Settings.load()
    if request.method == "POST":
        if not is_lead:
            raise PermissionDenied
        form = SettingsForm(request.POST, settings=settings)
        if form.is_valid():
            try:
                saved = form.save(request.user)
            except ValidationError as error:
                form.add_service_errors(error)
            else:
                changed = saved.version != form.cleaned_data["version"]
                messages.success(request, "Settings changed." if changed else "Nothing was different.")
                return HttpResponseRedirect(reverse("admin:scraper_settings"))
    else:
        form = SettingsForm(settings=settings)
    if not is_lead:
        for field in form.fields.values():
            field.disabled = True
    return page(
        request,
        "desk/settings.html",
        title="Settings",
        form=form,
        settings=settings,
        is_lead=is_lead,
        all_off=not settings.enabled_bookmakers,
        changes=SettingsChange.objects.all()[:10],
    )


@require(LEAD, methods=("POST",))
def pause_page(request):
    """Pause or resume scheduled cycles; a cycle that runs goes on to its end."""
    asked = request.POST.get("paused", "")
    if asked not in ("0", "1"):
        return HttpResponseBadRequest("paused must be 1 or 0.")
    paused = asked == "1"
    services.set_scheduler_paused(paused=paused, user=request.user, reason=request.POST.get("reason", "")[:500])
    messages.success(request, "Scheduled cycles are paused." if paused else "Scheduled cycles go on.")
    return HttpResponseRedirect(reverse("admin:scraper_settings"))


admin.site.add_page("settings/", settings_page, "scraper_settings")
admin.site.add_page("settings/pause/", pause_page, "scraper_pause")


@admin.register(SettingsChange)
class SettingsChangeAdmin(ReadOnlyAdmin):
    list_display = ["when", "created_by", "what", "reason"]
    search_fields = ["created_by", "reason"]
    fields = readonly_fields = ["created", "created_by", "reason", "old_value", "new_value"]

    @display(description="When", ordering="id")
    def when(self, change):
        return age(change.created_at)

    @display(description="When")
    def created(self, change):
        return lagos(change.created_at)

    @display(description="What")
    def what(self, change):
        return ", ".join(f"{name}: {change.old_value.get(name)} → {value}" for name, value in change.new_value.items())
