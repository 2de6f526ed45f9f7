"""What a scrape did: the run, its share per bookmaker, its batches."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ScrapeRun(models.Model):
    """One cycle over everything, or one refresh of a single event.

    A cycle is pending until a worker starts its discovery, running while its batches go, and
    ends completed, partial (something is missing, and `summary` says what) or failed.
    """

    class Kind(models.TextChoices):
        CYCLE = "cycle", "Cycle"
        EVENT = "event", "One event"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        MANUAL = "manual", "Manual"
        ON_DEMAND = "on-demand", "On demand"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"

    class Phase(models.TextChoices):
        INITIALIZING = "initializing", "Initializing"
        DISCOVERING = "discovering", "Discovering"
        SCRAPING = "scraping", "Scraping"
        CLOSING = "closing", "Closing"
        DONE = "done", "Done"

    ACTIVE = (Status.PENDING, Status.RUNNING)

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CYCLE, db_default=Kind.CYCLE)
    trigger = models.CharField(max_length=10, choices=Trigger)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    phase = models.CharField(max_length=12, choices=Phase, default=Phase.INITIALIZING, db_default=Phase.INITIALIZING)
    requested_by = models.CharField(max_length=150, blank=True, default="", db_default="")
    event_sr_id = models.CharField("SportRadar id", max_length=32, blank=True, default="", db_default="")
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries")
    bookmakers = models.JSONField(default=list, help_text="Slugs this run asks.")
    include_started = models.BooleanField(
        default=False, db_default=False, help_text="Also events that have kicked off: for replays of captured payloads."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(db_default=Now(), help_text="Last sign of life; a watchdog reads it.")
    discovery_attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often its discovery was begun; a worker that died costs one."
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    events_total = models.PositiveIntegerField(default=0, db_default=0)
    events_done = models.PositiveIntegerField(default=0, db_default=0)
    batches_total = models.PositiveIntegerField(default=0, db_default=0)
    markets_changed = models.PositiveIntegerField(default=0, db_default=0)
    new_unmapped = models.PositiveIntegerField(default=0, db_default=0)
    timings = models.JSONField(default=dict, help_text="Milliseconds per phase.")
    summary = models.TextField(blank=True, default="", db_default="", help_text="What is missing, in words.")

    class Meta:
        db_table = "scraping_run"
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "-id"], name="idx_run_status")]
        constraints = [
            # "One cycle at a time" is a promise of the database, not of whoever starts one.
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="cycle", status__in=["pending", "running"]),
                name="one_active_cycle",
            ),
            models.UniqueConstraint(
                fields=["event_sr_id"],
                condition=Q(kind="event", status__in=["pending", "running"]),
                name="one_active_refresh_per_event",
            ),
        ]

    def __str__(self):
        return f"Run {self.pk} ({self.trigger}, {self.status})"

    @property
    def is_active(self):
        return self.status in self.ACTIVE

    @property
    def duration_seconds(self):
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class ScrapeRunBookmaker(models.Model):
    """One bookmaker's share of a run. events_asked = events_stored + events_failed + events_gone
    once the run is closed; markets_seen = markets_mapped + markets_unmapped + markets_set_aside."""

    run = models.ForeignKey(ScrapeRun, on_delete=models.CASCADE, related_name="by_bookmaker")
    bookmaker_slug = models.CharField(max_length=20)
    discovery_complete = models.BooleanField(null=True, help_text="Unknown until discovery ends.")
    events_listed = models.PositiveIntegerField(default=0, db_default=0)
    events_asked = models.PositiveIntegerField(default=0, db_default=0)
    events_stored = models.PositiveIntegerField(default=0, db_default=0)
    events_failed = models.PositiveIntegerField(default=0, db_default=0)
    events_gone = models.PositiveIntegerField(default=0, db_default=0)
    markets_seen = models.PositiveIntegerField(default=0, db_default=0)
    markets_mapped = models.PositiveIntegerField(default=0, db_default=0)
    markets_unmapped = models.PositiveIntegerField(default=0, db_default=0)
    markets_set_aside = models.PositiveIntegerField(default=0, db_default=0)
    markets_changed = models.PositiveIntegerField(default=0, db_default=0)
    markets_withdrawn = models.PositiveIntegerField(default=0, db_default=0)
    withdrawal_held = models.BooleanField(default=False, db_default=False)
    discovery_ms = models.PositiveIntegerField(default=0, db_default=0)
    fetch_ms = models.PositiveBigIntegerField(default=0, db_default=0, help_text="Sum over all requests.")
    last_error = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "scraping_run_bookmaker"
        ordering = ["run_id", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "bookmaker_slug"], name="one_share_per_run_bookmaker")]

    def __str__(self):
        return f"{self.bookmaker_slug} in run {self.run_id}"


class ScrapeBatch(models.Model):
    """Up to `batch_size` events that one worker scrapes. Claimed by a filtered update, so that a
    task delivered twice does its work once; attempts is written before the work, so that a batch
    which kills its worker is parked after three starts."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        STORED = "stored", "Stored"
        FAILED = "failed", "Failed"

    OPEN = (Status.PENDING, Status.RUNNING)
    MAX_ATTEMPTS = 3

    run = models.ForeignKey(ScrapeRun, on_delete=models.CASCADE, related_name="batches")
    index = models.PositiveIntegerField()
    event_ids = models.JSONField(default=list, help_text="odds.Event ids, soonest kick-off first.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    enqueued_at = models.DateTimeField(db_default=Now())
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    timings = models.JSONField(default=dict, help_text="Milliseconds per step.")
    error = models.TextField(blank=True, default="", db_default="")

    class Meta:
        db_table = "scraping_batch"
        ordering = ["run_id", "index"]
        verbose_name_plural = "scrape batches"
        constraints = [models.UniqueConstraint(fields=["run", "index"], name="one_batch_per_run_index")]

    def __str__(self):
        return f"Batch {self.index} of run {self.run_id}"
