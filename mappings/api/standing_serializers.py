"""How mappings stand: coverage, precision of suggestions, price checks."""

from rest_framework import serializers

from mappings.models import VERDICT_CHOICES, Band, PriceAudit
from oddsproject.api.serializers import ModelSerializer, Serializer, UtcDateTimeField


class PriceAuditSerializer(ModelSerializer):
    """distance: mean distance of fair probabilities as logits, null with too few kept events.
    fixtures: those that show it, the worst first."""

    verdict = serializers.ChoiceField(VERDICT_CHOICES)

    class Meta:
        model = PriceAudit
        fields = [
            "source",
            "external_market_id",
            "betpawa_id",
            "verdict",
            "distance",
            "fixtures_compared",
            "apart_since",
            "apart_checks",
            "checked_at",
            "fixtures",
        ]


class PriceCheckSerializer(Serializer):
    items = PriceAuditSerializer(many=True)


class PriceCheckedSerializer(PriceCheckSerializer):
    """opened, closed: review items. ms: how long it took."""

    opened = serializers.IntegerField()
    closed = serializers.IntegerField()
    ms = serializers.IntegerField()


class SharesSerializer(Serializer):
    """Shares of the offer that is mapped, 0 to 1; null when nothing was seen. by_type: of its kinds of
    market. by_event: of every market on every event."""

    by_type = serializers.FloatField(allow_null=True)
    by_event = serializers.FloatField(allow_null=True)


class CoverageNowSerializer(SharesSerializer):
    platform = serializers.CharField(source="slug")
    taken_at = UtcDateTimeField()
    markets_seen = serializers.IntegerField()


class CoveragePointSerializer(SharesSerializer):
    at = UtcDateTimeField()


class CoverageLineSerializer(Serializer):
    platform = serializers.CharField()
    points = CoveragePointSerializer(many=True)


class MappingCoverageSerializer(Serializer):
    """now: the newest sample of each rival. curve: an hour a point, two weeks."""

    now = CoverageNowSerializer(many=True)
    curve = CoverageLineSerializer(many=True)


class BandPrecisionSerializer(Serializer):
    """offered: decisions that say something about a first suggestion of this band. accepted: those that
    chose it. among: those that chose any of the five. rejected: "not this one". no_counterpart: "BetPawa
    has no such market". precision: accepted ÷ offered."""

    platform = serializers.CharField(source="source")
    band = serializers.ChoiceField(Band.choices)
    offered = serializers.IntegerField()
    accepted = serializers.IntegerField()
    among = serializers.IntegerField()
    rejected = serializers.IntegerField()
    no_counterpart = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)


class SuggestionPrecisionSerializer(Serializer):
    items = BandPrecisionSerializer(many=True)
