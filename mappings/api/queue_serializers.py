"""Rows of the queue as the API shows them, and what may be asked and changed."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mappings.actors import name_of
from mappings.api.changes import field_changes
from mappings.api.serializers import LARGEST_VERSION, BookmakerField, FieldChangeSerializer, Search
from mappings.models import Band, MarketSuggestion, Tab, UnmappedChange, UnmappedMarketLog, UnmappedStatus
from mappings.queue_filter import BANDS, EXACT_UP_TO, MINE, TABS, QueueFilter
from oddsproject.api.query import CommaList, PagedQuery
from oddsproject.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictInput,
    StrictInteger,
    StrictText,
    UtcDateTimeField,
)

DECISIONS = [choice for choice in UnmappedStatus.choices if choice[0] != UnmappedStatus.MAPPED]
SORTS = {
    "priority": "priority",
    "occurrences": "occurrence_count",
    "events": "event_count",
    "lastSeen": "last_seen_at",
    "firstSeen": "first_seen_at",
    "name": "market_name",
    "nextKickoff": "next_kickoff_at",
}
SORTED_BY = list(SORTS)
ORDERS = ["asc", "desc"]
LARGEST_COUNT = 999_999_999
ME = "me"


class UnmappedFilter(serializers.Serializer):
    """Mixin: what of the queue. tab: where a row lies on the desk, MINE for one's own. owner: who has
    claimed it, "me" for oneself. search: every word in name, key or rules text. band: of the best suggestion,
    "none" without one. announced: when people were told of it, a time with its zone or two of them around "~"."""

    tab = serializers.ChoiceField(TABS, required=False)
    source = BookmakerField(required=False)
    family = serializers.CharField(max_length=40, required=False)
    period = serializers.CharField(max_length=20, required=False)
    error_code = serializers.CharField(max_length=30, required=False)
    min_events = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT, required=False)
    min_occurrences = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT, required=False)
    search = Search()
    owner = serializers.CharField(max_length=150, required=False)
    band = serializers.ChoiceField(BANDS, required=False)
    announced = serializers.CharField(max_length=80, required=False)


def queue_filter(given: dict, user) -> QueueFilter:
    """The filter of validated parameters; others among them are left out."""
    values = {name: given[name] for name in UnmappedFilter().fields if name in given}
    if values.get("owner") == ME or (values.get("tab") == MINE and "owner" not in values):
        values["owner"] = name_of(user)
    return QueueFilter(**values)


class UnmappedQuery(UnmappedFilter, PagedQuery):
    """sort_by: lastSeen unless given. cursor: "" for the first page by keyset, then nextCursor of the
    page before; always by priority, and as fast deep down as at the top."""

    status = CommaList(child=serializers.ChoiceField(UnmappedStatus.choices), required=False)
    sort_by = serializers.ChoiceField(SORTED_BY, required=False)
    sort_order = serializers.ChoiceField(ORDERS, default="desc")
    cursor = serializers.CharField(max_length=80, required=False, allow_blank=True)


class PriorityQuery(PagedQuery):
    source = BookmakerField(required=False)


class UnmappedSerializer(ModelSerializer):
    """occurrence_count: scrape cycles that saw it. event_count: events that carried it in the
    last of them. best_*: the first of its suggestions. claimed_by: null when the claim has run out.
    version: send it back with a change."""

    mapped_to = serializers.SerializerMethodField()
    tab = serializers.ChoiceField(Tab.choices)
    claimed_by = serializers.SerializerMethodField()
    ignored_by_rule = serializers.IntegerField(source="ignored_by_rule_id", allow_null=True)

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
            "tab",
            "notes",
            "mapped_to",
            "decided_by",
            "decided_at",
            "reopened_reason",
            "family",
            "period",
            "subject",
            "outcome_count",
            "priority",
            "best_betpawa_id",
            "best_name",
            "best_confidence",
            "best_band",
            "best_reason",
            "claimed_by",
            "claim_expires_at",
            "snoozed_until",
            "ignore_until",
            "ignored_by_rule",
            "review_since",
            "version",
        ]
        read_only_fields = fields
        validators = []

    def get_mapped_to(self, row) -> str | None:
        return row.mapped_to.canonical_id if row.mapped_to_id else None

    def get_claimed_by(self, row) -> str | None:
        return row.claimed_by if row.claim_is_live else None


class UnmappedRowsSerializer(Serializer):
    """By page: total and page. By cursor: those are null. next_cursor: null after the last row, and
    where rows are not sorted by priority, highest first."""

    items = UnmappedSerializer(many=True)
    total = serializers.IntegerField(allow_null=True)
    page = serializers.IntegerField(allow_null=True)
    page_size = serializers.IntegerField()
    next_cursor = serializers.CharField(allow_null=True)


class TabCountSerializer(Serializer):
    """is_exact: counted, not estimated; above ten thousand it is an estimate."""

    tab = serializers.ChoiceField(TABS)
    count = serializers.IntegerField()
    is_exact = serializers.SerializerMethodField()

    def get_is_exact(self, found) -> bool:
        return found["count"] <= EXACT_UP_TO


class UnmappedCountsSerializer(Serializer):
    tabs = TabCountSerializer(many=True)


class SuggestionSerializer(ModelSerializer):
    """confidence: calibrated, 0 to 1. reasons: [{family, points, text}], which with the base sum to
    score. pairing: [{canonicalId, betpawaName, text, label, flag}]. fixtures: [{eventKey, distance}].
    canonical_id: "" where no mapping names the market yet."""

    band = serializers.ChoiceField(Band.choices)

    class Meta:
        model = MarketSuggestion
        fields = [
            "rank",
            "betpawa_id",
            "canonical_id",
            "name",
            "confidence",
            "band",
            "score",
            "reasons",
            "pairing",
            "fixtures",
            "computed_at",
        ]


class PairedPriceSerializer(Serializer):
    """One outcome at both: odds as decimal text, null where it is not offered."""

    line = serializers.CharField()
    outcome = serializers.CharField()
    text = serializers.CharField()
    betpawa = serializers.CharField(allow_null=True)
    rival = serializers.CharField(allow_null=True)


class PriceEventSerializer(Serializer):
    event_key = serializers.CharField()
    home = serializers.CharField()
    away = serializers.CharField()
    kickoff_at = UtcDateTimeField()
    sampled_at = UtcDateTimeField()
    rows = PairedPriceSerializer(many=True)


class PricedSuggestionSerializer(SuggestionSerializer):
    """prices: up to three kept events, two lines each, side by side."""

    prices = PriceEventSerializer(many=True)

    class Meta(SuggestionSerializer.Meta):
        fields = [*SuggestionSerializer.Meta.fields, "prices"]


class SuggestionsSerializer(Serializer):
    items = PricedSuggestionSerializer(many=True)
    suggested_at = UtcDateTimeField(allow_null=True)


class SiblingSerializer(ModelSerializer):
    class Meta:
        model = UnmappedMarketLog
        fields = ["id", "external_market_id", "market_name", "tab", "event_count", "version"]
        extra_kwargs = {"tab": {"read_only": True}}


class UnmappedHistorySerializer(ModelSerializer):
    """One change of its decision. kind: of the decision that it was part of; is_undone: that was
    taken back."""

    batch_id = serializers.IntegerField(allow_null=True)
    kind = serializers.SerializerMethodField()
    is_undone = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()

    class Meta:
        model = UnmappedChange
        fields = ["id", "created_at", "created_by", "reason", "batch_id", "kind", "is_undone", "changes"]

    def get_kind(self, change) -> str | None:
        return change.batch.kind if change.batch else None

    def get_is_undone(self, change) -> bool:
        return bool(change.batch and hasattr(change.batch, "undone_by"))

    @extend_schema_field(FieldChangeSerializer(many=True))
    def get_changes(self, change):
        return field_changes(change.old_value, change.new_value)


class UnmappedDetailSerializer(UnmappedSerializer):
    """priority_parts: what makes the priority. review: why its mapping looks wrong. siblings: other
    open rows of the same market, up to fifty. history: its last fifty changes, newest first."""

    suggestions = SuggestionSerializer(many=True, read_only=True)
    siblings = SiblingSerializer(source="sibling_rows", many=True, read_only=True)
    history = UnmappedHistorySerializer(many=True, read_only=True)

    class Meta(UnmappedSerializer.Meta):
        fields = [
            *UnmappedSerializer.Meta.fields,
            "rules_text",
            "earlier_decision",
            "priority_parts",
            "review",
            "suggested_at",
            "suggestions",
            "siblings",
            "history",
        ]
        read_only_fields = fields


class UnmappedChangeBody(StrictInput, UnmappedDetailSerializer):
    """What a person may change by hand; MAPPED comes of a mapping. With `version` the change is
    made only if nobody was faster."""

    status = serializers.ChoiceField(DECISIONS, required=False)
    notes = StrictText(required=False, allow_null=True, allow_blank=True, max_length=1000)
    version = StrictInteger(min_value=1, max_value=LARGEST_VERSION, required=False)
    # Said again, for those that are declared would be writable here.
    tab = serializers.ChoiceField(Tab.choices, read_only=True)
    ignored_by_rule = serializers.IntegerField(source="ignored_by_rule_id", read_only=True)

    def validate_status(self, status):
        return UnmappedStatus(status)

    def to_internal_value(self, data):
        if isinstance(data, dict) and data.get("status") == UnmappedStatus.MAPPED:
            raise serializers.ValidationError(
                {"status": ["A market becomes MAPPED by a mapping: POST /api/unmapped/{id}/map."]}
            )
        return super().to_internal_value(data)
