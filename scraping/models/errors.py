"""What went wrong, as rows that a person can read."""

from django.db import models
from django.db.models.functions import Now


class ScrapeError(models.Model):
    """A failure that cost an event, a list or a batch of one run."""

    class Phase(models.TextChoices):
        DISCOVERY = "discovery", "Discovery"
        MATCHING = "matching", "Matching"
        FETCH = "fetch", "Fetch"
        DECODE = "decode", "Decode"
        STORE = "store", "Store"
        CLOSE = "close", "Close"

    run = models.ForeignKey("scraping.ScrapeRun", on_delete=models.CASCADE, related_name="errors")
    bookmaker_slug = models.CharField(max_length=20, blank=True, default="", db_default="")
    event_id = models.BigIntegerField(null=True, blank=True, help_text="odds.Event, when known.")
    external_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    phase = models.CharField(max_length=10, choices=Phase)
    code = models.CharField(max_length=40)
    detail = models.TextField(blank=True, default="", db_default="")
    sample = models.TextField(
        blank=True, default="", db_default="", help_text="The start of what was sent instead, once per kind of error."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "scraping_error"
        ordering = ["-id"]
        indexes = [models.Index(fields=["code"], name="idx_scrape_error_code")]

    def __str__(self):
        return f"{self.code} ({self.bookmaker_slug or 'run'})"


class SetAsideItem(models.Model):
    """A piece of a payload that could not be used: what, why, and a bounded sample of it.

    It cost only itself; its siblings are stored.
    """

    run = models.ForeignKey(
        "scraping.ScrapeRun", null=True, blank=True, on_delete=models.SET_NULL, related_name="set_aside"
    )
    bookmaker_slug = models.CharField(max_length=20)
    event_id = models.BigIntegerField(null=True, blank=True)
    external_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    market_key = models.CharField(max_length=100, blank=True, default="", db_default="")
    reason = models.CharField(max_length=40)
    detail = models.TextField(blank=True, default="", db_default="")
    sample = models.JSONField(null=True, blank=True)
    seen_count = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now())
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.CharField(max_length=150, blank=True, default="", db_default="")

    class Meta:
        db_table = "scraping_set_aside"
        ordering = ["-last_seen_at", "-id"]
        constraints = [
            # The same fault in every cycle is one row that counts, not a row a minute.
            models.UniqueConstraint(
                fields=["bookmaker_slug", "external_id", "market_key", "reason"], name="one_set_aside_per_piece"
            )
        ]

    def __str__(self):
        return f"{self.reason}: {self.bookmaker_slug} {self.external_id} {self.market_key}"
