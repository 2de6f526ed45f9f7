"""(h) A flush of 700 sightings into the queue, against the bare upsert of their counters.

A batch of events sees most of what a bookmaker offers, so a cycle flushes nearly the same markets
once per batch: its first flush raises every counter, the further ones add events. Both are measured
into tables of 5,000 and of 120,000 markets, time and WAL. WAL is counted twice: from a checkpoint on,
when the first touch of each page is logged whole, and once more right after.

The floor holds source, key, time, two counters, cycle and kick-off of the same markets, in the same order, in a
table with the unique key on (source, key) and nothing else: no primary key, no further index, no
trigger, no text. It is upserted by one statement from JSON, as ours is.
"""

import json
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from benchmarks._odds_world import Meter
from benchmarks.harness import timed
from benchmarks.queue_list import build, say
from mappings.models import UnmappedMarketLog
from mappings.unmapped_logger import UnmappedEntry, UnmappedLogger

SIGHTINGS = 700
SIZES = (5_000, 120_000)
ROUNDS = 11
# (which of its cycle, whether after a checkpoint, cycle, number in it)
FLUSHES = (
    ("first of a cycle", True, 1, 0),
    ("first of a cycle", False, 2, 0),
    ("further", True, 2, 1),
    ("further", False, 2, 2),
)

MAKE_FLOOR = """
DROP TABLE IF EXISTS floor_sightings;
CREATE TABLE floor_sightings AS
SELECT source, external_market_id, last_seen_at, occurrence_count, event_count, last_cycle_id, next_kickoff_at
  FROM unmapped_market_log ORDER BY id;
ALTER TABLE floor_sightings ADD UNIQUE (source, external_market_id);
VACUUM (ANALYZE) floor_sightings;
"""
FLOOR = """
INSERT INTO floor_sightings AS q
SELECT s.source, s.external_market_id, s.seen_at, 1, s.events, s.cycle_id, s.kickoff_at
  FROM jsonb_to_recordset(%s::jsonb)
       AS s(source text, external_market_id text, seen_at timestamptz, events int, cycle_id bigint,
            kickoff_at timestamptz)
 ORDER BY s.source, s.external_market_id
ON CONFLICT (source, external_market_id) DO UPDATE
   SET last_seen_at = excluded.last_seen_at,
       occurrence_count = q.occurrence_count + (excluded.last_cycle_id > q.last_cycle_id)::int,
       event_count = q.event_count + excluded.event_count,
       last_cycle_id = excluded.last_cycle_id,
       next_kickoff_at = excluded.next_kickoff_at
"""


def run(report):
    for size in SIZES:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE unmapped_market_log CASCADE")
        build(size)
        _run(f"flush into {size:,}", report)


def _run(name, report):
    with connection.cursor() as cursor:
        for statement in MAKE_FLOOR.strip().split(";\n"):
            cursor.execute(statement)
    rows = list(UnmappedMarketLog.objects.filter(tab="NEW").order_by("?")[:SIGHTINGS])
    logger, taken = UnmappedLogger(), {}
    for round in range(ROUNDS + 1):
        ours, bare = [], []
        for _kind, after_checkpoint, cycle, number in FLUSHES:
            which = 2 * round + cycle, number
            ours.append(_measured(lambda w=which: _note(logger, rows, *w), logger.flush, after_checkpoint))
        for _kind, after_checkpoint, cycle, number in FLUSHES:
            which = 2 * round + cycle, number
            bare.append(_measured(lambda: None, lambda w=which: _flush_floor(rows, *w), after_checkpoint))
        if round:  # before, the table is one that nobody has touched
            for (kind, after_checkpoint, *_), *pair in zip(FLUSHES, ours, bare, strict=True):
                taken.setdefault((kind, "time"), []).append(pair)
                taken.setdefault((kind, "WAL from a checkpoint on" if after_checkpoint else "WAL"), []).append(pair)
    for (kind, what), pairs in taken.items():
        place, unit = (0, "ms") if what == "time" else (1, "MB")
        values, floor = ([one[place] for one in side] for side in zip(*pairs, strict=True))
        report.add(name=f"{name}, {kind}, {what}", unit=unit, values=values, floor_values=floor)
        say(f"{name}, {kind}: heap-only {pairs[-1][0][2]:.0%}, floor {pairs[-1][1][2]:.0%}")


def _measured(prepare, do, after_checkpoint):
    """(milliseconds, WAL MB, share of heap-only updates)"""
    prepare()
    meter, seconds = Meter(checkpoint=after_checkpoint), []
    with timed(seconds):
        do()
    wal, dead, hot = meter.read()
    return seconds[0] * 1000, wal, hot / max(dead, 1)


def _note(logger, rows, cycle, number):
    """What the scraper notes: each market on two events, some of them with rules and prices that moved."""
    logger.begin_cycle(cycle)
    now = timezone.now()
    for row in rows:
        for event in range(2):
            logger.log(
                UnmappedEntry(
                    source=row.source,
                    external_market_id=row.external_market_id,
                    market_name=row.market_name,
                    sample_outcomes=[
                        dict(one, price=f"{1.5 + cycle / 100 + number / 1000:.3f}") for one in row.sample_outcomes
                    ],
                    seen_at=now,
                    error_code=row.error_code,
                    event_key=f"{cycle}-{number}-{event}",
                    kickoff_at=now + timedelta(hours=event + 1),
                    rules_text=row.rules_text,
                )
            )


def _flush_floor(rows, cycle, number):
    now = timezone.now()
    sightings = [
        {
            "source": row.source,
            "external_market_id": row.external_market_id,
            "seen_at": now.isoformat(),
            "events": 2,
            "cycle_id": cycle,
            "kickoff_at": (now + timedelta(hours=1)).isoformat(),
        }
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(FLOOR, [json.dumps(sightings)])
