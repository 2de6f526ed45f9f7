"""The frozen records that cross the borders of the pipeline.

A bookmaker's decoder makes `ScrapedEvent`s in that bookmaker's own words; the mapper turns each
of their markets into `MappedMarket`s in BetPawa's words, or into a `MappingError`. Nothing else
of a payload is known outside `scraping/bookmakers/<slug>/`.

They are msgspec structs: as cheap to make as a tuple, so that a decoder may let msgspec build
them straight from the bytes.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec


class ScrapedOutcome(msgspec.Struct, frozen=True, gc=False):
    """One outcome as the bookmaker states it.

    text: its label or suffix, uncleaned. price: what was sent, as text ("2.40") or as the number
    decoded from JSON. is_active: False when the bookmaker says that it cannot be backed.
    """

    text: str
    price: str | float | int
    is_active: bool = True


class ScrapedMarket(msgspec.Struct, frozen=True, gc=False):
    """One market with its line, in the bookmaker's own ids.

    key: the id a mapping is looked up by ("18", "S_OU", "5000").
    specifier: everything that tells two instances of the key apart, in the bookmaker's grammar
    ("total=2.5", "2.5", "10"), "" when there is none.
    line: the specifier's number where the decoder already knows it exactly, else None.
    """

    key: str
    specifier: str
    outcomes: tuple[ScrapedOutcome, ...]
    line: Decimal | None = None
    name: str = ""
    rules_text: str = ""
    groups: tuple = ()
    handicap_type: str = ""


class ScrapedEvent(msgspec.Struct, frozen=True):
    """One event at one bookmaker. complete: the answer was whole, so absence means absence."""

    bookmaker_slug: str
    external_id: str
    sportradar_id: str | None
    home_team: str
    away_team: str
    kickoff_at: datetime
    tournament_name: str
    country: str
    markets: tuple = ()
    complete: bool = True
    dropped: tuple = ()


class MappedOutcome(NamedTuple):
    """name: BetPawa's. odds: exact decimal text, normalised ("2.4"). is_active: can be backed."""

    name: str
    odds: str
    is_active: bool


class MappedMarket(msgspec.Struct, frozen=True, gc=False):
    """One market in BetPawa's words. outcomes: in canonical order, (name, odds, is_active) each.

    canonical_id: the mapping that made it. betpawa_market_id is "" when BetPawa has no
    counterpart; such a unit is recognised, and not stored. fingerprint: 64-bit signed hash of
    the outcomes, equal if and only if names, prices and activity are equal.
    """

    canonical_id: str
    betpawa_market_id: str
    betpawa_market_name: str
    line: Decimal | None
    handicap_type: str
    handicap_home: Decimal | None
    handicap_away: Decimal | None
    outcomes: tuple
    market_groups: tuple
    fingerprint: int
