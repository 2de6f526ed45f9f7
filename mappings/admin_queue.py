"""The queue of unmapped markets: the list, by tab, filter and cursor, and what leads off it."""

from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from mappings.actors import name_of
from mappings.admin_batches import batch_csv, batch_page
from mappings.admin_decisions import decide_page, queue_url, said, undo_page
from mappings.admin_filters import filter_fields
from mappings.admin_focus import focus_urls
from mappings.admin_map import map_page
from mappings.admin_market import market_page
from mappings.admin_rules import rule_urls
from mappings.models import Tab, UnmappedMarketLog
from mappings.queue_filter import EXACT_UP_TO, MINE, QueueFilter, tab_counts
from mappings.queue_lines import lines_of
from mappings.queue_pages import Cursor, queue_page, sibling_versions
from mappings.until import IGNORES, SNOOZES
from oddsproject.api.roles import TRADER, has_role
from oddsproject.desk.base import ReadOnlyAdmin
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import count_text
from oddsproject.desk.pages import page, require
from oddsproject.desk.paginator import bounded_count, planned_rows

LABELS = [(Tab.NEW.value, "New"), (MINE, "Mine"), *[(tab.value, tab.label) for tab in Tab if tab != Tab.NEW]]
COUNTED_TO = 2_000
KEYS = {Tab.NEW: "g n", MINE: "g m", Tab.ACKNOWLEDGED: "g a", Tab.SNOOZED: "g s", Tab.REVIEW: "g v", Tab.IGNORED: "g i",
        Tab.MAPPED: "g p"}  # fmt: skip
# Addresses of before there were tabs; other pages and bookmarks have them.
OLD = {"status__exact": "tab", "q": "search"}


@admin.register(UnmappedMarketLog)
class UnmappedMarketAdmin(ReadOnlyAdmin):
    """Its list and its form are pages of our own; the admin gives them their place and their guard."""

    def get_urls(self):
        guard = self.admin_site.admin_view
        return [
            path("decide/", guard(decide_page), name="mappings_decide"),
            path("undo/", guard(undo_page), name="mappings_undo"),
            path("siblings/", guard(siblings_view), name="mappings_siblings"),
            path("batch/<int:batch_id>/", guard(batch_page), name="mappings_batch"),
            path("batch/<int:batch_id>/items.csv", guard(batch_csv), name="mappings_batch_csv"),
            path("map/", guard(map_page), name="mappings_map"),
            *rule_urls(guard),
            *focus_urls(guard),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST":
            raise PermissionDenied  # decisions have an address of their own
        return list_page(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return market_page(request, object_id)


@require()
def list_page(request):
    if set(OLD) & set(request.GET):
        return HttpResponseRedirect(f"?{urlencode(_renamed(request.GET))}")
    try:
        asked = _filter(request)
    except ValidationError as error:
        return HttpResponseRedirect(f"{queue_url()}?{urlencode(_without(request.GET, error.message_dict))}")
    names, user_name = bookmaker_names(), name_of(request.user)
    backwards = Cursor.read(request.GET.get("before", ""), backwards=True)
    listed = queue_page(asked, backwards or Cursor.read(request.GET.get("after", "")))
    tabs = _tabs(request, asked)
    count, is_exact = _count(asked, tabs, listed)
    query = asked.as_query()
    return page(
        request,
        "desk/queue.html",
        title="Unmapped markets",
        listed=listed,
        lines=lines_of(listed, names, user_name, with_tab=asked.tab == MINE),
        asked=asked,
        tab=asked.tab,
        tabs=tabs,
        count=count,
        count_text=("" if is_exact else "≈ ") + count_text(count),
        query=urlencode(query),
        fields=filter_fields(asked, names),
        is_filtered=set(query) - {"tab", "owner"} != set(),
        cleared=urlencode({"tab": asked.tab}),
        may_decide=has_role(request.user, TRADER),
        user_name=user_name,
        said=said(request),
        ignores=IGNORES,
        snoozes=SNOOZES,
    )


@require()
def siblings_view(request):
    """?id=&tab=: {"ids": …, "versions": {id: version}} of a row and its siblings in that tab, to be
    ticked together."""
    id, tab = request.GET.get("id", ""), request.GET.get("tab", "")
    row = get_object_or_404(UnmappedMarketLog, pk=id if id.isascii() and id.isdigit() and len(id) < 19 else 0)
    versions = sibling_versions(row, tab if tab in Tab.values else None)
    return JsonResponse({"ids": list(versions), "versions": versions})


def _filter(request):
    query = dict(request.GET.items())
    query.setdefault("tab", Tab.NEW)
    query.pop("owner", None)  # MINE is mine
    return QueueFilter.from_query({**query, "tab": query["tab"] or Tab.NEW}, user=request.user)


def _tabs(request, asked):
    """Every tab with its count; the other filters stay, the place in the list does not."""
    counts = tab_counts(request.user)
    query = {name: value for name, value in asked.as_query().items() if name not in ("tab", "owner")}
    return [
        {
            "tab": tab,
            "label": label,
            "count": counts[tab],
            "text": ("≈ " if counts[tab] > EXACT_UP_TO else "") + count_text(counts[tab]),
            "query": urlencode({"tab": tab} | query),
            "on": tab == asked.tab,
            "key": KEYS.get(tab, ""),
        }
        for tab, label in LABELS
    ]


def _count(asked, tabs, listed):
    """(how many match, whether exactly). The page itself says when it holds all of them; else a
    filter's many are the planner's estimate, its few are counted."""
    if not listed.next_cursor and not listed.first:
        return len(listed.rows), True
    if set(asked.as_query()) <= {"tab", "owner"}:
        count = next(tab["count"] for tab in tabs if tab["on"])
        return count, count <= EXACT_UP_TO
    estimate = planned_rows(asked.rows())
    if estimate > COUNTED_TO:
        return max(estimate, listed.last), False
    count, is_estimate = bounded_count(asked.rows(), COUNTED_TO)
    return count, not is_estimate


def _renamed(query):
    return {OLD.get(name, name): value for name, value in query.items() if value}


def _without(query, problems):
    return {name: value for name, value in query.items() if name not in problems}
