"""What the whole-pipeline tests share: one cycle in the foreground."""

from mappings.unmapped_logger import UnmappedLogger
from odds.models import EventLink, MarketOddsHistory
from scraping.coordinator import EventCoordinator
from scraping.models import ScrapeRun
from scraping.services import start_cycle

SLUGS = ["betpawa", "sportybet", "bet9ja"]


def cycle() -> ScrapeRun:
    """One whole cycle in this process; returns the closed run."""
    run = start_cycle(trigger="manual", enqueue=False)
    return EventCoordinator(run, unmapped=UnmappedLogger()).run_full_cycle()


def history_rows() -> int:
    """History rows of events that some bookmaker offers. (An unmatched event whose SportRadar id
    becomes known hands its link over to the matched one; what was written under it stays there.)"""
    return MarketOddsHistory.objects.filter(event_id__in=EventLink.objects.values("event_id")).count()
