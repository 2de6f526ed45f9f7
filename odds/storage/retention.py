"""Forgetting events that were played longer ago than their odds are kept."""

from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE = 200

# Children first. Their history went with its partitions: nobody prices an event after its kick-off.
# Params: event ids.
_DELETES = (
    "DELETE FROM market_odds_current WHERE event_id = ANY(%s)",
    "DELETE FROM odds_link_fingerprints WHERE link_id IN (SELECT id FROM odds_event_link WHERE event_id = ANY(%s))",
    "DELETE FROM odds_link_markets WHERE link_id IN (SELECT id FROM odds_event_link WHERE event_id = ANY(%s))",
    "DELETE FROM odds_event_link WHERE event_id = ANY(%s)",
    "DELETE FROM odds_event WHERE id = ANY(%s)",
)

# The links are locked as by every writer. Params: kick-off before, how many.
_OLD_EVENTS = "SELECT id FROM odds_event WHERE kickoff_at < %s ORDER BY kickoff_at, id LIMIT %s"
_LOCK_LINKS = """
SELECT id FROM odds_event_link WHERE event_id = ANY(%s) ORDER BY event_id, bookmaker_slug FOR UPDATE
"""


def forget_old_events(retention_days: int, *, now: datetime | None = None) -> int:
    """Delete events that kicked off more than `retention_days` ago, with their links and current
    odds; returns how many. In small transactions, so that writers never wait long. Raises
    ValueError below 1."""
    if retention_days < 1:
        raise ValueError("Retention is at least one day.")
    before = (now or timezone.now()) - timedelta(days=retention_days)
    forgotten = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_OLD_EVENTS, [before, EVENTS_AT_ONCE])
            event_ids = [event_id for (event_id,) in cursor.fetchall()]
            if event_ids:
                cursor.execute(_LOCK_LINKS, [event_ids])
                for statement in _DELETES:
                    cursor.execute(statement, [event_ids])
        forgotten += len(event_ids)
        if len(event_ids) < EVENTS_AT_ONCE:
            break
    if forgotten:
        log.info("odds.events_forgotten", events=forgotten)
    return forgotten
