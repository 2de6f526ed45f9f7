"""What to decide next: demand × the chance that BetPawa has a counterpart, with its parts.

demand = ln(1 + events carrying it now) × nearness of the next kick-off × mean weight of the
tournaments that carry it × (1 + ½ for each rival that offers the same and is not mapped either).
solvability = the best suggestion's confidence; without one, whether BetPawa offers the family.

Nothing saturates, so that a market of 900 events comes before one of 200; and what BetPawa does not
sell at all (player props) sinks by itself, however many events carry it. Times are taken in steps and
changes below one in a hundred are left: a row is written when it moves, and not because a minute has
passed. Its parts are those that made the priority that it has.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import structlog
from django.db import connection, transaction

from mappings.families import betpawa_families
from mappings.models import PriceFixture, UnmappedMarketLog
from oddsproject.desk.bookmakers import bookmaker_names

log = structlog.get_logger(__name__)

TIERS = Path(__file__).with_name("tournament_tiers.json")
RIVAL = 0.5
LEAST_CONFIDENCE = 0.02
FAMILY_OFFERED, FAMILY_UNKNOWN, FAMILY_NOT_OFFERED = 0.35, 0.15, 0.03

# A change of less is no change: each would write the row into every index in the queue's order.
LEAST_MOVE = 0.01
CHUNK = 1_000

# Reads each row once, and says which of them have moved.
MOVED = """
WITH asked AS MATERIALIZED (
    SELECT q.id, q.source, q.external_market_id, q.status, q.event_count, q.family, q.period, q.subject,
           q.sibling_key, q.best_confidence, q.priority, q.priority_parts IS NULL AS is_first,
           CASE WHEN q.last_seen_at < now() - interval '7 days' THEN 0.1
                WHEN q.last_seen_at < now() - interval '1 day' THEN 0.3
                WHEN q.next_kickoff_at IS NULL THEN 0.5
                WHEN q.next_kickoff_at < now() + interval '6 hours' THEN 1.0
                WHEN q.next_kickoff_at < now() + interval '1 day' THEN 0.9
                WHEN q.next_kickoff_at < now() + interval '3 days' THEN 0.75
                ELSE 0.6 END::float8 AS kickoff
      FROM unmapped_market_log AS q
     WHERE {which}
), likes AS (
    SELECT rest, period, subject, count(*) AS books
      FROM (SELECT DISTINCT source, substr(sibling_key, strpos(sibling_key, ':')) AS rest, period, subject
              FROM {others} AS q
             WHERE q.sibling_key <> '' AND q.family <> '' AND q.status IN ('NEW', 'ACKNOWLEDGED')) AS offered
     GROUP BY rest, period, subject HAVING count(*) > 1
), weights AS (
    SELECT key, round(avg(w.weight)::numeric, 2)::float8 AS weight
      FROM jsonb_to_recordset(%(weights)s::jsonb) AS w(id bigint, weight float8)
      JOIN price_fixture AS f ON f.id = w.id, unnest(f.keys) AS key
     GROUP BY key
), parts AS (
    SELECT q.id, q.source, q.external_market_id, q.priority AS was, q.is_first, q.event_count AS events, q.kickoff,
           coalesce(t.weight, %(tournament)s::float8) AS tournament,
           coalesce(l.books, 1) - 1 AS rivals,
           CASE WHEN q.best_confidence IS NOT NULL THEN greatest(q.best_confidence, %(least)s)
                WHEN q.family = '' THEN %(unknown)s
                WHEN %(families)s::jsonb ? (q.family || ':' || split_part(q.sibling_key, ':', 3)
                                            || CASE WHEN q.subject = 'player' THEN ':player' ELSE '' END)
                THEN %(offered)s ELSE %(not_offered)s END::float8 AS solvability
      FROM asked AS q
      LEFT JOIN weights AS t ON t.key = q.source || ':' || q.external_market_id
      LEFT JOIN likes AS l ON q.family <> '' AND l.rest = substr(q.sibling_key, strpos(q.sibling_key, ':'))
                          AND l.period = q.period AND l.subject = q.subject
), scored AS (
    SELECT p.*, ln(1 + p.events) * p.kickoff * p.tournament * (1 + %(rival)s * p.rivals) AS demand FROM parts AS p
)
SELECT id, demand * solvability,
       jsonb_build_object('events', events, 'kickoff', kickoff, 'tournament', tournament, 'rivals', rivals,
                          'demand', round(demand::numeric, 5), 'solvability', round(solvability::numeric, 3))::text
  FROM scored
 WHERE is_first OR abs(demand * solvability - was) > %(least_move)s * was
 ORDER BY source, external_market_id
"""
# Rows are locked in the order in which flushes and decisions lock; what somebody holds waits for next time.
WRITE = """
WITH free AS MATERIALIZED (
    SELECT id FROM unmapped_market_log WHERE id = ANY(%(ids)s)
     ORDER BY source, external_market_id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE unmapped_market_log AS q
   SET priority = round(m.priority::numeric, 6)::float8, priority_parts = m.parts
  FROM unnest(%(ids)s::bigint[], %(priorities)s::float8[], %(parts)s::jsonb[]) AS m(id, priority, parts)
  JOIN free USING (id)
 WHERE q.id = m.id
"""
ASKED = "q.id = ANY(%(ids)s)"
OPEN = "q.status IN ('NEW', 'ACKNOWLEDGED') OR q.review_since IS NOT NULL"
# All that are open are asked for anyway; a few have their like found by key.
ALIKE = "(SELECT * FROM unmapped_market_log WHERE sibling_key = ANY(%(alike)s) AND sibling_key <> '')"


def reprioritise(ids: Iterable[int] | None = None) -> int:
    """Set the priority of these rows, or of all that are open; returns how many moved.

    `version` does not move, and nobody's decision is waited for. Doing it again changes nothing.
    """
    ids = None if ids is None else list(ids)
    if ids == []:
        return 0
    moved = _moved(ids)
    written = 0
    for start in range(0, len(moved), CHUNK):
        names, columns = ("ids", "priorities", "parts"), zip(*moved[start : start + CHUNK], strict=True)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITE, dict(zip(names, map(list, columns), strict=True)))
            written += cursor.rowcount
    log.info("queue.reprioritised", moved=written)
    return written


def _moved(ids):
    """[(row, its priority, its parts as JSON)] of those whose priority is another one by now."""
    parameters = {
        "ids": ids,
        "alike": None if ids is None else _alike(ids),
        "weights": json.dumps(_fixture_weights()),
        "families": json.dumps(dict.fromkeys(betpawa_families(), 1)),
        "tournament": tiers()["default"],
        "least": LEAST_CONFIDENCE,
        "unknown": FAMILY_UNKNOWN,
        "offered": FAMILY_OFFERED,
        "not_offered": FAMILY_NOT_OFFERED,
        "rival": RIVAL,
        "least_move": LEAST_MOVE,
    }
    statement = MOVED.format(which=OPEN, others="asked") if ids is None else MOVED.format(which=ASKED, others=ALIKE)
    with transaction.atomic(), connection.cursor() as cursor:
        # What is joined has no statistics; nested loops over it are slow.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
        cursor.execute("SET LOCAL enable_nestloop = on")
    return found


def _alike(ids):
    """The sibling keys by which any bookmaker would have the same market as one of these rows."""
    keys = UnmappedMarketLog.objects.filter(pk__in=ids).exclude(sibling_key="").values_list("sibling_key", flat=True)
    rests = {key.partition(":")[2] for key in keys}
    return sorted(f"{slug}:{rest}" for slug in bookmaker_names() for rest in rests) if rests else []


def weight_of(country: str, tournament: str) -> float:
    """What a tournament counts, between 0 and 1."""
    name, country = f"{tournament} ".casefold(), country.casefold()
    for tier in tiers()["tiers"]:
        for entry in tier["match"]:
            if entry["name"] in name and entry.get("country", country).casefold() == country:
                return tier["weight"]
    return tiers()["default"]


@lru_cache(maxsize=1)
def tiers() -> dict:
    return json.loads(TIERS.read_text(encoding="utf-8"))


def _fixture_weights():
    rows = PriceFixture.objects.order_by("pk").values_list("pk", "country", "tournament")
    return [{"id": pk, "weight": weight_of(country, tournament)} for pk, country, tournament in rows]
