"""Which events are on offer: all bookmakers asked in parallel, matched, stored, cut into batches."""

import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.utils import timezone

from odds.models import Event, EventLink
from odds.storage import reconcile_discovery, upsert_events
from scraping.bookmakers import REGISTRY
from scraping.bookmakers.base import Discovery
from scraping.clock import DatabaseClock
from scraping.discovery_claim import hold_discovery
from scraping.exceptions import FetchError
from scraping.http import client_for
from scraping.matching import match_events
from scraping.models import ScrapeBatch, ScrapeError, ScrapeRun, ScrapeRunBookmaker, Settings
from scraping.patience import HEARTBEAT_SECONDS, beat, wait_for_database
from scraping.queueing import enqueue_batch, enqueue_second_chances
from scraping.second_chance import give_second_chances
from scraping.set_aside import readable

log = structlog.get_logger(__name__)


def discover(run: ScrapeRun, *, enqueue: bool) -> list[ScrapeBatch]:
    """Ask every bookmaker of the run what it offers and make the run's batches.

    A bookmaker whose discovery fails or is incomplete loses nothing: its known events are
    scraped all the same, and none of them counts as missing. enqueue: hand the batches to the
    workers in the transaction that makes them.
    """
    started = time.monotonic()
    answers = _ask_all(run)
    asked = time.monotonic()
    now = DatabaseClock().now()
    upcoming = {
        slug: [event for event in discovery.events if run.include_started or event.kickoff_at > now]
        for slug, discovery in answers.found.items()
    }
    records, problems = match_events(upcoming)

    def write():
        with transaction.atomic():
            if not hold_discovery(run):
                return []
            event_ids = upsert_events(records)
            held = _reconcile(run, answers, upcoming, now)
            for slug, error in answers.failed.items():
                _note_failed_discovery(run, slug, error)
            rows = [
                *answers.errors,
                *held,
                *(_problem_row(run, problem) for problem in (*problems, *event_ids.problems)),
            ]
            ScrapeError.objects.bulk_create(rows)
            ordered = _order(records, event_ids) + _known_but_unlisted(run, answers.found, set(event_ids.values()), now)
            timings = {
                "discovery_ms": int((asked - started) * 1000),
                "matching_ms": int((time.monotonic() - asked) * 1000),
            }
            return _make_batches(run, ordered, timings, enqueue=enqueue)

    # One transaction: an attempt that dies, or that was given to somebody else, leaves nothing half counted.
    batches = wait_for_database(write)
    if batches and not enqueue:
        try:
            give_second_chances(run)
        except Exception:
            # A few events more are not worth the cycle, whose batches are made already.
            log.exception("scrape.second_chances_failed", run=run.pk)
    run.refresh_from_db()
    log.info("scrape.discovered", run=run.pk, events=run.events_total, batches=len(batches), **run.timings)
    return batches


def _reconcile(run, answers, upcoming, now) -> list[ScrapeError]:
    """Count what each complete discovery lacked; returns a row for people where too much is missing."""
    rows = []
    for slug, discovery in answers.found.items():
        seen = [event.external_id for event in discovery.events]
        _note_share(run, slug, discovery, len(upcoming[slug]), answers.milliseconds.get(slug, 0))
        if discovery.complete and seen:
            result = reconcile_discovery(slug, seen, now)
            log.info("scrape.reconciled", run=run.pk, bookmaker=slug, **_counts(result))
            if result.held:
                rows.append(_held_row(run, slug))
                ScrapeRunBookmaker.objects.filter(run=run, bookmaker_slug=slug).update(withdrawal_held=True)
    return rows


def _make_batches(run, ordered, timings, *, enqueue) -> list[ScrapeBatch]:
    size = Settings.load().batch_size
    batches = [
        ScrapeBatch(run=run, index=index, event_ids=ordered[start : start + size])
        for index, start in enumerate(range(0, len(ordered), size))
    ]
    ScrapeBatch.objects.bulk_create(batches)
    ScrapeRun.objects.filter(pk=run.pk).update(
        phase=ScrapeRun.Phase.SCRAPING,
        heartbeat_at=timezone.now(),
        events_total=len(ordered),
        batches_total=len(batches),
        timings=timings,
    )
    if enqueue:
        for batch in batches:
            enqueue_batch(batch.pk)
        enqueue_second_chances(run.pk)
    return batches


@dataclass
class Answers:
    """What the bookmakers of a run said, by slug. errors: a row for everything that failed."""

    found: dict[str, Discovery] = field(default_factory=dict)
    failed: dict[str, FetchError] = field(default_factory=dict)
    milliseconds: dict[str, int] = field(default_factory=dict)
    errors: list[ScrapeError] = field(default_factory=list)


def _ask_all(run) -> Answers:
    """In the registry's order. Writes nothing but signs of life."""
    answers = Answers()
    clients = {slug: client_for(slug) for slug in run.bookmakers}
    with ThreadPoolExecutor(max_workers=max(1, len(clients)), thread_name_prefix="discover") as pool:
        futures = {slug: pool.submit(_ask, slug, client) for slug, client in clients.items()}
        while wait(futures.values(), timeout=HEARTBEAT_SECONDS).not_done:
            beat(run.pk)
        for slug in sorted(futures, key=list(REGISTRY).index):
            try:
                discovery, answers.milliseconds[slug] = futures[slug].result()
            except FetchError as error:
                answers.errors.append(_error_row(run, slug, error))
                answers.failed[slug] = error
                continue
            answers.found[slug] = discovery
            answers.errors += [_error_row(run, slug, error) for error in discovery.errors]
    return answers


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


def _note_share(run, slug, discovery, listed, milliseconds):
    ScrapeRunBookmaker.objects.filter(run=run, bookmaker_slug=slug).update(
        discovery_complete=discovery.complete, events_listed=listed, discovery_ms=milliseconds
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
