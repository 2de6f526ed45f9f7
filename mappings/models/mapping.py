"""Mappings that people made, and the number that tells every process to read them again."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class MappingKind(models.TextChoices):
    SIMPLE = "simple", "Simple"
    OVER_UNDER = "over_under", "Over/under"
    HANDICAP_3WAY = "handicap_3way", "Three-way handicap"
    ASIAN_HANDICAP = "asian_handicap", "Two-way handicap"
    VARIANT = "variant", "Variant"
    COMBO = "combo", "Combination"


class UserMarketMapping(models.Model):
    """One market as a person mapped it; a row with a built-in canonical_id replaces that entry.

    outcome_mapping: [{canonical_id, betpawa_name, sportybet_desc, bet9ja_suffix, position,
    sources?}], where "sources" {slug: text} names the outcome at any further bookmaker.
    extra_source_keys: [{bookmaker, key}], keys beyond the three columns.
    specifier_filters: {slug: "minute=5"}, what the specifier must hold, as whole pairs.
    version and updated_at are set by the database on every change, whatever its route.
    """

    canonical_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=255)
    kind = models.CharField(
        max_length=20, choices=MappingKind, default=MappingKind.SIMPLE, db_default=MappingKind.SIMPLE
    )
    subkind = models.CharField(max_length=30, null=True, blank=True)  # noqa: DJ001 (null as in the catalogue)
    period = models.CharField(max_length=20, default="FT", db_default="FT")
    subject = models.CharField(max_length=20, default="goals", db_default="goals")
    side = models.CharField(max_length=10, default="match", db_default="match")
    line_semantics = models.CharField(  # noqa: DJ001
        max_length=30, null=True, blank=True, help_text="total, home_handicap, fixed:N, or nothing."
    )
    betpawa_id = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    sportybet_id = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    bet9ja_key = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    extra_source_keys = models.JSONField(default=list, blank=True, db_default=[])
    specifier_filters = models.JSONField(default=dict, blank=True, db_default={})
    outcome_mapping = models.JSONField(default=list, blank=True, db_default=[])
    priority = models.IntegerField(default=0, db_default=0, help_text="The higher wins when two claim one source key.")
    is_active = models.BooleanField(default=True, db_default=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001

    class Meta:
        db_table = "user_market_mappings"
        ordering = ["canonical_id"]
        verbose_name = "market mapping"
        indexes = [
            models.Index(fields=["is_active"], name="idx_user_mappings_active", condition=Q(is_active=True)),
            models.Index(
                fields=["betpawa_id"], name="idx_user_mappings_betpawa", condition=Q(betpawa_id__isnull=False)
            ),
            models.Index(
                fields=["sportybet_id"], name="idx_user_mappings_sportybet", condition=Q(sportybet_id__isnull=False)
            ),
            models.Index(fields=["bet9ja_key"], name="idx_user_mappings_bet9ja", condition=Q(bet9ja_key__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MappingKind.values), name="user_mappings_kind_is_known"),
            models.CheckConstraint(
                condition=Q(line_semantics__isnull=True)
                | Q(line_semantics__regex=r"^(total|home_handicap|fixed:-?[0-9]{1,4}(\.[0-9]{1,4})?)$"),
                name="user_mappings_line_semantics_is_known",
            ),
            models.CheckConstraint(
                condition=Q(canonical_id__regex=r"^[A-Za-z0-9][A-Za-z0-9_.:+-]*$"),
                name="user_mappings_canonical_id_is_plain",
            ),
            models.CheckConstraint(
                condition=~Q(betpawa_id="") & ~Q(sportybet_id="") & ~Q(bet9ja_key=""),
                name="user_mappings_no_empty_source",
            ),
        ]

    def __str__(self):
        return f"{self.name} ({self.canonical_id})"

    def clean(self):
        """The catalogue loader's rules, so that a row that is saved is a row that maps."""
        from mappings.catalogue.loader import definition_problems

        for field in ("subkind", "line_semantics", "betpawa_id", "sportybet_id", "bet9ja_key"):
            value = getattr(self, field)
            setattr(self, field, value.strip() or None if isinstance(value, str) else value)
        problems = definition_problems(self)
        if problems:
            raise ValidationError(problems)


class MappingVersion(models.Model):
    """One row whose number moves with every committed change of user_market_mappings."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    version = models.BigIntegerField(default=0, db_default=0)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "mapping_version"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="mapping_version_is_one_row")]

    def __str__(self):
        return f"Mapping version {self.version}"
