"""Parameters and answers of the odds endpoints. Prices, lines and margins are decimal text."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from odds.models import Tournament
from oddsproject.api.query import CommaList, PagedQuery, Query
from oddsproject.api.serializers import ModelSerializer, Serializer, UtcDateTimeField

AVAILABILITY = (
    ("betpawa", "Offered by the reference bookmaker"),
    ("competitor", "Offered by others only"),
    ("alerts", "With a withdrawn market"),
)
STATES = (
    ("offered", "Can be backed"),
    ("suspended", "Shown, cannot be backed now"),
    ("withdrawn", "Was offered, is gone"),
    ("closed", "Kick-off has passed"),
    ("never_offered", "Was never seen"),
)


class Text(serializers.CharField):
    """Search text of a query string."""

    def __init__(self, **kwargs):
        super().__init__(max_length=100, required=False, **kwargs)


class EventScope(Query):
    availability = serializers.ChoiceField(AVAILABILITY, required=False)
    include_started = serializers.BooleanField(default=False)


class EventQuery(PagedQuery, EventScope):
    """kickoffFrom and kickoffTo are inclusive. minBookmakers counts those that list the event."""

    tournament_ids = CommaList(child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False)
    kickoff_from = UtcDateTimeField(required=False)
    kickoff_to = UtcDateTimeField(required=False)
    min_bookmakers = serializers.IntegerField(min_value=1, max_value=20, required=False)
    search = Text()
    countries = CommaList(child=serializers.CharField(max_length=100), required=False)

    def validate(self, query):
        return check_order(query, "kickoff_from", "kickoff_to", "kickoffTo")


class TournamentQuery(PagedQuery, EventScope):
    with_events_only = serializers.BooleanField(default=True)
    search = Text()


class UnmatchedQuery(PagedQuery):
    """missingPlatform: those that it lacks; else those that one bookmaker alone offers."""

    missing_platform = serializers.CharField(max_length=20, required=False)


class CoverageQuery(Query):
    include_started = serializers.BooleanField(default=False)


class HistoryQuery(Query):
    """line: "2.5"; needed where the market has lines. Without fromTime, the last 14 days."""

    bookmaker_slug = serializers.CharField(max_length=20, required=False)
    from_time = UtcDateTimeField(required=False)
    to_time = UtcDateTimeField(required=False)
    line = serializers.DecimalField(max_digits=12, decimal_places=6, required=False)

    def validate(self, query):
        return check_order(query, "from_time", "to_time", "toTime")


def check_order(query, start, end, named):
    if start in query and end in query and query[start] > query[end]:
        raise serializers.ValidationError({named: ["The end is before the start."]})
    return query


@extend_schema_field({"type": "string", "format": "decimal"})
class DecimalText(serializers.Field):
    """An exact decimal as text, in plain notation; null stays null."""

    def to_representation(self, value):
        return format(value, "f")


class OutcomeSerializer(Serializer):
    name = serializers.CharField()
    odds = serializers.CharField()
    is_active = serializers.BooleanField()


class OfferSerializer(Serializer):
    """One market at one bookmaker.

    lastUpdatedAt: the odds or their availability became what they are. lastConfirmedAt: last seen
    in a complete answer. margin: percent, null unless every outcome can be backed.
    """

    state = serializers.ChoiceField(STATES)
    line = DecimalText(allow_null=True)
    outcomes = OutcomeSerializer(many=True)
    margin = DecimalText(allow_null=True)
    available = serializers.BooleanField()
    unavailable_since = UtcDateTimeField(allow_null=True)
    last_updated_at = UtcDateTimeField(allow_null=True)
    last_confirmed_at = UtcDateTimeField(allow_null=True)


class InlineOfferSerializer(OfferSerializer):
    market_id = serializers.CharField()
    market_name = serializers.CharField()


class MarketSerializer(OfferSerializer):
    betpawa_market_id = serializers.CharField()
    betpawa_market_name = serializers.CharField()
    handicap_type = serializers.CharField()
    market_groups = serializers.ListField(child=serializers.CharField())


class EventBookmakerSerializer(Serializer):
    """snapshotTime: when the event was last scraped whole there. state: offered, withdrawn (gone
    from its lists) or closed."""

    bookmaker_slug = serializers.CharField()
    bookmaker_name = serializers.CharField()
    external_event_id = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    has_odds = serializers.BooleanField()
    snapshot_time = UtcDateTimeField(allow_null=True)
    withdrawn_at = UtcDateTimeField(allow_null=True)


class ListedBookmakerSerializer(EventBookmakerSerializer):
    inline_odds = InlineOfferSerializer(many=True)


class NamedEventSerializer(Serializer):
    id = serializers.IntegerField()
    sportradar_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    kickoff = UtcDateTimeField()


class EventBaseSerializer(NamedEventSerializer):
    home_team = serializers.CharField()
    away_team = serializers.CharField()
    has_started = serializers.BooleanField()
    tournament_id = serializers.IntegerField()
    tournament_name = serializers.CharField()
    tournament_country = serializers.CharField()
    sport_name = serializers.CharField()


class EventSerializer(EventBaseSerializer):
    bookmakers = ListedBookmakerSerializer(many=True)


class MarketsOfBookmakerSerializer(EventBookmakerSerializer):
    markets = MarketSerializer(many=True)


class EventDetailSerializer(EventBaseSerializer):
    markets_by_bookmaker = MarketsOfBookmakerSerializer(many=True)


class UnmatchedSerializer(NamedEventSerializer):
    """An event that not every bookmaker offers."""

    platforms = serializers.ListField(child=serializers.CharField())
    missing_on = serializers.ListField(child=serializers.CharField())


class TournamentSerializer(ModelSerializer):
    class Meta:
        model = Tournament
        fields = ["id", "name", "country"]


class CountrySerializer(Serializer):
    name = serializers.CharField()


class PlatformCoverageSerializer(Serializer):
    platform = serializers.CharField()
    total_events = serializers.IntegerField()
    matched_events = serializers.IntegerField()
    unmatched_events = serializers.IntegerField()
    match_rate = serializers.FloatField()


class CoverageSerializer(Serializer):
    """match_rate: percent of events that the reference bookmaker and another one offer."""

    total_events = serializers.IntegerField()
    matched_count = serializers.IntegerField()
    betpawa_only_count = serializers.IntegerField()
    competitor_only_count = serializers.IntegerField()
    match_rate = serializers.FloatField()
    by_platform = PlatformCoverageSerializer(many=True)


class MarginPointSerializer(Serializer):
    """One change. confirmed: not a change, but the last time that the newest state was seen."""

    bookmaker_slug = serializers.CharField()
    captured_at = UtcDateTimeField()
    margin = DecimalText(allow_null=True)
    available = serializers.BooleanField()
    unavailable_at = UtcDateTimeField(allow_null=True)
    confirmed = serializers.BooleanField()


class HistoryPointSerializer(MarginPointSerializer):
    outcomes = OutcomeSerializer(many=True)


class HistoryBase(Serializer):
    event_id = serializers.IntegerField()
    market_id = serializers.CharField()
    market_name = serializers.CharField()
    line = DecimalText(allow_null=True)
    truncated = serializers.BooleanField()


class HistorySerializer(HistoryBase):
    """truncated: older points were left out; ask for a narrower time."""

    history = HistoryPointSerializer(many=True)


class MarginHistorySerializer(HistoryBase):
    history = MarginPointSerializer(many=True)
