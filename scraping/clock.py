"""Now, by the database's clock: hosts may disagree, observations must not."""

import time
from datetime import UTC, datetime, timedelta

from django.db import connection


class DatabaseClock:
    """Reads the database's clock once and follows it by this process's monotonic clock.

    So a host whose wall clock is off, or steps back, still dates its observations like all others.
    """

    def __init__(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (at,) = cursor.fetchone()
        self._at = at.astimezone(UTC)
        self._monotonic = time.monotonic()

    def now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._monotonic)
