"""The queue of unmapped markets: the list, one market's page, and what people decide."""

from django.contrib import admin, messages
from django.db.models import Count
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from mappings.admin_decisions import MOST_AT_ONCE, decide_page, decide_rows, ignore_page
from mappings.admin_filters import ErrorCodeFilter, OccurrencesFilter, SourceFilter, StatusFilter
from mappings.admin_focus import focus_urls
from mappings.admin_map import MAPPED_AT_ONCE, map_page
from mappings.admin_pairing import sample_pairs
from mappings.models import UnmappedMarketLog, UnmappedStatus
from oddsproject.api.roles import TRADER
from oddsproject.desk.base import ReadOnlyAdmin
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import age, badge, chips, count_text, foreign, lagos_short
from oddsproject.desk.pages import page, require

STATUSES = {
    UnmappedStatus.NEW: ("New", "fiber_new", "info"),
    UnmappedStatus.ACKNOWLEDGED: ("Acknowledged", "visibility", "warn"),
    UnmappedStatus.MAPPED: ("Mapped", "link", "good"),
    UnmappedStatus.IGNORED: ("Ignored", "visibility_off", "calm"),
}
CHIPS_IN_LIST = 4


def status_badge(status):
    """A queue row's status, by icon and word."""
    return badge(*STATUSES[status])


@admin.register(UnmappedMarketLog)
class UnmappedMarketAdmin(ReadOnlyAdmin):
    list_display = [
        "market",
        "state",
        "bookmaker",
        "outcomes",
        "events_now",
        "next_kickoff",
        "seen_cycles",
        "waiting",
        "error",
    ]
    list_filter = [("status", StatusFilter), SourceFilter, ErrorCodeFilter, OccurrencesFilter]
    search_fields = ["market_name", "external_market_id"]
    search_help_text = "Name or the bookmaker's key"
    ordering = ["-event_count", "-id"]
    list_before_template = "desk/queue_head.html"
    actions = ["acknowledge", "map_rows", "ignore", "reopen"]

    def has_decide_permission(self, request):
        return self._allows(request, TRADER)

    def get_queryset(self, request):
        self.book_names = bookmaker_names()
        return super().get_queryset(request).defer("rules_text")

    def get_urls(self):
        guard = self.admin_site.admin_view
        return [
            path("decide/", guard(decide_page), name="mappings_decide"),
            path("map/", guard(map_page), name="mappings_map"),
            *focus_urls(guard),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        counts = dict(UnmappedMarketLog.objects.order_by().values_list("status").annotate(n=Count("id")))
        asked = request.GET.get("status__exact", "")
        tabs = [("", "All", sum(counts.values()))]
        tabs += [(status.value, status.label, counts.get(status.value, 0)) for status in UnmappedStatus]
        shown = [
            {"query": _with_status(request, value), "label": label, "count": n, "on": value == asked}
            for value, label, n in tabs
        ]
        return super().changelist_view(request, {**(extra_context or {}), "status_tabs": shown})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return market_page(request, object_id)

    # --- Columns --------------------------------------------------------------------------------

    @display(description="Market", ordering="market_name")
    def market(self, row):
        name = row.market_name or row.external_market_id
        return format_html(
            '<bdi class="desk-name">{}</bdi><code class="desk-sub"><bdi>{}</bdi></code>', name, row.external_market_id
        )

    @display(description="Bookmaker", ordering="source")
    def bookmaker(self, row):
        return self.book_names.get(row.source, row.source)

    @display(description="Outcomes, sample prices")
    def outcomes(self, row):
        pairs = sample_pairs(row.sample_outcomes)
        shown = pairs[:CHIPS_IN_LIST]
        if len(pairs) > CHIPS_IN_LIST:
            shown = [*shown, (f"and {len(pairs) - CHIPS_IN_LIST} more", "")]
        return chips(shown)

    @display(description="Events", ordering="event_count")
    def events_now(self, row):
        return count_text(row.event_count)

    @display(description="Next kick-off", ordering="next_kickoff_at")
    def next_kickoff(self, row):
        return lagos_short(row.next_kickoff_at)

    @display(description="Cycles", ordering="occurrence_count")
    def seen_cycles(self, row):
        return count_text(row.occurrence_count)

    @display(description="Why", ordering="error_code")
    def error(self, row):
        return format_html('<span class="desk-code">{}</span>', (row.error_code or "–").replace("_", " ").lower())

    @display(description="Age", ordering="first_seen_at")
    def waiting(self, row):
        return format_html('{}<span class="desk-sub">seen {}</span>', age(row.first_seen_at), age(row.last_seen_at))

    @display(description="Status", ordering="status")
    def state(self, row):
        if row.reopened_reason and row.status == UnmappedStatus.NEW:
            return badge("Reopened", "replay", "warn", row.reopened_reason)
        return status_badge(row.status)

    # --- Actions --------------------------------------------------------------------------------

    @admin.action(description="Acknowledge: seen, not now", permissions=["decide"])
    def acknowledge(self, request, queryset):
        decide_rows(request, "acknowledge", _ids(queryset))

    @admin.action(description="Map to a BetPawa market…", permissions=["decide"])
    def map_rows(self, request, queryset):
        ids = _ids(queryset)
        if len(ids) > MAPPED_AT_ONCE:
            messages.warning(request, f"At most {MAPPED_AT_ONCE} markets are mapped at once; {len(ids)} were chosen.")
            return None
        return HttpResponseRedirect(f"{reverse('admin:mappings_map')}?ids={','.join(map(str, ids))}")

    @admin.action(description="Ignore, with a note…", permissions=["decide"])
    def ignore(self, request, queryset):
        return ignore_page(request, _ids(queryset))

    @admin.action(description="Reopen: back to new", permissions=["decide"])
    def reopen(self, request, queryset):
        decide_rows(request, "reopen", _ids(queryset))


def _with_status(request, status):
    """The list's address with another status; the other filters and the search stay, the page does not."""
    query = request.GET.copy()
    for name in ("status__exact", "p"):
        query.pop(name, None)
    if status:
        query["status__exact"] = status
    return "?" + query.urlencode()


def _ids(queryset):
    return list(queryset.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


@require()
def market_page(request, object_id):
    """One unmapped market: what is known of it, what was decided, and the same actions as the list."""
    if not str(object_id).isdigit() or len(str(object_id)) > 18:
        raise Http404
    row = get_object_or_404(UnmappedMarketLog.objects.select_related("mapped_to"), pk=object_id)
    return page(
        request,
        "desk/unmapped.html",
        title=row.market_name or row.external_market_id,
        row=row,
        bookmaker=bookmaker_names().get(row.source, row.source),
        status=status_badge(row.status),
        pairs=sample_pairs(row.sample_outcomes),
        earlier=row.earlier_decision if isinstance(row.earlier_decision, dict) else None,
        audit=row.mapped_to.audit_logs.all()[:20] if row.mapped_to else [],
        name=foreign(row.market_name),
    )
