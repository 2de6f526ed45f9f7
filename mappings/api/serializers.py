"""Mappings and their audit log as the API shows and takes them."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mappings.api.changes import field_changes
from mappings.definitions import SLUG
from mappings.models import MappingAuditLog, MappingKind, UserMarketMapping
from oddsproject.api.query import CommaList, PagedQuery, Query
from oddsproject.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictBoolean,
    StrictInput,
    StrictInteger,
    StrictText,
    UtcDateTimeField,
)
from oddsproject.desk.bookmakers import bookmaker_names

CANONICAL_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:+-]*\Z"
MOST_OUTCOMES = 1000
ORIGINS = ["code", "db"]  # the catalogue, and people's rows
LARGEST_ID = 2**63 - 1
LARGEST_VERSION = 2**31 - 1


class Search(serializers.CharField):
    def __init__(self, **kwargs):
        super().__init__(max_length=100, required=False, **kwargs)


class BookmakerField(serializers.CharField):
    """The slug of a bookmaker that there is."""

    def __init__(self, **kwargs):
        super().__init__(max_length=20, **kwargs)

    def to_internal_value(self, data):
        slug = super().to_internal_value(data)
        if slug not in bookmaker_names():
            raise serializers.ValidationError("There is no such bookmaker.")
        return slug


class MappingQuery(PagedQuery):
    """source: code for the built-in catalogue, db for people's rows. search: in names and ids."""

    source = serializers.ChoiceField(ORIGINS, required=False)
    platform = BookmakerField(required=False)
    is_active = serializers.BooleanField(required=False)
    search = Search()


class MarketSearchQuery(Query):
    """q: what traders type: "o25", "1h btts", an id."""

    q = serializers.CharField(max_length=100)


class FoundMarketSerializer(Serializer):
    """A market of BetPawa's. canonical_id: "" where no mapping names it yet. line: that was asked for."""

    betpawa_id = serializers.CharField()
    canonical_id = serializers.CharField()
    name = serializers.CharField()
    outcomes = serializers.ListField(child=serializers.CharField())
    line = serializers.CharField()
    score = serializers.FloatField()


class FoundMarketsSerializer(Serializer):
    items = FoundMarketSerializer(many=True)


class AuditQuery(PagedQuery):
    """batch_id: what one decision changed."""

    action = CommaList(child=serializers.ChoiceField(MappingAuditLog.Action.choices), required=False)
    canonical_id = serializers.CharField(max_length=100, required=False)
    created_by = serializers.CharField(max_length=100, required=False)
    batch_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)


class ListedMappingSerializer(Serializer):
    """overrides: a row that stands in for the built-in entry of the same id."""

    canonical_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    betpawa_id = serializers.CharField(allow_null=True)
    sportybet_id = serializers.CharField(allow_null=True)
    bet9ja_key = serializers.CharField(allow_null=True)
    outcome_count = serializers.IntegerField()
    source = serializers.ChoiceField(ORIGINS)
    overrides = serializers.BooleanField()
    is_active = serializers.BooleanField()
    priority = serializers.IntegerField()


def slug_text(value):
    if not SLUG.fullmatch(value):
        raise serializers.ValidationError("A bookmaker's slug is needed.")


class OutcomeMappingSerializer(StrictInput, Serializer):
    """One outcome and what each bookmaker calls it. sources: further bookmakers, {slug: text}."""

    canonical_id = StrictText(max_length=100)
    betpawa_name = StrictText(max_length=255, allow_null=True, default=None)
    sportybet_desc = StrictText(max_length=255, allow_null=True, default=None)
    bet9ja_suffix = StrictText(max_length=255, allow_null=True, default=None)
    position = StrictInteger(min_value=0, max_value=MOST_OUTCOMES, required=False)
    sources = serializers.DictField(child=StrictText(max_length=255), required=False)


class SourceKeySerializer(StrictInput, Serializer):
    bookmaker = StrictText(max_length=20, validators=[slug_text])
    key = StrictText(max_length=50)


class MappingValues(StrictInput, Serializer):
    """Fields of a mapping that may be written."""

    name = StrictText(max_length=255, required=False)
    kind = serializers.ChoiceField(MappingKind.choices, required=False)
    subkind = StrictText(max_length=30, required=False, allow_null=True)
    period = StrictText(max_length=20, required=False)
    subject = StrictText(max_length=20, required=False)
    side = StrictText(max_length=10, required=False)
    line_semantics = StrictText(max_length=30, required=False, allow_null=True)
    betpawa_id = StrictText(max_length=50, required=False, allow_null=True)
    sportybet_id = StrictText(max_length=50, required=False, allow_null=True)
    bet9ja_key = StrictText(max_length=50, required=False, allow_null=True)
    extra_source_keys = SourceKeySerializer(many=True, required=False, max_length=100)
    specifier_filters = serializers.DictField(child=StrictText(max_length=255), required=False)
    outcome_mapping = OutcomeMappingSerializer(many=True, required=False, max_length=MOST_OUTCOMES)
    priority = StrictInteger(min_value=-(2**31), max_value=2**31 - 1, required=False)
    is_active = StrictBoolean(required=False)


class MappingBody(MappingValues):
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="", write_only=True)


class NewMapping(MappingBody):
    """unmapped_ids: rows of the queue that this mapping settles, in the same transaction."""

    canonical_id = serializers.RegexField(CANONICAL_ID, max_length=100)
    unmapped_ids = serializers.ListField(
        child=StrictInteger(min_value=1, max_value=LARGEST_ID), required=False, max_length=100
    )


class MappingChange(MappingBody):
    """version: as it was read, 0 of a built-in entry that nobody overrides."""

    version = StrictInteger(min_value=0, max_value=LARGEST_VERSION, required=False)


class ReasonBody(StrictInput, Serializer):
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")
    version = StrictInteger(min_value=1, max_value=LARGEST_VERSION, required=False)


class MappingSerializer(ModelSerializer):
    """version: 0 for a built-in entry that nobody overrides."""

    source = serializers.ChoiceField(ORIGINS)
    overrides = serializers.BooleanField()
    version = serializers.IntegerField()
    created_at = UtcDateTimeField(allow_null=True)
    updated_at = UtcDateTimeField(allow_null=True)
    extra_source_keys = SourceKeySerializer(many=True)
    outcome_mapping = OutcomeMappingSerializer(many=True)

    class Meta:
        model = UserMarketMapping
        exclude = ["id"]


class AuditSerializer(ModelSerializer):
    """batch_id: the decision that it was part of; null for changes by other routes. mapping_version:
    the number that all mappings together have since."""

    batch_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = MappingAuditLog
        fields = [
            "id",
            "canonical_id",
            "action",
            "old_value",
            "new_value",
            "reason",
            "created_at",
            "created_by",
            "batch_id",
            "mapping_version",
        ]


class FieldChangeSerializer(Serializer):
    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class VersionSerializer(AuditSerializer):
    """One state that a mapping had. version: the mapping's own, null once it was deleted. changes:
    what is different from the state before."""

    version = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()

    class Meta(AuditSerializer.Meta):
        fields = [
            "id",
            "action",
            "version",
            "mapping_version",
            "reason",
            "created_at",
            "created_by",
            "batch_id",
            "changes",
        ]

    def get_version(self, entry) -> int | None:
        return (entry.new_value or {}).get("version")

    @extend_schema_field(FieldChangeSerializer(many=True))
    def get_changes(self, entry):
        return field_changes(entry.old_value, entry.new_value)


class RestoreBody(StrictInput, Serializer):
    """audit_id: the entry whose state is wanted, an id of /mappings/{canonicalId}/versions."""

    audit_id = StrictInteger(min_value=1, max_value=LARGEST_ID)
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")
    version = StrictInteger(min_value=1, max_value=LARGEST_VERSION, required=False)
    dry_run = StrictBoolean(default=False)


class RestoredSerializer(Serializer):
    """outcome: updated, activated, deactivated, created, unchanged. batch_id: what undoes it."""

    outcome = serializers.CharField()
    changed_fields = serializers.ListField(child=serializers.CharField())
    batch_id = serializers.IntegerField(allow_null=True)
    dry_run = serializers.BooleanField()


class AppliedSerializer(Serializer):
    """task_id: of the queue; its end is told as an odds update."""

    canonical_id = serializers.CharField()
    task_id = serializers.CharField()
    mapping_version = serializers.IntegerField()


class ClashSerializer(Serializer):
    """Two mappings claim one source key; the winner gets it."""

    platform = serializers.CharField(source="bookmaker_slug")
    key = serializers.CharField()
    winner = serializers.CharField()
    loser = serializers.CharField()


class MappingStatsSerializer(Serializer):
    """by_platform: mappings in force that have a key there."""

    total = serializers.IntegerField()
    built_in = serializers.IntegerField()
    user = serializers.IntegerField()
    inactive = serializers.IntegerField()
    by_platform = serializers.DictField(child=serializers.IntegerField())
    unmapped_by_status = serializers.DictField(child=serializers.IntegerField())
    clashes = ClashSerializer(many=True)
    version = serializers.IntegerField(allow_null=True)
    changed_at = UtcDateTimeField(allow_null=True)


class ReloadSerializer(Serializer):
    mapping_count = serializers.IntegerField()
    version = serializers.IntegerField(allow_null=True)
    reloaded_at = UtcDateTimeField()
