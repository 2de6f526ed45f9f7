"""Counts of one batch, per bookmaker. They must add up:
asked = stored + failed + gone, and markets seen = mapped + unmapped + set aside."""

from dataclasses import dataclass, field

from django.db.models import F

from scraping.models import ScrapeRun, ScrapeRunBookmaker


@dataclass
class BookmakerTally:
    events_asked: int = 0
    events_stored: int = 0
    events_failed: int = 0
    events_gone: int = 0
    markets_seen: int = 0
    markets_mapped: int = 0
    markets_unmapped: int = 0
    markets_set_aside: int = 0
    markets_changed: int = 0
    fetch_ms: int = 0
    last_error: str = ""
    changed_event_ids: set = field(default_factory=set)

    COUNTERS = (
        "events_asked",
        "events_stored",
        "events_failed",
        "events_gone",
        "markets_seen",
        "markets_mapped",
        "markets_unmapped",
        "markets_set_aside",
        "markets_changed",
        "fetch_ms",
    )


def add_to_run(run_id: int, tallies: dict[str, BookmakerTally], *, events_done: int):
    """Add one batch's counts to its run. Call in the transaction that marks the batch stored."""
    for slug, tally in tallies.items():
        increments = {name: F(name) + getattr(tally, name) for name in BookmakerTally.COUNTERS}
        if tally.last_error:
            increments["last_error"] = tally.last_error
        ScrapeRunBookmaker.objects.filter(run_id=run_id, bookmaker_slug=slug).update(**increments)
    ScrapeRun.objects.filter(pk=run_id).update(
        events_done=F("events_done") + events_done,
        markets_changed=F("markets_changed") + sum(tally.markets_changed for tally in tallies.values()),
    )
