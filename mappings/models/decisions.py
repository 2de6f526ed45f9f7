"""What people did, as batches that can be undone, and every change of a queue row that came of it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class DecisionBatch(models.Model):
    """One action of a person (or of a rule), with everything that it changed carrying its id.

    actor: user name, or "rule:<name>". undoes: the batch that this one takes back; a batch that
    something undoes is not undone a second time. summary: JSON for people, by kind.
    """

    class Kind(models.TextChoices):
        ACKNOWLEDGE = "acknowledge", "Acknowledge"
        IGNORE = "ignore", "Ignore"
        SNOOZE = "snooze", "Snooze"
        REOPEN = "reopen", "Re-open"
        MAP = "map", "Map"
        CLAIM = "claim", "Claim"
        RELEASE = "release", "Release"
        NOTE = "note", "Note"
        REVIEW = "review", "Review"
        REJECT = "reject", "Reject a suggestion"
        MAPPING = "mapping", "Change of a mapping"
        RESTORE = "restore", "Restore a version"
        IMPORT = "import", "Import of a mapping pack"
        RULE = "rule", "Ignore by rule"
        UNDO = "undo", "Undo"
        OTHER = "other", "Other"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.OTHER, db_default=Kind.OTHER)
    actor = models.CharField(max_length=150)
    reason = models.TextField(default="", blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    item_count = models.IntegerField(default=0, db_default=0)
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by", editable=False
    )
    summary = models.JSONField(default=dict, blank=True, db_default={})

    class Meta:
        db_table = "decision_batch"
        ordering = ["-id"]
        verbose_name = "decision"
        indexes = [models.Index(fields=["actor", "-id"], name="idx_decision_batch_actor")]
        constraints = [models.CheckConstraint(condition=~Q(actor=""), name="decision_batch_has_an_actor")]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"

    def get_kind_display(self):
        return dict(KIND_CHOICES).get(self.kind, self.kind)


# As the desk's buttons say it. Labels of choices are part of the migrations' history; these are not.
KIND_WORDS = {DecisionBatch.Kind.REOPEN: "Reopen", DecisionBatch.Kind.RELEASE: "Give back"}
KIND_CHOICES = [(kind.value, KIND_WORDS.get(kind, kind.label)) for kind in DecisionBatch.Kind]


class UnmappedChange(models.Model):
    """One change of the decision on one queue row. A trigger inserts these; nothing changes them.

    old_value, new_value: the row's decision columns as JSON; counting and sightings are not in them.
    """

    unmapped = models.ForeignKey(
        "mappings.UnmappedMarketLog",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="changes",
        db_constraint=False,
        db_index=False,
    )
    source = models.CharField(max_length=20)
    external_market_id = models.CharField(max_length=100)
    batch = models.ForeignKey(
        DecisionBatch, null=True, on_delete=models.DO_NOTHING, related_name="queue_changes", db_constraint=False
    )
    old_value = models.JSONField()
    new_value = models.JSONField()
    reason = models.TextField(null=True, blank=True)  # noqa: DJ001 (as in mapping_audit_log)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001

    class Meta:
        db_table = "unmapped_change_log"
        ordering = ["-id"]
        verbose_name = "queue change"
        indexes = [models.Index(fields=["unmapped", "-id"], name="idx_unmapped_change_row")]

    def __str__(self):
        return f"{self.source} {self.external_market_id}"


class IgnoreRule(models.Model):
    """Markets that are ignored as they come. The first active rule by position that fits decides.

    conditions: every one given must hold, at least one is required:
    {source, name_contains, key_prefix, key_from, key_to (whole numbers, both included), family, period}.
    until: as UnmappedMarketLog.ignore_until.
    """

    name = models.CharField(max_length=100, unique=True)
    position = models.IntegerField(default=0, db_default=0)
    is_active = models.BooleanField(default=True, db_default=True)
    conditions = models.JSONField(default=dict)
    until = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=300, default="", blank=True, db_default="")
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=150, default="", db_default="", editable=False)

    class Meta:
        db_table = "unmapped_ignore_rule"
        ordering = ["position", "id"]
        verbose_name = "ignore rule"

    def __str__(self):
        return self.name
