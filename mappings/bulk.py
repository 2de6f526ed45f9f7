"""Many rows decided as one batch, in chunks, with a result for every one of them."""

from collections.abc import Callable, Iterable

import structlog
from django.core.exceptions import ValidationError

from mappings.actors import name_of
from mappings.deciding import deciding
from mappings.models import UnmappedMarketLog
from mappings.queue_filter import QueueFilter
from mappings.services.decisions import CHANGED, NOT_FOUND, Decision, Decisions
from oddsproject.desk.formats import count_text

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 50_000
CHUNK = 2_000


class TooMany(ValidationError):
    """More rows than one batch takes."""

    def __init__(self, count):
        super().__init__(
            f"{count_text(count)} markets match; at most {count_text(MOST_AT_ONCE)} are decided at once. Narrow the "
            "filter, or make an ignore rule."
        )
        self.count = count


def matching(asked: QueueFilter, newest: int | None = None) -> dict[int, int]:
    """{id: version} of every row of the filter, up to the row `newest`: what came after somebody
    looked is not decided with it, nor what a colleague decides while the others are. Raises TooMany."""
    rows = asked.rows() if newest is None else asked.rows().filter(pk__lte=newest)
    found = dict(rows.order_by("pk").values_list("pk", "version")[: MOST_AT_ONCE + 1])
    if len(found) > MOST_AT_ONCE:
        raise TooMany(rows.count())
    return found


def decide_many(kind: str, decide: Callable, *, ids: Iterable[int], user, reason: str = "", versions=None) -> Decisions:
    """decide(ids=, user=, reason=, versions=) on all of them, one batch. A Decision per id, in the
    order asked; what became of the rows that did not change is kept in the batch's summary."""
    ids = list(dict.fromkeys(ids))
    if len(ids) > MOST_AT_ONCE:
        raise TooMany(len(ids))
    made: dict[int, Decision] = {}
    with deciding(kind, user, reason) as batch:
        for chunk in chunks(_in_lock_order(ids)):
            made |= {
                decision.id: decision for decision in decide(ids=chunk, user=user, reason=reason, versions=versions)
            }
        decisions = Decisions([made.get(id) or Decision(id, NOT_FOUND) for id in ids])
        keep_results(batch, decisions)
    decisions.batch_id = batch.pk if decisions.changed else None
    log.info("unmapped.bulk_decided", kind=kind, user=name_of(user), batch=decisions.batch_id, **decisions.counts)
    return decisions


def keep_results(batch, decisions: Decisions):
    """In the batch's summary: how many became what, and which did not change, and why."""
    batch.summary = {**batch.summary, "counts": decisions.counts, "left": _left(decisions)}


def _in_lock_order(ids):
    """As sightings are written, over all chunks: a chunk never waits for a row that comes before
    those it holds. Ids of no row come last."""
    ordered = list(
        UnmappedMarketLog.objects.filter(pk__in=ids)
        .order_by("source", "external_market_id")
        .values_list("pk", flat=True)
    )
    return ordered + sorted(set(ids) - set(ordered))


def chunks(ids: list[int]):
    """What one statement is about at most, one after the other."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _left(decisions):
    """[{outcome, detail, ids}] of the rows that did not change: many have the same reason."""
    groups: dict[tuple, list] = {}
    for decision in decisions:
        if decision.outcome != CHANGED:
            groups.setdefault((decision.outcome, decision.detail), []).append(decision.id)
    return [{"outcome": outcome, "detail": detail, "ids": ids} for (outcome, detail), ids in groups.items()]
