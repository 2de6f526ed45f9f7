"""Which events are kept as price fixtures, decided while a batch scrapes.

An event that is a fixture is sampled again in every cycle until it kicks off, so that its prices
are those that are stored. Another one becomes a fixture when there are too few of them, or when it
carries a market that too few of them have. What is kept beyond need is pruned when a cycle ends.
"""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import connection
from django.utils import timezone

from mappings.definitions import REFERENCE
from mappings.evidence.samples import BookSample, keys_of, pack, sample_of
from mappings.models import PriceFixture
from mappings.shapes import ScrapedEvent

log = structlog.get_logger(__name__)

MOST_FIXTURES = 200
GENERAL_FIXTURES = 60
FIXTURES_PER_KEY = 5
UNSPREAD_FIXTURES = 20  # so many are taken whatever their tournament
MOST_PER_TOURNAMENT = 6
MOST_PER_BATCH = 50
UNPACKABLE = (UnicodeEncodeError, OverflowError)  # lone surrogates; whole numbers beyond 64 bits

# Leans on the table being small: it is read as a whole.
UPCOMING = "SELECT event_key, tournament, country FROM price_fixture WHERE kickoff_at > %s"
UPCOMING_KEYS = """
SELECT key, count(*) FROM price_fixture CROSS JOIN unnest(keys) AS key WHERE kickoff_at > %s GROUP BY key
"""


class _Sampled(NamedTuple):
    target_id: int
    kickoff_at: datetime
    observed_at: datetime
    scraped: ScrapedEvent


class Stock:
    """The fixtures of events still to come, and how many of them each source key has."""

    def __init__(self, rows=(), keys=()):
        self.events = {event_key for event_key, _, _ in rows}
        self.tournaments = Counter((tournament, country) for _, tournament, country in rows)
        self.keys = Counter(dict(keys))

    @classmethod
    def load(cls, now: datetime) -> "Stock":
        with connection.cursor() as cursor:
            cursor.execute(UPCOMING, [now])
            rows = cursor.fetchall()
            cursor.execute(UPCOMING_KEYS, [now])
            return cls(rows, cursor.fetchall())

    def wants(self, event_key: str, tournament: tuple[str, str], keys: list[str]) -> bool:
        if event_key in self.events:
            return True
        held = len(self.events)
        if held >= MOST_FIXTURES:
            return False
        if held < GENERAL_FIXTURES and (held < UNSPREAD_FIXTURES or self.tournaments[tournament] < MOST_PER_TOURNAMENT):
            return True
        counts = self.keys
        return any(counts[key] < FIXTURES_PER_KEY for key in keys if not key.startswith(f"{REFERENCE}:"))

    def add(self, event_key, tournament, keys):
        if event_key not in self.events:
            self.events.add(event_key)
            self.tournaments[tournament] += 1
            self.keys.update(keys)


class FixtureCollector:
    """Takes the answers of one batch as they arrive. Not thread-safe: one thread of the batch feeds it.

    rows: the fixtures so far, not saved. Nothing is read from the database before the first event
    that both the reference bookmaker and a rival have answered.
    """

    def __init__(self):
        self.rows: list[PriceFixture] = []
        self._answers: dict[str, dict[str, _Sampled]] = {}
        self._stock: Stock | None = None

    def add(self, event_key: str | None, event_id: int, kickoff_at, observed_at, scraped: ScrapedEvent):
        """One bookmaker's answer. An incomplete one, or one about an event that only its own id
        identifies, or that has kicked off, is no evidence."""
        if event_key and scraped.complete and scraped.markets and kickoff_at > observed_at:
            answers = self._answers.setdefault(event_key, {})
            answers[scraped.bookmaker_slug] = _Sampled(event_id, kickoff_at, observed_at, scraped)

    def event_over(self, event_key: str | None):
        """No further answer about this event comes: keep it or forget it."""
        answers = self._answers.pop(event_key, None)
        if answers is None or REFERENCE not in answers or len(answers) < 2 or len(self.rows) >= MOST_PER_BATCH:
            return
        reference = answers[REFERENCE]
        tournament = reference.scraped.tournament_name[:200], reference.scraped.country[:100]
        keys = keys_of({slug: answer.scraped for slug, answer in answers.items()})
        if self._stock is None:
            self._stock = Stock.load(timezone.now())
        if not self._stock.wants(event_key, tournament, keys):
            return
        try:
            books = {slug: sample_of(answer.scraped, answer.observed_at) for slug, answer in sorted(answers.items())}
            self.rows.append(_row(event_key, reference, tournament, books, keys))
        except UNPACKABLE as error:
            log.warning("fixtures.unpackable", event_key=event_key, error=str(error)[:300])
        else:
            self._stock.add(event_key, tournament, keys)


def _row(event_key, reference: _Sampled, tournament, books: dict[str, BookSample], keys) -> PriceFixture:
    return PriceFixture(
        event_key=event_key,
        event_id=reference.target_id,
        home_team=reference.scraped.home_team[:200],
        away_team=reference.scraped.away_team[:200],
        tournament=tournament[0],
        country=tournament[1],
        kickoff_at=reference.kickoff_at,
        sampled_at=max(book.observed_at for book in books.values()),
        books=list(books),
        keys=keys,
        payload=pack(books),
    )
