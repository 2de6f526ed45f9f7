"""Puts right what a dead worker left behind. Runs every minute, from the queue's schedule."""

from datetime import timedelta

import structlog
from django.utils import timezone

from scraping.batches import fail_batch
from scraping.closing import claim_closing, close_run
from scraping.discovery_claim import enqueue_again, lose_discovery
from scraping.models import ScrapeBatch, ScrapeRun
from scraping.progress import publish_progress
from scraping.queueing import enqueue_batch

log = structlog.get_logger(__name__)

# Life is shown every 5 s. The schedule that runs this may come half a minute late, and nobody should wait for
# a dead worker for longer than two.
BATCH_SILENT = timedelta(seconds=30)
BATCH_LOST = timedelta(seconds=30)
RUN_IDLE = timedelta(minutes=10)
DISCOVERY_SILENT = timedelta(seconds=30)
DISCOVERY_LOST = timedelta(seconds=30)
CLOSING_SILENT = timedelta(minutes=1)


def look_after_runs(now=None) -> dict:
    """Give back silent discoveries and batches, close runs nobody closed, fail runs that stopped moving.

    Returns counts: reclaimed, requeued, closed, failed.
    """
    now = now or timezone.now()
    counts = {"reclaimed": 0, "requeued": 0, "closed": 0, "failed": 0}
    for run in ScrapeRun.objects.filter(status__in=ScrapeRun.ACTIVE):
        if now - run.heartbeat_at > RUN_IDLE or _was_never_begun(run, now):
            _fail(run, now)
            counts["failed"] += 1
            continue
        if run.phase == ScrapeRun.Phase.DISCOVERING:
            outcome = lose_discovery(run, "Its worker fell silent.", silent_since=now - DISCOVERY_SILENT)
            counts["reclaimed"] += outcome == "again"
            counts["failed"] += outcome == "failed"
            continue
        if run.status == ScrapeRun.Status.PENDING and now - run.heartbeat_at > DISCOVERY_LOST:
            enqueue_again(run)
            counts["requeued"] += 1
            continue
        if run.phase == ScrapeRun.Phase.CLOSING and now - run.heartbeat_at > CLOSING_SILENT:
            close_run(run)
            counts["closed"] += 1
            continue
        counts["reclaimed"] += _reclaim_silent(run, now)
        counts["requeued"] += _requeue_lost(run, now)
        if run.batches.exists():
            claimed = claim_closing(run.pk)
            if claimed is not None:
                close_run(claimed)
                counts["closed"] += 1
    if any(counts.values()):
        log.warning("scrape.watchdog", **counts)
    return counts


def _was_never_begun(run, now):
    """A pending run is enqueued again and again, but not for ever: it is in the way of the next."""
    return run.status == ScrapeRun.Status.PENDING and now - run.created_at > RUN_IDLE


def _reclaim_silent(run, now):
    silent = run.batches.filter(status=ScrapeBatch.Status.RUNNING, heartbeat_at__lt=now - BATCH_SILENT)
    count = 0
    for batch in silent:
        if not fail_batch(batch, "Its worker fell silent."):
            enqueue_batch(batch.pk)
        count += 1
    return count


def _requeue_lost(run, now):
    """A pending batch whose task vanished, or waits for a dead worker's lock, is enqueued again.
    A batch is claimed once, so a second task for it does no harm."""
    if run.batches.filter(status=ScrapeBatch.Status.RUNNING).exists():
        return 0
    lost = run.batches.filter(status=ScrapeBatch.Status.PENDING, enqueued_at__lt=now - BATCH_LOST)
    count = 0
    for batch in lost:
        enqueue_batch(batch.pk)
        ScrapeBatch.objects.filter(pk=batch.pk).update(enqueued_at=now)
        count += 1
    return count


def _fail(run, now):
    minutes = round((now - run.heartbeat_at).total_seconds() / 60)
    run.batches.filter(status__in=ScrapeBatch.OPEN).update(
        status=ScrapeBatch.Status.FAILED, finished_at=now, error="The run stopped moving."
    )
    ScrapeRun.objects.filter(pk=run.pk, status__in=ScrapeRun.ACTIVE).update(
        status=ScrapeRun.Status.FAILED,
        phase=ScrapeRun.Phase.DONE,
        finished_at=now,
        summary=f"No sign of life for {minutes} min in phase {run.phase}; its stored batches stay.",
    )
    run.refresh_from_db()
    publish_progress(run, run.summary)
