"""The one row of run-time settings, and who changed it."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

LIMIT_RANGES = {"details": (1, 100), "lists": (1, 50), "delay_ms": (0, 10_000)}


def _between(low, high):
    return [MinValueValidator(low), MaxValueValidator(high)]


class Settings(models.Model):
    """Interval, bookmakers, politeness, batches, retention. Exactly one row (id 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    interval_minutes = models.PositiveSmallIntegerField(
        default=5, db_default=5, validators=_between(1, 60), help_text="Minutes between the starts of two cycles, 1–60."
    )
    scheduler_paused = models.BooleanField(default=False, db_default=False)
    disabled_bookmakers = models.JSONField(
        default=list, blank=True, db_default=[], help_text="Slugs that are not scraped; their odds stay as they are."
    )
    bookmaker_limits = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text='Overrides per slug, e.g. {"bet9ja": {"details": 15, "lists": 15, "delay_ms": 25}}.',
    )
    batch_size = models.PositiveSmallIntegerField(
        default=50, db_default=50, validators=_between(10, 200), help_text="Events per batch, 10–200."
    )
    max_concurrent_events = models.PositiveSmallIntegerField(
        default=24, db_default=24, validators=_between(1, 100), help_text="Events in flight per worker, 1–100."
    )
    cycle_deadline_seconds = models.PositiveSmallIntegerField(
        default=240, db_default=240, validators=_between(30, 3600), help_text="A cycle stops here, keeping what it has."
    )
    odds_retention_days = models.PositiveSmallIntegerField(
        default=14, db_default=14, validators=_between(1, 365), help_text="Days of odds history, 1–365."
    )
    run_retention_days = models.PositiveSmallIntegerField(
        default=14, db_default=14, validators=_between(1, 365), help_text="Days of scrape runs, 1–365."
    )
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_by = models.CharField(max_length=150, blank=True, default="", db_default="", editable=False)

    class Meta:
        db_table = "scraping_settings"
        verbose_name = "settings"
        verbose_name_plural = "settings"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="settings_is_one_row"),
            models.CheckConstraint(condition=Q(interval_minutes__range=(1, 60)), name="settings_interval_1_to_60"),
            models.CheckConstraint(condition=Q(batch_size__range=(10, 200)), name="settings_batch_size_10_to_200"),
            models.CheckConstraint(condition=Q(odds_retention_days__gte=1), name="settings_keeps_a_day_of_odds"),
        ]

    def __str__(self):
        return "Settings"

    @classmethod
    def load(cls):
        """The row, made when the table is empty; its first interval is the deployment's."""
        return cls.objects.get_or_create(pk=1, defaults={"interval_minutes": settings.FIRST_INTERVAL_MINUTES})[0]

    @property
    def enabled_bookmakers(self):
        """Slugs that a cycle asks, in the registry's order."""
        from scraping.bookmakers import REGISTRY

        return [slug for slug in REGISTRY if slug not in self.disabled_bookmakers]

    @property
    def limits(self):
        """{slug: {"details": n, "lists": n, "delay_ms": n}}: the bookmaker's own limits, overridden."""
        from scraping.bookmakers import REGISTRY

        return {
            slug: {**bookmaker.default_limits, **self.bookmaker_limits.get(slug, {})}
            for slug, bookmaker in REGISTRY.items()
        }

    def clean(self):
        from scraping.bookmakers import REGISTRY

        problems = {}
        if not isinstance(self.disabled_bookmakers, list) or set(map(str, self.disabled_bookmakers)) - set(REGISTRY):
            problems["disabled_bookmakers"] = f"A list of slugs among {', '.join(REGISTRY)}."
        limit_problems = self._limit_problems(REGISTRY)
        if limit_problems:
            problems["bookmaker_limits"] = limit_problems
        if problems:
            raise ValidationError(problems)

    def _limit_problems(self, registry):
        if not isinstance(self.bookmaker_limits, dict):
            return ["An object of slugs."]
        found = []
        for slug, limits in self.bookmaker_limits.items():
            if slug not in registry:
                found.append(f"Unknown bookmaker {slug!r}.")
                continue
            if not isinstance(limits, dict):
                found.append(f"{slug}: an object of limits is needed.")
                continue
            for name, value in limits.items():
                if name not in LIMIT_RANGES:
                    found.append(f"{slug}: unknown limit {name!r}; there are {', '.join(LIMIT_RANGES)}.")
                    continue
                low, high = LIMIT_RANGES[name]
                if type(value) is not int or not low <= value <= high:
                    found.append(f"{slug}.{name}: a whole number from {low} to {high}.")
        return found


class SettingsChange(models.Model):
    """One change of the settings: by whom, when, from what to what."""

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=150, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    old_value = models.JSONField()
    new_value = models.JSONField()

    class Meta:
        db_table = "scraping_settings_change"
        ordering = ["-id"]

    def __str__(self):
        return f"Settings changed by {self.created_by or 'the system'} at {self.created_at:%Y-%m-%d %H:%M}"
