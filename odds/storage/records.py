"""What goes into storage and what comes out of it."""

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from mappings.shapes import MappedMarket


class ObservedMarkets(msgspec.Struct, frozen=True):
    """One usable answer of one bookmaker about one event, in BetPawa's words.

    observed_at: aware UTC time of the answer; one that is not newer than what is stored is left
    out. complete: the answer was whole, so that a market it lacks is missing; otherwise its
    markets are updated and nothing is concluded. unreadable_keys: (betpawa_market_id, line) of
    markets that it held in a form that could not be used: they are not missing.
    unreadable_market_ids: the same for markets of which not even the line could be read; none of
    their lines is missing. mapping_version: of the mappings that it was mapped with, where known.
    reapplied: an answer that is stored already, mapped once more; it is taken while it is still
    the newest, its differences are dated when they are written, and it proves nothing missing.
    """

    event_id: int
    bookmaker_slug: str
    observed_at: datetime
    complete: bool
    markets: tuple[MappedMarket, ...]
    unreadable_keys: tuple = ()
    unreadable_market_ids: tuple[str, ...] = ()
    mapping_version: int | None = None
    reapplied: bool = False

    @property
    def moment(self) -> tuple[datetime, bool]:
        """Sorts the answers of one pair into the order in which they are stored."""
        return self.observed_at, self.reapplied

    @property
    def proves_absence(self) -> bool:
        return self.complete and not self.reapplied


class MarketWriteBatch(msgspec.Struct, frozen=True):
    """Answers that are stored in one transaction."""

    markets: tuple[ObservedMarkets, ...]
    scrape_run_id: int | None = None
    batch_index: int | None = None


@dataclass(frozen=True, slots=True)
class SetAsideMarket:
    """A market, or with market_key "" a whole answer, that could not be stored, and why."""

    bookmaker_slug: str
    event_id: int
    external_id: str
    market_key: str
    reason: str
    detail: str
    sample: object = None


@dataclass(slots=True)
class WriteResult:
    """What a batch did, and what it cost.

    became_unavailable: markets missing from their second complete answer in a row; withdraw_due
    withdraws them. missed_once: missing for the first time. unchanged: left untouched.
    skipped_stale: answers not newer than what is stored. changed_pairs: (bookmaker_slug,
    event_id) with a history row. ms: {step: milliseconds}.
    """

    upserted_current: int = 0
    inserted_history: int = 0
    became_unavailable: int = 0
    became_available: int = 0
    missed_once: int = 0
    skipped_stale: int = 0
    unchanged: int = 0
    duplicates: int = 0
    set_aside: list[SetAsideMarket] = field(default_factory=list)
    changed_pairs: set[tuple[str, int]] = field(default_factory=set)
    changed_by_bookmaker: dict[str, int] = field(default_factory=dict)
    ms: dict[str, float] = field(default_factory=dict)

    @property
    def changed_event_ids(self) -> set[int]:
        return {event_id for _, event_id in self.changed_pairs}

    @contextmanager
    def timed(self, step: str):
        """Add the milliseconds that the block takes to `ms`."""
        started = time.perf_counter()
        yield
        self.ms[step] = self.ms.get(step, 0) + (time.perf_counter() - started) * 1000

    def add(self, other: "WriteResult"):
        """Take in the counts of another part of the same batch."""
        for name in (
            "upserted_current",
            "inserted_history",
            "became_unavailable",
            "became_available",
            "missed_once",
            "skipped_stale",
            "unchanged",
            "duplicates",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.set_aside += other.set_aside
        self.changed_pairs |= other.changed_pairs
        for mine, theirs in ((self.changed_by_bookmaker, other.changed_by_bookmaker), (self.ms, other.ms)):
            for key, value in theirs.items():
                mine[key] = mine.get(key, 0) + value


@dataclass(frozen=True, slots=True)
class WithdrawalResult:
    """withdrawn: markets that became unavailable. held: too many were due, so none did.
    available_before: what the bookmaker had on offer on events still to come."""

    withdrawn: int
    held: bool
    available_before: int
    due: int = 0


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """missed_once: events missing from a first complete discovery. withdrawn_events: missing from
    a second, and withdrawn with their markets. held: too many were due, so none was.
    returned: withdrawn or missed events that are listed again."""

    missed_once: int
    withdrawn_events: int
    held: bool
    withdrawn_markets: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """One bookmaker's listing of an event. Times are aware UTC."""

    bookmaker_slug: str
    external_id: str
    home_team: str
    away_team: str
    kickoff_at: datetime


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One fixture as matched: equal SportRadar ids, or one bookmaker's event without one."""

    sportradar_id: str | None
    sport: str
    tournament_name: str
    country: str
    home_team: str
    away_team: str
    kickoff_at: datetime
    links: tuple[LinkRecord, ...]
