"""What browsers are told of a run while it goes."""

from django.utils import timezone

from oddsproject.realtime import publish
from scraping.models import ScrapeRun


def publish_progress(run: ScrapeRun, message: str = ""):
    """Send the state of `run` to the topic scrape_progress. Counts only; readers fetch the rest."""
    started = run.started_at or run.created_at
    publish(
        "scrape_progress",
        "scrape_progress",
        {
            "scrapeRunId": run.pk,
            "kind": run.kind,
            "trigger": run.trigger,
            "status": run.status,
            "phase": run.phase,
            "current": run.events_done,
            "total": run.events_total,
            "changed": run.markets_changed,
            "elapsedMs": int((timezone.now() - started).total_seconds() * 1000),
            "message": message,
        },
    )


def publish_odds_update(slug: str, event_ids: list[int], changed: int):
    """Tell browsers which events of a bookmaker have new prices; they re-read what they show."""
    publish("odds_updates", "odds_update", {"eventIds": event_ids, "source": slug, "changed": changed})
