"""Bookmakers, tournaments, events, what each bookmaker offers on them now, and how that changed.

Scraped tables are written by `odds.storage` only. Times are aware UTC.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from odds.fields import LineField
from odds.querysets import MarketOddsCurrentQuerySet


class Bookmaker(models.Model):
    """One bookmaker: a row here and a folder in scraping/bookmakers/."""

    slug = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=50)
    position = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Order in lists and columns.")
    is_reference = models.BooleanField(
        default=False, db_default=False, help_text="The one whose market names and ids are the common language."
    )

    class Meta:
        db_table = "odds_bookmaker"
        ordering = ["position", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_reference"], condition=Q(is_reference=True), name="one_reference_bookmaker"
            )
        ]

    def __str__(self):
        return self.name


class Tournament(models.Model):
    """A competition. Its country is part of its identity: there are many Premier Leagues."""

    name = models.CharField(max_length=255)
    country = models.CharField(max_length=100, blank=True, default="", db_default="")
    external_ids = models.JSONField(default=dict, blank=True, db_default={}, help_text="{slug: id} where known.")

    class Meta:
        db_table = "odds_tournament"
        ordering = ["country", "name"]
        constraints = [models.UniqueConstraint(fields=["name", "country"], name="one_tournament_per_name_country")]

    def __str__(self):
        return f"{self.name} ({self.country})" if self.country else self.name


class Event(models.Model):
    """One fixture. Without a SportRadar id it is one bookmaker's event, kept unmatched."""

    sportradar_id = models.CharField("SportRadar id", max_length=32, null=True, blank=True, unique=True)
    sport = models.CharField(max_length=20, default="football", db_default="football")
    tournament = models.ForeignKey(Tournament, on_delete=models.PROTECT, related_name="events")
    home_team = models.CharField(max_length=255)
    away_team = models.CharField(max_length=255)
    kickoff_at = models.DateTimeField("kick-off")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "odds_event"
        ordering = ["kickoff_at", "id"]
        indexes = [models.Index(fields=["kickoff_at", "id"], name="idx_event_kickoff")]
        constraints = [models.CheckConstraint(condition=~Q(sportradar_id=""), name="event_sportradar_id_not_empty")]

    def __str__(self):
        return f"{self.home_team} – {self.away_team}"


class EventLink(models.Model):
    """One event at one bookmaker: its id there, and what we last saw of it.

    The row is the lock and the fence of the pair: a writer holds it while it compares and writes,
    and an observation that is not newer than observed_at is left out. confirmed_at is the "last
    seen" of every market that the last complete answer held. None of the columns that move with
    every scrape is indexed, so that their updates stay heap-only.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="links", db_index=False)
    bookmaker_slug = models.CharField(max_length=20)
    external_id = models.CharField(max_length=100)
    home_team = models.CharField(max_length=255)
    away_team = models.CharField(max_length=255)
    kickoff_at = models.DateTimeField("kick-off")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="Last scraped whole.")
    observed_at = models.DateTimeField(null=True, blank=True, help_text="Newest observation stored.")
    generation = models.BigIntegerField(default=0, db_default=0, help_text="Rises with every stored observation.")
    market_count = models.PositiveIntegerField(default=0, db_default=0, help_text="Known markets, withdrawn ones too.")
    withdrawn_count = models.PositiveIntegerField(default=0, db_default=0, help_text="Markets that are withdrawn.")
    due_count = models.PositiveIntegerField(default=0, db_default=0, help_text="Markets due for withdrawal.")
    missed_discoveries = models.PositiveSmallIntegerField(default=0, db_default=0)
    discovery_missed_at = models.DateTimeField(null=True, blank=True, help_text="Newest discovery without it.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Gone from two complete discoveries.")
    last_error = models.TextField(blank=True, default="", db_default="")
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    mapping_version = models.BigIntegerField(
        null=True, blank=True, help_text="Of the mappings that the newest observation was mapped with."
    )

    class Meta:
        db_table = "odds_event_link"
        ordering = ["event_id", "bookmaker_slug"]
        constraints = [
            models.UniqueConstraint(fields=["event", "bookmaker_slug"], name="one_link_per_event_bookmaker"),
            models.UniqueConstraint(fields=["bookmaker_slug", "external_id"], name="one_link_per_external_id"),
        ]

    def __str__(self):
        return f"{self.bookmaker_slug} {self.external_id}"


class LinkMarkets(models.Model):
    """Which markets of a link are known, packed, in the order of its fingerprints. Changes seldom.

    This and LinkFingerprints say nothing that market_odds_current does not say; they are there
    because a few values are compared in a fraction of the time that a hundred rows take. They are
    written in the transaction that writes the rows; a missing one means "read the rows".
    """

    link = models.OneToOneField(EventLink, on_delete=models.CASCADE, primary_key=True, related_name="markets")
    keys = models.BinaryField(help_text='MessagePack list of "market|line".')

    class Meta:
        db_table = "odds_link_markets"
        verbose_name_plural = "link markets"

    def __str__(self):
        return f"Markets of link {self.link_id}"


class LinkFingerprints(models.Model):
    """The fingerprints of a link's markets, and those of them that its last complete answer lacked."""

    link = models.OneToOneField(EventLink, on_delete=models.CASCADE, primary_key=True, related_name="fingerprints")
    fingerprints = models.BinaryField(help_text="64 bits each, in the order of the link's market keys.")
    missing = models.BinaryField(help_text='MessagePack map of "market|line" to misses and time of withdrawal.')

    class Meta:
        db_table = "odds_link_fingerprints"
        verbose_name_plural = "link fingerprints"

    def __str__(self):
        return f"Fingerprints of link {self.link_id}"


class MarketOddsCurrent(models.Model):
    """The newest known state of one market of one event at one bookmaker, on offer or not.

    outcomes: [{"name", "odds", "is_active"}], odds as exact decimal text. line: exact; no line
    and line 0 differ. fingerprint: 64-bit hash of the outcomes, equal when they are.
    missed_count: complete answers in a row without the market (0: it was in the last one);
    at two it is due for withdrawal, which sets unavailable_at to missed_at, the first of them.
    last_seen_at: only while missed_count > 0, the last complete answer that held it.
    Nothing that changes is indexed, so every update of a row is heap-only.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="current_odds", db_index=False)
    bookmaker_slug = models.CharField(max_length=20)
    betpawa_market_id = models.CharField(max_length=50)
    betpawa_market_name = models.CharField(max_length=255)
    line = LineField(null=True, blank=True)
    handicap_type = models.CharField(max_length=50, blank=True, default="", db_default="")
    handicap_home = LineField(null=True, blank=True)
    handicap_away = LineField(null=True, blank=True)
    outcomes = models.JSONField()
    market_groups = models.JSONField(default=list, blank=True, db_default=[])
    fingerprint = models.BigIntegerField()
    last_updated_at = models.DateTimeField(help_text="The odds or their availability became what they are.")
    unavailable_at = models.DateTimeField(null=True, blank=True, help_text="Withdrawn since.")
    missed_at = models.DateTimeField(null=True, blank=True)
    missed_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    mapping_version = models.BigIntegerField(
        null=True, blank=True, help_text="Of the mappings that these outcomes were mapped with."
    )

    objects = MarketOddsCurrentQuerySet.as_manager()

    class Meta:
        db_table = "market_odds_current"
        ordering = ["event_id", "betpawa_market_id", "line", "bookmaker_slug"]
        verbose_name = "current odds"
        verbose_name_plural = "current odds"
        constraints = [
            # The bookmakers of one market lie side by side, which is how they are read.
            models.UniqueConstraint(
                fields=["event", "betpawa_market_id", "line", "bookmaker_slug"],
                nulls_distinct=False,
                name="uq_market_odds_current",
            ),
            models.CheckConstraint(
                condition=Q(unavailable_at__isnull=True) | Q(missed_count__gt=0), name="odds_current_gone_is_missed"
            ),
        ]

    def __str__(self):
        line = "" if self.line is None else f" {self.line}"
        return f"{self.betpawa_market_name}{line} at {self.bookmaker_slug}"

    @property
    def is_available(self):
        return self.unavailable_at is None


class MarketOddsHistory(models.Model):
    """One change of one market: new prices, a disappearance (is_available false) or a return.

    Partitioned by day of captured_at; the primary key in the database is (id, captured_at).
    Append-only: the database refuses updates and deletes, retention drops whole partitions.
    There is no foreign key in the database: the writer holds the event's link while it writes,
    and a log outlives what it is about.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(
        Event, on_delete=models.DO_NOTHING, related_name="odds_history", db_constraint=False, db_index=False
    )
    bookmaker_slug = models.CharField(max_length=20)
    betpawa_market_id = models.CharField(max_length=50)
    line = LineField(null=True, blank=True)
    outcomes = models.JSONField()
    is_available = models.BooleanField(default=True, db_default=True)
    unavailable_at = models.DateTimeField(null=True, blank=True)
    captured_at = models.DateTimeField()
    mapping_version = models.BigIntegerField(
        null=True, blank=True, help_text="Of the mappings that these outcomes were mapped with."
    )

    class Meta:
        db_table = "market_odds_history"
        ordering = ["-captured_at", "-id"]
        verbose_name = "odds change"
        verbose_name_plural = "odds history"
        indexes = [
            # Equal keys deduplicate to 7 bytes a row, a fifth of the same index with captured_at,
            # and reads of one market's history are as fast: the day's partition bounds the rest.
            models.Index(fields=["event", "betpawa_market_id"], name="idx_odds_history_market")
        ]

    def __str__(self):
        return f"{self.betpawa_market_id} at {self.bookmaker_slug}, {self.captured_at:%Y-%m-%d %H:%M:%S}"
