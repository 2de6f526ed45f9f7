"""Who does the discovery of a run: one attempt at a time, two at most, and only the present one writes."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from scraping.models import ScrapeBatch, ScrapeRun
from scraping.progress import publish_progress
from scraping.queueing import enqueue_discovery, enqueue_refresh

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 2


def claim_discovery(run_id: int) -> ScrapeRun | None:
    """Take a pending run, marking the attempt before the work; None when it is already going or over."""
    now = timezone.now()
    taken = ScrapeRun.objects.filter(pk=run_id, status=ScrapeRun.Status.PENDING).update(
        status=ScrapeRun.Status.RUNNING,
        phase=ScrapeRun.Phase.DISCOVERING,
        discovery_attempts=F("discovery_attempts") + 1,
        started_at=Coalesce("started_at", now),
        heartbeat_at=now,
    )
    if not taken:
        log.info("scrape.discovery_not_claimed", run=run_id)
        return None
    return ScrapeRun.objects.get(pk=run_id)


def hold_discovery(run: ScrapeRun) -> bool:
    """Whether this attempt is still the run's present one. If so it stays that until the caller's
    transaction ends: nobody gives the discovery to somebody else meanwhile."""
    held = _attempt(run).select_for_update().exists()
    if not held:
        log.warning("scrape.discovery_taken_over", run=run.pk, attempt=run.discovery_attempts)
    return held


def lose_discovery(run: ScrapeRun, reason: str, *, silent_since: datetime | None = None, again=True) -> str:
    """Give the discovery of a run to another worker, or fail the run when that has been tried.

    reason: a sentence for people. silent_since: only if there was no sign of life after it. again: False
    when no worker may take it over.
    Returns "again", "failed", or "" when it is not this attempt's any more or is being written.
    """
    attempt = _attempt(run)
    if silent_since is not None:
        attempt = attempt.filter(heartbeat_at__lte=silent_since)
    with transaction.atomic():
        lost = attempt.select_for_update(skip_locked=True).first()
        if lost is None:
            return ""
        now = lost.heartbeat_at = timezone.now()
        if again and lost.discovery_attempts < MAX_ATTEMPTS:
            lost.status, lost.phase = ScrapeRun.Status.PENDING, ScrapeRun.Phase.INITIALIZING
            _enqueue(lost)
        else:
            lost.status, lost.phase, lost.finished_at = ScrapeRun.Status.FAILED, ScrapeRun.Phase.DONE, now
            times = "once" if lost.discovery_attempts == 1 else f"{lost.discovery_attempts} times, at last"
            lost.summary = f"Discovery failed {times}: {reason}"
            lost.batches.filter(status__in=ScrapeBatch.OPEN).update(status=ScrapeBatch.Status.FAILED, finished_at=now)
        lost.save(update_fields=["status", "phase", "heartbeat_at", "finished_at", "summary"])
    log.error("scrape.discovery_lost", run=lost.pk, attempt=lost.discovery_attempts, reason=reason)
    publish_progress(lost, lost.summary or f"Discovery begins again. {reason}")
    return "again" if lost.is_active else "failed"


def enqueue_again(run: ScrapeRun):
    """A pending run whose task vanished, or waits for a dead worker's lock. It is claimed once, so a
    second task for it does no harm."""
    with transaction.atomic():
        _enqueue(run)
        ScrapeRun.objects.filter(pk=run.pk, status=ScrapeRun.Status.PENDING).update(heartbeat_at=timezone.now())


def _attempt(run):
    return ScrapeRun.objects.filter(
        pk=run.pk,
        status=ScrapeRun.Status.RUNNING,
        phase=ScrapeRun.Phase.DISCOVERING,
        discovery_attempts=run.discovery_attempts,
    )


def _enqueue(run):
    (enqueue_refresh if run.kind == ScrapeRun.Kind.EVENT else enqueue_discovery)(run.pk)
