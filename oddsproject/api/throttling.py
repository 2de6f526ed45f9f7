"""A limit on writes, kept in the database: exact over all processes, and Redis may be away.

One statement takes a token and says how many were left, so simultaneous requests cannot share one.
"""

from django.db import connection
from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import BaseThrottle

# Returns a row when a token was taken and none when there was none to take; a refused attempt
# costs nothing, so that knocking in vain does not postpone the next success.
TAKE = """
INSERT INTO api_write_allowance AS known (key, "left", updated_at)
VALUES (%(key)s, %(burst)s - 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE
   SET "left" = {refilled} - 1, updated_at = greatest(known.updated_at, clock_timestamp())
 WHERE {refilled} >= 1
RETURNING "left"
""".replace(
    "{refilled}",
    """least(%(burst)s, known."left" + %(per_second)s
        * extract(epoch FROM greatest(clock_timestamp() - known.updated_at, interval '0'))::float8)""",
)


class WriteThrottle(BaseThrottle):
    """60 writes at once, one a second in the long run, per user; a view may set `write_limit`
    (scope, burst, per_second) of its own."""

    limit = ("write", 60, 1.0)

    def allow_request(self, request, view):
        if request.method in SAFE_METHODS:
            return True
        scope, burst, per_second = getattr(view, "write_limit", self.limit)
        # By user, never by a forwarded address: those can be forged.
        with connection.cursor() as cursor:
            cursor.execute(TAKE, {"key": f"{scope}:{request.user.pk}", "burst": burst, "per_second": per_second})
            taken = cursor.fetchone() is not None
        self._wait = max(1.0, 1 / per_second)
        return taken

    def wait(self):
        return self._wait
