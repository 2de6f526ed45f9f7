"""Markets that a bookmaker offers and nobody has mapped: the traders' queue."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from mappings.models.evidence import Band


class UnmappedStatus(models.TextChoices):
    NEW = "NEW", "New"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    MAPPED = "MAPPED", "Mapped"
    IGNORED = "IGNORED", "Ignored"


class Tab(models.TextChoices):
    """Where a row lies in the desk. The database derives it from status, snooze and review."""

    NEW = "NEW", "New"
    ACKNOWLEDGED = "ACKNOWLEDGED", "Acknowledged"
    SNOOZED = "SNOOZED", "Snoozed"
    REVIEW = "REVIEW", "Needs review"
    IGNORED = "IGNORED", "Ignored"
    MAPPED = "MAPPED", "Mapped"


class UnmappedMarketLog(models.Model):
    """One source key of one bookmaker that did not map, with what a person needs to decide.

    occurrence_count: scrape cycles in which it was seen. event_count: events that carried it in
    the cycle last_cycle_id. version moves with decisions and re-openings, not with counting.
    decided_mapping_version: the mapping version that the MAPPED decision made; a process that
    had not read it yet cannot re-open the row.

    snoozed_until: set means snoozed; whoever wakes it clears it. claimed_by counts until
    claim_expires_at. ignore_until: null is for good, else {"kind": "date", "at": ISO time},
    {"kind": "events", "from": N, "atLeast": M} or {"kind": "betpawa_family", "family": F}.
    review_since, review: a mapped market that looks wrong, and why: {canonicalId, betpawaId,
    reason, distance, fixtures}.
    priority: demand × solvability, parts in priority_parts {events, kickoff, tournament, rivals,
    demand, solvability}. family, period, subject, sibling_key: read from the name; rows of one
    bookmaker with one sibling_key differ only in side, half or line.
    best_*: the first of its suggestions, kept here so that a list needs no join.

    Every cycle counts most rows many times over. Columns that it moves (event_count,
    next_kickoff_at, last_cycle_id, sample_outcomes) are in no index, so that such an update stays
    within its page; what a search looks through lies in a table of its own.
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

    snoozed_until = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=150, null=True, blank=True)  # noqa: DJ001
    claim_expires_at = models.DateTimeField(null=True, blank=True)
    ignore_until = models.JSONField(null=True, blank=True)
    ignored_by_rule = models.ForeignKey(
        "mappings.IgnoreRule", null=True, blank=True, on_delete=models.SET_NULL, related_name="ignored"
    )
    review_since = models.DateTimeField(null=True, blank=True)
    review = models.JSONField(null=True, blank=True)

    family = models.CharField(max_length=40, default="", blank=True, db_default="")
    period = models.CharField(max_length=20, default="", blank=True, db_default="")
    subject = models.CharField(max_length=20, default="", blank=True, db_default="")
    sibling_key = models.CharField(max_length=150, default="", blank=True, db_default="")
    outcome_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    priority = models.FloatField(default=0, db_default=0)
    priority_parts = models.JSONField(null=True, blank=True)
    best_betpawa_id = models.CharField(max_length=50, default="", blank=True, db_default="")
    best_name = models.CharField(max_length=255, default="", blank=True, db_default="")
    best_confidence = models.FloatField(null=True, blank=True)
    best_band = models.CharField(max_length=10, default="", blank=True, db_default="")
    best_reason = models.CharField(max_length=200, default="", blank=True, db_default="")
    suggested_at = models.DateTimeField(null=True, blank=True)

    tab = models.GeneratedField(
        expression=Case(
            When(review_since__isnull=False, then=Value("REVIEW")),
            When(snoozed_until__isnull=False, status__in=["NEW", "ACKNOWLEDGED"], then=Value("SNOOZED")),
            default=F("status"),
        ),
        output_field=models.CharField(max_length=15, choices=Tab),
        db_persist=True,
    )

    class Meta:
        db_table = "unmapped_market_log"
        ordering = ["-last_seen_at", "-id"]
        verbose_name = "unmapped market"
        indexes = [
            models.Index(fields=["status"], name="idx_unmapped_status"),
            models.Index(fields=["-occurrence_count"], name="idx_unmapped_occurrences"),
            models.Index(fields=["-last_seen_at"], name="idx_unmapped_last_seen"),
            models.Index(
                fields=["id"], name="idx_unmapped_to_alert", condition=Q(alerted_at__isnull=True, status="NEW")
            ),
            models.Index(fields=["tab", "-priority", "-id"], name="idx_unmapped_tab_priority"),
            # The queue's order within each filter: what a filter asks for may all lie at the bottom.
            models.Index(fields=["source", "tab", "-priority", "-id"], name="idx_unmapped_source"),
            models.Index(fields=["family", "tab", "-priority", "-id"], name="idx_unmapped_by_family"),
            models.Index(fields=["period", "tab", "-priority", "-id"], name="idx_unmapped_by_period"),
            models.Index(fields=["error_code", "tab", "-priority", "-id"], name="idx_unmapped_by_error"),
            models.Index(fields=["best_band", "tab", "-priority", "-id"], name="idx_unmapped_by_band"),
            # The rows of one notice, to which the bell leads.
            models.Index(fields=["alerted_at"], name="idx_unmapped_alerted", condition=Q(alerted_at__isnull=False)),
            models.Index(fields=["claimed_by"], name="idx_unmapped_claimed", condition=Q(claimed_by__isnull=False)),
            models.Index(
                fields=["snoozed_until"], name="idx_unmapped_snoozed", condition=Q(snoozed_until__isnull=False)
            ),
            # What wakes up is looked for every minute, among all that was ever ignored.
            models.Index(fields=["id"], name="idx_unmapped_conditions", condition=Q(ignore_until__isnull=False)),
            models.Index(fields=["sibling_key"], name="idx_unmapped_sibling", condition=~Q(sibling_key="")),
            models.Index(
                fields=["id"], name="idx_unmapped_strong", condition=Q(tab=Tab.NEW.value, best_band=Band.STRONG.value)
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

    @property
    def claim_is_live(self) -> bool:
        return bool(self.claimed_by and self.claim_expires_at and self.claim_expires_at > timezone.now())


class UnmappedMarketText(models.Model):
    """What a search looks through: name, key and the first 1,000 characters of the rules, in
    capitals, with a blank at either end.

    Triggers of unmapped_market_log write it, only when one of the three changes; nobody else does.
    """

    # The constraint is made in SQL, with ON DELETE CASCADE.
    market = models.OneToOneField(
        UnmappedMarketLog,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        related_name="text",
        db_constraint=False,
        db_column="unmapped_id",
    )
    searched = models.TextField()

    class Meta:
        db_table = "unmapped_market_text"
        default_permissions = ()
        verbose_name = "text of an unmapped market"
        indexes = [
            GinIndex(fields=["searched"], opclasses=["gin_trgm_ops"], name="idx_unmapped_text", fastupdate=False)
        ]

    def __str__(self):
        return self.searched.strip()
