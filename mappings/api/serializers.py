"""The queue and the mappings as the API shows and takes them."""

from rest_framework import serializers

from mappings.definitions import SLUG, SOURCE_COLUMNS
from mappings.models import MappingAuditLog, MappingKind, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from oddsproject.api.query import CommaList, PagedQuery
from oddsproject.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictBoolean,
    StrictInput,
    StrictInteger,
    StrictText,
    UtcDateTimeField,
)

SLUGS = tuple(SOURCE_COLUMNS)
CANONICAL_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:+-]*\Z"
MOST_OUTCOMES = 1000
DECISIONS = [choice for choice in UnmappedStatus.choices if choice[0] != UnmappedStatus.MAPPED]
SORTS = {
    "occurrences": "occurrence_count",
    "events": "event_count",
    "lastSeen": "last_seen_at",
    "firstSeen": "first_seen_at",
    "name": "market_name",
    "nextKickoff": "next_kickoff_at",
}


class Search(serializers.CharField):
    def __init__(self, **kwargs):
        super().__init__(max_length=100, required=False, **kwargs)


# --- The queue ----------------------------------------------------------------------------------


class UnmappedQuery(PagedQuery):
    """search: in the market's name and id."""

    source = serializers.ChoiceField(SLUGS, required=False)
    status = CommaList(child=serializers.ChoiceField(UnmappedStatus.choices), required=False)
    min_occurrences = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    search = Search()
    sort_by = serializers.ChoiceField(list(SORTS), default="lastSeen")
    sort_order = serializers.ChoiceField(["asc", "desc"], default="desc")


class PriorityQuery(PagedQuery):
    source = serializers.ChoiceField(SLUGS, required=False)


class UnmappedSerializer(ModelSerializer):
    """occurrence_count: scrape cycles that saw it. event_count: events that carried it in the
    last of them. version: send it back with a change."""

    mapped_to = serializers.SerializerMethodField()

    class Meta:
        model = UnmappedMarketLog
        fields = [
            "id",
            "source",
            "external_market_id",
            "market_name",
            "sample_outcomes",
            "error_code",
            "first_seen_at",
            "last_seen_at",
            "occurrence_count",
            "event_count",
            "next_kickoff_at",
            "status",
            "notes",
            "mapped_to",
            "decided_by",
            "decided_at",
            "reopened_reason",
            "version",
        ]
        read_only_fields = fields
        validators = []

    def get_mapped_to(self, row) -> str | None:
        return row.mapped_to.canonical_id if row.mapped_to_id else None


class UnmappedDetailSerializer(UnmappedSerializer):
    class Meta(UnmappedSerializer.Meta):
        fields = [*UnmappedSerializer.Meta.fields, "rules_text", "earlier_decision"]
        read_only_fields = fields


class UnmappedChange(StrictInput, UnmappedDetailSerializer):
    """What a person may change by hand; MAPPED comes of a mapping. With `version` the change is
    made only if nobody was faster."""

    status = serializers.ChoiceField(DECISIONS, required=False)
    notes = StrictText(required=False, allow_null=True, allow_blank=True, max_length=1000)
    version = StrictInteger(min_value=1, max_value=2**31 - 1, required=False)

    def validate_status(self, status):
        return UnmappedStatus(status)

    def to_internal_value(self, data):
        if isinstance(data, dict) and data.get("status") == UnmappedStatus.MAPPED:
            raise serializers.ValidationError(
                {"status": ["A market becomes MAPPED by a mapping: POST /api/mappings with unmappedIds."]}
            )
        return super().to_internal_value(data)


# --- Mappings -----------------------------------------------------------------------------------


class MappingQuery(PagedQuery):
    """source: code for the built-in catalogue, db for people's rows. search: in names and ids."""

    source = serializers.ChoiceField(["code", "db"], required=False)
    platform = serializers.ChoiceField(SLUGS, required=False)
    is_active = serializers.BooleanField(required=False)
    search = Search()


class AuditQuery(PagedQuery):
    action = CommaList(child=serializers.ChoiceField(MappingAuditLog.Action.choices), required=False)
    canonical_id = serializers.CharField(max_length=100, required=False)
    created_by = serializers.CharField(max_length=100, required=False)


class ListedMappingSerializer(Serializer):
    """overrides: a row that stands in for the built-in entry of the same id."""

    canonical_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    betpawa_id = serializers.CharField(allow_null=True)
    sportybet_id = serializers.CharField(allow_null=True)
    bet9ja_key = serializers.CharField(allow_null=True)
    outcome_count = serializers.IntegerField()
    source = serializers.ChoiceField(["code", "db"])
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


class MappingBody(StrictInput, Serializer):
    """Fields of a mapping that may be written."""

    name = StrictText(max_length=255)
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
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="", write_only=True)


class NewMapping(MappingBody):
    """unmapped_ids: rows of the queue that this mapping settles, in the same transaction."""

    canonical_id = serializers.RegexField(CANONICAL_ID, max_length=100)
    name = StrictText(max_length=255, required=False)
    unmapped_ids = serializers.ListField(
        child=StrictInteger(min_value=1, max_value=2**63 - 1), required=False, max_length=100
    )


class MappingChange(MappingBody):
    name = StrictText(max_length=255, required=False)
    version = StrictInteger(min_value=1, max_value=2**31 - 1, required=False)


class ReasonBody(StrictInput, Serializer):
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")
    version = StrictInteger(min_value=1, max_value=2**31 - 1, required=False)


class MappingSerializer(ModelSerializer):
    """version: null for a built-in entry."""

    source = serializers.ChoiceField(["code", "db"])
    overrides = serializers.BooleanField()
    version = serializers.IntegerField(allow_null=True)
    created_at = UtcDateTimeField(allow_null=True)
    updated_at = UtcDateTimeField(allow_null=True)
    extra_source_keys = SourceKeySerializer(many=True)
    outcome_mapping = OutcomeMappingSerializer(many=True)

    class Meta:
        model = UserMarketMapping
        exclude = ["id"]


class AuditSerializer(ModelSerializer):
    class Meta:
        model = MappingAuditLog
        fields = ["id", "canonical_id", "action", "old_value", "new_value", "reason", "created_at", "created_by"]


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
