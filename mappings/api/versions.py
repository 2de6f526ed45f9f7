"""The states that a mapping had, its price check, and applying it at once."""

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from mappings import services
from mappings.actions import restore_mapping
from mappings.api.problems import decided
from mappings.api.records import full_mapping
from mappings.api.serializers import AppliedSerializer, RestoreBody, RestoredSerializer, VersionSerializer
from mappings.api.standing_serializers import PriceCheckedSerializer, PriceCheckSerializer
from mappings.cache import mapping_cache
from mappings.evidence.audit import audit_mappings
from mappings.models import MappingAuditLog, PriceAudit
from oddsproject.api.pagination import page_of
from oddsproject.api.query import PagedQuery
from oddsproject.api.roles import LEAD
from oddsproject.api.serializers import EmptyBody
from oddsproject.api.views import APIView


def in_force_or_404(canonical_id):
    """Refreshes the mappings of this process; 404 where none of that id is in force."""
    mapping_cache.refresh()
    if canonical_id not in mapping_cache.snapshot.by_canonical_id:
        raise NotFound(f"No mapping in force is called {canonical_id}.")


class Versions(APIView):
    query_class = PagedQuery

    @extend_schema(parameters=[PagedQuery], responses=page_of(VersionSerializer), operation_id="mapping_versions")
    def get(self, request, canonical_id):
        """Every state that it had, newest first, with what changed. A built-in entry has none."""
        rows = MappingAuditLog.objects.filter(canonical_id=canonical_id).order_by("-id")
        if not rows.exists() and full_mapping(canonical_id) is None:
            raise NotFound
        return self.page(rows, VersionSerializer)


class Restore(APIView):
    write_role = LEAD

    @extend_schema(request=RestoreBody, responses=RestoredSerializer, operation_id="mapping_restore")
    def post(self, request, canonical_id):
        """Make it what a version was. 409 reason_required where much would change."""
        body = self.read_body(RestoreBody)
        change = decided(
            lambda: restore_mapping(
                canonical_id,
                body["audit_id"],
                request.user,
                body["reason"],
                version=body.get("version"),
                dry_run=body["dry_run"],
            )
        )
        return Response(
            RestoredSerializer(
                {
                    "outcome": change.outcome,
                    "changed_fields": change.changed_fields,
                    "batch_id": change.batch_id,
                    "dry_run": body["dry_run"],
                }
            ).data
        )


class Apply(APIView):
    @extend_schema(request=None, responses={202: AppliedSerializer}, operation_id="mapping_apply")
    def post(self, request, canonical_id):
        """Have what is stored of running events mapped once more, as a task: no bookmaker is asked."""
        self.read_body(EmptyBody)
        in_force_or_404(canonical_id)
        with transaction.atomic():
            task_id = services.apply_now(canonical_id=canonical_id, user=request.user)
        applied = {"canonical_id": canonical_id, "task_id": task_id, "mapping_version": mapping_cache.version}
        return Response(AppliedSerializer(applied).data, status=202)


class PriceCheck(APIView):
    @extend_schema(responses=PriceCheckSerializer, operation_id="mapping_price_check")
    def get(self, request, canonical_id):
        """How far its prices were apart when they were last compared, per source key."""
        in_force_or_404(canonical_id)
        return Response(PriceCheckSerializer({"items": _checked(canonical_id)}).data)

    @extend_schema(request=None, responses=PriceCheckedSerializer, operation_id="mapping_price_check_now")
    def post(self, request, canonical_id):
        """Compare them now; what stays apart comes up for review."""
        self.read_body(EmptyBody)
        in_force_or_404(canonical_id)
        result = audit_mappings(canonical_id)
        return Response(
            PriceCheckedSerializer(
                {"items": _checked(canonical_id), "opened": result.opened, "closed": result.closed, "ms": result.ms}
            ).data
        )


def _checked(canonical_id):
    return PriceAudit.objects.filter(canonical_id=canonical_id).order_by("source", "external_market_id")
