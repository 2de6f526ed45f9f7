"""The queue of unmapped markets: read it, acknowledge, ignore, re-open, note."""

from datetime import timedelta

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from mappings import services
from mappings.api.serializers import (
    SORTS,
    PriorityQuery,
    UnmappedChange,
    UnmappedDetailSerializer,
    UnmappedQuery,
    UnmappedSerializer,
)
from mappings.deciding import deciding
from mappings.models import UnmappedMarketLog, UnmappedStatus
from oddsproject.api.errors import Conflict
from oddsproject.api.pagination import page_of
from oddsproject.api.views import APIView
from oddsproject.realtime.envelopes import utc_timestamp

ROWS = UnmappedMarketLog.objects.select_related("mapped_to")
# A market that no bookmaker has shown for a day can wait for those that are on offer.
STILL_OFFERED = timedelta(hours=24)
DECISIONS = {
    UnmappedStatus.NEW: services.reopen,
    UnmappedStatus.ACKNOWLEDGED: services.acknowledge,
    UnmappedStatus.IGNORED: services.ignore,
}
KINDS = {UnmappedStatus.NEW: "reopen", UnmappedStatus.ACKNOWLEDGED: "acknowledge", UnmappedStatus.IGNORED: "ignore"}


class Unmapped(APIView):
    query_class = UnmappedQuery

    @extend_schema(parameters=[UnmappedQuery], responses=page_of(UnmappedSerializer), operation_id="unmapped")
    def get(self, request):
        rows = ROWS
        if "source" in self.query:
            rows = rows.filter(source=self.query["source"])
        if statuses := self.query.get("status"):
            rows = rows.filter(status__in=statuses)
        if "min_occurrences" in self.query:
            rows = rows.filter(occurrence_count__gte=self.query["min_occurrences"])
        if text := self.query.get("search"):
            rows = rows.filter(Q(market_name__icontains=text) | Q(external_market_id__icontains=text))
        column = F(SORTS[self.query["sort_by"]])
        down = self.query["sort_order"] == "desc"
        order = column.desc(nulls_last=True) if down else column.asc(nulls_last=True)
        return self.page(rows.order_by(order, "-id" if down else "id"), UnmappedSerializer)


class HighPriority(APIView):
    """NEW markets, the one to map next first: on offer within a day, then by how many events carry
    it now, then by how many cycles have seen it. Nothing here saturates."""

    query_class = PriorityQuery

    @extend_schema(
        parameters=[PriorityQuery], responses=page_of(UnmappedSerializer), operation_id="unmapped_high_priority"
    )
    def get(self, request):
        rows = ROWS.filter(status=UnmappedStatus.NEW)
        if "source" in self.query:
            rows = rows.filter(source=self.query["source"])
        offered = Case(
            When(last_seen_at__gt=timezone.now() - STILL_OFFERED, then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        )
        return self.page(rows.order_by(offered, "-event_count", "-occurrence_count", "id"), UnmappedSerializer)


class UnmappedItem(APIView):
    @extend_schema(responses=UnmappedDetailSerializer, operation_id="unmapped_item")
    def get(self, request, row_id):
        return Response(UnmappedDetailSerializer(self._row(row_id)).data)

    @extend_schema(request=UnmappedChange, responses=UnmappedDetailSerializer, operation_id="unmapped_change")
    def patch(self, request, row_id):
        self._row(row_id)
        body = self.read_body(UnmappedChange, partial=True)
        if not {"status", "notes"} & set(body):
            raise ValidationError({"body": ["Give status, notes or both."]})
        with deciding("note" if "status" not in body else KINDS[body["status"]], request.user):
            # The lock is taken here, so that of two who read one version only one changes it,
            # even when both ask for the same.
            locked = UnmappedMarketLog.objects.select_for_update().get(pk=row_id)
            if body.get("version", locked.version) != locked.version:
                raise self._conflict(locked)
            if "status" in body:
                decision = DECISIONS[body["status"]](ids=[row_id], user=request.user)[0]
                if decision.outcome == "refused":
                    raise Conflict(decision.detail, code="refused")
            if "notes" in body:
                services.set_notes(id=row_id, notes=body["notes"], user=request.user)
        return Response(UnmappedDetailSerializer(self._row(row_id)).data)

    def _row(self, row_id):
        row = ROWS.filter(pk=row_id).first()
        if row is None:
            raise NotFound
        return row

    def _conflict(self, row):
        problem = Conflict(f"It was changed meanwhile; the version is now {row.version}.")
        decided_at = utc_timestamp(row.decided_at) if row.decided_at else None
        problem.extra = {
            "version": row.version,
            "currentStatus": row.status,
            "decidedBy": row.decided_by,
            "decidedAt": decided_at,
        }
        return problem
