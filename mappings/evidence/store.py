"""How fixtures are written and pruned."""

import structlog
from django.db import connection

from mappings.definitions import REFERENCE
from mappings.evidence.collector import FIXTURES_PER_KEY, GENERAL_FIXTURES, MOST_FIXTURES
from mappings.models import PriceFixture

log = structlog.get_logger(__name__)

KEEP_DAYS = 7

# Two workers may have sampled one event; the newest observation stays. Rows come in key order, so
# that two batches wait for each other instead of deadlocking.
SAVE = """
INSERT INTO price_fixture AS known
       (event_key, event_id, home_team, away_team, tournament, country, kickoff_at, sampled_at, books, keys, payload)
VALUES {rows}
ON CONFLICT (event_key) DO UPDATE
   SET event_id = excluded.event_id, home_team = excluded.home_team, away_team = excluded.away_team,
       tournament = excluded.tournament, country = excluded.country, kickoff_at = excluded.kickoff_at,
       sampled_at = excluded.sampled_at, books = excluded.books, keys = excluded.keys, payload = excluded.payload
 WHERE known.sampled_at < excluded.sampled_at
"""

# general: the first so many, events still to come before others, each tournament's newest before
# any tournament's second. needed: among the newest few that carry some rival's source key. A row
# that a batch is writing at this moment is left to the next time.
PRUNE = """
WITH ranked AS (
    SELECT id, sampled_at, kickoff_at > now() AS upcoming,
           row_number() OVER (ORDER BY kickoff_at > now() DESC, nth, sampled_at DESC, id DESC) AS place
      FROM (SELECT *, row_number() OVER (PARTITION BY tournament, country, kickoff_at > now()
                                         ORDER BY sampled_at DESC, id DESC) AS nth
              FROM price_fixture) AS fixture
), needed AS (
    SELECT DISTINCT id
      FROM (SELECT fixture.id, row_number() OVER (PARTITION BY key ORDER BY kickoff_at > now() DESC,
                                                  sampled_at DESC, fixture.id DESC) AS nth
              FROM price_fixture AS fixture CROSS JOIN unnest(keys) AS key
             WHERE key NOT LIKE %(reference)s) AS carrier
     WHERE nth <= %(per_key)s
), kept AS (
    SELECT id FROM ranked LEFT JOIN needed USING (id)
     WHERE sampled_at > now() - make_interval(days => %(days)s)
       AND (place <= %(general)s OR needed.id IS NOT NULL)
     ORDER BY place <= %(general)s DESC, upcoming DESC, place
     LIMIT %(most)s
)
DELETE FROM price_fixture WHERE id IN (
    SELECT id FROM price_fixture WHERE id NOT IN (SELECT id FROM kept) ORDER BY event_key FOR UPDATE SKIP LOCKED
)
"""


def save_fixtures(rows: list[PriceFixture]):
    """Insert or refresh, in the caller's transaction. Harmless to repeat."""
    if not rows:
        return
    rows = sorted({row.event_key: row for row in rows}.values(), key=lambda row: row.event_key)
    values = [
        value
        for row in rows
        for value in (row.event_key, row.event_id, row.home_team, row.away_team, row.tournament, row.country,
                      row.kickoff_at, row.sampled_at, row.books, row.keys, row.payload)
    ]  # fmt: skip
    placeholders = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(SAVE.format(rows=placeholders), values)
        log.info("fixtures.saved", sampled=len(rows), stored=cursor.rowcount)


def prune_fixtures() -> int:
    """Delete the fixtures that no rule keeps; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            PRUNE,
            {
                "reference": f"{REFERENCE}:%",
                "per_key": FIXTURES_PER_KEY,
                "general": GENERAL_FIXTURES,
                "most": MOST_FIXTURES,
                "days": KEEP_DAYS,
            },
        )
        pruned = cursor.rowcount
    if pruned:
        log.info("fixtures.pruned", count=pruned)
    return pruned
