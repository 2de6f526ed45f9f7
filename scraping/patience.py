"""Waiting for a database that is away, and showing that one is alive: a restart or a failover
costs time, not what was fetched."""

import time

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from scraping.models import ScrapeBatch, ScrapeRun

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 5

# Lost connections, deadlocks and serialisation failures: all may succeed on the next attempt.
DATABASE_AWAY = (OperationalError, InterfaceError)


def wait_for_database(action, *, for_seconds=90, first_pause=0.2, longest_pause=5.0):
    """Run `action` (which is its own transaction) until it succeeds, with growing pauses.

    Returns what it returns. Raises its last error when `for_seconds` are up, and every error
    that waiting cannot cure at once.
    """
    deadline = time.monotonic() + for_seconds
    pause = first_pause
    while True:
        try:
            return action()
        except DATABASE_AWAY as error:
            if time.monotonic() + pause > deadline or connection.in_atomic_block:
                raise
            log.warning("database.waiting", error=str(error), seconds=pause)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, longest_pause)


def beat(run_id: int, batch_id: int | None = None):
    """A sign of life of a run, and of the batch in hand. A database that is away for a moment is
    the write queue's to wait for, not a reason to throw away what was fetched."""
    now = timezone.now()
    try:
        if batch_id is not None:
            ScrapeBatch.objects.filter(pk=batch_id).update(heartbeat_at=now)
        ScrapeRun.objects.filter(pk=run_id).update(heartbeat_at=now)
    except DATABASE_AWAY as error:
        log.warning("scrape.heartbeat_missed", run=run_id, batch=batch_id, error=str(error))
        connection.close()
