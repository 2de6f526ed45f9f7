"""A fixture as it is kept: every market of every bookmaker at one moment, compressed.

The bookmakers' own words are kept, not what they were mapped to, so that any mapping, also one
that is only being thought about, can be tried on them. Names and rules of rivals' markets are
left out: the queue row of an unmapped market has them, once.
"""

import zlib
from datetime import datetime
from functools import lru_cache

import msgspec
import structlog

from mappings.definitions import REFERENCE
from mappings.models import PriceFixture
from mappings.shapes import ScrapedEvent, ScrapedMarket, ScrapedOutcome
from mappings.unmapped_logger import identity

log = structlog.get_logger(__name__)

LONGEST_RULES = 1_000
LEVEL = 1  # a fixture of 2,000 outcomes must not cost a batch more than a few milliseconds
PRICES = (str, float, int)


class BookSample(msgspec.Struct, frozen=True, gc=False):
    """One bookmaker's whole answer about one event. observed_at: when it arrived."""

    slug: str
    external_id: str
    home_team: str
    away_team: str
    observed_at: datetime
    markets: tuple[ScrapedMarket, ...]


class Fixture(msgspec.Struct, frozen=True, gc=False):
    """One event with the samples of its bookmakers by slug."""

    event_key: str
    event_id: int
    home_team: str
    away_team: str
    tournament: str
    country: str
    kickoff_at: datetime
    sampled_at: datetime
    books: dict[str, BookSample]


def sample_of(event: ScrapedEvent, observed_at: datetime) -> BookSample:
    """What is kept of an answer. The reference bookmaker's markets keep their names and groups, and
    each its rules text once, with its first line: it has no queue rows."""
    named = event.bookmaker_slug == REFERENCE
    told: set[str] = set()
    return BookSample(
        event.bookmaker_slug,
        event.external_id,
        event.home_team,
        event.away_team,
        observed_at,
        tuple([_market(market, named, told) for market in event.markets]),
    )


def _market(market, named, told) -> ScrapedMarket:
    """A decoder's market, which may be a record of its own, as ours. A price that is neither text
    nor number can never be mapped and is written as text. told: markets whose rules are written."""
    outcomes = tuple(
        [
            ScrapedOutcome(
                outcome.text,
                outcome.price if type(outcome.price) in PRICES else str(outcome.price),
                bool(outcome.is_active),
            )
            for outcome in market.outcomes
        ]
    )
    if named:
        rules = "" if market.key in told else market.rules_text[:LONGEST_RULES]
        told.add(market.key)
        return ScrapedMarket(
            market.key,
            market.specifier,
            outcomes,
            market.line,
            market.name,
            rules,
            market.groups,
            market.handicap_type,
        )
    return ScrapedMarket(market.key, market.specifier, outcomes, market.line)


@lru_cache(maxsize=20_000)
def source_key(slug: str, market_key: str) -> str:
    """How PriceFixture.keys names a source key: with the id that its queue row has."""
    return f"{slug}:{identity(market_key)}"


def keys_of(books: dict[str, BookSample | ScrapedEvent]) -> list[str]:
    """Every source key that the answers hold, sorted."""
    held = {(slug, market.key) for slug, book in books.items() for market in book.markets}
    return sorted({source_key(slug, key) for slug, key in held})


def pack(books: dict[str, BookSample]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(books), LEVEL)


def unpack(row: PriceFixture) -> Fixture:
    """Raises msgspec.DecodeError for a row that an older version wrote in another shape."""
    books = msgspec.msgpack.decode(zlib.decompress(row.payload), type=dict[str, BookSample])
    return Fixture(
        row.event_key,
        row.event_id,
        row.home_team,
        row.away_team,
        row.tournament,
        row.country,
        row.kickoff_at,
        row.sampled_at,
        books,
    )


def recent_fixtures(*, keys: list[str] | None = None, limit: int = 40) -> list[Fixture]:
    """The newest fixtures first; keys ("sportybet:18"): only those that hold every one of them."""
    rows = PriceFixture.objects.order_by("-sampled_at", "-id")
    if keys:
        rows = rows.filter(keys__contains=keys)
    return readable(rows[:limit])


def readable(rows) -> list[Fixture]:
    """The rows unpacked. One of another version's shape is left out: the next cycle writes it anew."""
    fixtures = []
    for row in rows:
        try:
            fixtures.append(unpack(row))
        except (msgspec.DecodeError, zlib.error) as error:
            log.warning("fixtures.unreadable", event_key=row.event_key, error=str(error)[:300])
    return fixtures
