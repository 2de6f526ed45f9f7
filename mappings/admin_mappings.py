"""Lists: mappings that people made, the built-in catalogue, and every change of them. What one opens from
there are pages of our own."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from mappings import services
from mappings.actions import ReasonRequired, check_reason
from mappings.admin_changes import change_page, changes_page, export_view
from mappings.admin_decisions import said, say
from mappings.admin_drafts import reason_of
from mappings.admin_editor import editor_page
from mappings.admin_history import detail_page, switched_words, usual_reasons, why_a_reason
from mappings.cache import mapping_cache
from mappings.catalogue.loader import built_in
from mappings.deciding import deciding
from mappings.models import MappingAuditLog, UserMarketMapping
from mappings.services.mappings import catalogue_entry
from oddsproject.api.roles import TRADER, has_role
from oddsproject.desk.base import DeskAdmin, ReadOnlyAdmin
from oddsproject.desk.formats import age, badge, count_text, foreign
from oddsproject.desk.pages import page, require

MOST_NAMED = 5
OFF, EVERY = "off", "all"
STATES = {"": "In force", OFF: "Switched off", EVERY: "All"}


class StateFilter(DropdownFilter):
    """Those in force, unless one asks for others: a take-back leaves switched-off rows for their history."""

    title, parameter_name = "state", "state"
    all_option = ["", STATES[""]]

    def lookups(self, request, model_admin):
        return [(OFF, STATES[OFF]), (EVERY, STATES[EVERY])]

    def queryset(self, request, queryset):
        return queryset if self.value() == EVERY else queryset.filter(is_active=self.value() != OFF)


@admin.register(MappingAuditLog)
class MappingAuditLogAdmin(ReadOnlyAdmin):
    """Its list and its form are pages of our own; the admin gives them their place and their guard."""

    def get_urls(self):
        export = self.admin_site.admin_view(export_view)
        return [
            path("changes.csv", export, {"form": "csv"}, name="mappings_changes_csv"),
            path("changes.json", export, {"form": "json"}, name="mappings_changes_json"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST":
            raise PermissionDenied  # nothing is decided about what has happened
        return changes_page(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method == "POST":
            raise PermissionDenied
        return change_page(request, object_id)


@admin.register(UserMarketMapping)
class UserMarketMappingAdmin(DeskAdmin):
    """The form is mappings.admin_editor; who may only read gets the mapping's own page."""

    add_role = change_role = TRADER
    list_display = ["title", "state", "betpawa", "sportybet", "bet9ja", "outcome_count", "priority", "changed"]
    list_display_links = None
    list_filter = [StateFilter, ("kind", ChoicesDropdownFilter)]
    search_fields = ["name", "canonical_id", "=betpawa_id", "=sportybet_id", "=bet9ja_key"]
    search_help_text = "Name, id or a bookmaker's key"
    ordering = ["name", "id"]
    list_before_template = "desk/mappings_head.html"
    actions = ["deactivate", "activate"]

    def add_view(self, request, form_url="", extra_context=None):
        """?override=<canonical id> starts from the built-in entry."""
        asked = request.GET.get("override", "")
        row = UserMarketMapping.objects.filter(canonical_id=asked).first() if asked else None
        if row is not None or (asked and catalogue_entry(asked) is not None):
            return editor_page(request, asked)
        return editor_page(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        id = int(object_id) if object_id.isascii() and object_id.isdigit() and len(object_id) < 19 else 0
        row = get_object_or_404(UserMarketMapping, pk=id)
        if has_role(request.user, TRADER) or request.method == "POST":
            return editor_page(request, row.canonical_id)
        return detail_page(request, row.canonical_id)

    def changelist_view(self, request, extra_context=None):
        mapping_cache.refresh()
        counts = _counts()
        state = {
            "clashes": mapping_cache.clashes,
            "problems": mapping_cache.problems,
            "states": [(value, words, counts[value]) for value, words in STATES.items()],
            "asked_state": request.GET.get("state", ""),
            "said": said(request) if request.method == "GET" else None,
        }
        return super().changelist_view(request, {**(extra_context or {}), **state})

    def get_changelist_instance(self, request):
        listed = super().get_changelist_instance(request)
        if not listed.result_count and not request.GET.keys() - {"state"}:
            listed.empty_words = _none_words(request.GET.get("state", ""), _counts())
        return listed

    def get_search_results(self, request, queryset, search_term):
        """Also by any further key of a bookmaker: what was mapped from the queue lies there."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if term:
            found |= queryset.filter(extra_source_keys__contains=[{"key": term}])
        return found, may_repeat

    # --- Columns ----------------------------------------------------------------------------------

    @display(description="Mapping", ordering="name")
    def title(self, row):
        address = reverse("admin:mappings_detail", args=[row.canonical_id])
        return format_html(
            '<a href="{}" class="font-semibold text-primary-600 dark:text-primary-500"><bdi>{}</bdi></a>'
            '<code class="desk-sub">{}</code>',
            address,
            row.name,
            row.canonical_id,
        )

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
        return _keys(row, "sportybet", row.sportybet_id)

    @display(description="Bet9ja", ordering="bet9ja_key")
    def bet9ja(self, row):
        return _keys(row, "bet9ja", row.bet9ja_key)

    @display(description="Outcomes")
    def outcome_count(self, row):
        return len(row.outcome_mapping)

    @display(description="Changed", ordering="updated_at")
    def changed(self, row):
        return age(row.updated_at)

    # --- Actions ----------------------------------------------------------------------------------

    @admin.action(description="Switch off: the built-in entry, if any, is in force again", permissions=["change"])
    def deactivate(self, request, queryset):
        return self._switch(request, queryset, is_active=False)

    @admin.action(description="Switch on", permissions=["change"])
    def activate(self, request, queryset):
        return self._switch(request, queryset, is_active=True)

    def _switch(self, request, queryset, *, is_active):
        """One decision about all of them, after a page that asks for a reason where one of them needs it."""
        service = services.activate_mapping if is_active else services.deactivate_mapping
        rows = list(queryset.exclude(is_active=is_active).order_by("name", "canonical_id"))
        reason = reason_of(request.POST, usual_reasons(is_active=is_active))
        if not reason or request.POST.get("do"):
            needing = _needing_a_reason(rows, is_active)
            if needing:
                return _ask_why(request, rows, needing, reason, is_active)
        done, failed, words = [], [], switched_words(is_active)
        with deciding("mapping", request.user, reason or f"Bulk action: {words}.") as batch:
            for row in rows:
                try:
                    made = service(canonical_id=row.canonical_id, user=request.user, reason=batch.reason)
                except ValidationError as error:
                    failed.append(f"{row.canonical_id}: {' '.join(error.messages)}")
                else:
                    done += [row.name] if made.outcome != "unchanged" else []
        tone = "good" if done and not failed else "warn"
        say(request, _switched(done, words), batch=batch.pk if done else None, tone=tone, details=failed)
        return None


def _switched(names, words):
    """ "2 mappings are switched off: Own goal, Penalty." """
    if len(names) < 2:
        return f"{names[0]} is {words}." if names else f"None was {words}."
    more = len(names) - MOST_NAMED
    named = ", ".join(names[:MOST_NAMED]) + (f" and {count_text(more)} more" if more > 0 else "")
    return f"{count_text(len(names))} mappings are {words}: {named}."


def _counts():
    """{state: mappings}"""
    rows = UserMarketMapping.objects.aggregate(on=Count("pk", filter=Q(is_active=True)), every=Count("pk"))
    return {"": rows["on"], OFF: rows["every"] - rows["on"], EVERY: rows["every"]}


def _none_words(asked, counts):
    """What the list says of a tab that is empty while another is not; "" else."""
    here, there = (OFF, "") if asked == OFF else ("", OFF)
    if counts[here] or not counts[there]:
        return ""
    others = f"{count_text(counts[there])} {'is' if counts[there] == 1 else 'are'} {STATES[there].lower()}"
    return f"None {STATES[here].lower()}; {others}"


def _needing_a_reason(rows, is_active):
    """[(mapping, why)] of those that are not switched without a reason, as on their own pages."""
    needing = []
    for row in rows:
        try:
            check_reason("", row.canonical_id, {"is_active": is_active})
        except ReasonRequired as error:
            needing.append((row, why_a_reason(error.preview)))
    return needing


def _ask_why(request, rows, needing, reason, is_active):
    return page(
        request,
        "desk/mappings_switch.html",
        title=f"Switch {'on' if is_active else 'off'}: {count_text(len(rows))} mapping{'' if len(rows) == 1 else 's'}",
        is_active=is_active,
        rows=rows,
        needing=needing,
        reason=reason,
        action=request.POST.getlist("action")[-1],
        canned_reasons=usual_reasons(is_active=is_active),
        next=request.get_full_path(),
    )


def _keys(row, slug, first):
    """A bookmaker's keys: the first, and how many more, which the title names."""
    extra = row.extra_source_keys if isinstance(row.extra_source_keys, list) else []
    more = [item["key"] for item in extra if isinstance(item, dict) and item.get("bookmaker") == slug]
    keys = [key for key in (first, *more) if key]
    if len(keys) < 2:
        return foreign(keys[0] if keys else "")
    return format_html(
        '{} <span class="desk-sub" title="{}">+{} more</span>', foreign(keys[0]), ", ".join(keys), len(keys) - 1
    )


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
