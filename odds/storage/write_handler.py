"""The one writer of current odds and their history.

A batch is one transaction: the links of its pairs are locked, what is known of them is loaded,
the difference is taken in Python, and only what changed is written: current rows and history
rows together, and the links' fence and freshness with them. Nothing is remembered between
batches, so any worker of any host may write any batch, at any time, twice.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from operator import attrgetter

import structlog
from django.db import connection, transaction

from odds.caching.availability_detection import log_availability_changes
from odds.caching.pair_comparison import compare_pair, key_text, parts_of_text, text_of_key
from odds.storage import arrays, sql
from odds.storage.arrays import NULL, columns, text_element, timestamptz_element
from odds.storage.poison import REFUSED_DATA, store_without_poison
from odds.storage.previous import Absence, KnownPair, Loading
from odds.storage.records import MarketWriteBatch, ObservedMarkets, SetAsideMarket, WriteResult
from odds.storage.rows import IncomingRows, Refused

log = structlog.get_logger(__name__)

# Pairs compared and written at a time: small enough for the database and this process to work at
# the same time, large enough for the cost of a statement not to matter.
PAIRS_PER_STATEMENT = 50


def handle_market_write_batch(batch: MarketWriteBatch) -> WriteResult:
    """Store a batch of answers in one transaction, the caller's if there is one.

    Upserts the markets that changed, appends their history, counts the misses of markets that
    complete answers lack, and moves each pair's observed_at and confirmed_at. A market that the
    database refuses costs only itself and comes back in `set_aside`. Raises OperationalError
    when the connection or a lock failed: then nothing is stored, and the batch may be tried again.
    """
    started = time.perf_counter()
    try:
        result = _store(batch)
    except REFUSED_DATA as error:
        log.warning("odds.batch_refused", error=str(error)[:300], answers=len(batch.markets))
        result = store_without_poison(batch, _store)
    result.ms["total"] = (time.perf_counter() - started) * 1000
    log_availability_changes(
        result.became_unavailable,
        result.became_available,
        scrape_run_id=batch.scrape_run_id,
        batch_index=batch.batch_index,
    )
    log.info(
        "odds.batch_stored",
        scrape_run_id=batch.scrape_run_id,
        batch_index=batch.batch_index,
        answers=len(batch.markets),
        current=result.upserted_current,
        history=result.inserted_history,
        unchanged=result.unchanged,
        stale=result.skipped_stale,
        duplicates=result.duplicates,
        set_aside=len(result.set_aside),
        ms={step: round(ms, 1) for step, ms in result.ms.items()},
    )
    return result


def _store(batch: MarketWriteBatch) -> WriteResult:
    result = WriteResult()
    with transaction.atomic():
        connection.ensure_connection()
        raw = connection.connection
        # In a pipeline statements are sent without waiting for one another: the database stores
        # one part of the batch while this process compares the next.
        with connection.wrap_database_errors, raw.pipeline() as pipeline, arrays.cursor(raw) as cursor:
            for answers in _rounds(batch.markets):
                _Round(cursor, answers, result).store()
            with result.timed("write"):
                pipeline.sync()
    return result


def _rounds(observed):
    """The answers in key order, in rounds that hold each pair once, the earliest answer first."""
    by_pair = defaultdict(list)
    for answer in observed:
        by_pair[answer.event_id, answer.bookmaker_slug].append(answer)
    while by_pair:
        this_round, later = [], {}
        for pair in sorted(by_pair):
            first, *rest = sorted(by_pair[pair], key=attrgetter("moment"))
            this_round.append(first)
            if rest:
                later[pair] = rest
        yield this_round
        by_pair = later


@dataclass(slots=True)
class _Writes:
    """What a round has to write, as the statements want it."""

    rows: IncomingRows = field(default_factory=IncomingRows)
    missing: list[tuple] = field(default_factory=list)
    reseen: list[tuple] = field(default_factory=list)
    links: list[tuple] = field(default_factory=list)
    reapplied_links: list[tuple] = field(default_factory=list)
    keys: list[tuple] = field(default_factory=list)
    fingerprints: list[tuple] = field(default_factory=list)
    new_fingerprints: list[tuple] = field(default_factory=list)


class _Round:
    """One pass over answers of different pairs: load, compare, write."""

    def __init__(self, cursor, answers: list[ObservedMarkets], result: WriteResult):
        self.cursor = cursor
        self.answers = answers
        self.result = result
        self.writes = _Writes()

    def store(self):
        pairs = [(answer.event_id, answer.bookmaker_slug) for answer in self.answers]
        parts = Loading(self.cursor.connection, pairs, PAIRS_PER_STATEMENT).parts()
        for start in range(0, len(pairs), PAIRS_PER_STATEMENT):
            with self.result.timed("load"):
                known = next(parts)
            with self.result.timed("compare"):
                for answer in self.answers[start : start + PAIRS_PER_STATEMENT]:
                    self._judge(answer, known.get((answer.event_id, answer.bookmaker_slug)))
            with self.result.timed("write"):
                self._write_changed()
        with self.result.timed("write"):
            self._write_state()

    def _judge(self, answer: ObservedMarkets, known: KnownPair | None):
        if known is None:
            self._set_aside(answer, None, "", "NO_LINK", "This event has no link to the bookmaker.")
        elif _is_stale(answer, known):
            self.result.skipped_stale += 1
        else:
            self._compare(answer, known)

    def _compare(self, answer: ObservedMarkets, known: KnownPair):
        changes = compare_pair(
            known.keys,
            known.fingerprints,
            known.missed,
            answer.markets,
            complete=answer.proves_absence,
            unreadable=answer.unreadable_keys,
            unreadable_market_ids=answer.unreadable_market_ids,
        )
        self.result.unchanged += changes.unchanged
        self.result.duplicates += len(changes.duplicates)
        if changes.duplicates:
            log.warning(
                "odds.duplicate_markets",
                event_id=answer.event_id,
                bookmaker=answer.bookmaker_slug,
                keys=[text_of_key(key) for key in changes.duplicates[:10]],
            )
        known_before = len(known.fingerprints)
        changed = self._add_changed(answer, known, changes)
        for text in changes.missing:
            self._add_missing(answer, known, text)
        for text in changes.reseen:
            self.writes.reseen.append((answer.event_id, answer.bookmaker_slug, *parts_of_text(text)))
            del known.missed[text]
        if changed or changes.missing or changes.reseen or not known.is_packed:
            packed = known.link_id, known.packed_fingerprints, known.packed_missing
            (self.writes.fingerprints if known.is_packed else self.writes.new_fingerprints).append(packed)
        if len(known.fingerprints) != known_before or not known.is_packed:
            self.writes.keys.append((known.link_id, known.packed_keys))
        state = answer.mapping_version, len(known.fingerprints), known.withdrawn_count, known.due_count
        if answer.reapplied:
            self.writes.reapplied_links.append((known.link_id, *state))
        else:
            offered = answer.complete and bool(answer.markets)
            self.writes.links.append((known.link_id, answer.observed_at, answer.complete, offered, *state))

    def _add_changed(self, answer, known, changes) -> int:
        """Note the rows of changed markets; returns how many there are."""
        # A difference that only newer mappings make was not there when the bookmaker was asked.
        captured_at = NULL if answer.reapplied else timestamptz_element(answer.observed_at)
        slug = text_element(answer.bookmaker_slug)
        add = self.writes.rows.add
        written = 0
        added = {}
        for position, text, market in changes.changed:
            absence = known.missed.get(text)
            try:
                add(answer.event_id, slug, market, captured_at, answer.mapping_version)
            except ValueError as error:
                refused = error.args if isinstance(error, Refused) else ("BAD_TEXT", str(error))
                self._set_aside(answer, known, text, *refused)
                continue
            if position is None:
                added[text] = market.fingerprint
            else:
                known.fingerprints[position] = market.fingerprint
            if absence is not None:
                del known.missed[text]
                self.result.became_available += text in changes.returned
            written += 1
        if added:
            known.replace(_in_order_of(answer, known.by_text() | added))
        if written:
            pair = answer.bookmaker_slug, answer.event_id
            self.result.changed_pairs.add(pair)
            self.result.changed_by_bookmaker[pair[0]] = self.result.changed_by_bookmaker.get(pair[0], 0) + written
            self.result.upserted_current += written
            self.result.inserted_history += written
        return written

    def _add_missing(self, answer, known, text):
        self.writes.missing.append(
            (answer.event_id, answer.bookmaker_slug, *parts_of_text(text), answer.observed_at, known.confirmed_at)
        )
        misses = known.missed[text].missed_count + 1 if text in known.missed else 1
        known.missed[text] = Absence(misses)
        if misses == 1:
            self.result.missed_once += 1
        else:
            self.result.became_unavailable += 1

    def _set_aside(self, answer, known, market_key, reason, detail):
        self.result.set_aside.append(
            SetAsideMarket(
                bookmaker_slug=answer.bookmaker_slug,
                event_id=answer.event_id,
                external_id=known.external_id if known else "",
                market_key=market_key[:100],
                reason=reason,
                detail=detail,
            )
        )

    def _write_changed(self):
        rows, self.writes.rows = self.writes.rows, IncomingRows()
        if rows:
            self.cursor.execute(sql.UPSERT_CURRENT, rows.parameters())

    def _write_state(self):
        execute, writes = self.cursor.execute, self.writes
        if writes.missing:
            execute(sql.MARK_MISSED, columns("itttww", writes.missing))
        if writes.reseen:
            execute(sql.CLEAR_MISSED, columns("ittt", writes.reseen))
        if writes.keys:
            execute(sql.UPSERT_KEYS, columns("ib", writes.keys))
        if writes.fingerprints:
            execute(sql.UPDATE_FINGERPRINTS, columns("ibb", writes.fingerprints))
        if writes.new_fingerprints:
            execute(sql.UPSERT_FINGERPRINTS, columns("ibb", writes.new_fingerprints))
        if writes.links:
            execute(sql.UPDATE_LINKS, columns("iwiiiiii", writes.links))
        if writes.reapplied_links:
            execute(sql.UPDATE_REAPPLIED_LINKS, columns("iiiii", writes.reapplied_links))


def _is_stale(answer, known) -> bool:
    """Whether the link has seen something newer. An answer that was mapped once more has to be the one it
    saw last, and with mappings that are not older than those it was mapped with."""
    if not answer.reapplied:
        return known.observed_at is not None and answer.observed_at <= known.observed_at
    versions = answer.mapping_version, known.mapping_version
    return answer.observed_at != known.observed_at or (None not in versions and versions[0] < versions[1])


def _in_order_of(answer, fingerprints: dict[str, int]) -> dict[str, int]:
    """The same, the markets of the answer first and in its order, which the next one will follow."""
    stated = [text for text in map(key_text, answer.markets) if text in fingerprints]
    return {text: fingerprints[text] for text in stated} | fingerprints
