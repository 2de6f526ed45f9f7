"""The stored odds as the mapping desk sees them: see mappings.ports."""

from collections.abc import Iterable

from odds import impact
from scraping.queueing import enqueue_reapply


class StoredOddsHere:
    """mappings.ports.StoredOdds over the odds tables and the task queue."""

    def stored_rows(self, bookmaker_slug: str, betpawa_market_id: str) -> impact.StoredRows:
        return impact.stored_rows(bookmaker_slug, betpawa_market_id)

    def reference_rows(self, betpawa_market_ids: Iterable[str]) -> dict[str, int]:
        return impact.reference_rows(betpawa_market_ids)

    def enqueue_reapply(self, canonical_id: str, user_name: str) -> str:
        return enqueue_reapply(canonical_id, user_name)
