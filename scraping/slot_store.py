"""Where slots and pauses live: PostgreSQL, so that all processes and hosts share them.

A slot is a session-level advisory lock (class = bookmaker and kind, object = number). The session
is this process's own and holds nothing else: when the process dies, however it dies, the server
frees its slots. Not thread-safe: one thread of the limiter uses it.
"""

import random
import zlib

import psycopg
import structlog
from django.db import connections

log = structlog.get_logger(__name__)

WAITING = 1_000_000  # object number of the flag "a process waits for this pool"; slots stay far below
PAUSE_CHANNEL = "scraping_pause"
CIRCUIT = "circuit"
PROBING = "circuit, probe out"  # in place of CIRCUIT while one request finds out

# A vanished host must not keep its slots for the two hours of the default keep-alive.
SESSION = """
SET application_name = 'scraping limiter';
SET statement_timeout = '5s';
SET lock_timeout = '2s';
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
LISTEN scraping_pause;
"""
TAKE = "SELECT i FROM unnest(%s::int[]) AS i WHERE pg_try_advisory_lock(%s, i) LIMIT %s"
GIVE = "SELECT pg_advisory_unlock(%s, i) FROM unnest(%s::int[]) AS i"
RAISE_FLAG = "SELECT pg_try_advisory_lock_shared(%s, %s)"
LOWER_FLAG = "SELECT pg_advisory_unlock_shared(%s, %s)"
WAITERS = """
SELECT classid::bigint, count(DISTINCT pid)
  FROM pg_locks
 WHERE locktype = 'advisory' AND objsubid = 2 AND objid = %s AND pid <> pg_backend_pid()
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
 GROUP BY classid
"""
PAUSES = """
SELECT bookmaker_slug, extract(epoch FROM paused_until - clock_timestamp())::float8, pause_reason
  FROM scraping_bookmakerhealth WHERE paused_until IS NOT NULL
"""
PAUSE = """
INSERT INTO scraping_bookmakerhealth (bookmaker_slug, paused_until, pause_reason)
VALUES (%(slug)s, clock_timestamp() + %(seconds)s * interval '1 second', %(reason)s)
ON CONFLICT (bookmaker_slug) DO UPDATE
   SET paused_until = excluded.paused_until, pause_reason = excluded.pause_reason, updated_at = now()
 WHERE scraping_bookmakerhealth.paused_until IS NULL
    OR scraping_bookmakerhealth.paused_until < excluded.paused_until
"""
# Whoever extends an expired circuit pause may send the one probe of the interval.
CLAIM_PROBE = f"""
UPDATE scraping_bookmakerhealth
   SET paused_until = clock_timestamp() + %(seconds)s * interval '1 second', updated_at = now(),
       pause_reason = regexp_replace(pause_reason, '^[^:]*', '{PROBING}')
 WHERE bookmaker_slug = %(slug)s AND pause_reason LIKE 'circuit%%' AND paused_until <= clock_timestamp()
"""
END_PROBE = f"""
UPDATE scraping_bookmakerhealth
   SET pause_reason = regexp_replace(pause_reason, '^[^:]*', '{CIRCUIT}'), updated_at = now()
 WHERE bookmaker_slug = %s AND pause_reason LIKE '{PROBING}%%'
"""
CLOSE_CIRCUIT = """
UPDATE scraping_bookmakerhealth SET paused_until = NULL, pause_reason = '', updated_at = now()
 WHERE bookmaker_slug = %s AND pause_reason LIKE 'circuit%%'
"""
OVERRIDES = "SELECT bookmaker_limits FROM scraping_settings WHERE id = 1"


class PostgresStore:
    """Advisory locks and the pause columns over one dedicated connection."""

    def __init__(self, alias="default"):
        parameters = dict(connections[alias].get_connection_params())
        for django_only in ("cursor_factory", "context", "pool"):
            parameters.pop(django_only, None)
        self._connection = psycopg.connect(**{**parameters, "autocommit": True})
        self._connection.execute(SESSION)
        self.notified = False
        self._connection.add_notify_handler(self._note)

    def _note(self, notification):
        self.notified = True

    def close(self):
        self._connection.close()

    # --- slots
    def take(self, pool_id: int, numbers: list[int], count: int) -> list[int]:
        """Lock up to `count` of the slots `numbers`; returns those now ours."""
        random.shuffle(numbers)
        return [row[0] for row in self._connection.execute(TAKE, (numbers, pool_id, count))]

    def give(self, pool_id: int, numbers: list[int]):
        self._connection.execute(GIVE, (pool_id, numbers))

    def raise_flag(self, pool_id: int):
        self._connection.execute(RAISE_FLAG, (pool_id, WAITING))

    def lower_flag(self, pool_id: int):
        self._connection.execute(LOWER_FLAG, (pool_id, WAITING))

    def waiting_elsewhere(self) -> dict[int, int]:
        """{pool id: how many other processes wait for it}"""
        return {_signed(class_id): count for class_id, count in self._connection.execute(WAITERS, (WAITING,))}

    # --- pauses
    def pauses(self) -> dict[str, tuple[float, str]]:
        """{slug: (seconds left by the database's clock, reason)}; a circuit's may be over, below 0."""
        self.notified = False
        return {
            slug: (seconds, reason)
            for slug, seconds, reason in self._connection.execute(PAUSES)
            if seconds > 0 or reason.startswith(CIRCUIT)
        }

    def pause(self, slug: str, seconds: float, reason: str):
        self._connection.execute(PAUSE, {"slug": slug, "seconds": seconds, "reason": reason})
        self._tell(slug)

    def claim_probe(self, slug: str, seconds: float) -> bool:
        return self._connection.execute(CLAIM_PROBE, {"slug": slug, "seconds": seconds}).rowcount == 1

    def end_probe(self, slug: str):
        self._connection.execute(END_PROBE, (slug,))
        self._tell(slug)

    def close_circuit(self, slug: str):
        self._connection.execute(CLOSE_CIRCUIT, (slug,))
        self._tell(slug)

    def _tell(self, slug):
        self._connection.execute("SELECT pg_notify(%s, %s)", (PAUSE_CHANNEL, slug))

    # --- settings
    def limits(self) -> dict[str, dict]:
        """{slug: limits} as Settings.limits computes them, read without writing the row."""
        from scraping.models import Settings

        row = self._connection.execute(OVERRIDES).fetchone()
        return Settings(bookmaker_limits=row[0] if row else {}).limits


class LocalStore:
    """The same for a process on its own (tests, tools without a database)."""

    def __init__(self, limits):
        self._limits = limits
        self.notified = False

    def close(self):
        self.notified = False

    def take(self, pool_id, numbers, count):
        return numbers[:count]

    def give(self, pool_id, numbers):
        """Nobody else wants them."""

    raise_flag = lower_flag = lambda self, pool_id: None

    def waiting_elsewhere(self):
        return {}

    def pauses(self):
        return None

    def pause(self, slug, seconds, reason):
        """The limiter's own memory is all there is."""

    def claim_probe(self, slug, seconds):
        return True

    end_probe = close_circuit = lambda self, slug: None

    def limits(self):
        return self._limits


def pool_id_of(slug: str, kind: str) -> int:
    """A stable signed 32-bit number: the class of the advisory locks."""
    return _signed(zlib.crc32(f"scraping slots {slug}/{kind}".encode()))


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number
