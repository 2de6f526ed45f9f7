"""The queue of unmapped markets: lists, counts, one of them with all that is known of it."""

from datetime import datetime

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from mappings import services
from mappings.actions import ACTIONS
from mappings.api.keyset import cursor_after, page_after, tabs_of
from mappings.api.problems import check_row, decided, refused_row
from mappings.api.queue_serializers import (
    SORTS,
    PriorityQuery,
    SuggestionsSerializer,
    UnmappedChangeBody,
    UnmappedCountsSerializer,
    UnmappedDetailSerializer,
    UnmappedQuery,
    UnmappedRowsSerializer,
    UnmappedSerializer,
    queue_filter,
)
from mappings.deciding import deciding
from mappings.evidence.samples import recent_fixtures, source_key
from mappings.focus_items import FIXTURES, side_by_side
from mappings.models import Tab, UnmappedChange, UnmappedMarketLog, UnmappedStatus
from mappings.queue_filter import MINE, QueueFilter, siblings, tab_counts
from mappings.queue_pages import Cursor
from mappings.suggestions.observations import views_of
from oddsproject.api.pagination import page_of, paginate
from oddsproject.api.views import APIView

NOT_IN_A_LIST = ("rules_text", "priority_parts", "review", "earlier_decision")
HISTORY = 50
SIBLINGS = 50
BY_STATUS = {
    UnmappedStatus.NEW: ACTIONS["reopen"],
    UnmappedStatus.ACKNOWLEDGED: ACTIONS["acknowledge"],
    UnmappedStatus.IGNORED: ACTIONS["ignore"],
}


def row_or_404(row_id):
    row = UnmappedMarketLog.objects.select_related("mapped_to").filter(pk=row_id).first()
    if row is None:
        raise NotFound
    return row


def detail_of(row_id) -> dict:
    """The row with its suggestions, siblings and history: five queries."""
    row = row_or_404(row_id)
    row.sibling_rows = list(siblings(row).defer(*NOT_IN_A_LIST, "sample_outcomes")[:SIBLINGS])
    changes = UnmappedChange.objects.filter(unmapped=row).select_related("batch", "batch__undone_by")
    row.history = list(changes.order_by("-id")[:HISTORY])
    return UnmappedDetailSerializer(row).data


class Unmapped(APIView):
    query_class = UnmappedQuery

    @extend_schema(parameters=[UnmappedQuery], responses=UnmappedRowsSerializer, operation_id="unmapped")
    def get(self, request):
        """By page, in any order; or by cursor, the most worth mapping first."""
        rows = decided(lambda: queue_filter(self.query, request.user).rows())
        rows = rows.select_related("mapped_to").defer(*NOT_IN_A_LIST)
        if statuses := self.query.get("status"):
            rows = rows.filter(status__in=statuses)
        return Response(self._by_cursor(rows) if "cursor" in self.query else self._by_page(rows))

    def _by_cursor(self, rows):
        ordinary = {"sort_by": "priority", "sort_order": "desc", "page": 1}
        if any(self.query.get(name, value) != value for name, value in ordinary.items()):
            raise ValidationError({"cursor": ["By cursor rows come by priority, highest first, and without pages."]})
        text = self.query["cursor"]
        cursor = Cursor.read(text) if text else None
        if text and cursor is None:
            raise ValidationError({"cursor": ["It is not the nextCursor of a page."]})
        found, next_cursor = self._after(rows, cursor)
        return self._page(found, total=None, page=None, next_cursor=next_cursor)

    def _by_page(self, rows):
        sort_by, down = self.query.get("sort_by", "lastSeen"), self.query["sort_order"] == "desc"
        total, page = rows.count(), self.query["page"]
        by_priority = sort_by == "priority" and down
        if by_priority and page == 1:
            found, next_cursor = self._after(rows, None)
            return self._page(found, total=total, page=page, next_cursor=next_cursor)
        order = _order(SORTS[sort_by], down)
        found, total = paginate(rows.order_by(order, "-id" if down else "id"), self.query, total=total)
        more = by_priority and found and page * self.query["page_size"] < total
        return self._page(found, total=total, page=page, next_cursor=cursor_after(found[-1]) if more else None)

    def _after(self, rows, cursor):
        tab = self.query.get("tab")
        tabs = [tab] if tab and tab != MINE else tabs_of(self.query.get("status"))
        return page_after(rows, cursor, self.query["page_size"], tabs)

    def _page(self, rows, **numbers):
        page = {"items": rows, "page_size": self.query["page_size"], **numbers}
        return UnmappedRowsSerializer(page).data


def _order(name, down):
    if UnmappedMarketLog._meta.get_field(name).null:  # only those: the indexes of the others know no nulls
        return F(name).desc(nulls_last=True) if down else F(name).asc(nulls_last=True)
    return f"-{name}" if down else name


class UnmappedCounts(APIView):
    @extend_schema(responses=UnmappedCountsSerializer, operation_id="unmapped_counts")
    def get(self, request):
        """How many rows each tab has; MINE is what one has claimed."""
        counts = [{"tab": tab, "count": count} for tab, count in tab_counts(request.user).items()]
        return Response(UnmappedCountsSerializer({"tabs": counts}).data)


class HighPriority(APIView):
    """NEW markets, the one to map next first: by demand times the chance that BetPawa has it."""

    query_class = PriorityQuery

    @extend_schema(
        parameters=[PriorityQuery], responses=page_of(UnmappedSerializer), operation_id="unmapped_high_priority"
    )
    def get(self, request):
        rows = QueueFilter(tab=Tab.NEW, source=self.query.get("source")).rows().select_related("mapped_to")
        return self.page(rows.defer(*NOT_IN_A_LIST).order_by("-priority", "-id"), UnmappedSerializer)


class UnmappedItem(APIView):
    @extend_schema(responses=UnmappedDetailSerializer, operation_id="unmapped_item")
    def get(self, request, row_id):
        return Response(detail_of(row_id))

    @extend_schema(request=UnmappedChangeBody, responses=UnmappedDetailSerializer, operation_id="unmapped_change")
    def patch(self, request, row_id):
        row_or_404(row_id)
        body = self.read_body(UnmappedChangeBody, partial=True)
        if not {"status", "notes"} & set(body):
            raise ValidationError({"body": ["Give status, notes or both."]})
        with deciding("note" if "status" not in body else BY_STATUS[body["status"]].kind, request.user):
            # The lock is taken here, so that of two who read one version only one changes it,
            # even when both ask for the same.
            check_row(UnmappedMarketLog.objects.select_for_update().get(pk=row_id), body.get("version"))
            if "status" in body:
                decision = BY_STATUS[body["status"]].decide(ids=[row_id], user=request.user)[0]
                if decision.outcome == "refused":
                    raise refused_row(decision)
            if "notes" in body:
                services.set_notes(id=row_id, notes=body["notes"], user=request.user)
        return Response(detail_of(row_id))


class UnmappedSuggestions(APIView):
    @extend_schema(responses=SuggestionsSerializer, operation_id="unmapped_suggestions")
    def get(self, request, row_id):
        """Up to five, the best first, with the prices of both bookmakers on kept events."""
        row = row_or_404(row_id)
        views = views_of(recent_fixtures(keys=[source_key(row.source, row.external_market_id)], limit=FIXTURES))
        found = list(row.suggestions.order_by("rank"))
        for suggestion in found:
            suggestion.prices = [_timed(event) for event in side_by_side(row, suggestion, views)]
        return Response(SuggestionsSerializer({"items": found, "suggested_at": row.suggested_at}).data)


def _timed(event):
    """An event of focus mode, its times as times again."""
    return {
        "event_key": event["eventKey"],
        "home": event["home"],
        "away": event["away"],
        "kickoff_at": datetime.fromisoformat(event["kickoffAt"]),
        "sampled_at": datetime.fromisoformat(event["sampledAt"]),
        "rows": event["rows"],
    }
