"""Rows that come back by themselves: snoozes that are over, ignored ones whose condition has come
true, acknowledged ones that nobody has decided about. Each comes back once, as NEW, with the
earlier decision; claims that have run out are cleared.
"""

import json

import structlog
from django.db import connection, transaction
from django.utils import timezone

from mappings.actors import DESK, acting_as
from mappings.deciding import deciding
from mappings.families import betpawa_families, ids_in
from mappings.models import UnmappedMarketLog
from mappings.services.decisions import note

log = structlog.get_logger(__name__)

ACKNOWLEDGED_DAYS = 7

_DAY = """to_char({} AT TIME ZONE 'Africa/Lagos', 'FMDD Mon YYYY, HH24:MI "WAT"')"""
_BY = "coalesce(' by ' || q.decided_by, '')"

# One CASE names the reason; where it names none, the row stays. The kind of a condition is asked
# first, so that nothing is read as a time or a number that is none. Locked in the order in which
# flushes and decisions lock; what somebody holds just now is left for the next time.
DUE = f"""
SELECT q.id, due.reason
  FROM unmapped_market_log AS q CROSS JOIN LATERAL (SELECT CASE
       WHEN q.snoozed_until <= now()
       THEN 'Snoozed' || {_BY} || ' until ' || {_DAY.format("q.snoozed_until")} || '; that is over.'
       WHEN q.snoozed_until IS NOT NULL
       THEN NULL
       WHEN q.status = 'ACKNOWLEDGED'
       THEN CASE WHEN q.decided_at <= now() - make_interval(days => %(days)s)
                      AND (q.claim_expires_at IS NULL OR q.claim_expires_at <= now())
                 THEN 'Acknowledged' || {_BY} || ' on ' || {_DAY.format("q.decided_at")}
                      || ', and nobody has decided since.' END
       WHEN q.ignore_until ->> 'kind' = 'date'
       THEN CASE WHEN (q.ignore_until ->> 'at')::timestamptz <= now()
                 THEN 'Ignored until ' || {_DAY.format("(q.ignore_until ->> 'at')::timestamptz")}
                      || '; that is over.' END
       WHEN q.ignore_until ->> 'kind' = 'events'
       THEN CASE WHEN q.event_count >= (q.ignore_until ->> 'atLeast')::int
                 THEN 'Ignored until ' || (q.ignore_until ->> 'atLeast') || ' events carry it; now '
                      || q.event_count || ' do.' END
       WHEN q.ignore_until ->> 'kind' = 'betpawa_family'
       THEN CASE WHEN NOT coalesce(%(offered)s::jsonb -> (q.ignore_until ->> 'family'), '[]')
                          <@ coalesce(q.ignore_until -> 'offered', '[]')
                 THEN 'Ignored until BetPawa offers more of this family; now it does.' END
       END AS reason) AS due
 WHERE due.reason IS NOT NULL
   AND ((q.snoozed_until IS NOT NULL AND q.status IN ('NEW', 'ACKNOWLEDGED'))
        OR q.status = 'ACKNOWLEDGED'
        OR (q.status = 'IGNORED' AND q.ignore_until IS NOT NULL))
 ORDER BY q.source, q.external_market_id
   FOR UPDATE OF q SKIP LOCKED
"""
# An ignored market that comes back is news, and is announced; the end of a snooze is none.
WAKE = """
UPDATE unmapped_market_log AS q
   SET status = 'NEW',
       version = q.version + 1,
       alerted_at = CASE WHEN q.status = 'IGNORED' THEN NULL ELSE q.alerted_at END,
       reopened_reason = left(w.reason, 1000),
       earlier_decision = jsonb_build_object(
           'status', q.tab, 'decidedBy', q.decided_by, 'decidedAt', q.decided_at, 'mappedTo', NULL, 'notes', q.notes,
           'until', CASE WHEN q.snoozed_until IS NULL THEN q.ignore_until
                         ELSE jsonb_build_object('kind', 'date', 'at', q.snoozed_until) END),
       decided_by = NULL, decided_at = NULL, decided_mapping_version = NULL,
       snoozed_until = NULL, ignore_until = NULL, ignored_by_rule_id = NULL
  FROM jsonb_to_recordset(%s::jsonb) AS w(id bigint, reason text)
 WHERE q.id = w.id
"""
FAMILIES = """
SELECT DISTINCT ignore_until ->> 'family' FROM unmapped_market_log
 WHERE status = 'IGNORED' AND ignore_until ->> 'kind' = 'betpawa_family'
"""


def wake_due() -> int:
    """Returns how many rows came back. Safe at any time and from several processes at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(DUE, {"days": ACKNOWLEDGED_DAYS, "offered": json.dumps(_offered(cursor))})
            due = [{"id": id, "reason": reason} for id, reason in cursor.fetchall()]
        if due:
            with deciding("reopen", DESK, "Came back by itself.") as batch, connection.cursor() as cursor:
                cursor.execute(WAKE, [json.dumps(due)])
                note(batch, [row["id"] for row in due])
    expired = expire_claims()
    if due or expired:
        log.info("unmapped.woken", count=len(due), claims_expired=expired)
    return len(due)


def expire_claims() -> int:
    """Clear claims that have run out; nobody is told, they have not counted since."""
    out = UnmappedMarketLog.objects.filter(claimed_by__isnull=False, claim_expires_at__lte=timezone.now())
    if not out.exists():
        return 0
    with acting_as(DESK, "The claim ran out."):
        locked = out.order_by("source", "external_market_id").select_for_update(skip_locked=True)
        ids = list(locked.values_list("pk", flat=True))
        return UnmappedMarketLog.objects.filter(pk__in=ids).update(claimed_by=None, claim_expires_at=None)


def _offered(cursor):
    """{family: BetPawa's ids} of the families that somebody waits for; nothing is read when nobody does."""
    cursor.execute(FAMILIES)
    awaited = [family for (family,) in cursor.fetchall() if family]
    if not awaited:
        return {}
    families = betpawa_families()
    return {family: ids_in(families, family) for family in awaited}
