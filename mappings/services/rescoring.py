"""Suggestions that a decision made stale: the task queue computes them anew, once it is committed.

A market of BetPawa's that gets a mapping is no longer free for its bookmaker's other markets; one
whose mapping goes is free again. The next cycle would find that out too, minutes later.
"""

from collections.abc import Iterable

from django.db import transaction

from mappings.models import MappingAuditLog, MarketSuggestion, UnmappedMarketLog
from mappings.queueing import enqueue_rescore
from mappings.suggestions.engine import OPEN

MOST_ROWS = 200  # a task of a second; the cycle takes in what is left


def rescore_after_all(batches, ids: Iterable[int]):
    """As rescore_after, one task for several batches."""
    batches, ids = list(batches), list(ids)
    transaction.on_commit(lambda: _rescore(batches, ids), robust=True)


def rescore_after(batch, ids: Iterable[int] = ()):
    """Once the batch is committed, have these rows scored anew, and the open rows to which BetPawa's
    side of its mappings is suggested. However often a batch asks, it is one task."""
    batch.__dict__.setdefault("to_rescore", set()).update(ids)
    # The decision stands, whatever becomes of this: a failure is logged, and the next cycle scores all.
    transaction.on_commit(lambda: _enqueue(batch), robust=True)


def _enqueue(batch):
    asked = batch.__dict__.pop("to_rescore", None)
    if asked is None:
        return  # this batch has had its task
    _rescore([batch] if batch.pk else [], asked)


def _rescore(batches, ids):
    found = sorted(ids)[:MOST_ROWS]
    targets = _targets(batches) if batches else ()
    if targets:
        suggested = MarketSuggestion.objects.filter(betpawa_id__in=targets, unmapped__tab__in=OPEN)
        first = suggested.order_by("rank", "-unmapped__priority").values_list("unmapped_id", flat=True)
        found = list(dict.fromkeys([*found, *first[:MOST_ROWS]]))[:MOST_ROWS]
    if found:
        enqueue_rescore(found)


def _targets(batches) -> list[str]:
    """BetPawa's ids that the batches' mappings lead to, or led to before them."""
    logged = MappingAuditLog.objects.filter(batch__in=batches)
    pairs = logged.values_list("old_value__betpawa_id", "new_value__betpawa_id")
    return sorted({betpawa_id for pair in pairs for betpawa_id in pair if betpawa_id})


def rows_of(pairs: Iterable[dict]) -> list[int]:
    """Queue rows of rejected pairs, {source, key, …}."""
    asked = {(pair["source"], pair["key"]) for pair in pairs}
    slugs, keys = ({pair[place] for pair in asked} for place in (0, 1))  # the bookmaker comes first in the index
    rows = UnmappedMarketLog.objects.filter(source__in=slugs, external_market_id__in=keys)
    return [id for id, *key in rows.values_list("pk", "source", "external_market_id") if tuple(key) in asked]
