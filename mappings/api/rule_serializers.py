"""Ignore rules as the API shows and takes them."""

from rest_framework import serializers

from mappings.api.decision_serializers import UntilField
from mappings.api.queue_serializers import UnmappedSerializer
from mappings.api.serializers import LARGEST_VERSION, BookmakerField
from mappings.ignore_rules import LARGEST_KEY, TEXTS
from mappings.models import IgnoreRule
from oddsproject.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictBoolean,
    StrictInput,
    StrictInteger,
    StrictText,
)


class ConditionsSerializer(StrictInput, Serializer):
    """Every one that is given must hold; at least one is needed. key_from, key_to: whole numbers, both
    included."""

    source = BookmakerField(required=False)
    name_contains = StrictText(max_length=TEXTS["name_contains"], required=False)
    key_prefix = StrictText(max_length=TEXTS["key_prefix"], required=False)
    key_from = StrictInteger(min_value=0, max_value=LARGEST_KEY, required=False)
    key_to = StrictInteger(min_value=0, max_value=LARGEST_KEY, required=False)
    family = StrictText(max_length=TEXTS["family"], required=False)
    period = StrictText(max_length=TEXTS["period"], required=False)


class RuleSerializer(ModelSerializer):
    """position: the first active rule that fits decides. until: what brings back what it ignored, null
    for good. version: send it back with a change."""

    conditions = ConditionsSerializer()
    until = serializers.JSONField(allow_null=True)

    class Meta:
        model = IgnoreRule
        fields = [
            "id",
            "name",
            "position",
            "is_active",
            "conditions",
            "until",
            "reason",
            "version",
            "created_at",
            "created_by",
        ]


class RulesSerializer(Serializer):
    items = RuleSerializer(many=True)


class RuleValues(StrictInput, Serializer):
    name = StrictText(max_length=100)
    position = StrictInteger(min_value=-(2**31), max_value=2**31 - 1, required=False)
    is_active = StrictBoolean(required=False)
    conditions = ConditionsSerializer()
    until = UntilField(required=False, allow_null=True)
    reason = StrictText(max_length=300, required=False, allow_blank=True)


class NewRule(RuleValues):
    """apply_now: also to what is new in the queue now, as the preview counted it."""

    apply_now = StrictBoolean(default=True)


class RuleChangeBody(RuleValues):
    """reopen_rows: what it has ignored comes back first. apply_now: as for a new rule."""

    name = StrictText(max_length=100, required=False)
    conditions = ConditionsSerializer(required=False)
    version = StrictInteger(min_value=1, max_value=LARGEST_VERSION, required=False)
    reopen_rows = StrictBoolean(default=False)
    apply_now = StrictBoolean(default=False)


class RuleDeleteBody(StrictInput, Serializer):
    reason = StrictText(max_length=300, required=False, allow_blank=True, default="")
    version = StrictInteger(min_value=1, max_value=LARGEST_VERSION, required=False)
    reopen_rows = StrictBoolean(default=False)


class RulePreviewBody(StrictInput, Serializer):
    conditions = ConditionsSerializer()


class RulePreviewSerializer(Serializer):
    """count: rows that it would ignore now. sample: the first of them by priority."""

    count = serializers.IntegerField()
    sample = UnmappedSerializer(many=True)


class RuleChangedSerializer(Serializer):
    """outcome: created, updated, deleted, unchanged. ignored, reopened: queue rows. batch_id: what
    undoes it."""

    outcome = serializers.CharField()
    batch_id = serializers.IntegerField(allow_null=True)
    ignored = serializers.IntegerField()
    reopened = serializers.IntegerField()
    rule = RuleSerializer()
