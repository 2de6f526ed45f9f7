"""Arithmetic of prices: implied probability, book sum, margin, fair price. Pure and exact.

One formula for the margin, here and in the glossary: Σ 1/price ÷ winners − 1, as a ratio. At
1.90 / 1.95 it is 0.0391, shown as 3.91 %.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from odds.market_kinds import kind_of

_PLACES = Decimal("0.000001")


def book_sum(prices: Iterable[Decimal]) -> Decimal:
    """Return the sum of implied probabilities of one complete market.

    prices: decimal odds, each > 1, one per outcome of the same market and line. Returns a ratio:
    1 is a fair book of a market with one winner, 1.039 one with a margin of 3.9 %.
    Raises ValueError when there is none or one is not > 1; whether the market is complete is the
    caller's to check.
    """
    prices = list(prices)
    if not prices:
        raise ValueError("A book of no prices has no sum.")
    if any(price <= 1 for price in prices):
        raise ValueError("A price is above 1.")
    return sum((1 / price for price in prices), Decimal(0))


def margin(outcomes: Iterable, betpawa_market_id: str, *, is_available: bool = True) -> Decimal | None:
    """Return the margin of one market at one bookmaker as a ratio with six places, or None.

    outcomes: (name, odds, is_active) tuples or {"name", "odds", "is_active"} dicts, odds as text.
    None where the word has no meaning: nothing on offer, an outcome that cannot be backed, one
    side missing, outcomes that can win together in varying number, a market of unknown kind.
    """
    backed = _complete_book(outcomes, betpawa_market_id) if is_available else None
    if backed is None:
        return None
    prices, winners = backed
    return (book_sum(prices.values()) / winners - 1).quantize(_PLACES)


def margin_of(market) -> Decimal | None:
    """The margin of a MarketOddsCurrent or CachedMarket; of history rows too. None while withdrawn."""
    return margin(market.outcomes, market.betpawa_market_id, is_available=market.is_available)


def _complete_book(outcomes, betpawa_market_id) -> tuple[dict[str, Decimal], int] | None:
    """({name: price}, winners) of a market that is complete and can be backed throughout."""
    prices: dict[str, Decimal] = {}
    for outcome in outcomes:
        name, odds, is_active = (
            (outcome["name"], outcome["odds"], outcome["is_active"]) if isinstance(outcome, dict) else outcome
        )
        price = _price(odds)
        if not is_active or price is None or name in prices:
            return None
        prices[name] = price
    kind = kind_of(betpawa_market_id, prices)
    if kind.winners is None or len(prices) < 2 or kind.outcomes not in (None, len(prices)):
        return None
    if kind.catch_all and not any(name.endswith(kind.catch_all) for name in prices):
        return None
    return prices, kind.winners


def _price(odds) -> Decimal | None:
    try:
        price = Decimal(str(odds))
    except InvalidOperation:
        return None
    return price if price.is_finite() and price > 1 else None
