"""What people decided, batch by batch, and undo."""

from django.core.exceptions import ValidationError as ModelError
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mappings import services
from mappings.actors import name_of
from mappings.api.batch_serializers import (
    DecisionDetailQuery,
    DecisionDetailSerializer,
    DecisionQuery,
    DecisionSerializer,
    UndoBody,
    UndoLastBody,
    UndoneSerializer,
)
from mappings.api.problems import decided, with_extra
from mappings.api.queue_serializers import ME
from mappings.models import DecisionBatch, MappingAuditLog, UnmappedChange
from oddsproject.api.errors import Conflict
from oddsproject.api.pagination import page_of
from oddsproject.api.views import APIView

CHANGES = 100


class Decisions(APIView):
    query_class = DecisionQuery

    @extend_schema(parameters=[DecisionQuery], responses=page_of(DecisionSerializer), operation_id="mappings_decisions")
    def get(self, request):
        """What people, and rules, decided; newest first."""
        rows = DecisionBatch.objects.select_related("undone_by").defer("summary", "undone_by__summary").order_by("-id")
        if kinds := self.query.get("kind"):
            rows = rows.filter(kind__in=kinds)
        if actor := self.query.get("actor"):
            rows = rows.filter(actor=name_of(request.user)[:150] if actor == ME else actor)
        if "is_undone" in self.query:
            rows = rows.filter(undone_by__isnull=not self.query["is_undone"])
        return self.page(rows, DecisionSerializer)


class Decision(APIView):
    query_class = DecisionDetailQuery

    @extend_schema(
        parameters=[DecisionDetailQuery], responses=DecisionDetailSerializer, operation_id="mappings_decision"
    )
    def get(self, request, batch_id):
        batch = get_object_or_404(DecisionBatch.objects.select_related("undone_by"), pk=batch_id)
        changes = list(
            UnmappedChange.objects.filter(batch=batch, id__gt=self.query["after"]).order_by("id")[: CHANGES + 1]
        )
        batch.next_after = changes[CHANGES - 1].pk if len(changes) > CHANGES else None
        batch.first_changes = changes[:CHANGES]
        batch.first_mapping_changes = MappingAuditLog.objects.filter(batch=batch).order_by("id")[:CHANGES]
        return Response(DecisionDetailSerializer(batch).data)


class Undo(APIView):
    @extend_schema(request=UndoBody, responses=UndoneSerializer, operation_id="mappings_decision_undo")
    def post(self, request, batch_id):
        """Undo it, wholly or not at all; 409 refused says what somebody has changed since. Leads
        undo what others did, too."""
        body = self.read_body(UndoBody)
        return undone(
            batch_id,
            body["dry_run"],
            lambda: services.undo_batch(
                batch_id, request.user, body["reason"], dry_run=body["dry_run"], partly=body["partly"]
            ),
        )


class UndoLast(APIView):
    @extend_schema(request=UndoLastBody, responses=UndoneSerializer, operation_id="mappings_undo_last")
    def post(self, request):
        """Undo what one did last; asked again, what one did before that."""
        body = self.read_body(UndoLastBody)
        batch = services.last_batch(request.user)
        if batch is None:
            raise Conflict("There is nothing of yours to undo.", code="nothing_to_undo")
        return undone(
            batch.pk,
            body["dry_run"],
            lambda: services.undo_last(request.user, body["reason"], dry_run=body["dry_run"]),
        )


def undone(batch_id, dry_run, undo):
    def carried_out():
        try:
            return undo()
        except ModelError as error:
            if DecisionBatch.objects.filter(undoes=batch_id).exists():
                raise Conflict(" ".join(error.messages), code="already_undone") from error
            raise

    done = decided(carried_out)
    body = UndoneSerializer(done).data
    if done.refused and not done.done and not dry_run:
        first = done.refused[0]
        raise with_extra(Conflict(f"Not undone. {first.label}: {first.detail}", code="refused"), **body)
    return Response(body)
