"""Markets that a bookmaker offers and nobody has mapped: the traders' queue."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class UnmappedStatus(models.TextChoices):
    NEW = "NEW", "New"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    MAPPED = "MAPPED", "Mapped"
    IGNORED = "IGNORED", "Ignored"


class UnmappedMarketLog(models.Model):
    """One source key of one bookmaker that did not map, with what a person needs to decide.

    occurrence_count: scrape cycles in which it was seen. event_count: events that carried it in
    the cycle last_cycle_id. version moves with decisions and re-openings, not with counting.
    decided_mapping_version: the mapping version that the MAPPED decision made; a process that
    had not read it yet cannot re-open the row.
    """

    source = models.CharField(max_length=20)
    external_market_id = models.CharField(max_length=100)
    market_name = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    sample_outcomes = models.JSONField(null=True, blank=True)
    rules_text = models.TextField(default="", blank=True, db_default="")
    error_code = models.CharField(max_length=30, default="", blank=True, db_default="")
    first_seen_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    occurrence_count = models.IntegerField(default=1, db_default=1)
    event_count = models.IntegerField(default=0, db_default=0)
    first_cycle_id = models.BigIntegerField(null=True, blank=True)
    last_cycle_id = models.BigIntegerField(null=True, blank=True)
    next_kickoff_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=15, choices=UnmappedStatus, default=UnmappedStatus.NEW, db_default=UnmappedStatus.NEW
    )
    notes = models.TextField(null=True, blank=True)  # noqa: DJ001
    mapped_to = models.ForeignKey(
        "mappings.UserMarketMapping",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="resolved_markets",
        db_constraint=False,
    )
    decided_by = models.CharField(max_length=150, null=True, blank=True)  # noqa: DJ001
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_mapping_version = models.BigIntegerField(null=True, blank=True, editable=False)
    reopened_reason = models.TextField(null=True, blank=True)  # noqa: DJ001
    earlier_decision = models.JSONField(null=True, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        db_table = "unmapped_market_log"
        ordering = ["-last_seen_at", "-id"]
        verbose_name = "unmapped market"
        indexes = [
            models.Index(fields=["source"], name="idx_unmapped_source"),
            models.Index(fields=["status"], name="idx_unmapped_status"),
            models.Index(fields=["-occurrence_count"], name="idx_unmapped_occurrences"),
            models.Index(fields=["-last_seen_at"], name="idx_unmapped_last_seen"),
            models.Index(
                fields=["id"], name="idx_unmapped_to_alert", condition=Q(alerted_at__isnull=True, status="NEW")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_market_id"], name="uq_unmapped_source_market"),
            models.CheckConstraint(condition=Q(status__in=UnmappedStatus.values), name="unmapped_status_is_known"),
            models.CheckConstraint(
                condition=Q(occurrence_count__gte=0) & Q(event_count__gte=0), name="unmapped_counts_are_not_negative"
            ),
        ]

    def __str__(self):
        return f"{self.source} {self.external_market_id}"
