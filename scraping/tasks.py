"""Entry points of the task queue. Their dotted paths are stored in the queue and in schedules:
this module stays where it is, the code behind it moves freely."""

from datetime import timedelta

import structlog
from django.utils import timezone

from odds.storage import partitions
from scraping import watchdog as run_watchdog
from scraping.coordinator import EventCoordinator
from scraping.models import ScrapeRun, Settings
from scraping.reapply import NotInForce
from scraping.reapply import reapply as map_again
from scraping.retention import drop_old_runs
from scraping.second_chance import give_second_chances
from scraping.services import CycleRefused, start_cycle

log = structlog.get_logger(__name__)

# A schedule fires up to 30 s late; without this slack an interval of a minute would skip beats.
LATENESS = timedelta(seconds=25)


def tick():
    """Every minute: start a cycle when one is due. An overdue one is skipped, not stacked."""
    settings = Settings.load()
    if settings.scheduler_paused:
        return "paused"
    last = (
        ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, trigger=ScrapeRun.Trigger.SCHEDULE)
        .order_by("-id")
        .values_list("created_at", flat=True)
        .first()
    )
    if last is not None and timezone.now() - last < timedelta(minutes=settings.interval_minutes) - LATENESS:
        return "not due"
    try:
        run = start_cycle(trigger=ScrapeRun.Trigger.SCHEDULE)
    except CycleRefused as refusal:
        log.info("scrape.cycle_skipped", reason=str(refusal))
        return str(refusal)
    return f"run {run.pk}"


def discover(run_id):
    EventCoordinator(ScrapeRun.objects.get(pk=run_id)).discover()


def second_chances(run_id):
    give_second_chances(ScrapeRun.objects.get(pk=run_id))


def scrape_batch(batch_id):
    run = ScrapeRun.objects.filter(batches__pk=batch_id).first()
    if run is None:
        log.info("scrape.batch_gone", batch=batch_id)
        return
    coordinator = EventCoordinator(run)
    coordinator.scrape_and_store(batch_id)
    coordinator.close()


def refresh_event(run_id):
    EventCoordinator(ScrapeRun.objects.get(pk=run_id)).run_full_cycle()


def reapply(canonical_id, user_name):
    """Its result says how many events have the mapping now, and how many wait for the next cycle."""
    try:
        return map_again(canonical_id, user_name).as_dict()
    except NotInForce:
        log.info("mapping.not_in_force", canonical_id=canonical_id)  # switched off before its turn came
        return "not in force"


def watchdog():
    return run_watchdog.look_after_runs()


def housekeeping():
    """Hourly: partitions ahead, old ones dropped, old runs deleted."""
    settings = Settings.load()
    partitions.maintain(settings.odds_retention_days)
    drop_old_runs(settings.run_retention_days)
