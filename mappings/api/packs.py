"""Mapping packs: from one desk to another, by way of a review."""

import json

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mappings.api.pack_serializers import (
    PackBody,
    PackImportBody,
    PackImportedSerializer,
    PackQuery,
    PackReviewSerializer,
)
from mappings.api.problems import Unprocessable, decided, with_extra
from mappings.packs import PackRefused, export_pack, import_pack, read_pack, review
from mappings.packs.format import MOST_BYTES
from oddsproject.api.parsers import StrictJSONParser
from oddsproject.api.roles import LEAD, VIEWER
from oddsproject.api.views import APIView


class PackParser(StrictJSONParser):
    """A pack may be larger than other bodies."""

    most_bytes = MOST_BYTES


class Pack(APIView):
    query_class = PackQuery
    write_role = LEAD
    parser_classes = [PackParser]

    @extend_schema(parameters=[PackQuery], responses=OpenApiTypes.OBJECT, operation_id="mappings_pack")
    def get(self, request):
        """Everybody's mappings and the ignore rules as one file: the same decisions make the same bytes."""
        data = export_pack(with_decisions=self.query["with_decisions"])
        answer = HttpResponse(data, content_type="application/json")
        answer["Content-Disposition"] = 'attachment; filename="mapping-pack.json"'
        return answer

    @extend_schema(request=PackImportBody, responses=PackImportedSerializer, operation_id="mappings_pack_import")
    def post(self, request):
        """Take it over, wholly or not at all, as one decision. 422 pack_refused has every problem."""
        body = self.read_body(PackImportBody)
        pack = read(body)
        batch_id = _refusing(
            lambda: import_pack(
                pack,
                user=request.user,
                reason=body["reason"],
                only=body.get("only"),
                overwrite_newer=body["overwrite_newer"],
            )
        )
        return Response(PackImportedSerializer({"checksum": pack.checksum, "batch_id": batch_id}).data)


class PackReview(APIView):
    """Reads only, so it is for everybody."""

    write_role = VIEWER
    parser_classes = [PackParser]

    @extend_schema(request=PackBody, responses=PackReviewSerializer, operation_id="mappings_pack_review")
    def post(self, request):
        """What an import would change; nothing is written."""
        pack = read(self.read_body(PackBody))
        diff = review(pack)
        return Response(PackReviewSerializer(diff, context={"checksum": pack.checksum}).data)


def read(body):
    return _refusing(lambda: read_pack(json.dumps(body["pack"], ensure_ascii=False).encode()))


def _refusing(take):
    try:
        return decided(take)
    except PackRefused as refused:
        others = len(refused.problems) - 1
        more = f" And {others} more, in problems." if others else ""
        problem = Unprocessable(f"{refused.problems[0]}{more}", code="pack_refused")
        raise with_extra(problem, problems=list(refused.problems)) from refused
