"""Mappings: the list, one of them, its changes, who changed what."""

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Count
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from mappings import services
from mappings.api.records import full_mapping, listed_mappings, matching
from mappings.api.serializers import (
    AuditQuery,
    AuditSerializer,
    ListedMappingSerializer,
    MappingChange,
    MappingQuery,
    MappingSerializer,
    MappingStatsSerializer,
    NewMapping,
    ReasonBody,
    ReloadSerializer,
)
from mappings.cache import mapping_cache
from mappings.definitions import SOURCE_COLUMNS
from mappings.models import MappingAuditLog, MappingVersion, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from oddsproject.api.errors import Conflict
from oddsproject.api.pagination import page_body, page_of, paginate
from oddsproject.api.roles import LEAD
from oddsproject.api.serializers import EmptyBody, camel
from oddsproject.api.views import APIView


def decided(decide):
    """Carry a service out, its refusals turned into problems."""
    try:
        return decide()
    except UserMarketMapping.DoesNotExist as error:
        raise NotFound(str(error)) from error
    except services.StaleVersion as stale:
        problem = Conflict(str(stale))
        problem.extra = {"version": stale.current}
        raise problem from stale
    except ModelError as error:
        fields = getattr(error, "message_dict", None) or {"body": error.messages}
        raise ValidationError({camel(name.strip("_")): texts for name, texts in fields.items()}) from error


def values_of(body):
    """The fields of a mapping in a validated body, as the services take them."""
    values = {name: value for name, value in body.items() if name not in ("reason", "version", "unmapped_ids")}
    if "outcome_mapping" in values:
        values["outcome_mapping"] = [
            {**{"position": index}, **{name: value for name, value in outcome.items() if name != "sources" or value}}
            for index, outcome in enumerate(values["outcome_mapping"])
        ]
    if "extra_source_keys" in values:
        values["extra_source_keys"] = [dict(item) for item in values["extra_source_keys"]]
    return values


class Mappings(APIView):
    query_class = MappingQuery

    @extend_schema(parameters=[MappingQuery], responses=page_of(ListedMappingSerializer), operation_id="mappings")
    def get(self, request):
        found, total = paginate(matching(listed_mappings(), self.query), self.query)
        return Response(page_body(ListedMappingSerializer(found, many=True).data, total, self.query))

    @extend_schema(request=NewMapping, responses={201: MappingSerializer}, operation_id="mapping_create")
    def post(self, request):
        body = self.read_body(NewMapping)
        values = values_of(body)
        canonical_id = values.pop("canonical_id")
        ids = body.get("unmapped_ids")
        known = {"canonical_id": canonical_id, "values": values, "user": request.user, "reason": body["reason"]}
        if ids:
            missing = set(ids) - set(UnmappedMarketLog.objects.filter(pk__in=ids).values_list("pk", flat=True))
            if missing:
                raise ValidationError({"unmappedIds": [f"There is no market {min(missing)} in the queue."]})
            change = decided(lambda: services.map_to(ids=ids, **known)).change
        else:
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
        changes = values_of(body)
        if not changes:
            raise ValidationError({"body": ["Name at least one field to change."]})
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

    @extend_schema(request=ReasonBody, responses=MappingSerializer, operation_id="mapping_deactivate")
    def delete(self, request, canonical_id):
        """Switches it off; nothing is deleted, and it can be switched on again."""
        body = self.read_body(ReasonBody)
        decided(
            lambda: services.deactivate_mapping(
                canonical_id=canonical_id, user=request.user, reason=body["reason"], version=body.get("version")
            )
        )
        return self._answer(canonical_id)

    def _answer(self, canonical_id):
        mapping = full_mapping(canonical_id)
        if mapping is None:
            raise NotFound
        return Response(MappingSerializer(mapping).data)


class AuditLog(APIView):
    query_class = AuditQuery

    @extend_schema(parameters=[AuditQuery], responses=page_of(AuditSerializer), operation_id="mappings_audit_log")
    def get(self, request):
        rows = MappingAuditLog.objects.order_by("-created_at", "-id")
        if actions := self.query.get("action"):
            rows = rows.filter(action__in=actions)
        for name in ("canonical_id", "created_by"):
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
                        slug: sum(bool(mapping[column]) for mapping in in_force)
                        for slug, column in SOURCE_COLUMNS.items()
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
