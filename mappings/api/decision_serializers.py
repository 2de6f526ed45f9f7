"""Decisions about rows of the queue: what is sent, and what became of each row."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mappings.actions import ACTIONS
from mappings.api.queue_serializers import (
    LARGEST_COUNT,
    UnmappedDetailSerializer,
    UnmappedFilter,
    UnmappedSerializer,
)
from mappings.api.serializers import (
    CANONICAL_ID,
    LARGEST_ID,
    LARGEST_VERSION,
    MappingSerializer,
    MappingValues,
)
from mappings.models import Band
from mappings.services.claims import MINUTES, MOST_MINUTES
from mappings.services.decisions import CHANGED, NOT_FOUND, REFUSED, STALE, UNCHANGED
from oddsproject.api.serializers import (
    Serializer,
    StrictBoolean,
    StrictInput,
    StrictInteger,
    StrictText,
    UtcDateTimeField,
)

OUTCOMES = (CHANGED, UNCHANGED, REFUSED, STALE, NOT_FOUND)
MAP = "map"
BULK_ACTIONS = (*ACTIONS, MAP)
MAP_OPTIONS = ("canonical_id", "values", "outcome_texts", "mapping_version", "split")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "date-time"},
            {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "enum": ["date", "events", "betpawa_family"]},
                    "at": {"type": "string", "format": "date-time"},
                    "atLeast": {"type": "integer", "minimum": 1},
                    "family": {"type": "string"},
                },
            },
        ],
        "nullable": True,
        "description": "A time; or a condition: a date, events (so many, or twice as many as now), betpawa_family.",
    }
)
class UntilField(serializers.Field):
    """Until when: a time, or a condition as services.ignore takes it, which checks it."""

    def to_internal_value(self, data):
        if isinstance(data, str):
            return {"kind": "date", "at": data}
        if isinstance(data, dict):
            return data
        raise serializers.ValidationError("A time or a condition is needed.")

    def to_representation(self, value):
        return value


class ReasonedBody(StrictInput, Serializer):
    """version: of the row as it was read; the decision is made only if nobody was faster."""

    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")
    version = StrictInteger(min_value=1, max_value=LARGEST_VERSION, required=False)


class IgnoreBody(ReasonedBody):
    """until: null or nothing is for good."""

    until = UntilField(required=False, allow_null=True)


class SnoozeBody(ReasonedBody):
    until = UntilField()


class ClaimBody(ReasonedBody):
    """force: take a colleague's claim over, for leads."""

    minutes = StrictInteger(min_value=1, max_value=MOST_MINUTES, default=MINUTES)
    force = StrictBoolean(default=False)


class ReleaseBody(ReasonedBody):
    force = StrictBoolean(default=False)


class AcceptBody(ReasonedBody):
    """bands: which suggestions will do."""

    bands = serializers.ListField(child=serializers.ChoiceField(Band.choices), default=[Band.STRONG], min_length=1)


class RejectBody(ReasonedBody):
    betpawa_id = StrictText(max_length=50)


class MapBody(ReasonedBody):
    """betpawa_id: one that is suggested, or that a mapping in force has; or canonical_id, with values
    where there is no such mapping yet. outcome_texts: {canonical outcome id: the bookmaker's text}.
    split: the row's key goes on feeding what it feeds, too."""

    betpawa_id = StrictText(max_length=50, required=False)
    canonical_id = serializers.RegexField(CANONICAL_ID, max_length=100, required=False)
    values = MappingValues(required=False)
    outcome_texts = serializers.DictField(child=StrictText(max_length=255), required=False)
    mapping_version = StrictInteger(min_value=0, max_value=LARGEST_VERSION, required=False)
    split = StrictBoolean(default=False)
    dry_run = StrictBoolean(default=False)

    def validate(self, body):
        if ("betpawa_id" in body) == ("canonical_id" in body):
            raise serializers.ValidationError("Give betpawaId or canonicalId.")
        if "betpawa_id" in body and "values" in body:
            raise serializers.ValidationError({"values": ["They go with canonicalId."]})
        return body


class FilterBody(StrictInput, UnmappedFilter, Serializer):
    """As the parameters of GET /unmapped."""

    min_events = StrictInteger(min_value=0, max_value=LARGEST_COUNT, required=False)
    min_occurrences = StrictInteger(min_value=0, max_value=LARGEST_COUNT, required=False)


class BulkBody(StrictInput, Serializer):
    """ids, or filter for all that match it. newest: what a dry run with the filter answered; rows that
    came later are left out. versions: {id: version as it was read}. until: for ignore and snooze.
    minutes, force: for claim and release. bands: for acceptBest. canonical_id, values, outcome_texts,
    mapping_version, split: for map. dry_run: nothing stays, the answer is the same."""

    action = serializers.ChoiceField(BULK_ACTIONS)
    ids = serializers.ListField(child=StrictInteger(min_value=1, max_value=LARGEST_ID), required=False, min_length=1)
    filter = FilterBody(required=False)
    newest = StrictInteger(min_value=0, max_value=LARGEST_ID, required=False)
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")
    versions = serializers.DictField(
        child=StrictInteger(min_value=1, max_value=LARGEST_VERSION), required=False, default=dict
    )
    until = UntilField(required=False, allow_null=True)
    minutes = StrictInteger(min_value=1, max_value=MOST_MINUTES, required=False)
    force = StrictBoolean(required=False)
    bands = serializers.ListField(child=serializers.ChoiceField(Band.choices), required=False, min_length=1)
    canonical_id = serializers.RegexField(CANONICAL_ID, max_length=100, required=False)
    values = MappingValues(required=False)
    outcome_texts = serializers.DictField(child=StrictText(max_length=255), required=False)
    mapping_version = StrictInteger(min_value=0, max_value=LARGEST_VERSION, required=False)
    split = StrictBoolean(required=False)
    dry_run = StrictBoolean(default=False)

    def validate_versions(self, versions):
        if not all(id.isascii() and id.isdigit() and len(id) < 19 for id in versions):
            raise serializers.ValidationError("Its names must be ids.")
        return {int(id): version for id, version in versions.items()}

    def validate(self, body):
        if ("ids" in body) == ("filter" in body):
            raise serializers.ValidationError("Give ids or filter.")
        problems = {}
        if "newest" in body and "filter" not in body:
            problems["newest"] = ["It goes with filter."]
        action = body["action"]
        takes = MAP_OPTIONS if action == MAP else ACTIONS[action].takes
        for option, outside in OPTIONS.items():
            if option in body and option not in takes:
                problems[outside] = [f"It is not for {action}."]
        if action == MAP and "canonical_id" not in body:
            problems["canonicalId"] = ["Which mapping?"]
        if action == "snooze" and body.get("until") is None:
            problems["until"] = ["Until when?"]
        if problems:
            raise serializers.ValidationError(problems)
        return body

    @staticmethod
    def options(body):
        """The options of its action, by the services' names."""
        return {option: body[option] for option in OPTIONS if option in body}


OPTIONS = {
    "until": "until",
    "minutes": "minutes",
    "force": "force",
    "bands": "bands",
    "canonical_id": "canonicalId",
    "values": "values",
    "outcome_texts": "outcomeTexts",
    "mapping_version": "mappingVersion",
    "split": "split",
}


class RowDecisionSerializer(Serializer):
    """What became of one row. outcome: changed; unchanged, it is so already; refused, detail says why;
    stale, somebody was first: decided_by, decided_at; not_found. detail may also tell a remark."""

    id = serializers.IntegerField()
    outcome = serializers.ChoiceField(OUTCOMES)
    status = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField()
    decided_by = serializers.CharField(allow_null=True)
    decided_at = UtcDateTimeField(allow_null=True)


class DecisionCountsSerializer(Serializer):
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    stale = serializers.IntegerField()
    not_found = serializers.IntegerField()


class BulkSerializer(Serializer):
    """batch_id: what undoes it; null where nothing changed, and in a dry run. matched: rows that it was
    about. newest: with a filter, to be sent back. sample: with a filter, the first of them by priority.
    preview: of a map, what becomes of the mapping (dry run)."""

    action = serializers.ChoiceField(BULK_ACTIONS)
    dry_run = serializers.BooleanField()
    batch_id = serializers.IntegerField(allow_null=True)
    matched = serializers.IntegerField()
    newest = serializers.IntegerField(allow_null=True)
    counts = DecisionCountsSerializer()
    results = RowDecisionSerializer(many=True)
    sample = UnmappedSerializer(many=True)
    preview = serializers.JSONField(allow_null=True)


class DecidedSerializer(Serializer):
    """batch_id: what undoes it; null where it was so already."""

    batch_id = serializers.IntegerField(allow_null=True)
    result = RowDecisionSerializer()
    item = UnmappedDetailSerializer()


class MappedSerializer(DecidedSerializer):
    """taken_from: mappings that lost the key to this one."""

    mapping = MappingSerializer()
    taken_from = serializers.ListField(child=serializers.CharField())
