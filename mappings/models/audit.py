"""Every change of a mapping, written by the database and never rewritten."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper


class MappingAuditLog(models.Model):
    """One change of one mapping. Triggers insert these rows; nothing may change or delete them.

    batch: the action of a person that it was part of, null for changes by other routes.
    mapping_version: the number in mapping_version that the change made.
    """

    class Action(models.TextChoices):
        CREATE = "CREATE"
        UPDATE = "UPDATE"
        DELETE = "DELETE"
        ACTIVATE = "ACTIVATE"
        DEACTIVATE = "DEACTIVATE"

    # The constraint is made in SQL, with ON DELETE SET NULL, so that a raw DELETE keeps its history.
    mapping = models.ForeignKey(
        "mappings.UserMarketMapping",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="audit_logs",
        db_constraint=False,
        db_index=False,
    )
    canonical_id = models.CharField(max_length=100)
    action = models.CharField(max_length=10, choices=Action)
    old_value = models.JSONField(null=True, blank=True)
    new_value = models.JSONField(null=True, blank=True)
    reason = models.TextField(null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    batch = models.ForeignKey(
        "mappings.DecisionBatch",
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="mapping_changes",
        db_constraint=False,
    )
    mapping_version = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "mapping_audit_log"
        ordering = ["-created_at", "-id"]
        verbose_name = "mapping change"
        indexes = [
            models.Index(fields=["mapping"], name="idx_audit_log_mapping"),
            models.Index(fields=["canonical_id"], name="idx_audit_log_canonical"),
            models.Index(fields=["action"], name="idx_audit_log_action"),
            models.Index(fields=["created_at"], name="idx_audit_log_created"),
            models.Index(fields=["created_by", "-id"], name="idx_audit_log_person"),
            # As icontains asks, so that one index answers for either.
            GinIndex(
                OpClass(Upper("canonical_id"), name="gin_trgm_ops"),
                OpClass(Upper("reason"), name="gin_trgm_ops"),
                name="idx_audit_log_search",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=["CREATE", "UPDATE", "DELETE", "ACTIVATE", "DEACTIVATE"]),
                name="mapping_audit_log_action_is_known",
            )
        ]

    def __str__(self):
        return f"{self.action} {self.canonical_id}"
