"""The state of each bookmaker as a source, judged at the end of every cycle."""

from datetime import timedelta

import structlog
from django.db import transaction

from oddsproject.realtime import publish
from scraping.models import BookmakerHealth, ScrapeError

log = structlog.get_logger(__name__)

State = BookmakerHealth.State
DOWN_AFTER_CYCLES = 2
DOWN_AFTER = timedelta(minutes=10)
MAX_FAILED_SHARE = 0.05
MAX_UNPARSED_SHARE = 0.20
MIN_MARKETS_TO_JUDGE = 50
BLOCKED_CODES = {"BLOCKED", "CHALLENGE", "FORBIDDEN", "REDIRECT", "CONTENT_TYPE"}


def judge_bookmakers(run, shares, now):
    """Set each bookmaker's state from its share of a finished cycle; one notice per change."""
    for share in shares:
        with transaction.atomic():
            BookmakerHealth.objects.get_or_create(bookmaker_slug=share.bookmaker_slug)
            health = BookmakerHealth.objects.select_for_update().get(bookmaker_slug=share.bookmaker_slug)
            _judge(health, run, share, now)


def _judge(health, run, share, now):
    from scraping.closing import share_is_complete

    complete = share_is_complete(share)
    health.last_attempt_at = now
    health.events_listed = share.events_listed
    health.events_stored = share.events_stored
    if share.markets_seen:
        health.markets_seen = share.markets_seen
        health.markets_unmapped = share.markets_unmapped
    if complete:
        health.last_complete_at = now
        health.incomplete_cycles = 0
    else:
        health.incomplete_cycles += 1
    state, reason = next_state(health, share, complete, was_blocked=_was_blocked(run, share), now=now)
    changed = state != health.state
    if changed:
        health.state, health.state_since = state, now
    health.reason = reason
    health.updated_at = now
    health.save()
    if changed:
        log.warning("scrape.bookmaker_state", bookmaker=share.bookmaker_slug, state=str(state), reason=reason)
        publish(
            "scrape_progress",
            "bookmaker_state",
            {"source": share.bookmaker_slug, "state": state, "reason": reason, "scrapeRunId": run.pk},
        )


def next_state(health, share, complete, *, was_blocked, now) -> tuple[str, str]:
    """(state, reason in words) after a cycle. UP again only after one complete cycle."""
    if not complete and was_blocked:
        return State.BLOCKED, share.last_error or "The bookmaker refuses our requests."
    overdue = health.last_complete_at is not None and now - health.last_complete_at > DOWN_AFTER
    if not complete and share.events_stored == 0 and (health.incomplete_cycles >= DOWN_AFTER_CYCLES or overdue):
        return State.DOWN, share.last_error or f"No complete cycle for {health.incomplete_cycles} cycles."
    if share.events_asked and share.events_failed / share.events_asked > MAX_FAILED_SHARE:
        return State.DEGRADED, f"{share.events_failed} of {share.events_asked} events failed."
    if share.markets_seen >= MIN_MARKETS_TO_JUDGE and share.markets_set_aside / share.markets_seen > MAX_UNPARSED_SHARE:
        return State.DEGRADED, f"{share.markets_set_aside} of {share.markets_seen} markets do not parse."
    if share.withdrawal_held:
        return State.DEGRADED, "Too much would have gone at once; nothing was withdrawn. A person should look."
    if complete:
        return State.UP, ""
    if health.incomplete_cycles >= DOWN_AFTER_CYCLES:
        return State.DEGRADED, share.last_error or "Discovery is incomplete."
    return health.state, share.last_error


def _was_blocked(run, share):
    return ScrapeError.objects.filter(run=run, bookmaker_slug=share.bookmaker_slug, code__in=BLOCKED_CODES).exists()
