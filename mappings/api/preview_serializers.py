"""Previews: what saving would do. The answer is Preview.as_data(); these say its form."""

from rest_framework import serializers

from mappings.api.serializers import CANONICAL_ID, LARGEST_ID, MappingValues
from mappings.conflicts import ERROR, INFO, WARNING
from oddsproject.api.serializers import Serializer, StrictBoolean, StrictInput, StrictInteger, StrictText

SEVERITIES = (ERROR, WARNING, INFO)


class PreviewBody(StrictInput, Serializer):
    """unmapped_ids: rows of the queue whose keys the mapping shall claim; outcome_texts and split go
    with them."""

    canonical_id = serializers.RegexField(CANONICAL_ID, max_length=100)
    values = MappingValues(required=False)
    unmapped_ids = serializers.ListField(
        child=StrictInteger(min_value=1, max_value=LARGEST_ID), default=list, max_length=100
    )
    outcome_texts = serializers.DictField(child=StrictText(max_length=255), required=False)
    split = StrictBoolean(default=False)


class ConflictSerializer(Serializer):
    """code: for programs. fix: fields to merge into the values, null where a person must choose."""

    severity = serializers.ChoiceField(SEVERITIES)
    code = serializers.CharField()
    text = serializers.CharField()
    fix = serializers.JSONField(allow_null=True)


class PreviewedChangeSerializer(Serializer):
    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class ImpactPartSerializer(Serializer):
    slug = serializers.CharField()
    kind = serializers.CharField()
    canonical_id = serializers.CharField()
    market_id = serializers.CharField()
    market_name = serializers.CharField()
    events = serializers.IntegerField()
    markets = serializers.IntegerField()
    rows = serializers.IntegerField()


class ImpactSerializer(Serializer):
    """events, markets, rows: null where they could not be counted. fixtures: up to five kept events,
    before and after. is_wide: a reason is required."""

    events = serializers.IntegerField(allow_null=True)
    markets = serializers.IntegerField(allow_null=True)
    rows = serializers.IntegerField(allow_null=True)
    is_wide = serializers.BooleanField()
    exact = serializers.BooleanField()
    fixtures = serializers.ListField(child=serializers.JSONField())
    parts = ImpactPartSerializer(many=True)
    note = serializers.CharField()


class PreviewSerializer(Serializer):
    """change: created, overridden, updated, activated, deactivated, unchanged. ms: how long it took."""

    canonical_id = serializers.CharField()
    change = serializers.CharField()
    changes = PreviewedChangeSerializer(many=True)
    taken_from = serializers.ListField(child=serializers.CharField())
    conflicts = ConflictSerializer(many=True)
    impact = ImpactSerializer()
    can_save = serializers.BooleanField()
    needs_reason = serializers.BooleanField()
    ms = serializers.FloatField()
