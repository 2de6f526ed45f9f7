"""How the mappings stand: coverage over time, and how often suggestions were right."""

from datetime import UTC, datetime

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mappings.api.standing_serializers import MappingCoverageSerializer, SuggestionPrecisionSerializer
from mappings.standing import coverage, coverage_curve
from mappings.suggestions import calibration
from oddsproject.api.views import APIView


class MappingCoverage(APIView):
    @extend_schema(responses=MappingCoverageSerializer, operation_id="mappings_coverage")
    def get(self, request):
        """How much of each rival's offer is mapped, now and over two weeks."""
        curve = [
            {"platform": slug, "points": [_point(point) for point in points]}
            for slug, points in sorted(coverage_curve().items())
        ]
        return Response(MappingCoverageSerializer({"now": coverage(), "curve": curve}).data)


class SuggestionPrecision(APIView):
    @extend_schema(responses=SuggestionPrecisionSerializer, operation_id="mappings_suggestion_precision")
    def get(self, request):
        """How often people chose what was suggested first, by bookmaker and band."""
        return Response(SuggestionPrecisionSerializer({"items": calibration.report()}).data)


def _point(point):
    at = datetime.fromtimestamp(point["at"] / 1000, UTC)
    return {"at": at, "by_type": point["byType"], "by_event": point["byEvent"]}
