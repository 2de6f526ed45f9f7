"""Mappings that people made, the built-in catalogue, and the audit log."""

import json

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import model_to_dict
from django.http import HttpResponseRedirect
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from mappings import services
from mappings.admin_forms import MappingForm
from mappings.cache import mapping_cache
from mappings.catalogue.loader import built_in
from mappings.models import MappingAuditLog, UserMarketMapping
from mappings.services.mappings import EDITABLE, catalogue_entry, new_row
from oddsproject.api.roles import TRADER
from oddsproject.desk.base import DeskAdmin, ReadOnlyAdmin, ReadOnlyInline
from oddsproject.desk.formats import age, badge, foreign
from oddsproject.desk.pages import page, require

ACTIONS = {
    "CREATE": ("Created", "add_circle", "good"),
    "UPDATE": ("Changed", "edit", "info"),
    "DELETE": ("Deleted", "delete", "bad"),
    "ACTIVATE": ("Activated", "toggle_on", "good"),
    "DEACTIVATE": ("Deactivated", "toggle_off", "warn"),
}
NOT_SHOWN = {"updated_at", "version", "id", "created_at"}


def differences(change):
    """["field: old → new"] of one audit row."""
    old, new = change.old_value or {}, change.new_value or {}
    if not old or not new:
        return []
    return [
        f"{name}: {_short(old.get(name))} → {_short(new.get(name))}"
        for name in sorted(set(old) | set(new))
        if name not in NOT_SHOWN and old.get(name) != new.get(name)
    ]


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"


@admin.register(MappingAuditLog)
class MappingAuditLogAdmin(ReadOnlyAdmin):
    list_display = ["when", "what", "canonical_id", "who", "why", "diff"]
    list_filter = ["action"]
    search_fields = ["canonical_id", "created_by", "reason"]
    ordering = ["-created_at", "-id"]
    fields = readonly_fields = ["when", "what", "canonical_id", "who", "why", "diff", "old_value", "new_value"]

    @display(description="When", ordering="created_at")
    def when(self, change):
        return age(change.created_at)

    @display(description="What", ordering="action")
    def what(self, change):
        return badge(*ACTIONS[change.action])

    @display(description="Who", ordering="created_by")
    def who(self, change):
        return change.created_by or "not known (changed in SQL)"

    @display(description="Why")
    def why(self, change):
        return foreign(change.reason)

    @display(description="Differences")
    def diff(self, change):
        return foreign("; ".join(differences(change)))


class AuditInline(ReadOnlyInline):
    model = MappingAuditLog
    fields = readonly_fields = ["when", "what", "who", "why", "diff"]
    ordering = ["-created_at", "-id"]
    verbose_name_plural = "history of this mapping"
    per_page = 20
    hide_title = True

    when, what, who = MappingAuditLogAdmin.when, MappingAuditLogAdmin.what, MappingAuditLogAdmin.who
    why, diff = MappingAuditLogAdmin.why, MappingAuditLogAdmin.diff


@admin.register(UserMarketMapping)
class UserMarketMappingAdmin(DeskAdmin):
    add_role = change_role = TRADER
    form = MappingForm
    list_display = ["title", "state", "betpawa", "sportybet", "bet9ja", "outcome_count", "priority", "changed"]
    list_filter = ["is_active", ("kind", ChoicesDropdownFilter)]
    search_fields = ["name", "canonical_id", "=betpawa_id", "=sportybet_id", "=bet9ja_key"]
    search_help_text = "Name, id or a bookmaker's key"
    ordering = ["name", "id"]
    list_before_template = "desk/mappings_head.html"
    actions = ["deactivate", "activate"]
    inlines = [AuditInline]
    fieldsets = [
        (None, {"fields": ["canonical_id", "name", "is_active", "priority"]}),
        ("What it is", {"fields": ["kind", "subkind", "period", "subject", "side", "line_semantics"]}),
        (
            "Where it is found",
            {"fields": ["betpawa_id", "sportybet_id", "bet9ja_key", "extra_source_keys", "specifier_filters"]},
        ),
        ("Outcomes", {"fields": ["outcome_mapping"]}),
        ("This change", {"fields": ["reason", "read_version"]}),
    ]

    # --- Who may --------------------------------------------------------------------------------

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        may_edit = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return fieldsets if may_edit else [part for part in fieldsets if part[0] != "This change"]

    def get_readonly_fields(self, request, obj=None):
        return ["canonical_id"] if obj else []

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    # --- Saving: through the services, which audit ------------------------------------------------

    def get_changeform_initial_data(self, request):
        """?override=<canonical id> starts from the built-in entry."""
        asked = request.GET.get("override", "")
        if not asked or catalogue_entry(asked) is None:
            return {}
        return {**model_to_dict(new_row(asked)), "reason": f"Override of the built-in {asked}."}

    def save_model(self, request, obj, form, change):
        reason = form.cleaned_data.get("reason", "")
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data if name in EDITABLE}
            services.update_mapping(
                canonical_id=obj.canonical_id,
                changes=changes,
                user=request.user,
                reason=reason,
                version=form.cleaned_data.get("read_version"),
            )
            return
        values = {name: form.cleaned_data[name] for name in EDITABLE if name in form.cleaned_data}
        made = services.create_mapping(canonical_id=obj.canonical_id, values=values, user=request.user, reason=reason)
        obj.pk = made.mapping.pk
        obj.refresh_from_db()

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (services.StaleVersion, ValidationError) as error:
            # Only what happened between the form's check and the save gets here.
            text = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            messages.error(request, f"Nothing was saved. {text}")
            return HttpResponseRedirect(request.get_full_path())

    def changelist_view(self, request, extra_context=None):
        mapping_cache.refresh()
        state = {"clashes": mapping_cache.clashes, "problems": mapping_cache.problems}
        return super().changelist_view(request, {**(extra_context or {}), **state})

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Mapping", ordering="name")
    def title(self, row):
        return format_html('<bdi>{}</bdi><code class="desk-sub">{}</code>', row.name, row.canonical_id)

    @display(description="State", ordering="is_active")
    def state(self, row):
        if not row.is_active:
            return badge("Off", "toggle_off", "calm")
        if catalogue_entry(row.canonical_id):
            return badge("Overrides built-in", "swap_horiz", "info")
        return badge("Active", "check_circle", "good")

    @display(description="BetPawa", ordering="betpawa_id")
    def betpawa(self, row):
        return foreign(row.betpawa_id)

    @display(description="SportyBet", ordering="sportybet_id")
    def sportybet(self, row):
        return foreign(row.sportybet_id)

    @display(description="Bet9ja", ordering="bet9ja_key")
    def bet9ja(self, row):
        return foreign(row.bet9ja_key)

    @display(description="Outcomes")
    def outcome_count(self, row):
        return len(row.outcome_mapping)

    @display(description="Changed", ordering="updated_at")
    def changed(self, row):
        return age(row.updated_at)

    # --- Actions ----------------------------------------------------------------------------------

    @admin.action(description="Switch off: the built-in entry, if any, is in force again", permissions=["change"])
    def deactivate(self, request, queryset):
        self._switch(request, queryset, services.deactivate_mapping, "switched off")

    @admin.action(description="Switch on", permissions=["change"])
    def activate(self, request, queryset):
        self._switch(request, queryset, services.activate_mapping, "switched on")

    def _switch(self, request, queryset, service, words):
        done, failed = 0, []
        for canonical_id in queryset.order_by("canonical_id").values_list("canonical_id", flat=True):
            try:
                made = service(canonical_id=canonical_id, user=request.user, reason=f"Bulk action: {words}.")
            except ValidationError as error:
                failed.append(f"{canonical_id}: {' '.join(error.messages)}")
            else:
                done += made.outcome != "unchanged"
        messages.success(request, f"{done} {words}.")
        for sentence in failed:
            messages.error(request, sentence)


@require()
def catalogue_page(request):
    """The built-in markets, with search, and the way to override one."""
    question = request.GET.get("q", "").strip()[:100]
    rows = {row.canonical_id: row for row in UserMarketMapping.objects.only("canonical_id", "is_active")}
    entries = sorted(built_in(), key=lambda entry: entry.name)
    if question:
        wanted = question.casefold()
        entries = [entry for entry in entries if wanted in _words(entry)]
    return page(
        request,
        "desk/catalogue.html",
        title="Built-in catalogue",
        q=question,
        total=len(built_in()),
        entries=[(entry, rows.get(entry.canonical_id)) for entry in entries],
    )


def _words(entry):
    keys = " ".join(key for keys in entry.keys.values() for key in keys)
    return f"{entry.name} {entry.canonical_id} {keys}".casefold()


admin.site.add_page("catalogue/", catalogue_page, "mapping_catalogue")
