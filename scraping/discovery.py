"""Which events are on offer: all bookmakers asked in parallel, matched, stored, cut into batches."""

import time
from concurrent.futures import ThreadPoolExecutor, wait

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from odds.models import Event, EventLink
from odds.storage import reconcile_discovery, upsert_events
from scraping.bookmakers import REGISTRY
from scraping.clock import DatabaseClock
from scraping.exceptions import FetchError
from scraping.http import client_for
from scraping.matching import match_events
from scraping.models import ScrapeBatch, ScrapeError, ScrapeRun, ScrapeRunBookmaker, Settings
from scraping.patience import HEARTBEAT_SECONDS, beat
from scraping.queueing import enqueue_batch, enqueue_second_chances
from scraping.second_chance import give_second_chances
from scraping.set_aside import readable

log = structlog.get_logger(__name__)


def claim_discovery(run_id: int) -> ScrapeRun | None:
    """Take a pending cycle; None when it is already going or over."""
    now = timezone.now()
    taken = ScrapeRun.objects.filter(pk=run_id, status=ScrapeRun.Status.PENDING).update(
        status=ScrapeRun.Status.RUNNING, phase=ScrapeRun.Phase.DISCOVERING, started_at=now, heartbeat_at=now
    )
    if not taken:
        log.info("scrape.discovery_not_claimed", run=run_id)
        return None
    return ScrapeRun.objects.get(pk=run_id)


def discover(run: ScrapeRun, *, enqueue: bool) -> list[ScrapeBatch]:
    """Ask every bookmaker of the run what it offers and make the run's batches.

    A bookmaker whose discovery fails or is incomplete loses nothing: its known events are
    scraped all the same, and none of them counts as missing. enqueue: hand the batches to the
    workers in the transaction that makes them.
    """
    started = time.monotonic()
    found, errors = _ask_all(run)
    asked = time.monotonic()
    clock = DatabaseClock()
    now = clock.now()
    upcoming = {
        slug: [event for event in discovery.events if run.include_started or event.kickoff_at > now]
        for slug, discovery in found.items()
    }
    records, problems = match_events(upcoming)
    event_ids = upsert_events(records)
    for slug, discovery in found.items():
        seen = [event.external_id for event in discovery.events]
        _note_share(run, slug, discovery, len(upcoming[slug]))
        if discovery.complete and seen:
            result = reconcile_discovery(slug, seen, now)
            log.info("scrape.reconciled", run=run.pk, bookmaker=slug, **_counts(result))
            if result.held:
                errors.append(_held_row(run, slug))
                ScrapeRunBookmaker.objects.filter(run=run, bookmaker_slug=slug).update(withdrawal_held=True)
    ordered = _order(records, event_ids) + _known_but_unlisted(run, found, set(event_ids.values()), now)
    settings = Settings.load()
    batches = [
        ScrapeBatch(run=run, index=index, event_ids=ordered[start : start + settings.batch_size])
        for index, start in enumerate(range(0, len(ordered), settings.batch_size))
    ]
    with transaction.atomic():
        ScrapeError.objects.bulk_create(
            errors + [_problem_row(run, problem) for problem in (*problems, *event_ids.problems)]
        )
        ScrapeBatch.objects.bulk_create(batches)
        ScrapeRun.objects.filter(pk=run.pk).update(
            phase=ScrapeRun.Phase.SCRAPING,
            heartbeat_at=timezone.now(),
            events_total=len(ordered),
            batches_total=len(batches),
            timings={
                "discovery_ms": int((asked - started) * 1000),
                "matching_ms": int((time.monotonic() - asked) * 1000),
            },
        )
        if enqueue:
            for batch in batches:
                enqueue_batch(batch.pk)
            enqueue_second_chances(run.pk)
    if not enqueue:
        give_second_chances(run)
    run.refresh_from_db()
    log.info("scrape.discovered", run=run.pk, events=len(ordered), batches=len(batches), **run.timings)
    return batches


def _ask_all(run):
    """{slug: Discovery} in the registry's order, and error rows for all that failed."""
    found, errors = {}, []
    clients = {slug: client_for(slug) for slug in run.bookmakers}
    with ThreadPoolExecutor(max_workers=max(1, len(clients)), thread_name_prefix="discover") as pool:
        futures = {slug: pool.submit(_ask, slug, client) for slug, client in clients.items()}
        while wait(futures.values(), timeout=HEARTBEAT_SECONDS).not_done:
            beat(run.pk)
        for slug in sorted(futures, key=list(REGISTRY).index):
            try:
                discovery, milliseconds = futures[slug].result()
            except FetchError as error:
                errors.append(_error_row(run, slug, error))
                _note_failed_discovery(run, slug, error)
                continue
            found[slug] = discovery
            errors += [_error_row(run, slug, error) for error in discovery.errors]
            ScrapeRunBookmaker.objects.filter(run=run, bookmaker_slug=slug).update(discovery_ms=milliseconds)
    return found, errors


def _ask(slug, client):
    started = time.monotonic()
    discovery = REGISTRY[slug].discover(client)
    return discovery, int((time.monotonic() - started) * 1000)


def _order(records, event_ids):
    """Our ids of the matched events, soonest kick-off first, each once."""
    ordered, seen = [], set()
    for record in records:
        link = record.links[0]
        event_id = event_ids.get((link.bookmaker_slug, link.external_id))
        if event_id is not None and event_id not in seen:
            seen.add(event_id)
            ordered.append(event_id)
    return ordered


def _known_but_unlisted(run, found, listed_ids, now):
    """Events of bookmakers whose discovery failed or was cut: their last known links are asked."""

    blind = [slug for slug in run.bookmakers if slug not in found or not found[slug].complete]
    if not blind:
        return []
    return list(
        EventLink.objects.filter(bookmaker_slug__in=blind, event__kickoff_at__gt=now, withdrawn_at__isnull=True)
        .exclude(event_id__in=listed_ids)
        .order_by("event__kickoff_at", "event_id")
        .values_list("event_id", flat=True)
        .distinct()
    )


def _note_share(run, slug, discovery, listed):
    ScrapeRunBookmaker.objects.filter(run=run, bookmaker_slug=slug).update(
        discovery_complete=discovery.complete, events_listed=F("events_listed") + listed
    )


def _note_failed_discovery(run, slug, error):
    ScrapeRunBookmaker.objects.filter(run=run, bookmaker_slug=slug).update(
        discovery_complete=False, last_error=f"{error.code}: {error.detail}"[:500]
    )


def _error_row(run, slug, error):
    return ScrapeError(
        run=run,
        bookmaker_slug=slug,
        phase=ScrapeError.Phase.DISCOVERY,
        code=error.code[:40],
        detail=str(error.detail).replace("\x00", "")[:1000],
        sample=readable(error.sample),
    )


def _held_row(run, slug):
    return ScrapeError(
        run=run,
        bookmaker_slug=slug,
        phase=ScrapeError.Phase.DISCOVERY,
        code="EVENTS_HELD",
        detail="More than a third of this bookmaker's events were missing from two lists in a row. "
        "None was withdrawn; a person should look.",
    )


def _problem_row(run, problem):
    return ScrapeError(
        run=run,
        bookmaker_slug=problem.bookmaker_slug,
        external_id=problem.external_id[:100],
        phase=ScrapeError.Phase.MATCHING,
        code=problem.code,
        detail=problem.detail,
    )


def _counts(result):
    return {
        "missed_once": result.missed_once,
        "withdrawn_events": result.withdrawn_events,
        "held": result.held,
    }


def make_refresh_batch(run: ScrapeRun) -> list[ScrapeBatch]:
    """The single batch of a one-event run."""

    event_id = Event.objects.values_list("pk", flat=True).get(sportradar_id=run.event_sr_id)
    batch = ScrapeBatch.objects.create(run=run, index=0, event_ids=[event_id])
    ScrapeRun.objects.filter(pk=run.pk).update(
        phase=ScrapeRun.Phase.SCRAPING, events_total=1, batches_total=1, heartbeat_at=timezone.now()
    )
    run.refresh_from_db()
    return [batch]
