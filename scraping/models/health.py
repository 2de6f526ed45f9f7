"""The state of each bookmaker as a source, shared by every worker of every host."""

from django.db import models
from django.db.models.functions import Now


class BookmakerHealth(models.Model):
    """UP, DEGRADED (answers are incomplete or do not parse), BLOCKED (refuses us), DOWN (no
    complete cycle for two cycles). paused_until: nobody sends a request before it."""

    class State(models.TextChoices):
        UNKNOWN = "unknown", "Unknown"
        UP = "up", "Up"
        DEGRADED = "degraded", "Degraded"
        BLOCKED = "blocked", "Blocked"
        DOWN = "down", "Down"

    bookmaker_slug = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.UNKNOWN, db_default=State.UNKNOWN)
    state_since = models.DateTimeField(db_default=Now())
    reason = models.TextField(blank=True, default="", db_default="")
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_complete_at = models.DateTimeField(null=True, blank=True)
    incomplete_cycles = models.PositiveIntegerField(default=0, db_default=0)
    events_listed = models.PositiveIntegerField(default=0, db_default=0)
    events_stored = models.PositiveIntegerField(default=0, db_default=0)
    markets_seen = models.PositiveIntegerField(default=0, db_default=0)
    markets_unmapped = models.PositiveIntegerField(default=0, db_default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.TextField(blank=True, default="", db_default="")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "scraping_bookmakerhealth"
        ordering = ["bookmaker_slug"]
        verbose_name = "bookmaker health"
        verbose_name_plural = "bookmaker health"

    def __str__(self):
        return f"{self.bookmaker_slug}: {self.state}"
