"""Entry points of the task queue for the mapping desk. Their dotted paths are stored in the queue
and in schedules: this module stays where it is, the code behind it moves freely."""

import time
from collections.abc import Callable
from contextlib import contextmanager

import structlog
from django.db import connection

from mappings.evidence.audit import audit_mappings
from mappings.evidence.coverage import prune_samples, sample_coverage
from mappings.evidence.store import prune_fixtures
from mappings.models import UnmappedMarketLog
from mappings.priority import reprioritise
from mappings.services.returning import return_seen
from mappings.suggestions.engine import OPEN, rescore
from mappings.waking import wake_due
from oddsproject.locks import AdvisoryLock

log = structlog.get_logger(__name__)


def after_cycle(run_id: int, counts: dict | None = None) -> str:
    """What a finished cycle gives to do: wake, score, put in order, count, tidy up. counts: as in sample_coverage;
    "whole" says that the cycle has seen all of a bookmaker's offer.

    One at a time; while another is at it this one is left out, for the other sees the same data.
    A step that fails does not keep the next from running; all failures are raised at the end.
    """
    with only_one(AdvisoryLock.AFTER_CYCLE) as is_ours:
        if not is_ours:
            log.info("desk.after_cycle_busy", run=run_id)
            return "busy"
        return _all_of(
            "after cycle",
            {
                "wake": wake_due,
                "return": lambda: return_seen(run_id, [slug for slug, of in (counts or {}).items() if of.get("whole")]),
                "rescore": rescore,
                "priority": reprioritise,
                "coverage": lambda: sample_coverage(run_id, counts or {}),
                "prune": prune_fixtures,
                "forget": prune_samples,
            },
            run=run_id,
        )


def rescore_rows(ids: list[int]) -> int:
    """Suggestions and order of rows on whose ground something was decided; returns how many of them
    are open still. What somebody holds just now is left to the next cycle."""
    rows = UnmappedMarketLog.objects.filter(pk__in=ids, tab__in=OPEN)
    ids = sorted(rows.values_list("pk", flat=True))
    if ids:
        rescore(ids)
        reprioritise(ids)
    return len(ids)


def every_minute() -> int:
    """Snoozes that are over, conditions that came true, claims that ran out."""
    return wake_due()


def nightly() -> str:
    """The price check of all mappings."""
    with only_one(AdvisoryLock.AUDIT_PRICES) as is_ours:
        if not is_ours:
            return "busy"
        result = audit_mappings()
        return f"{result.pairs} pairs, {result.opened} reviews opened, {result.closed} closed"


@contextmanager
def only_one(lock: AdvisoryLock):
    """Whether this process got the lock; it is given back at the end, or with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def _all_of(name: str, steps: dict[str, Callable], **context) -> str:
    results, failures, ms = {}, [], {}
    for step, do in steps.items():
        started = time.monotonic()
        try:
            results[step] = do()
        except Exception as error:
            log.exception("desk.step_failed", task=name, step=step, **context)
            failures.append(error)
        ms[step] = int((time.monotonic() - started) * 1000)
    log.info("desk.done", task=name, ms=ms, failed=len(failures), **context)
    if failures:
        raise ExceptionGroup(f"{len(failures)} steps of {name!r} failed", failures)
    return ", ".join(f"{step}: {result}" for step, result in results.items())
