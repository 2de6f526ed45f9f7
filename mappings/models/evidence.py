"""What suggestions, price checks and previews are made from, and what they came to."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class PriceFixture(models.Model):
    """One event as all its bookmakers offered it at one moment; a bounded number is kept.

    event_key: the SportRadar id. event_id: the id in the odds tables, a plain number here.
    keys: ["sportybet:18", …], every source key in it. payload: see mappings.evidence.samples.
    """

    event_key = models.CharField(max_length=60, unique=True)
    event_id = models.BigIntegerField()
    home_team = models.CharField(max_length=200)
    away_team = models.CharField(max_length=200)
    tournament = models.CharField(max_length=200, default="", blank=True, db_default="")
    country = models.CharField(max_length=100, default="", blank=True, db_default="")
    kickoff_at = models.DateTimeField()
    sampled_at = models.DateTimeField()
    books = ArrayField(models.CharField(max_length=20), default=list)
    keys = ArrayField(models.CharField(max_length=130), default=list)
    payload = models.BinaryField()

    class Meta:
        db_table = "price_fixture"
        ordering = ["-sampled_at", "-id"]
        verbose_name = "price fixture"
        indexes = [
            models.Index(fields=["-sampled_at"], name="idx_price_fixture_sampled"),
            GinIndex(fields=["keys"], name="idx_price_fixture_keys", fastupdate=False),
        ]

    def __str__(self):
        return f"{self.home_team} – {self.away_team}"


class Band(models.TextChoices):
    STRONG = "strong", "Strong"
    LIKELY = "likely", "Likely"
    WEAK = "weak", "Weak"


class MarketSuggestion(models.Model):
    """One of up to five BetPawa markets that an unmapped market may be; rank 1 is the best.

    canonical_id: "" where BetPawa offers the market and no mapping names it yet.
    confidence: calibrated, 0 to 1. reasons: the waterfall, [{family, points, text}], summing with
    the base to the score. pairing: [{canonicalId, betpawaName, text, label, flag}].
    fixtures: [{eventKey, distance}], the price evidence.
    """

    unmapped = models.ForeignKey(
        "mappings.UnmappedMarketLog", on_delete=models.CASCADE, related_name="suggestions", db_index=False
    )
    rank = models.PositiveSmallIntegerField()
    betpawa_id = models.CharField(max_length=50)
    canonical_id = models.CharField(max_length=100, default="", blank=True, db_default="")
    name = models.CharField(max_length=255)
    confidence = models.FloatField()
    band = models.CharField(max_length=10, choices=Band)
    score = models.FloatField()
    reasons = models.JSONField(default=list)
    pairing = models.JSONField(default=list)
    fixtures = models.JSONField(default=list)
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "market_suggestion"
        ordering = ["unmapped_id", "rank"]
        verbose_name = "suggestion"
        indexes = [models.Index(fields=["betpawa_id"], name="idx_market_suggestion_target")]
        constraints = [models.UniqueConstraint(fields=["unmapped", "rank"], name="uq_market_suggestion_rank")]

    def __str__(self):
        return f"{self.unmapped_id}.{self.rank} {self.name}"


class RejectedPair(models.Model):
    """A source key and a BetPawa market that a person said are not the same; not offered again."""

    source = models.CharField(max_length=20)
    external_market_id = models.CharField(max_length=100)
    betpawa_id = models.CharField(max_length=50)
    batch = models.ForeignKey("mappings.DecisionBatch", null=True, on_delete=models.SET_NULL, related_name="+")
    rejected_by = models.CharField(max_length=150)
    rejected_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "rejected_pair"
        verbose_name = "rejected pair"
        constraints = [
            models.UniqueConstraint(fields=["source", "external_market_id", "betpawa_id"], name="uq_rejected_pair")
        ]

    def __str__(self):
        return f"{self.source} {self.external_market_id} is not {self.betpawa_id}"


class SuggestionOutcome(models.Model):
    """What a person chose where something had been suggested: the truth that bands are checked by.

    offered_betpawa_id, confidence, band: the best suggestion at that moment. chosen_rank: the rank
    of what was chosen, null when it was not among them. is_undone: the decision was taken back.
    """

    source = models.CharField(max_length=20)
    external_market_id = models.CharField(max_length=100)
    offered_betpawa_id = models.CharField(max_length=50)
    confidence = models.FloatField()
    band = models.CharField(max_length=10, choices=Band)
    chosen_betpawa_id = models.CharField(max_length=50, default="", blank=True, db_default="")
    chosen_rank = models.PositiveSmallIntegerField(null=True, blank=True)
    batch = models.ForeignKey("mappings.DecisionBatch", null=True, on_delete=models.SET_NULL, related_name="+")
    is_undone = models.BooleanField(default=False, db_default=False)
    decided_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "suggestion_outcome"
        ordering = ["-id"]
        verbose_name = "suggestion outcome"
        indexes = [models.Index(fields=["band", "source"], name="idx_suggestion_outcome_band")]

    def __str__(self):
        return f"{self.source} {self.external_market_id}: rank {self.chosen_rank}"


class PriceAudit(models.Model):
    """How far apart the prices of one mapped pair are; one row per source key and mapping.

    distance: robust mean of the logit distance of fair probabilities, null with too few fixtures.
    verdict: agrees, apart, swapped, unclear. apart_since: the first check of an unbroken run that
    said apart or swapped. fixtures: [{eventKey, distance, …}] that show it, worst first.
    """

    class Verdict(models.TextChoices):
        AGREES = "agrees", "Prices agree"
        APART = "apart", "Prices are apart"
        SWAPPED = "swapped", "Outcomes look swapped"
        UNCLEAR = "unclear", "Too few fixtures"

    source = models.CharField(max_length=20)
    external_market_id = models.CharField(max_length=100)
    canonical_id = models.CharField(max_length=100)
    betpawa_id = models.CharField(max_length=50)
    fixtures_compared = models.IntegerField(default=0, db_default=0)
    distance = models.FloatField(null=True, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.UNCLEAR, db_default=Verdict.UNCLEAR)
    apart_since = models.DateTimeField(null=True, blank=True)
    apart_checks = models.IntegerField(default=0, db_default=0)
    fixtures = models.JSONField(default=list, blank=True, db_default=[])
    checked_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "price_audit"
        ordering = ["-distance", "id"]
        verbose_name = "price check"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_market_id", "canonical_id"], name="uq_price_audit_pair"
            ),
            models.CheckConstraint(condition=Q(fixtures_compared__gte=0), name="price_audit_counts_fixtures"),
        ]
        indexes = [models.Index(fields=["verdict"], name="idx_price_audit_verdict")]

    def __str__(self):
        return f"{self.source} {self.external_market_id} as {self.canonical_id}: {self.verdict}"

    def get_verdict_display(self):
        return dict(VERDICT_CHOICES).get(self.verdict, self.verdict)


# As people read it, who know price fixtures as kept events. Labels of choices are part of the migrations' history.
VERDICT_WORDS = {PriceAudit.Verdict.UNCLEAR: "Too few kept events"}
VERDICT_CHOICES = [(verdict.value, VERDICT_WORDS.get(verdict, verdict.label)) for verdict in PriceAudit.Verdict]


class CoverageSample(models.Model):
    """How much of a bookmaker's offer was mapped in one cycle.

    types: distinct source keys; markets: their occurrences over events, which weights by events.
    """

    bookmaker_slug = models.CharField(max_length=20)
    taken_at = models.DateTimeField(db_default=Now())
    scrape_run_id = models.BigIntegerField(null=True, blank=True)
    types_seen = models.IntegerField()
    types_mapped = models.IntegerField()
    markets_seen = models.IntegerField()
    markets_mapped = models.IntegerField()

    class Meta:
        db_table = "mapping_coverage_sample"
        ordering = ["-taken_at", "-id"]
        verbose_name = "coverage sample"
        indexes = [models.Index(fields=["bookmaker_slug", "-taken_at"], name="idx_mapping_coverage_sample")]

    def __str__(self):
        return f"{self.bookmaker_slug} {self.taken_at:%Y-%m-%d}"
