"""What the scraper adds to readiness: the state of its sources and of its queue."""

from oddsproject.realtime.envelopes import utc_timestamp
from scraping.api.control import scheduler_state
from scraping.models import BookmakerHealth


def feeds():
    """{ok, bookmakers: [...]}: ok when no bookmaker is down, blocked or degraded."""
    found = BookmakerHealth.objects.order_by("bookmaker_slug")
    worrying = (BookmakerHealth.State.DOWN, BookmakerHealth.State.BLOCKED, BookmakerHealth.State.DEGRADED)
    return {
        "ok": all(health.state not in worrying for health in found),
        "platforms": [
            {
                "platform": health.bookmaker_slug,
                "status": health.state,
                "since": _shown(health.state_since),
                "reason": health.reason,
                "lastAttemptAt": _shown(health.last_attempt_at),
                "lastCompleteAt": _shown(health.last_complete_at),
                "pausedUntil": _shown(health.paused_until),
            }
            for health in found
        ],
    }


def queue():
    """{ok, paused}: ok while somebody runs the queue's schedules."""
    state = scheduler_state()
    return {"ok": state["running"], "paused": state["paused"]}


def _shown(at):
    return utc_timestamp(at) if at else None
