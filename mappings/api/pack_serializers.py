"""Mapping packs: the file itself, what an import would change, what it did."""

from rest_framework import serializers

from oddsproject.api.query import Query
from oddsproject.api.serializers import Serializer, StrictBoolean, StrictInput, StrictText


class PackQuery(Query):
    """with_decisions: also what was decided about the queue."""

    with_decisions = serializers.BooleanField(default=False)


class PackBody(StrictInput, Serializer):
    """pack: the file as GET /mappings/pack gave it; its checksum must hold."""

    pack = serializers.DictField()


class PackImportBody(PackBody):
    """only: ids of the review ("1x2_ft", "rule:Players") and "decisions"; nothing is everything.
    overwrite_newer: also what was changed here."""

    reason = StrictText(max_length=1000)
    only = serializers.ListField(child=StrictText(max_length=150), required=False, min_length=1)
    overwrite_newer = StrictBoolean(default=False)


class PackFieldSerializer(Serializer):
    """field: as in the pack; null: not there."""

    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class PackItemSerializer(Serializer):
    """newer_here: who has made it what it is here; "" where an earlier pack did."""

    id = serializers.CharField()
    name = serializers.CharField()
    changes = PackFieldSerializer(many=True)
    newer_here = serializers.CharField()


class PackDecisionsSerializer(Serializer):
    """Markets of the queue by what an import would do: apply; same already; decided_here otherwise;
    not_seen here; no_mapping: their mapping has not their key."""

    apply = serializers.IntegerField()
    same = serializers.IntegerField()
    decided_here = serializers.IntegerField()
    not_seen = serializers.IntegerField()
    no_mapping = serializers.IntegerField()


class PackReviewSerializer(Serializer):
    """problems: an import is refused while there is one. only_here: is left alone."""

    checksum = serializers.SerializerMethodField()
    created = PackItemSerializer(many=True)
    changed = PackItemSerializer(many=True)
    unchanged = serializers.ListField(child=serializers.CharField())
    only_here = serializers.ListField(child=serializers.CharField())
    problems = serializers.ListField(child=serializers.CharField())
    clashes = serializers.ListField(child=serializers.CharField())
    decisions = PackDecisionsSerializer(allow_null=True)

    def get_checksum(self, diff) -> str:
        return self.context["checksum"]


class PackImportedSerializer(Serializer):
    """batch_id: what undoes it; null where everything was here already."""

    checksum = serializers.CharField()
    batch_id = serializers.IntegerField(allow_null=True)
