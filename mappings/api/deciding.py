"""Decisions about one row of the queue, or about many, with a result for each."""

from dataclasses import replace

from django.db.models import Max
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mappings import services
from mappings.accepting import Plan, plan_for
from mappings.actions import ACTIONS, check_mapped_together, decide_rows, map_rows, taken_back_if
from mappings.api.decision_serializers import (
    MAP,
    OUTCOMES,
    AcceptBody,
    BulkBody,
    BulkSerializer,
    ClaimBody,
    DecidedSerializer,
    IgnoreBody,
    MapBody,
    MappedSerializer,
    ReasonedBody,
    RejectBody,
    ReleaseBody,
    RowDecisionSerializer,
    SnoozeBody,
)
from mappings.api.preview_serializers import PreviewSerializer
from mappings.api.problems import check_row, decided, refused_row
from mappings.api.queue import NOT_IN_A_LIST, detail_of, row_or_404
from mappings.api.queue_serializers import queue_filter
from mappings.api.records import full_mapping, mapping_values
from mappings.api.serializers import MappingSerializer
from mappings.bulk import matching
from mappings.cache import mapping_cache
from mappings.deciding import deciding
from mappings.models import MarketSuggestion, UnmappedMarketLog
from mappings.preview import preview_mapping
from mappings.services.decisions import NOT_FOUND, REFUSED, STALE
from oddsproject.api.views import APIView

SAMPLE = 5


class Decide(APIView):
    """One decision about one row; a subclass says which."""

    action = ""
    body_class = ReasonedBody

    def post(self, request, row_id):
        row_or_404(row_id)
        body = dict(self.read_body(self.body_class))
        reason, version = body.pop("reason"), body.pop("version", None)
        made = decided(lambda: self.carry_out(row_id, reason, {row_id: version}, body))
        (decision,) = made
        if decision.outcome == STALE:
            check_row(row_or_404(row_id), version)
        if decision.outcome in (REFUSED, NOT_FOUND):
            raise refused_row(decision)
        return Response(decided_body(made, decision))

    def carry_out(self, row_id, reason, versions, options):
        return decide_rows(
            self.action, ids=[row_id], user=self.request.user, reason=reason, versions=versions, **options
        )


def decided_body(made, decision):
    result = RowDecisionSerializer(decision).data
    return {"batchId": made.batch_id, "result": result, "item": detail_of(decision.id)}


def _decision(action, body_class, what):
    """The view of one action."""

    @extend_schema(
        request=body_class,
        responses=DecidedSerializer,
        operation_id=f"unmapped_{what}",
        description=ACTIONS[action].what,
    )
    def post(self, request, row_id):
        return Decide.post(self, request, row_id)

    return type(f"Unmapped{what.title().replace('_', '')}", (Decide,), {
        "action": action, "body_class": body_class, "post": post, "__module__": __name__,
    })  # fmt: skip


Acknowledge = _decision("acknowledge", ReasonedBody, "acknowledge")
Ignore = _decision("ignore", IgnoreBody, "ignore")
Snooze = _decision("snooze", SnoozeBody, "snooze")
Claim = _decision("claim", ClaimBody, "claim")
Release = _decision("release", ReleaseBody, "release")
Reopen = _decision("reopen", ReasonedBody, "reopen")
CloseReview = _decision("closeReview", ReasonedBody, "close_review")
AcceptBest = _decision("acceptBest", AcceptBody, "accept_best")


class RejectSuggestion(Decide):
    body_class = RejectBody

    @extend_schema(
        request=RejectBody,
        responses=DecidedSerializer,
        operation_id="unmapped_reject_suggestion",
        description="Not this BetPawa market: it is not suggested again.",
    )
    def post(self, request, row_id):
        return super().post(request, row_id)

    def carry_out(self, row_id, reason, versions, options):
        return services.reject_suggestion(
            id=row_id,
            betpawa_id=options["betpawa_id"],
            user=self.request.user,
            reason=reason,
            version=versions[row_id],
        )


class MapRow(APIView):
    @extend_schema(
        request=MapBody,
        responses=PolymorphicProxySerializer(
            "MappedOrPreview", [MappedSerializer, PreviewSerializer], resource_type_field_name=None
        ),
        operation_id="unmapped_map",
    )
    def post(self, request, row_id):
        """Map it to a market: the mapping is made or extended, the row settled, in one transaction.
        dryRun answers with the preview. 409 reason_required where much would change."""
        row = row_or_404(row_id)
        body = self.read_body(MapBody)
        mapping_cache.refresh()
        plan = decided(lambda: _plan(row, body))
        if (read := body.get("mapping_version")) is not None:
            plan = replace(plan, mapping_version=read)
        if body["dry_run"]:
            check_row(row, body.get("version"))
            return Response(decided(lambda: _preview([row_id], plan, body["split"])).as_data())
        resolution = decided(lambda: self._map(row_id, plan, body))
        (decision,) = resolution.decisions
        return Response(
            decided_body(resolution, decision)
            | {
                "mapping": MappingSerializer(full_mapping(plan.canonical_id)).data,
                "takenFrom": list(resolution.taken_from),
            }
        )

    def _map(self, row_id, plan, body):
        with deciding("map", self.request.user, body["reason"] or "Mapped from the queue."):
            check_row(_locked(row_id), body.get("version"))
            return map_rows(
                ids=[row_id], canonical_id=plan.canonical_id, user=self.request.user, reason=body["reason"],
                values=plan.values, outcome_texts=plan.outcome_texts, mapping_version=plan.mapping_version,
                split=body["split"],
            )  # fmt: skip


def _plan(row, body):
    """What to map the row to. A BetPawa market is a suggestion's, or a mapping's in force."""
    texts = body.get("outcome_texts")
    if "canonical_id" in body:
        return Plan(body["canonical_id"], mapping_values(body.get("values", {})), texts or {})
    betpawa_id = body["betpawa_id"]
    suggestion = MarketSuggestion.objects.filter(unmapped=row, betpawa_id=betpawa_id).first()
    if suggestion is not None:
        return plan_for(row, suggestion, texts)
    known = [found for found in mapping_cache.snapshot.definitions if found.betpawa_id == betpawa_id]
    if len(known) != 1:
        why = "Several mappings have it" if known else "It is not suggested, and no mapping has it"
        raise ValidationError({"betpawaId": [f"{why}; name a canonicalId."]})
    return Plan(known[0].canonical_id, {}, texts or {})


def _preview(ids, plan, split):
    return preview_mapping(
        canonical_id=plan.canonical_id, values=plan.values, ids=ids, outcome_texts=plan.outcome_texts, split=split
    )


def _locked(row_id):
    return UnmappedMarketLog.objects.select_for_update().get(pk=row_id)


class Bulk(APIView):
    @extend_schema(request=BulkBody, responses=BulkSerializer, operation_id="unmapped_bulk")
    def post(self, request):
        """One decision about many rows, as one batch, with a result for each. 200 also where some, or
        all, were left alone: counts say how many."""
        body = self.read_body(BulkBody)
        by_filter = "filter" in body
        newest, ids = body.get("newest"), body.get("ids")
        if by_filter:
            asked = decided(lambda: queue_filter(body["filter"], request.user))
            # From now on, what comes is another decision's.
            newest = newest if newest is not None else _newest()
            found = decided(lambda: matching(asked, newest))
            ids, body["versions"] = list(found), found | body["versions"]
        options = BulkBody.options(body)
        preview = None
        if body["action"] == MAP:
            decided(lambda: check_mapped_together(ids))
            options["values"] = mapping_values(options.get("values", {}))
            plan = Plan(options["canonical_id"], options["values"], options.get("outcome_texts", {}))
            if body["dry_run"]:
                preview = decided(lambda: _preview(ids, plan, options.get("split", False))).as_data()
        # What could not be saved cannot be tried either: the preview says why.
        is_moot = not ids or (preview is not None and not preview["canSave"])
        made = services.Decisions() if is_moot else decided(lambda: self._carry_out(body, ids, options))
        sample = UnmappedMarketLog.objects.filter(pk__in=ids if by_filter else []).select_related("mapped_to")
        return Response(
            BulkSerializer(
                {
                    "action": body["action"],
                    "dry_run": body["dry_run"],
                    "batch_id": made.batch_id,
                    "matched": len(set(ids)),
                    "newest": newest,
                    "counts": dict.fromkeys(OUTCOMES, 0) | made.counts,
                    "results": made,
                    "sample": sample.defer(*NOT_IN_A_LIST).order_by("-priority", "-id")[:SAMPLE] if by_filter else [],
                    "preview": preview,
                }
            ).data
        )

    def _carry_out(self, body, ids, options):
        said = {"user": self.request.user, "reason": body["reason"], "versions": body["versions"]}
        dry_run = body["dry_run"]
        if body["action"] != MAP:
            return decide_rows(body["action"], ids=ids, dry_run=dry_run, **said, **options)
        if dry_run:  # the preview says whether a reason is needed
            with taken_back_if(True):
                made = services.map_to(ids=ids, **said, **options).decisions
            return services.Decisions(made)
        resolution = map_rows(ids=ids, **said, **options)
        return services.Decisions(resolution.decisions, resolution.batch_id)


def _newest():
    return UnmappedMarketLog.objects.aggregate(newest=Max("id"))["newest"] or 0
