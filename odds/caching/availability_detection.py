"""Which markets went missing from an answer and which came back. Pure, and immediate: how many
answers without a market make it withdrawn is `odds.storage`'s policy."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
import structlog

from odds.caching.cached_market import CachedMarket, MarketKey, get_market_key

log = structlog.get_logger(__name__)


def detect_availability_changes(
    previous_markets: Mapping[MarketKey, CachedMarket], new_market_data: Iterable, timestamp: datetime
) -> tuple[list[CachedMarket], list[CachedMarket], set[MarketKey]]:
    """Compare what was known with one *complete* answer taken at `timestamp`.

    Returns (became_unavailable, became_available, disappeared_keys): markets that were on offer
    and are missing, with unavailable_at set; markets that were withdrawn and are there, with it
    cleared and their new outcomes; the keys of the former. Markets never seen before are neither.
    """
    seen = {}
    for market in new_market_data:
        seen.setdefault(get_market_key(market), market)
    became_unavailable = [
        msgspec.structs.replace(previous, unavailable_at=timestamp)
        for key, previous in previous_markets.items()
        if previous.is_available and key not in seen
    ]
    became_available = [
        CachedMarket.of(market)
        for key, market in seen.items()
        if key in previous_markets and not previous_markets[key].is_available
    ]
    log_availability_changes(len(became_unavailable), len(became_available))
    return became_unavailable, became_available, {get_market_key(market) for market in became_unavailable}


def log_availability_changes(became_unavailable: int, became_available: int, **context):
    """The one log line about markets that went or came; nothing when none did."""
    if became_unavailable or became_available:
        log.info(
            "availability_detection.changes",
            became_unavailable=became_unavailable,
            became_available=became_available,
            **context,
        )
