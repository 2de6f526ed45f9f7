"""What the mapping desk needs of the stored odds, said in its own words.

mappings imports neither odds nor scraping; scraping registers its implementation when it is ready.
"""

from collections.abc import Iterable
from typing import Protocol


class StoredCounts(Protocol):
    """events: that have the market. markets: different lines of it. rows: of all events together."""

    events: int
    markets: int
    rows: int


class StoredOdds(Protocol):
    """Current odds of events still to come."""

    def stored_rows(self, bookmaker_slug: str, betpawa_market_id: str) -> StoredCounts:
        """What a bookmaker has on offer of one market. Exact."""

    def reference_rows(self, betpawa_market_ids: Iterable[str]) -> dict[str, int]:
        """{market id: events on which BetPawa has it on offer}, for each id asked for."""

    def enqueue_reapply(self, canonical_id: str, user_name: str) -> str:
        """Have what is stored of running events mapped once more, after the caller's transaction
        if there is one; returns the task's id."""


_registered: StoredOdds | None = None


def register_stored_odds(implementation: StoredOdds):
    global _registered
    _registered = implementation


def stored_odds() -> StoredOdds:
    """Raises RuntimeError where nothing was registered: then the scraping app is not installed."""
    if _registered is None:
        raise RuntimeError("No app has registered the stored odds.")
    return _registered
