"""When what was missing counts as gone: markets after two complete answers without them, events
after two complete discoveries, and neither when too much would go at once."""

import time
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.db import connection, transaction

from odds.caching.availability_detection import log_availability_changes
from odds.caching.pair_comparison import parts_of_text, text_of_key
from odds.storage import arrays
from odds.storage import withdrawal_sql as sql
from odds.storage.arrays import columns
from odds.storage.previous import Absence, KnownPair, load_packed
from odds.storage.records import ReconcileResult, WithdrawalResult
from odds.storage.sql import UPSERT_FINGERPRINTS, UPSERT_KEYS

log = structlog.get_logger(__name__)

HOLD_SHARE = 1 / 3


def withdraw_due(
    bookmaker_slug: str, at: datetime, scrape_run_id: int | None = None, hold_share: float = HOLD_SHARE
) -> WithdrawalResult:
    """Withdraw a bookmaker's markets that two complete answers in a row lacked.

    unavailable_at becomes the time of the first of them, and each withdrawal is a history row,
    all in one transaction. Events that have kicked off by `at` are left alone: closed is another
    state. When more than `hold_share` of what the bookmaker has on offer is due, nothing goes and
    the result says held; a person who knows better passes hold_share=1. Safe to repeat.
    """
    started = time.perf_counter()
    with transaction.atomic(), _raw_cursor() as cursor:
        cursor.execute(sql.LOCK_LINKS_WITH_DUE_MARKETS, [at, bookmaker_slug])
        links = cursor.fetchall()
        due = sum(due_count for *_, due_count in links)
        cursor.execute(sql.COUNT_AVAILABLE, [at, bookmaker_slug])
        available = cursor.fetchone()[0]
        held = due > hold_share * available
        withdrawn = 0
        if due and not held:
            known = _load(cursor, bookmaker_slug, [(link_id, event_id) for link_id, event_id, _ in links])
            keys = [
                (*pair, *parts_of_text(text))
                for pair, state in known.items()
                for text, absence in state.missed.items()
                if absence.is_due
            ]
            cursor.execute(sql.WITHDRAW_MARKETS, [at, *columns("ittt", keys)])
            withdrawn = _record(cursor, known, cursor.fetchall())
    context = {
        "bookmaker": bookmaker_slug,
        "scrape_run_id": scrape_run_id,
        "available_before": available,
        "ms": round((time.perf_counter() - started) * 1000, 1),
    }
    if held:
        log.warning("odds.withdrawal_held", due=due, hold_share=round(hold_share, 3), **context)
    log_availability_changes(withdrawn, 0, **context)
    return WithdrawalResult(withdrawn=withdrawn, held=held, available_before=available, due=due)


def reconcile_discovery(
    bookmaker_slug: str, seen_external_ids, at: datetime, hold_share: float = HOLD_SHARE
) -> ReconcileResult:
    """Compare a *complete* discovery with the events that the bookmaker is known to offer.

    seen_external_ids: everything it listed. at: when; the same discovery counted again changes
    nothing. An event missing from two in a row, and not scraped whole in between, is withdrawn
    with its markets; one that is listed again is not missing any more (its markets return with
    its next answer). Events that have kicked off are left alone. More than `hold_share` of the
    bookmaker's events due at once: none goes, and the result says held.
    """
    seen = sorted(set(seen_external_ids))
    with transaction.atomic(), _raw_cursor() as cursor:
        cursor.execute(sql.LOCK_LINKS_TO_RECONCILE, [seen, bookmaker_slug, at])
        links = cursor.fetchall()
        back = [link_id for link_id, _, listed, *_ in links if listed]
        missing = [
            (link_id, event_id, missed)
            for link_id, event_id, listed, missed, missed_at in links
            if not listed and (missed_at is None or missed_at < at)
        ]
        due = [(link_id, event_id) for link_id, event_id, missed in missing if missed >= 1]
        cursor.execute(sql.COUNT_OFFERED_EVENTS, [bookmaker_slug, at])
        (offered,) = cursor.fetchone()
        held = len(due) > hold_share * offered
        if back:
            cursor.execute(sql.CLEAR_MISSED_DISCOVERIES, [back])
        if missing:
            cursor.execute(sql.COUNT_MISSED_DISCOVERY, [at, [link_id for link_id, *_ in missing]])
        withdrawn_markets = 0
        if due and not held:
            link_ids = [link_id for link_id, _ in due]
            known = _load(cursor, bookmaker_slug, due)
            cursor.execute(sql.WITHDRAW_LINKS, [at, link_ids])
            cursor.execute(sql.WITHDRAW_MARKETS_OF_LINKS, [at, at, at, at, link_ids])
            withdrawn_markets = _record(cursor, known, cursor.fetchall())
    result = ReconcileResult(
        missed_once=len(missing) - len(due),
        withdrawn_events=0 if held else len(due),
        held=held,
        withdrawn_markets=withdrawn_markets,
        returned=len(back),
    )
    if held:
        log.warning("odds.events_held", bookmaker=bookmaker_slug, due=len(due), offered=offered)
    log_availability_changes(withdrawn_markets, 0, bookmaker=bookmaker_slug, withdrawn_events=result.withdrawn_events)
    return result


@contextmanager
def _raw_cursor():
    connection.ensure_connection()
    with connection.wrap_database_errors, arrays.cursor(connection.connection) as cursor:
        yield cursor


def _load(cursor, slug, links) -> dict:
    """The packed state of locked links [(link id, event id)]."""
    known = {(event_id, slug): KnownPair(link_id, "", None, None) for link_id, event_id in links}
    load_packed(cursor.connection, known)
    return known


def _record(cursor, known, gone) -> int:
    """Bring the packed state and the counts of links up to date with markets withdrawn:
    gone = [(event id, slug, market id, line, when)]; returns how many they are."""
    for event_id, slug, market_id, line, when in gone:
        missed = known[event_id, slug].missed
        text = text_of_key((market_id, line))
        missed[text] = Absence(max(2, missed[text].missed_count if text in missed else 0), when)
    states = list(known.values())
    unpacked = [(state.link_id, state.packed_keys) for state in states if not state.is_packed]
    if unpacked:
        cursor.execute(UPSERT_KEYS, columns("ib", unpacked))
    packed = [(s.link_id, s.packed_fingerprints, s.packed_missing) for s in states]
    cursor.execute(UPSERT_FINGERPRINTS, columns("ibb", packed))
    cursor.execute(sql.UPDATE_COUNTS, columns("iii", [(s.link_id, s.withdrawn_count, s.due_count) for s in states]))
    return len(gone)
