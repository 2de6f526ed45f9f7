"""Is what is stored consistent with itself? For production and for the end of every fault test."""

import json

from django.db import connection

from odds.storage.partitions import rows_in_default
from odds.storage.previous import unpack, unpack_missing

EXAMPLES = 5

# Each statement returns the rows that break its rule, a text each.
_RULES = {
    # Only what history still holds can be compared: retention drops whole days.
    "The newest history row of a market is not its current state": """
        SELECT format('event %s, %s, market %s, line %s', odds.event_id, odds.bookmaker_slug,
                      odds.betpawa_market_id, odds.line)
          FROM market_odds_current AS odds
         CROSS JOIN LATERAL (
               SELECT history.outcomes, history.is_available, history.unavailable_at, history.captured_at
                 FROM market_odds_history AS history
                WHERE history.event_id = odds.event_id AND history.betpawa_market_id = odds.betpawa_market_id
                  AND history.bookmaker_slug = odds.bookmaker_slug AND history.line IS NOT DISTINCT FROM odds.line
                ORDER BY history.captured_at DESC, history.id DESC
                LIMIT 1) AS newest
         WHERE newest.outcomes <> odds.outcomes
            OR newest.is_available <> (odds.unavailable_at IS NULL)
            OR newest.unavailable_at IS DISTINCT FROM odds.unavailable_at
            OR newest.captured_at <> odds.last_updated_at
    """,
    "A market has no history although the day of its last change is still kept": """
        SELECT format('event %s, %s, market %s, line %s', odds.event_id, odds.bookmaker_slug,
                      odds.betpawa_market_id, odds.line)
          FROM market_odds_current AS odds
         WHERE odds.last_updated_at >= (SELECT min(captured_at) FROM market_odds_history)
           AND NOT EXISTS (
               SELECT 1
                 FROM market_odds_history AS history
                WHERE history.event_id = odds.event_id AND history.betpawa_market_id = odds.betpawa_market_id
                  AND history.bookmaker_slug = odds.bookmaker_slug AND history.line IS NOT DISTINCT FROM odds.line)
    """,
    "Two neighbouring history rows say the same": """
        SELECT format('event %s, %s, market %s, line %s, %s', event_id, bookmaker_slug, betpawa_market_id, line,
                      captured_at)
          FROM (SELECT history.*, lag(outcomes) OVER same AS outcomes_before,
                      lag(is_available) OVER same AS was_available
                  FROM market_odds_history AS history
                WINDOW same AS (PARTITION BY event_id, bookmaker_slug, betpawa_market_id, line
                                ORDER BY captured_at, id)) AS neighbours
         WHERE outcomes_before = outcomes AND was_available = is_available
    """,
    "History rows were written in another order than they were observed": """
        SELECT format('event %s, %s, market %s, line %s, %s', event_id, bookmaker_slug, betpawa_market_id, line,
                      captured_at)
          FROM (SELECT history.*, lag(captured_at) OVER same AS captured_before
                  FROM market_odds_history AS history
                WINDOW same AS (PARTITION BY event_id, bookmaker_slug, betpawa_market_id, line ORDER BY id)) AS ordered
         WHERE captured_before >= captured_at
    """,
    "A market is withdrawn without two complete answers or discoveries after it was last seen": """
        SELECT format('event %s, %s, market %s, line %s', odds.event_id, odds.bookmaker_slug,
                      odds.betpawa_market_id, odds.line)
          FROM market_odds_current AS odds
         WHERE (odds.unavailable_at IS NOT NULL AND (odds.missed_count < 2 OR odds.last_seen_at > odds.unavailable_at))
            OR (odds.missed_count > 0) <> (odds.missed_at IS NOT NULL)
            OR (odds.missed_count > 0) <> (odds.last_seen_at IS NOT NULL)
    """,
    "A link's newest observation is older than its last complete one": """
        SELECT format('link %s', id) FROM odds_event_link WHERE confirmed_at > observed_at
    """,
    "Current odds belong to no link": """
        SELECT DISTINCT format('event %s, %s', odds.event_id, odds.bookmaker_slug)
          FROM market_odds_current AS odds
          LEFT JOIN odds_event_link AS link
            ON link.event_id = odds.event_id AND link.bookmaker_slug = odds.bookmaker_slug
         WHERE link.id IS NULL
    """,
    "A link's counts are not those of its markets": """
        SELECT format('link %s: %s markets, %s withdrawn, %s due', link.id, link.market_count, link.withdrawn_count,
                      link.due_count)
          FROM odds_event_link AS link
          LEFT JOIN market_odds_current AS odds
            ON odds.event_id = link.event_id AND odds.bookmaker_slug = link.bookmaker_slug
         GROUP BY link.id
        HAVING link.market_count <> count(odds.id)
            OR link.withdrawn_count <> count(odds.unavailable_at)
            OR link.due_count <> count(odds.id) FILTER (WHERE odds.missed_count >= 2 AND odds.unavailable_at IS NULL)
    """,
}

# Packed state beside the same as the rows have it, as JSON.
_PACKED = """
SELECT link.id, markets.keys, packed.fingerprints, packed.missing,
       COALESCE(jsonb_object_agg(
           odds.betpawa_market_id || '|' || COALESCE(trim_scale(odds.line)::text, ''),
           jsonb_build_array(odds.fingerprint::text, odds.missed_count, odds.unavailable_at IS NOT NULL)
       ) FILTER (WHERE odds.id IS NOT NULL), '{}')::text
  FROM odds_event_link AS link
  JOIN odds_link_fingerprints AS packed ON packed.link_id = link.id
  JOIN odds_link_markets AS markets ON markets.link_id = link.id
  LEFT JOIN market_odds_current AS odds
    ON odds.event_id = link.event_id AND odds.bookmaker_slug = link.bookmaker_slug
 GROUP BY link.id, markets.keys, packed.fingerprints, packed.missing
"""


def run_checks() -> list[str]:
    """Sentences about what is wrong, with the first few examples each; empty when all is well.

    Reads everything: minutes on a large history, so not for a request.
    """
    problems = []
    with connection.cursor() as cursor:
        for rule, statement in _RULES.items():
            cursor.execute(statement)
            _note(problems, rule, [text for (text,) in cursor.fetchall()])
    _note(problems, "Packed state differs from the rows", _wrong_packed())
    stranded = rows_in_default()
    _note(problems, "History rows have no partition of their own", [f"{day}: {n} rows" for day, n in stranded.items()])
    return problems


def _wrong_packed() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_PACKED)
        return [f"link {link_id}" for link_id, *packed, rows in cursor.fetchall() if not _agree(packed, rows)]


def _agree(packed, rows) -> bool:
    keys, fingerprints, missing = (bytes(value) for value in packed)
    try:
        known = unpack(keys, fingerprints)
    except ValueError:
        return False
    rows = json.loads(rows)
    missed = {key: [absence.missed_count, absence.is_withdrawn] for key, absence in unpack_missing(missing).items()}
    return known == {key: int(row[0]) for key, row in rows.items()} and missed == {
        key: row[1:] for key, row in rows.items() if row[1]
    }


def _note(problems, rule, examples):
    if examples:
        more = "" if len(examples) <= EXAMPLES else f" and {len(examples) - EXAMPLES} more"
        problems.append(f"{rule}: {'; '.join(examples[:EXAMPLES])}{more}.")
