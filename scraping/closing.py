"""The end of a run: withdraw what is proven gone, announce what is new, judge the sources, say
what is missing."""

import time

import structlog
from django.db import transaction
from django.utils import timezone

from mappings.alerts import announce_new_unmapped
from odds.storage import withdraw_due
from scraping.clock import DatabaseClock
from scraping.health import judge_bookmakers
from scraping.models import ScrapeBatch, ScrapeError, ScrapeRun, ScrapeRunBookmaker
from scraping.progress import publish_progress
from scraping.queueing import enqueue_after_cycle

log = structlog.get_logger(__name__)

COMPLETE_SHARE = 0.95


def claim_closing(run_id: int) -> ScrapeRun | None:
    """The run, when all its batches are over and nobody else is closing it."""
    with transaction.atomic():
        run = (
            ScrapeRun.objects.select_for_update()
            .filter(pk=run_id, status=ScrapeRun.Status.RUNNING, phase=ScrapeRun.Phase.SCRAPING)
            .first()
        )
        if run is None or run.batches.filter(status__in=ScrapeBatch.OPEN).exists():
            return None
        run.phase = ScrapeRun.Phase.CLOSING
        run.heartbeat_at = timezone.now()
        run.save(update_fields=["phase", "heartbeat_at"])
        return run


def close_run(run: ScrapeRun) -> ScrapeRun:
    """Finish a claimed run. Safe to repeat: each step does only what is still to be done."""
    started = time.monotonic()
    now = DatabaseClock().now()
    if run.kind == ScrapeRun.Kind.CYCLE:
        for share in run.by_bookmaker.all():
            _withdraw(run, share, now)
    run.new_unmapped = announce_new_unmapped(run.pk)
    shares = list(run.by_bookmaker.all())
    if run.kind == ScrapeRun.Kind.CYCLE:
        judge_bookmakers(run, shares, now)
    run.status, run.summary = verdict(run, shares)
    run.phase = ScrapeRun.Phase.DONE
    run.finished_at = timezone.now()
    run.timings = {**run.timings, "closing_ms": int((time.monotonic() - started) * 1000)}
    run.save(update_fields=["status", "summary", "phase", "finished_at", "timings", "new_unmapped"])
    publish_progress(run, run.summary)
    if run.kind == ScrapeRun.Kind.CYCLE:
        counts = {
            share.bookmaker_slug: {
                "seen": share.markets_seen,
                "mapped": share.markets_mapped,
                "whole": share_is_complete(share),
            }
            for share in shares
        }
        enqueue_after_cycle(run.pk, counts)
    log.info(
        "scrape.run_closed",
        run=run.pk,
        kind=run.kind,
        status=str(run.status),
        seconds=round((run.finished_at - (run.started_at or run.created_at)).total_seconds(), 1),
        events=run.events_done,
        changed=run.markets_changed,
        new_unmapped=run.new_unmapped,
        summary=run.summary,
    )
    return run


def _withdraw(run, share, now):
    result = withdraw_due(share.bookmaker_slug, now, scrape_run_id=run.pk)
    if result.held:
        ScrapeError.objects.get_or_create(
            run=run,
            bookmaker_slug=share.bookmaker_slug,
            phase=ScrapeError.Phase.CLOSE,
            code="WITHDRAWAL_HELD",
            defaults={
                "detail": "More than a third of this bookmaker's markets were missing twice in a row. "
                "Nothing was withdrawn; a person should look."
            },
        )
    # Discovery may have held back events already.
    ScrapeRunBookmaker.objects.filter(pk=share.pk).update(
        markets_withdrawn=result.withdrawn, withdrawal_held=share.withdrawal_held or result.held
    )


def share_is_complete(share: ScrapeRunBookmaker) -> bool:
    """Discovery whole, and at least 95 % of the events that were asked answered."""
    answered = share.events_stored + share.events_gone
    return bool(share.discovery_complete) and share.events_asked > 0 and answered >= COMPLETE_SHARE * share.events_asked


def verdict(run: ScrapeRun, shares) -> tuple[str, str]:
    """(status, what is missing in words) of a run whose batches are over."""
    missing = []
    lost = list(run.batches.filter(status=ScrapeBatch.Status.FAILED).values_list("index", flat=True))
    if lost:
        numbers = ", ".join(str(index + 1) for index in lost)
        missing.append(f"lost batch{'es' if len(lost) > 1 else ''} {numbers}")
    is_cycle = run.kind == ScrapeRun.Kind.CYCLE
    for share in shares:
        slug = share.bookmaker_slug
        if is_cycle and not share.discovery_complete:
            missing.append(f"{slug}: discovery incomplete ({share.last_error or 'see errors'})")
        if share.withdrawal_held:
            missing.append(f"{slug}: too much would have gone at once, nothing was withdrawn")
        if share.events_failed:
            missing.append(f"{slug}: {share.events_failed} of {share.events_asked} events failed")
    stored = sum(share.events_stored for share in shares)
    answered = stored + sum(share.events_gone for share in shares)
    if not answered:
        return ScrapeRun.Status.FAILED, "; ".join(missing) or "nothing could be scraped"
    tolerable = not lost and (
        all(share_is_complete(share) for share in shares)
        if is_cycle
        else not any(share.events_failed for share in shares)
    )
    if tolerable:
        return ScrapeRun.Status.COMPLETED, "; ".join(missing)
    return ScrapeRun.Status.PARTIAL, "; ".join(missing)
