"""Waiting for a database that is away: a restart or a failover costs time, not what was fetched."""

import time

import structlog
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger(__name__)

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
