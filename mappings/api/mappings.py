"""Mappings: the list, one of them, its changes, who changed what."""

from django.db.models import Count
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from mappings import services
from mappings.actions import check_reason, map_rows
from mappings.api.preview_serializers import PreviewBody, PreviewSerializer
from mappings.api.problems import decided
from mappings.api.records import full_mapping, listed_mappings, mapping_values, matching
from mappings.api.serializers import (
    AuditQuery,
    AuditSerializer,
    FoundMarketsSerializer,
    ListedMappingSerializer,
    MappingChange,
    MappingQuery,
    MappingSerializer,
    MappingStatsSerializer,
    MarketSearchQuery,
    NewMapping,
    ReasonBody,
    ReloadSerializer,
)
from mappings.cache import mapping_cache
from mappings.market_search import search, unnamed_market
from mappings.models import MappingAuditLog, MappingVersion, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from mappings.preview import preview_mapping
from mappings.suggestions.engine import current_world
from oddsproject.api.pagination import page_body, page_of, paginate
from oddsproject.api.roles import LEAD, VIEWER
from oddsproject.api.serializers import EmptyBody
from oddsproject.api.views import APIView
from oddsproject.desk.bookmakers import bookmaker_names


class Mappings(APIView):
    query_class = MappingQuery

    @extend_schema(parameters=[MappingQuery], responses=page_of(ListedMappingSerializer), operation_id="mappings")
    def get(self, request):
        found, total = paginate(matching(listed_mappings(), self.query), self.query)
        return Response(page_body(ListedMappingSerializer(found, many=True).data, total, self.query))

    @extend_schema(request=NewMapping, responses={201: MappingSerializer}, operation_id="mapping_create")
    def post(self, request):
        body = self.read_body(NewMapping)
        values = mapping_values(body)
        canonical_id = values.pop("canonical_id")
        ids = body.get("unmapped_ids")
        known = {"canonical_id": canonical_id, "values": values, "user": request.user, "reason": body["reason"]}
        if ids:
            missing = set(ids) - set(UnmappedMarketLog.objects.filter(pk__in=ids).values_list("pk", flat=True))
            if missing:
                raise ValidationError({"unmappedIds": [f"There is no market {min(missing)} in the queue."]})
        if ids:
            change = decided(lambda: map_rows(ids=ids, **known)).change
        else:
            decided(lambda: check_reason(body["reason"], canonical_id, values))
            change = decided(lambda: services.create_mapping(**known))
        status = 201 if change.outcome == "created" else 200
        return Response(MappingSerializer(full_mapping(canonical_id)).data, status=status)


class Mapping(APIView):
    @extend_schema(responses=MappingSerializer, operation_id="mapping")
    def get(self, request, canonical_id):
        return self._answer(canonical_id)

    @extend_schema(request=MappingChange, responses=MappingSerializer, operation_id="mapping_change")
    def patch(self, request, canonical_id):
        """A built-in entry gets a row that overrides it."""
        body = self.read_body(MappingChange, partial=True)
        changes = mapping_values(body)
        if not changes:
            raise ValidationError({"body": ["Name at least one field to change."]})
        self._known(canonical_id)
        decided(lambda: check_reason(body.get("reason", ""), canonical_id, changes))
        decided(
            lambda: services.update_mapping(
                canonical_id=canonical_id,
                changes=changes,
                user=request.user,
                reason=body.get("reason", ""),
                version=body.get("version"),
            )
        )
        return self._answer(canonical_id)

    @extend_schema(request=ReasonBody, responses={200: MappingSerializer}, operation_id="mapping_deactivate")
    def delete(self, request, canonical_id):
        """Switches it off; nothing is deleted, and it can be switched on again."""
        body = self.read_body(ReasonBody)
        if self._known(canonical_id).source == "db":  # a built-in one cannot be switched off for any reason
            decided(lambda: check_reason(body["reason"], canonical_id, {"is_active": False}))
        decided(
            lambda: services.deactivate_mapping(
                canonical_id=canonical_id, user=request.user, reason=body["reason"], version=body.get("version")
            )
        )
        return self._answer(canonical_id)

    def _answer(self, canonical_id):
        return Response(MappingSerializer(self._known(canonical_id)).data)

    def _known(self, canonical_id):
        mapping = full_mapping(canonical_id)
        if mapping is None:
            raise NotFound
        return mapping


class SearchMarkets(APIView):
    query_class = MarketSearchQuery

    @extend_schema(parameters=[MarketSearchQuery], responses=FoundMarketsSerializer, operation_id="mappings_search")
    def get(self, request):
        """The dozen of BetPawa's markets that fit best, also those that no mapping names yet."""
        world = current_world()
        unnamed = [unnamed_market(t.betpawa_id, t.name, t.texts) for t in world.targets if t.definition is None]
        found = search(self.query["q"], mapping_cache.snapshot.definitions, unnamed)
        return Response(FoundMarketsSerializer({"items": found}).data)


class PreviewMapping(APIView):
    """Reads only, so it is for everybody."""

    write_role = VIEWER

    @extend_schema(request=PreviewBody, responses=PreviewSerializer, operation_id="mappings_preview")
    def post(self, request):
        """What saving would do: conflicts, impact in numbers, five events before and after."""
        body = self.read_body(PreviewBody)
        preview = decided(
            lambda: preview_mapping(
                canonical_id=body["canonical_id"],
                values=mapping_values(body.get("values", {})),
                ids=body["unmapped_ids"],
                outcome_texts=body.get("outcome_texts"),
                split=body["split"],
            )
        )
        return Response(preview.as_data())


class AuditLog(APIView):
    query_class = AuditQuery

    @extend_schema(parameters=[AuditQuery], responses=page_of(AuditSerializer), operation_id="mappings_audit_log")
    def get(self, request):
        rows = MappingAuditLog.objects.order_by("-created_at", "-id")
        if actions := self.query.get("action"):
            rows = rows.filter(action__in=actions)
        for name in ("canonical_id", "created_by", "batch_id"):
            if name in self.query:
                rows = rows.filter(**{name: self.query[name]})
        return self.page(rows, AuditSerializer)


class Stats(APIView):
    @extend_schema(responses=MappingStatsSerializer, operation_id="mappings_stats")
    def get(self, request):
        mapping_cache.refresh()
        listed = listed_mappings()
        in_force = [mapping for mapping in listed if mapping["is_active"]]
        counted = UnmappedMarketLog.objects.order_by().values_list("status").annotate(Count("pk"))
        version = MappingVersion.objects.first()
        return Response(
            MappingStatsSerializer(
                {
                    "total": len(in_force),
                    "built_in": sum(mapping["source"] == "code" for mapping in in_force),
                    "user": sum(mapping["source"] == "db" for mapping in in_force),
                    "inactive": UserMarketMapping.objects.filter(is_active=False).count(),
                    "by_platform": {
                        slug: sum(slug in mapping["bookmakers"] for mapping in in_force) for slug in bookmaker_names()
                    },
                    "unmapped_by_status": {**dict.fromkeys(UnmappedStatus.values, 0), **dict(counted)},
                    "clashes": mapping_cache.clashes,
                    "version": mapping_cache.version,
                    "changed_at": version.changed_at if version else None,
                }
            ).data
        )


class Reload(APIView):
    """Reads the mappings again in this process. Every process does so by itself before its next
    batch; this is for doubts."""

    write_role = LEAD

    @extend_schema(request=None, responses=ReloadSerializer, operation_id="mappings_reload")
    def post(self, request):
        self.read_body(EmptyBody)
        mapping_cache.refresh(force=True)
        in_force = sum(mapping["is_active"] for mapping in listed_mappings())
        return Response(
            ReloadSerializer(
                {"mapping_count": in_force, "version": mapping_cache.version, "reloaded_at": timezone.now()}
            ).data
        )
