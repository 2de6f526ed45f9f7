"""Detection: what a scrape changed, judged against the state before it and before anything is written."""

from odds.caching.availability_detection import detect_availability_changes
from odds.caching.cached_market import CachedMarket, fingerprint_of, get_market_key
from odds.caching.change_detection import ClassifiedMarket, classify_market_changes

__all__ = [
    "CachedMarket",
    "ClassifiedMarket",
    "classify_market_changes",
    "detect_availability_changes",
    "fingerprint_of",
    "get_market_key",
]
