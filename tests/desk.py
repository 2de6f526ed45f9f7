"""What the whole-pipeline tests share: one cycle in the foreground."""

from mappings.unmapped_logger import UnmappedLogger
from scraping.coordinator import EventCoordinator
from scraping.models import ScrapeRun
from scraping.services import start_cycle

SLUGS = ["betpawa", "sportybet", "bet9ja"]


def cycle() -> ScrapeRun:
    """One whole cycle in this process; returns the closed run."""
    run = start_cycle(trigger="manual", enqueue=False)
    return EventCoordinator(run, unmapped=UnmappedLogger()).run_full_cycle()
