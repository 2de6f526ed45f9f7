"""A database connection whose caller never waits for long: for the web process.

A server that is frozen, or a network that swallows packets, closes nothing, and no time-out of the
server's own can fire. So the waiting side keeps the time.
"""

import psycopg
from psycopg import errors

ANSWER_SECONDS = 4.0  # a person has an answer, if only "try again", within five


class BoundedConnection(psycopg.Connection):
    """Raises OperationalError when one exchange with the server takes longer than `answer_seconds`.

    The connection is closed then: its answer may still come, and belongs to nobody.
    """

    answer_seconds = ANSWER_SECONDS

    def wait(self, gen, *args, timeout=None, **kwargs):
        if timeout is not None:
            return super().wait(gen, *args, timeout=timeout, **kwargs)
        try:
            return super().wait(gen, *args, timeout=self.answer_seconds, **kwargs)
        except errors._WaitTimeout:
            self.pgconn.finish()
            message = f"The database has not answered within {self.answer_seconds:g} s."
            raise psycopg.OperationalError(message) from None
