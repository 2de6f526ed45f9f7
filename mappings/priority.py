"""What to decide next: demand × the chance that BetPawa has a counterpart, with its parts.

demand = ln(1 + events carrying it now) × nearness of the next kick-off × mean weight of the
tournaments that carry it × (1 + ½ for each rival that offers the same and is not mapped either).
solvability = the best suggestion's confidence; without one, whether BetPawa offers the family.

Nothing saturates, so that a market of 900 events comes before one of 200; and what BetPawa does not
sell at all (player props) sinks by itself, however many events carry it. Times are taken in steps:
a row is written when it moves, and not because a minute has passed.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import structlog
from django.db import connection, transaction

from mappings.families import betpawa_families
from mappings.models import PriceFixture

log = structlog.get_logger(__name__)

TIERS = Path(__file__).with_name("tournament_tiers.json")
RIVAL = 0.5
LEAST_CONFIDENCE = 0.02
FAMILY_OFFERED, FAMILY_UNKNOWN, FAMILY_NOT_OFFERED = 0.35, 0.15, 0.03

# The rows in question, what is the same at other bookmakers, and the tournaments that carry each
# key are put together once; only rows whose priority or parts differ are locked (in the order in
# which flushes and decisions lock) and written, and those that somebody holds wait for next time.
REPRIORITISE = """
WITH asked AS (
    SELECT q.* FROM unmapped_market_log AS q
     WHERE {which}
), likes AS (
    SELECT substr(sibling_key, strpos(sibling_key, ':')) AS rest, period, subject, count(DISTINCT source) AS books
      FROM unmapped_market_log
     WHERE sibling_key <> '' AND status IN ('NEW', 'ACKNOWLEDGED') AND family <> ''
     GROUP BY 1, 2, 3
), weights AS (
    SELECT key, avg(w.weight) AS weight
      FROM jsonb_to_recordset(%(weights)s::jsonb) AS w(id bigint, weight float8)
      JOIN price_fixture AS f ON f.id = w.id, unnest(f.keys) AS key
     GROUP BY key
), parts AS (
    SELECT q.id, q.event_count AS events,
           CASE WHEN q.last_seen_at < now() - interval '7 days' THEN 0.1
                WHEN q.last_seen_at < now() - interval '1 day' THEN 0.3
                WHEN q.next_kickoff_at IS NULL THEN 0.5
                WHEN q.next_kickoff_at < now() + interval '6 hours' THEN 1.0
                WHEN q.next_kickoff_at < now() + interval '1 day' THEN 0.9
                WHEN q.next_kickoff_at < now() + interval '3 days' THEN 0.75
                ELSE 0.6 END AS kickoff,
           round(coalesce(t.weight, %(tournament)s)::numeric, 2) AS tournament,
           greatest(coalesce(l.books, 1) - 1, 0) AS rivals,
           CASE WHEN q.best_confidence IS NOT NULL THEN greatest(q.best_confidence, %(least)s)
                WHEN q.family = '' THEN %(unknown)s
                WHEN %(families)s::jsonb ? (q.family || ':' || split_part(q.sibling_key, ':', 3)
                                            || CASE WHEN q.subject = 'player' THEN ':player' ELSE '' END)
                THEN %(offered)s ELSE %(not_offered)s END AS solvability
      FROM asked AS q
      LEFT JOIN weights AS t ON t.key = q.source || ':' || q.external_market_id
      LEFT JOIN likes AS l ON q.family <> '' AND l.rest = substr(q.sibling_key, strpos(q.sibling_key, ':'))
                          AND l.period = q.period AND l.subject = q.subject
), scored AS (
    SELECT p.*, round((ln(1 + p.events) * p.kickoff * p.tournament * (1 + %(rival)s * p.rivals))::numeric, 5) AS demand
      FROM parts AS p
), wanted AS (
    SELECT id, round((demand * s.solvability::numeric), 6)::float8 AS priority,
           jsonb_build_object('events', events, 'kickoff', kickoff, 'tournament', tournament, 'rivals', rivals,
                              'demand', demand, 'solvability', round(s.solvability::numeric, 3)) AS parts
      FROM scored AS s
), moved AS (
    SELECT q.id, w.priority, w.parts
      FROM wanted AS w JOIN unmapped_market_log AS q ON q.id = w.id
     WHERE q.priority <> w.priority OR q.priority_parts IS DISTINCT FROM w.parts
     ORDER BY q.source, q.external_market_id
       FOR UPDATE OF q SKIP LOCKED
)
UPDATE unmapped_market_log AS q
   SET priority = m.priority, priority_parts = m.parts
  FROM moved AS m
 WHERE q.id = m.id
"""
OPEN = "q.status IN ('NEW', 'ACKNOWLEDGED') OR q.review_since IS NOT NULL"


def reprioritise(ids: Iterable[int] | None = None) -> int:
    """Set the priority of these rows, or of all that are open; returns how many moved.

    `version` does not move, and nobody's decision is waited for. Doing it again changes nothing.
    """
    which = OPEN if ids is None else "q.id = ANY(%(ids)s)"
    parameters = {
        "ids": None if ids is None else list(ids),
        "weights": json.dumps(_fixture_weights()),
        "families": json.dumps(dict.fromkeys(betpawa_families(), 1)),
        "tournament": tiers()["default"],
        "least": LEAST_CONFIDENCE,
        "unknown": FAMILY_UNKNOWN,
        "offered": FAMILY_OFFERED,
        "not_offered": FAMILY_NOT_OFFERED,
        "rival": RIVAL,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Neither the rows' own numbers nor the JSON have statistics; nested loops over them are slow.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(REPRIORITISE.format(which=which), parameters)
        moved = cursor.rowcount
        cursor.execute("SET LOCAL enable_nestloop = on")
    log.info("queue.reprioritised", moved=moved)
    return moved


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
