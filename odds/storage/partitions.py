"""The daily partitions of market_odds_history: made ahead, dropped by retention, never in the way.

A day is a UTC day. A row whose day has no partition is kept in the default partition, and moved
when its day's partition is made.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from odds.storage.retention import forget_old_events

log = structlog.get_logger(__name__)

PARENT = "market_odds_history"
DEFAULT = "market_odds_history_default"
DAYS_AHEAD = 7
# A move takes the whole history's lock; days older than this are left in the default partition
# until retention takes them, and are reported.
MAX_MOVED_DAYS = 400
LOCK_TIMEOUT = "3s"
_NAME = re.compile(rf"^{PARENT}_p(\d{{8}})$")

# Partitions with their sizes, newest last. reltuples is the planner's estimate, -1 before the first ANALYZE.
PARTITIONS = """
SELECT child.relname, pg_total_relation_size(child.oid), GREATEST(child.reltuples, 0)::bigint
  FROM pg_inherits
  JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
 WHERE pg_inherits.inhparent = 'market_odds_history'::regclass
 ORDER BY child.relname
"""

DAYS_IN_DEFAULT = """
SELECT (captured_at AT TIME ZONE 'UTC')::date AS day, count(*)
  FROM market_odds_history_default
 GROUP BY day
 ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """day: None for the default partition. row_estimate: the planner's."""

    name: str
    day: date | None
    size_bytes: int
    row_estimate: int


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What a maintenance run did. stranded_rows: still in the default partition, which is an alarm.
    forgotten_events: played longer ago than odds are kept."""

    created: tuple[str, ...]
    dropped: tuple[str, ...]
    moved_rows: int
    stranded_rows: int
    forgotten_events: int = 0


def partition_name(day: date) -> str:
    return f"{PARENT}_p{day:%Y%m%d}"


def report() -> list[Partition]:
    """All partitions, oldest first, the default one last."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS)
        found = [Partition(name, _day_of(name), size, rows) for name, size, rows in cursor.fetchall()]
    return sorted(found, key=lambda partition: (partition.day is None, partition.day or date.min))


def rows_in_default() -> dict[date, int]:
    """{day: rows} that no partition was there for. Anything here is worth an alarm."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS_IN_DEFAULT)
        return dict(cursor.fetchall())


def ensure_partitions(days_ahead: int = DAYS_AHEAD, *, today: date | None = None) -> tuple[list[str], int]:
    """Make today's partition and those of the days ahead, and those of days in the default
    partition, whose rows move into them. Returns (names made, rows moved). Safe to repeat and to
    run at the same time as writers, which wait for a moment."""
    today = today or _today()
    stranded = rows_in_default()
    existing = {partition.name for partition in report()}
    wanted = {today + timedelta(days=offset) for offset in range(days_ahead + 1)}
    wanted |= {day for day in stranded if abs((day - today).days) <= MAX_MOVED_DAYS}
    created, moved = [], 0
    for day in sorted(wanted):
        if partition_name(day) not in existing:
            moved += _create(day)
            created.append(partition_name(day))
    return created, moved


def drop_old(retention_days: int, *, today: date | None = None) -> list[str]:
    """Drop the partitions of days more than `retention_days` ago; today's never. Rows that old in
    the default partition go too. Returns the names dropped. Raises ValueError below 1."""
    if retention_days < 1:
        raise ValueError("Retention is at least one day: today's odds are never dropped.")
    today = today or _today()
    oldest_kept = today - timedelta(days=retention_days)
    dropped = [partition.name for partition in report() if partition.day is not None and partition.day < oldest_kept]
    for name in dropped:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
        log.info("odds.partition_dropped", partition=name)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {DEFAULT} WHERE captured_at < %s", [_midnight(oldest_kept)])
    return dropped


def maintain(retention_days: int, days_ahead: int = DAYS_AHEAD) -> Maintenance:
    """The scheduled task: partitions ahead, stray rows moved, old days dropped, old events forgotten."""
    created, moved = ensure_partitions(days_ahead)
    dropped = drop_old(retention_days)
    forgotten = forget_old_events(retention_days)
    stranded = sum(rows_in_default().values())
    if stranded:
        log.error("odds.rows_without_partition", rows=stranded)
    result = Maintenance(tuple(created), tuple(dropped), moved, stranded, forgotten)
    log.info("odds.partitions_maintained", created=len(created), dropped=len(dropped), moved_rows=moved)
    return result


def _create(day: date) -> int:
    """Make one day's partition and move that day's rows out of the default one; returns how many.

    The new table is filled before it is attached, and the default partition is locked meanwhile,
    so that no reader misses a row and no writer adds one in between.
    """
    name, start, end = sql.Identifier(partition_name(day)), _midnight(day), _midnight(day + timedelta(days=1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        cursor.execute(f"LOCK TABLE {PARENT} IN SHARE UPDATE EXCLUSIVE MODE")
        cursor.execute("SELECT to_regclass(%s)", [partition_name(day)])
        if cursor.fetchone()[0] is not None:
            return 0
        cursor.execute(f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE")
        # No index yet: attaching gives the partition the parent's, primary key included.
        cursor.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS)").format(name, sql.Identifier(PARENT)))
        cursor.execute(
            sql.SQL(
                "WITH moved AS (DELETE FROM {} WHERE captured_at >= %s AND captured_at < %s RETURNING *) "
                "INSERT INTO {} SELECT * FROM moved"
            ).format(sql.Identifier(DEFAULT), name),
            [start, end],
        )
        moved = cursor.rowcount
        cursor.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                sql.Identifier(PARENT), name, sql.Literal(start.isoformat()), sql.Literal(end.isoformat())
            )
        )
    log.info("odds.partition_created", partition=partition_name(day), moved_rows=moved)
    return moved


def _day_of(name: str) -> date | None:
    match = _NAME.match(name)
    return datetime.strptime(match[1], "%Y%m%d").date() if match else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _today() -> date:
    return timezone.now().astimezone(UTC).date()
