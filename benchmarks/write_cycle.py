"""(b) One write cycle: 120,000 current rows, 5 % changed, 0.5 % gone, 0.5 % back, against the floor.

The floor does the least that keeps the data: COPY of the changed rows into a history, UPDATE of
the same rows by primary key from a temporary table, in the same transactions, on tables of the
same shape and content, with the bytes made beforehand; it compares nothing and knows nothing.

A market is withdrawn after two answers without it, so in a steady cycle 0.5 % of the rows (600)
reach their second miss and are withdrawn, and the 600 that the next cycle withdraws reach their
first: the cycle marks 600 rows that the floor does not touch. All rows are first seen the day
before, as in a deployment that runs: the day's history then holds what its cycles changed,
however many rows there are. Then four times the rows with the same number of changes, for what
growth costs.
"""

import gc
import sys

import psycopg
from django.db import connection, transaction

from benchmarks._odds_world import BATCH_EVENTS, SLUGS, Board, Meter
from benchmarks.harness import timed
from odds.storage import handle_market_write_batch, withdraw_due
from odds.storage.checks import run_checks
from odds.storage.rows import outcomes_json

ROUNDS = 7
CHANGES = {"changed": 6000, "gone": 600, "back": 600}

FLOOR_TABLES = """
DROP TABLE IF EXISTS floor_current, floor_history;
CREATE TABLE floor_current (LIKE market_odds_current INCLUDING ALL) WITH (fillfactor = 90);
INSERT INTO floor_current SELECT * FROM market_odds_current ORDER BY id;
CREATE TABLE floor_history (LIKE market_odds_history INCLUDING DEFAULTS INCLUDING INDEXES)
    PARTITION BY RANGE (captured_at);
CREATE TABLE floor_history_default PARTITION OF floor_history DEFAULT;
INSERT INTO floor_history
SELECT * FROM market_odds_history
 WHERE captured_at >= (SELECT date_trunc('day', max(captured_at), 'UTC') FROM market_odds_history);
"""
FLOOR_INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS floor_incoming (
    id bigint, outcomes jsonb, fingerprint bigint, captured_at timestamptz, unavailable_at timestamptz
) ON COMMIT DELETE ROWS
"""
FLOOR_UPDATE = """
UPDATE floor_current AS current
   SET outcomes = incoming.outcomes, fingerprint = incoming.fingerprint, last_updated_at = incoming.captured_at,
       unavailable_at = incoming.unavailable_at
  FROM floor_incoming AS incoming
 WHERE current.id = incoming.id
"""
# A temporary table has no statistics; left to itself the planner may read all of floor_current.
FLOOR_PLAN = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = on"
FLOOR_HISTORY = """
COPY floor_history (event_id, bookmaker_slug, betpawa_market_id, line, outcomes, captured_at) FROM STDIN
"""


def run(report):
    small = measure(report, "write-cycle-120k", events=500)
    large = measure(report, "write-cycle-480k", events=2000)
    report.add(name="write-cycle-wal-growth", unit="MB", values=large["wal"], floor_values=small["wal"])
    report.add(name="write-cycle-time-growth", unit="s", values=large["seconds"], floor_values=small["seconds"])


def measure(report, name, *, events):
    _empty()
    say(f"{name}: filling")
    board = Board(events)
    for batch in board.batches():
        handle_market_write_batch(batch)
    # Three cycles before the first measured one, so that there are markets to withdraw and to return.
    for _ in range(3):
        board.next_cycle(**CHANGES)
        _write(board, list(board.batches()))
    _sql("VACUUM ANALYZE")
    _sql(FLOOR_TABLES)
    _sql("ANALYZE floor_current")
    ids = _row_ids()
    taken = {"seconds": [], "floor": [], "wal": [], "floor_wal": []}
    for number in range(ROUNDS):
        changes = board.next_cycle(**CHANGES)
        batches = list(board.batches())
        floor_batches = _floor_batches(board, changes, ids)
        # The board itself is no part of the cost; without this the collector walks it every round.
        gc.collect()
        gc.freeze()
        meter = Meter()
        with timed(taken["floor"]):
            _write_floor(floor_batches)
        floor_wal, floor_dead, _ = meter.read()
        meter = Meter()
        with timed(taken["seconds"]):
            milliseconds = _write(board, batches, expected=CHANGES)
        wal, dead, hot = meter.read()
        taken["wal"].append(wal)
        taken["floor_wal"].append(floor_wal)
        say(
            f"{name} round {number + 1}: {taken['seconds'][-1]:.3f} s, floor {taken['floor'][-1]:.3f} s; "
            f"WAL {wal:.1f} MB, floor {floor_wal:.1f}; dead rows {dead}, floor {floor_dead}; "
            f"heap-only {hot / max(dead, 1):.0%}; ms {milliseconds}"
        )
    problems = run_checks()
    if problems:
        raise RuntimeError(f"The benchmark left a wrong state: {problems}")
    report.add(name=name, unit="s", values=taken["seconds"], floor_values=taken["floor"])
    report.add(name=f"{name}-wal", unit="MB", values=taken["wal"], floor_values=taken["floor_wal"])
    return taken


def _write(board, batches, expected=None):
    """One cycle as the scraper writes it; returns milliseconds per step."""
    steps, history, withdrawn = {}, 0, 0
    for batch in batches:
        result = handle_market_write_batch(batch)
        history += result.inserted_history
        for step, ms in result.ms.items():
            steps[step] = steps.get(step, 0) + ms
    for slug in SLUGS:
        withdrawn += withdraw_due(slug, board.now).withdrawn
    if expected and (history, withdrawn) != (expected["changed"] + expected["back"], expected["gone"]):
        raise RuntimeError(f"Wrote {history} changes and {withdrawn} withdrawals, expected {expected}.")
    return {step: round(ms) for step, ms in steps.items()}


def _floor_batches(board, changes, ids):
    """[(incoming bytes, history bytes)] per transaction of 50 events."""
    at = board.now.isoformat()
    number_of = {event_id: index // BATCH_EVENTS for index, event_id in enumerate(board.event_ids)}
    batches = [([], []) for _ in range(-(-len(board.event_ids) // BATCH_EVENTS))]
    for event_id, slug, market, kind in sorted(changes, key=lambda change: (change[0], change[1])):
        row_id = ids[event_id, slug, market.betpawa_market_id, market.line]
        outcomes = outcomes_json(market.outcomes).encode()
        market_line = rb"\N" if market.line is None else str(market.line).encode()
        pair = str(event_id).encode(), slug.encode(), market.betpawa_market_id.encode()
        history = b"\t".join([*pair, market_line, outcomes, at.encode()]) + b"\n"
        gone = at.encode() if kind == "gone" else rb"\N"
        fingerprint = str(market.fingerprint).encode()
        line = b"\t".join([str(row_id).encode(), outcomes, fingerprint, at.encode(), gone]) + b"\n"
        incoming_rows, history_rows = batches[number_of[event_id]]
        # A withdrawn row has missed_count > 0; the floor's table keeps that rule, and only that.
        incoming_rows.append(line if kind != "gone" else line.replace(gone + b"\n", rb"\N" + b"\n"))
        history_rows.append(history)
    return [(b"".join(incoming), b"".join(history)) for incoming, history in batches]


def _write_floor(batches):
    for incoming, history in batches:
        with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(FLOOR_INCOMING)
            cursor.execute(FLOOR_PLAN)
            with cursor.copy("COPY floor_incoming FROM STDIN") as copy:
                copy.write(incoming)
            cursor.execute(FLOOR_UPDATE)
            with cursor.copy(FLOOR_HISTORY) as copy:
                copy.write(history)


def _row_ids():
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id, bookmaker_slug, betpawa_market_id, line, id FROM market_odds_current")
        return {tuple(key): row_id for *key, row_id in cursor.fetchall()}


def _empty():
    _sql("TRUNCATE market_odds_current, market_odds_history, odds_event, odds_tournament CASCADE")


def _sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def say(text):
    print(text, file=sys.stderr, flush=True)
