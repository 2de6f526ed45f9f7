"""Collects what could not be mapped during a batch and adds it to the traders' queue in one statement.

Entries wait in memory until the transaction that stores them has committed: a flush that fails,
or whose transaction is rolled back later, keeps them for the next one.
"""

import hashlib
import threading
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from django.db import connections, transaction

from mappings.cache import mapping_cache
from mappings.outcome_text import clean_text
from mappings.unmapped_sql import upsert_sightings

log = structlog.get_logger(__name__)

MOST_WAITING = 50_000
MOST_REMEMBERED = 100_000
ID_LENGTH = 100
DIGEST_LENGTH = 12
SAMPLE_OUTCOMES = 12
SAMPLE_TEXT = 100
RULES_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class UnmappedEntry:
    """One sighting. external_market_id: the bookmaker's key, without line. sample_outcomes: a list
    of flat JSON objects. event_key: what tells events apart when they are counted."""

    source: str
    external_market_id: str
    market_name: str | None
    sample_outcomes: list | None
    seen_at: datetime
    error_code: str = ""
    event_key: str = ""
    kickoff_at: datetime | None = None
    rules_text: str = ""


@dataclass(slots=True)
class Sighting:
    """All sightings of one market in one cycle so far, as they will be stored."""

    entry: UnmappedEntry
    cycle_id: int | None
    mapping_version: int | None
    event_keys: set = field(default_factory=set)

    def add(self, entry, mapping_version):
        """A further sighting, as it came: the newest time, the soonest kick-off, the best description.

        Most of a cycle's sightings come here, so only what is kept of them is cleaned.
        """
        known = self.entry
        described = known
        if entry.market_name and not known.market_name and (better := cleaned(entry)).market_name:
            described = better
        kickoffs = [at for at in (known.kickoff_at, entry.kickoff_at) if at is not None]
        self.entry = replace(
            described,
            seen_at=max(known.seen_at, entry.seen_at),
            kickoff_at=min(kickoffs) if kickoffs else None,
            error_code=known.error_code or clean_text(entry.error_code, 30),
        )
        self.mapping_version = mapping_version
        if entry.event_key:
            self.event_keys.add(_event_key(entry))


@dataclass(slots=True, eq=False)
class _Sent:
    """A flush whose transaction has not ended. callback: registered with it."""

    sightings: dict
    new_keys: list
    connection: object
    callback: object = None


class UnmappedLogger:
    """Thread-safe. One per process is enough; `unmapped_logger` is it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], Sighting] = {}
        self._sent: list[_Sent] = []
        self._seen: set[tuple[str, str]] = set()
        self._counted: dict[tuple[str, str], set] = {}
        self._new: dict[tuple[str, str], UnmappedEntry] = {}
        self._cycle_id: int | None = None
        self._overflow = 0

    def begin_cycle(self, cycle_id: int | None):
        """From here on sightings belong to this cycle; occurrence_count rises once in it."""
        with self._lock:
            if cycle_id != self._cycle_id:
                self._cycle_id = cycle_id
                self._counted.clear()

    def log(self, entry: UnmappedEntry) -> bool:
        """Note a sighting; True when this process had not seen the market before."""
        key = (clean_text(entry.source, 20), identity(entry.external_market_id))
        with self._lock:
            sighting = self._waiting.get(key)
            if sighting is None or sighting.cycle_id != self._cycle_id:
                if sighting is None and len(self._waiting) >= MOST_WAITING:
                    self._overflow += 1
                    return False
                first = cleaned(entry)
                self._waiting[key] = Sighting(first, self._cycle_id, mapping_cache.version, {first.event_key} - {""})
            else:
                sighting.add(entry, mapping_cache.version)
            if key in self._seen:
                return False
            if len(self._seen) >= MOST_REMEMBERED:
                self._seen.clear()
            self._seen.add(key)
            return True

    def flush(self) -> int:
        """Store what waits, within the caller's transaction if there is one; returns rows newly inserted.

        Raises what the database raises; the entries are then still waiting.
        """
        with self._lock:
            self._take_back_rolled_back()
            sightings, self._waiting = self._waiting, {}
            counted = {key: set(self._counted.get(key, ())) for key in sightings}
            overflow, self._overflow = self._overflow, 0
        if overflow:
            log.error("unmapped.too_many", dropped=overflow, limit=MOST_WAITING)
        if not sightings:
            return 0
        sent = _Sent(sightings, [], connections["default"])
        sent.callback = lambda: self._committed(sent)
        try:
            with transaction.atomic():
                inserted, reopened = upsert_sightings(sightings, counted)
                sent.new_keys = inserted + reopened
                with self._lock:
                    self._sent.append(sent)
                    self._new.update((key, sightings[key].entry) for key in sent.new_keys)
                transaction.on_commit(sent.callback)
        except BaseException:
            with self._lock:
                self._take_back(sent)
            raise
        log.info("unmapped.flushed", seen=len(sightings), inserted=len(inserted), reopened=len(reopened))
        return len(inserted)

    def get_new_markets(self) -> list[UnmappedEntry]:
        """What flushes inserted or re-opened since the list was last cleared, in key order."""
        with self._lock:
            return [entry for _, entry in sorted(self._new.items())]

    def clear_new_markets(self):
        with self._lock:
            self._new.clear()

    def discard(self):
        """Forget what waits: the work it came from turned out to be somebody else's."""
        with self._lock:
            self._waiting.clear()

    def _committed(self, sent):
        with self._lock:
            if sent in self._sent:
                self._sent.remove(sent)
            for key, sighting in sent.sightings.items():
                if sighting.cycle_id == self._cycle_id:
                    self._counted.setdefault(key, set()).update(sighting.event_keys)

    def _take_back_rolled_back(self):
        """Django drops a callback with the transaction or savepoint that it was registered in."""
        here = connections["default"]
        for sent in list(self._sent):
            if sent.connection is here and all(hook[1] is not sent.callback for hook in here.run_on_commit):
                self._take_back(sent)

    def _take_back(self, sent):
        if sent in self._sent:
            self._sent.remove(sent)
        for key in sent.new_keys:
            self._new.pop(key, None)
        for key, sighting in sent.sightings.items():
            newer = self._waiting.get(key)
            if newer is None:
                self._waiting[key] = sighting
            elif newer.cycle_id == sighting.cycle_id:
                newer.event_keys |= sighting.event_keys


def cleaned(entry: UnmappedEntry) -> UnmappedEntry:
    """The entry with every text made harmless and bounded; its identity is that of the cleaned text."""
    return replace(
        entry,
        source=clean_text(entry.source, 20),
        external_market_id=identity(entry.external_market_id),
        market_name=clean_text(entry.market_name or "") or None,
        sample_outcomes=bounded_sample(entry.sample_outcomes),
        error_code=clean_text(entry.error_code, 30),
        event_key=_event_key(entry),
        rules_text=clean_text(entry.rules_text or "", RULES_LENGTH),
    )


def _event_key(entry):
    return str(entry.event_key)[:ID_LENGTH]


def identity(external_market_id) -> str:
    """The key as stored: visible characters only, one line; a long one is cut and keeps a digest,
    so that two long keys stay two."""
    raw = str(external_market_id)
    text = clean_text(unicodedata.normalize("NFC", raw), len(raw) * 4 + 1)
    if text and len(text) <= ID_LENGTH:
        return text
    digest = hashlib.blake2s((text or raw).encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
    return f"{text[: ID_LENGTH - DIGEST_LENGTH - 1]}~{digest}"


def bounded_sample(outcomes) -> list | None:
    """At most 12 outcomes, each a flat object of short texts."""
    if not outcomes:
        return None
    return [
        {clean_text(str(name), 30): clean_text(str(value), SAMPLE_TEXT) for name, value in list(outcome.items())[:8]}
        if isinstance(outcome, dict)
        else {"text": clean_text(str(outcome), SAMPLE_TEXT)}
        for outcome in outcomes[:SAMPLE_OUTCOMES]
    ]


unmapped_logger = UnmappedLogger()
