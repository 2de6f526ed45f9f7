"""One batch of events: ask all bookmakers of an event together, soonest kick-off first, while
what has already arrived is written."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.evidence.collector import FixtureCollector
from mappings.evidence.store import save_fixtures
from mappings.unmapped_logger import UnmappedEntry, UnmappedLogger
from odds.models import Event, EventLink
from odds.storage import EventRecord, LinkRecord, MarketWriteBatch, ObservedMarkets, WriteQueue, upsert_events
from scraping.clock import DatabaseClock
from scraping.fetching import Answer, Described, Failure, Target, fetch_target
from scraping.http import client_for
from scraping.models import ScrapeBatch, ScrapeError, ScrapeRun, Settings
from scraping.patience import HEARTBEAT_SECONDS, beat
from scraping.progress import publish_odds_update, publish_progress
from scraping.set_aside import Piece, readable, record_set_aside
from scraping.tally import BookmakerTally, add_to_run

log = structlog.get_logger(__name__)

WRITE_AFTER_OBSERVATIONS = 75
SAMPLE_OUTCOMES = 12
MALFORMED = {"INVALID_ODDS", "INVALID_SPECIFIER", "INVALID_KEY_FORMAT"}

described = Described()


@dataclass
class BatchOutcome:
    """What a batch brought. tallies: per bookmaker slug."""

    tallies: dict[str, BookmakerTally] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    learned: list[Answer] = field(default_factory=list)
    fixtures: list = field(default_factory=list)
    events_done: int = 0
    timings: dict = field(default_factory=dict)


def claim_batch(batch_id: int) -> ScrapeBatch | None:
    """Take a pending batch of a running run, marking the attempt before the work; None when
    somebody else has it, it is done, or its run is over."""
    now = timezone.now()
    taken = ScrapeBatch.objects.filter(
        pk=batch_id, status=ScrapeBatch.Status.PENDING, run__status=ScrapeRun.Status.RUNNING
    ).update(status=ScrapeBatch.Status.RUNNING, attempts=F("attempts") + 1, heartbeat_at=now)
    if not taken:
        log.info("scrape.batch_not_claimed", batch=batch_id)
        return None
    return ScrapeBatch.objects.select_related("run").get(pk=batch_id)


def run_batch(batch: ScrapeBatch, unmapped: UnmappedLogger) -> BatchOutcome:
    """Fetch, map and write the events of a claimed batch.

    Current odds and history are committed as they arrive, a transaction per group of
    observations; `store_outcome` then commits everything else together with the mark "stored".
    """
    settings = Settings.load()
    mapping_cache.refresh()
    unmapped.begin_cycle(batch.run_id)
    worker = _BatchRun(batch, settings, unmapped)
    outcome = worker.go()
    log.info("scrape.batch_scraped", run=batch.run_id, batch=batch.index, **outcome.timings)
    return outcome


class _BatchRun:
    def __init__(self, batch, settings, unmapped):
        self.batch = batch
        self.unmapped = unmapped
        self.window = settings.max_concurrent_events
        self.deadline = time.monotonic() + _seconds_left(batch.run, settings)
        self.clock = DatabaseClock()
        self.outcome = BatchOutcome({slug: BookmakerTally() for slug in batch.run.bookmakers})
        self.collector = FixtureCollector()
        self.arrived: queue.SimpleQueue = queue.SimpleQueue()
        self.pending_writes: list[ObservedMarkets] = []
        self.changed_lock = threading.Lock()

    def go(self) -> BatchOutcome:
        started = time.monotonic()
        targets_by_event = load_targets(self.batch.event_ids, self.batch.run, self.clock.now())
        self.outcome.events_done = len(self.batch.event_ids)
        with WriteQueue(on_result=self._note_write) as writer:
            self._fetch_all(targets_by_event, writer)
            self._write(writer)
            fetched = time.monotonic()
            writer.drain()
        self.outcome.fixtures = self.collector.rows
        self.outcome.timings = {
            "fetch_ms": int((fetched - started) * 1000),
            "drain_ms": int((time.monotonic() - fetched) * 1000),
        }
        return self.outcome

    def _fetch_all(self, targets_by_event, writer):
        waiting = iter(targets_by_event)
        left_of: dict[int, int] = {}
        last_beat = time.monotonic()
        clients = {slug: client_for(slug) for slug in self.batch.run.bookmakers}
        threads = max(1, self.window * len(clients))
        with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="fetch") as pool:
            for _ in range(self.window):
                self._submit_next(waiting, pool, clients, left_of)
            while left_of:
                try:
                    result = self.arrived.get(timeout=1)
                except queue.Empty:
                    result = None
                if result is not None:
                    self._note(result)
                    event_id = result.target.event_id
                    left_of[event_id] -= 1
                    if not left_of[event_id]:
                        del left_of[event_id]
                        self.collector.event_over(result.target.sportradar_id)
                        self._submit_next(waiting, pool, clients, left_of)
                    if len(self.pending_writes) >= WRITE_AFTER_OBSERVATIONS:
                        self._write(writer)
                if time.monotonic() - last_beat > HEARTBEAT_SECONDS:
                    beat(self.batch.run_id, self.batch.pk)
                    last_beat = time.monotonic()

    def _submit_next(self, waiting, pool, clients, left_of):
        targets = next(waiting, None)
        while targets is not None and time.monotonic() > self.deadline:
            for target in targets:
                self._note(Failure(target, ScrapeError.Phase.FETCH, "DEADLINE", "The cycle's time was up."))
            targets = next(waiting, None)
        if targets is None:
            return
        left_of[targets[0].event_id] = len(targets)
        for target in targets:
            pool.submit(self._fetch, target, clients[target.bookmaker_slug])

    def _fetch(self, target, client):
        self.arrived.put(fetch_target(target, client, self.clock, described))

    def _note(self, result):
        tally = self.outcome.tallies[result.target.bookmaker_slug]
        tally.events_asked += 1
        tally.fetch_ms += result.fetch_ms
        if isinstance(result, Failure):
            self._note_failure(result, tally)
        else:
            self._note_answer(result, tally)

    def _note_failure(self, failure, tally):
        self.outcome.failures.append(failure)
        if failure.gone:
            tally.events_gone += 1
        else:
            tally.events_failed += 1
            tally.last_error = f"{failure.code}: {failure.detail}"[:500]

    def _note_answer(self, answer, tally):
        tally.events_stored += 1
        target, scraped = answer.target, answer.scraped
        self.collector.add(target.sportradar_id, target.event_id, target.kickoff_at, answer.observed_at, scraped)
        if target.sportradar_id is None and scraped.sportradar_id:
            self.outcome.learned.append(answer)
        malformed = [error for error in answer.errors if error.code in MALFORMED]
        tally.markets_seen += len(scraped.markets) + len(scraped.dropped)
        tally.markets_set_aside += len(scraped.dropped) + len(malformed)
        fully_unmapped = self._log_unmapped(answer)
        tally.markets_unmapped += fully_unmapped
        tally.markets_mapped += len(scraped.markets) - fully_unmapped - len(malformed)
        for piece in scraped.dropped:
            self.outcome.pieces.append(_piece(target, piece.path, "DROPPED", piece.reason, piece.sample))
        for error in malformed:
            sample = {"specifier": error.market.specifier, "outcomes": sample_outcomes(error.market, {})}
            self.outcome.pieces.append(_piece(target, error.market.key, error.code, error.detail, sample))
        self.pending_writes.append(
            ObservedMarkets(
                event_id=target.event_id,
                bookmaker_slug=target.bookmaker_slug,
                observed_at=answer.observed_at,
                complete=scraped.complete,
                markets=tuple(market for market in answer.mapped if market.betpawa_market_id),
                unreadable_keys=tuple(key for error in malformed for key in error.claimed),
                unreadable_market_ids=answer.unreadable_market_ids,
                mapping_version=answer.mapping_version,
            )
        )

    def _log_unmapped(self, answer) -> int:
        """Log every market that did not map; returns how many markets that were."""
        target, count = answer.target, 0
        for error in answer.errors:
            if error.code in MALFORMED:
                continue
            if error.code != "PARTIAL_OUTCOMES":
                count += 1
            market = error.market
            name, rules_text, labels = answer.descriptions.get(market.key) or (market.name, market.rules_text, {})
            self.unmapped.log(
                UnmappedEntry(
                    source=target.bookmaker_slug,
                    external_market_id=market.key,
                    market_name=name or None,
                    sample_outcomes=sample_outcomes(market, labels),
                    seen_at=answer.observed_at,
                    error_code=error.code,
                    event_key=str(target.event_id),
                    kickoff_at=target.kickoff_at,
                    rules_text=rules_text or "",
                )
            )
        return count

    def _write(self, writer):
        if self.pending_writes:
            writer.put(MarketWriteBatch(tuple(self.pending_writes), self.batch.run_id, self.batch.index))
            self.pending_writes = []

    def _note_write(self, result):
        """Called by the writer thread after each commit."""
        changed: dict[str, set] = {}
        for slug, event_id in result.changed_pairs:
            changed.setdefault(slug, set()).add(event_id)
        with self.changed_lock:
            for slug, count in result.changed_by_bookmaker.items():
                self.outcome.tallies[slug].markets_changed += count
            for slug, event_ids in changed.items():
                self.outcome.tallies[slug].changed_event_ids |= event_ids
            for item in result.set_aside:
                self.outcome.pieces.append(item)


def store_outcome(batch: ScrapeBatch, outcome: BatchOutcome, unmapped: UnmappedLogger):
    """Commit a batch's sightings, errors, set-aside pieces and counts with the mark "stored"."""
    with transaction.atomic():
        marked = ScrapeBatch.objects.filter(pk=batch.pk, status=ScrapeBatch.Status.RUNNING).update(
            status=ScrapeBatch.Status.STORED, finished_at=timezone.now(), timings=outcome.timings, error=""
        )
        if not marked:
            unmapped.discard()
            described.clear()
            log.warning("scrape.batch_taken_over", run=batch.run_id, batch=batch.index)
            return
        unmapped.flush()
        save_fixtures(outcome.fixtures)
        ScrapeError.objects.bulk_create(_error_rows(batch.run_id, outcome.failures))
        record_set_aside(batch.run_id, outcome.pieces)
        add_to_run(batch.run_id, outcome.tallies, events_done=outcome.events_done)
        ScrapeRun.objects.filter(pk=batch.run_id).update(heartbeat_at=timezone.now())
    if outcome.learned:
        upsert_events([_learned_record(answer) for answer in outcome.learned])
    _note_failed_links(outcome.failures)
    run = ScrapeRun.objects.get(pk=batch.run_id)
    publish_progress(run, f"Batch {batch.index + 1} of {run.batches_total} stored")
    for slug, tally in outcome.tallies.items():
        if tally.changed_event_ids:
            publish_odds_update(slug, sorted(tally.changed_event_ids), tally.markets_changed)


def fail_batch(batch: ScrapeBatch, error: str):
    """Give a batch back for another attempt, or park it when its attempts are used up."""
    described.clear()
    parked = batch.attempts >= ScrapeBatch.MAX_ATTEMPTS
    ScrapeBatch.objects.filter(pk=batch.pk, status=ScrapeBatch.Status.RUNNING).update(
        status=ScrapeBatch.Status.FAILED if parked else ScrapeBatch.Status.PENDING,
        finished_at=timezone.now() if parked else None,
        enqueued_at=timezone.now(),
        error=error[:1000],
    )
    log.error("scrape.batch_failed", run=batch.run_id, batch=batch.index, attempts=batch.attempts, parked=parked)
    return parked


def load_targets(event_ids, run, now) -> list[list[Target]]:
    """What to ask, one list per event that has not kicked off, in the order of event_ids."""
    events = Event.objects.filter(pk__in=event_ids).prefetch_related("links")
    if not run.include_started:
        events = events.filter(kickoff_at__gt=now)
    events = events.in_bulk()
    targets = []
    for event_id in event_ids:
        event = events.get(event_id)
        if event is None:
            continue
        of_event = [
            Target(event.pk, event.sportradar_id, event.kickoff_at, link.bookmaker_slug, link.external_id)
            for link in sorted(event.links.all(), key=lambda link: link.bookmaker_slug)
            if link.bookmaker_slug in run.bookmakers
        ]
        if of_event:
            targets.append(of_event)
    return targets


def sample_outcomes(market, labels) -> list[dict]:
    """A bounded sample of a market's outcomes for people: label, the bookmaker's own text, price."""
    return [
        {
            "text": str(labels.get(outcome.text, outcome.text))[:100],
            "key": str(outcome.text)[:100],
            "price": str(outcome.price)[:20],
            "specifier": str(market.specifier)[:100],
        }
        for outcome in market.outcomes[:SAMPLE_OUTCOMES]
    ]


def _note_failed_links(failures):
    """Show on each link why its event could not be scraped; the next good answer clears it."""
    by_error: dict[tuple[str, str], list[int]] = {}
    for failure in failures:
        error = f"{failure.code}: {failure.detail}"[:500].replace("\x00", "")
        by_error.setdefault((failure.target.bookmaker_slug, error), []).append(failure.target.event_id)
    for (slug, error), event_ids in by_error.items():
        EventLink.objects.filter(bookmaker_slug=slug, event_id__in=event_ids).update(
            last_error=error, last_attempt_at=timezone.now()
        )


def _piece(target, market_key, reason, detail, sample):
    return Piece(
        bookmaker_slug=target.bookmaker_slug,
        event_id=target.event_id,
        external_id=target.external_id,
        market_key=market_key,
        reason=reason,
        detail=str(detail),
        sample=sample,
    )


def _error_rows(run_id, failures):
    """A row per failure; what was sent instead is kept once per bookmaker and kind of error."""
    sampled = set()
    rows = []
    for failure in failures:
        slug = failure.target.bookmaker_slug
        sample = b"" if (slug, failure.code) in sampled else failure.sample
        sampled.add((slug, failure.code))
        rows.append(
            ScrapeError(
                run_id=run_id,
                bookmaker_slug=slug,
                event_id=failure.target.event_id,
                external_id=failure.target.external_id,
                phase=failure.phase,
                code=failure.code[:40],
                detail=failure.detail.replace("\x00", ""),
                sample=readable(sample),
            )
        )
    return rows


def _learned_record(answer):
    """An event whose list entry had no SportRadar id, with the id that its detail gave."""
    scraped, target = answer.scraped, answer.target
    return EventRecord(
        sportradar_id=scraped.sportradar_id,
        sport="football",
        tournament_name=scraped.tournament_name,
        country=scraped.country,
        home_team=scraped.home_team,
        away_team=scraped.away_team,
        kickoff_at=scraped.kickoff_at,
        links=(
            LinkRecord(
                bookmaker_slug=target.bookmaker_slug,
                external_id=target.external_id,
                home_team=scraped.home_team,
                away_team=scraped.away_team,
                kickoff_at=scraped.kickoff_at,
            ),
        ),
    )


def _seconds_left(run, settings):
    started = run.started_at or timezone.now()
    return settings.cycle_deadline_seconds - (timezone.now() - started).total_seconds()
