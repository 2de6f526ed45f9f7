"""A fixture as it is kept: every market of every bookmaker at one moment, compressed.

The bookmakers' own words are kept, not what they were mapped to, so that any mapping, also one
that is only being thought about, can be tried on them.
"""

import zlib
from datetime import datetime

import msgspec

from mappings.models import PriceFixture
from mappings.shapes import ScrapedMarket

LEVEL = 1  # a fixture of 2,000 outcomes must not cost a batch more than a few milliseconds


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
    return [unpack(row) for row in rows[:limit]]
