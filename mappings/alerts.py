"""Telling people about new unmapped markets: once each, in one message."""

from datetime import UTC

import structlog
from django.db import connection, transaction

from mappings.models import UnmappedMarketLog

log = structlog.get_logger(__name__)

MOST_NAMED = 500

# The claim and the notice are one transaction: of two callers one gets a row, and a crash between
# the two leaves it unclaimed. Leans on idx_unmapped_to_alert.
CLAIM = """
UPDATE unmapped_market_log SET alerted_at = now()
 WHERE id IN (SELECT id FROM unmapped_market_log
               WHERE alerted_at IS NULL AND status = 'NEW' AND id <= %s
               ORDER BY source, external_market_id FOR UPDATE)
   AND alerted_at IS NULL AND status = 'NEW'
RETURNING id, alerted_at
"""


def announce_new_unmapped(scrape_run_id: int | None = None) -> int:
    """Publish one alert for every NEW row that was not announced yet; returns how many there were.

    What a rule ignores is not announced. The alert names the first 500; its count is of all.
    """
    from mappings.ignore_rules import apply_rules, newest_row
    from mappings.unmapped_logger import unmapped_logger
    from oddsproject.realtime import build_unmapped_alert, publish

    # Rows that arrive while the rules look wait for the next alert: no rule has seen them. The rules
    # commit for themselves, as telling of a decision and claiming rows are not done in one breath.
    newest = newest_row()
    try:
        apply_rules()
    except Exception:
        # A rule that cannot be applied ignores nothing; it must not keep a run from closing.
        log.exception("unmapped.rules_failed", run=scrape_run_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [newest])
            claimed = cursor.fetchall()
        ids = [id for id, _ in claimed]
        if ids:
            named = UnmappedMarketLog.objects.filter(pk__in=ids).order_by("source", "external_market_id")[:MOST_NAMED]
            envelope = build_unmapped_alert(list(named))
            # All of them have one time, which finds them again: the bell leads to these rows.
            told = {"count": len(ids), "announcedAt": claimed[0][1].astimezone(UTC).isoformat().replace("+00:00", "Z")}
            publish("unmapped_alerts", envelope["type"], {**envelope["data"], **told})
            log.info("unmapped.announced", run=scrape_run_id, count=len(ids))
        transaction.on_commit(unmapped_logger.clear_new_markets)
    return len(ids)
