"""Decisions as batches: what people did, and undoing it."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mappings.api.changes import field_changes
from mappings.api.serializers import LARGEST_ID, AuditSerializer, FieldChangeSerializer
from mappings.models import KIND_CHOICES, DecisionBatch, UnmappedChange
from oddsproject.api.query import CommaList, PagedQuery, Query
from oddsproject.api.serializers import ModelSerializer, Serializer, StrictBoolean, StrictInput, StrictText

UNDONE = ("restored", "merged", "refused", "unchanged")
SHOWN_IDS = 100
THINGS = ("queue", "mapping", "rule", "rejection")


class DecisionQuery(PagedQuery):
    """actor: a user's name, or "me". is_undone: only those that were undone, or that were not."""

    kind = CommaList(child=serializers.ChoiceField(KIND_CHOICES), required=False)
    actor = serializers.CharField(max_length=150, required=False)
    is_undone = serializers.BooleanField(required=False)


class DecisionDetailQuery(Query):
    """after: the nextAfter of the answer before, for the next hundred queue changes."""

    after = serializers.IntegerField(min_value=0, max_value=LARGEST_ID, default=0)


class DecisionSerializer(ModelSerializer):
    """undoes: the decision that this one undoes; undone_by: the one that undid this."""

    kind = serializers.ChoiceField(KIND_CHOICES)
    undoes = serializers.IntegerField(source="undoes_id", allow_null=True)
    undone_by = serializers.SerializerMethodField()

    class Meta:
        model = DecisionBatch
        fields = ["id", "kind", "actor", "reason", "created_at", "item_count", "undoes", "undone_by"]

    def get_undone_by(self, batch) -> int | None:
        return batch.undone_by.pk if hasattr(batch, "undone_by") else None


class QueueChangeSerializer(ModelSerializer):
    unmapped_id = serializers.IntegerField(allow_null=True)
    changes = serializers.SerializerMethodField()

    class Meta:
        model = UnmappedChange
        fields = ["id", "unmapped_id", "source", "external_market_id", "changes"]

    @extend_schema_field(FieldChangeSerializer(many=True))
    def get_changes(self, change):
        return field_changes(change.old_value, change.new_value)


class DecisionDetailSerializer(DecisionSerializer):
    """queue_changes: a hundred; next_after leads to the next, null after the last. mapping_changes: the
    first hundred; all of them are in the audit log, by batchId. summary: by kind; its left are the rows
    that did not change: [{outcome, detail, count, ids}], a hundred ids of each."""

    summary = serializers.SerializerMethodField()
    queue_changes = QueueChangeSerializer(source="first_changes", many=True)
    next_after = serializers.IntegerField(allow_null=True)
    mapping_changes = AuditSerializer(source="first_mapping_changes", many=True)

    class Meta(DecisionSerializer.Meta):
        fields = [*DecisionSerializer.Meta.fields, "summary", "queue_changes", "next_after", "mapping_changes"]

    def get_summary(self, batch) -> dict:
        if not batch.summary.get("left"):
            return batch.summary
        left = [
            {**group, "count": len(group["ids"]), "ids": group["ids"][:SHOWN_IDS]} for group in batch.summary["left"]
        ]
        return {**batch.summary, "left": left}


class UndoLastBody(StrictInput, Serializer):
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")
    dry_run = StrictBoolean(default=False)


class UndoBody(UndoLastBody):
    """partly: undo what can be, and leave what somebody has changed since."""

    partly = StrictBoolean(default=False)


class UndoneItemSerializer(Serializer):
    """kind: queue (id of a row), mapping (canonical id), rule, or rejection (of a suggestion; the
    bookmaker's key). detail: who has changed it since."""

    kind = serializers.ChoiceField(THINGS)
    id = serializers.CharField()
    label = serializers.CharField()
    outcome = serializers.ChoiceField(UNDONE)
    detail = serializers.CharField()


class UndoneSerializer(Serializer):
    """undoes: what was to be undone. batch_id: the decision that did, null in a dry run."""

    undoes = serializers.IntegerField()
    batch_id = serializers.IntegerField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    items = UndoneItemSerializer(many=True)
