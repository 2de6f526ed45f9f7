"""A database connection whose caller never waits for long: for the web process.

A server that is frozen, or a network that swallows packets, closes nothing, and no time-out of the
server's own can fire. So the waiting side keeps the time.
"""

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

ANSWER_SECONDS = 4.0  # a person has an answer, if only "try again", within five; who waits for others: be_patient
CHECK_SECONDS = 1.0
POOL_SECONDS = 2.0  # beside one check: three seconds at most before a request is told
EMPTY = ""  # the query by which the pool checks a connection before it lends it


class BoundedConnection(psycopg.Connection):
    """Raises OperationalError when one exchange with the server takes longer than `answer_seconds`
    (`check_seconds` for the pool's check; a server that is well answers that at once).

    The connection is closed then: its answer may still come, and belongs to nobody.
    """

    answer_seconds = ANSWER_SECONDS
    check_seconds = CHECK_SECONDS
    _checking = False
    _patience: float | None = None

    def be_patient(self, seconds: float):
        """Until the transaction that is open ends, `answer_seconds` is this much: it waits for what others
        hold, and the server, which knows that, keeps a time of its own."""
        self._patience = seconds

    def execute(self, query, *args, **kwargs):
        self._checking = query == EMPTY
        try:
            return super().execute(query, *args, **kwargs)
        finally:
            self._checking = False

    def wait(self, gen, *args, timeout=None, **kwargs):
        if timeout is not None:
            return super().wait(gen, *args, timeout=timeout, **kwargs)
        if self._patience is not None and self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._patience = None
        limit = self.check_seconds if self._checking else self._patience or self.answer_seconds
        try:
            return super().wait(gen, *args, timeout=limit, **kwargs)
        except errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"The database has not answered within {limit:g} s.") from None
