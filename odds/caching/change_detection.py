"""Which markets of an answer differ from what was known before it. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from odds.caching.cached_market import CachedMarket, MarketKey, get_market_key


class ClassifiedMarket(NamedTuple):
    """A market of the answer. changed: new, other outcomes, or back from being withdrawn."""

    market: object
    changed: bool


def classify_market_changes(
    previous_markets: Mapping[MarketKey, CachedMarket], new_market_data: Iterable
) -> list[ClassifiedMarket]:
    """Mark each market of an answer changed or not, against the state *before* this scrape.

    previous_markets: by get_market_key, withdrawn markets included; left as it is. The same key
    twice in one answer: the first counts, the rest is left out.
    """
    classified: dict[MarketKey, ClassifiedMarket] = {}
    for market in new_market_data:
        key = get_market_key(market)
        if key in classified:
            continue
        previous = previous_markets.get(key)
        changed = previous is None or not previous.is_available or previous.fingerprint != market.fingerprint
        classified[key] = ClassifiedMarket(market, changed)
    return list(classified.values())
