"""What is known of one market of one event at one bookmaker."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec
import xxhash

MarketKey = tuple[str, Decimal | None]


class CachedMarket(msgspec.Struct, frozen=True):
    """The newest known state of one market, on offer or not.

    outcomes: (name, odds, is_active) each, in any order. fingerprint: equal when they are.
    unavailable_at: since when it is withdrawn, None while it is on offer.
    """

    betpawa_market_id: str
    line: Decimal | None
    outcomes: tuple
    fingerprint: int
    unavailable_at: datetime | None = None

    @property
    def is_available(self) -> bool:
        return self.unavailable_at is None

    @classmethod
    def of(cls, market, unavailable_at=None):
        """From anything that has these fields: a MappedMarket, a MarketOddsCurrent row."""
        return cls(
            market.betpawa_market_id, market.line, as_outcomes(market.outcomes), market.fingerprint, unavailable_at
        )


def get_market_key(market) -> MarketKey:
    """(betpawa_market_id, line): what tells the markets of one event at one bookmaker apart.

    Lines compare as numbers, so 2.5 and 2.50 are one key; None and 0 are two.
    """
    return market.betpawa_market_id, market.line


def as_outcomes(outcomes: Iterable) -> tuple:
    """(name, odds, is_active) tuples from such tuples or from the dicts that the database holds."""
    return tuple(
        (outcome["name"], outcome["odds"], outcome["is_active"]) if isinstance(outcome, dict) else tuple(outcome)
        for outcome in outcomes
    )


def fingerprint_of(outcomes: Iterable) -> int:
    """A signed 64-bit hash: equal when names, prices (as numbers) and activity are, in any order."""
    canonical = sorted((name, _number(odds), bool(is_active)) for name, odds, is_active in as_outcomes(outcomes))
    return xxhash.xxh3_64_intdigest(msgspec.json.encode(canonical)) - (1 << 63)


def _number(odds) -> str:
    try:
        value = Decimal(str(odds))
    except InvalidOperation:
        return str(odds)
    return format(value.normalize() + 0, "f") if value.is_finite() else str(odds)
