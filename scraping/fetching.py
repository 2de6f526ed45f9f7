"""One event at one bookmaker: fetch, decode, map. Touches no table, so that many run at once.

Whatever goes wrong here costs this event at this bookmaker and nothing else: the caller gets a
`Failure` to write down, never an exception.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.errors import MappingError, MappingErrorCode
from mappings.mapper import map_event
from mappings.shapes import MappedMarket, ScrapedEvent
from scraping.bookmakers import REGISTRY
from scraping.exceptions import EventGone, FetchError, PayloadChanged
from scraping.models import ScrapeError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """What to ask: an event of ours and its id at one bookmaker."""

    event_id: int
    sportradar_id: str | None
    kickoff_at: datetime
    bookmaker_slug: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer. observed_at: when it arrived, by the database's clock.

    unreadable_market_ids: BetPawa's ids of markets that it holds and that could not be read on
    some line, so that nothing is concluded from their absence. mapping_version: the mappings it
    was read by, or, when they changed at that moment, those before.
    """

    target: Target
    observed_at: datetime
    scraped: ScrapedEvent
    mapped: list[MappedMarket]
    errors: list[MappingError]
    descriptions: dict = field(default_factory=dict)
    fetch_ms: int = 0
    unreadable_market_ids: tuple[str, ...] = ()
    mapping_version: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """No usable answer, and why. gone: the bookmaker says that it has no such event. sample: the
    start of what it sent instead."""

    target: Target
    phase: str
    code: str
    detail: str
    gone: bool = False
    fetch_ms: int = 0
    sample: bytes = b""


class Described:
    """Which unmapped market keys this process has already asked a payload to name.

    Names and rules texts are read from a payload only once in a while: they cost more than the
    prices.
    """

    def __init__(self, limit=20_000):
        self._seen: set[tuple[str, str]] = set()
        self._limit = limit

    def new(self, slug, keys):
        return {key for key in keys if (slug, key) not in self._seen}

    def clear(self):
        """Ask again: what was named may not have been stored."""
        self._seen.clear()

    def remember(self, slug, keys):
        if len(self._seen) > self._limit:
            self._seen.clear()
        self._seen.update((slug, key) for key in keys)


def fetch_target(target: Target, client, clock, described: Described) -> Answer | Failure:
    """Ask one bookmaker for one event. client: that bookmaker's BookmakerClient."""
    bookmaker = REGISTRY[target.bookmaker_slug]
    started = time.monotonic()
    try:
        payload = bookmaker.fetch_event(client, target.external_id)
    except FetchError as error:
        return _known_failure(target, ScrapeError.Phase.FETCH, error, started)
    except Exception as error:
        log.exception("scrape.fetch_bug", bookmaker=target.bookmaker_slug, external_id=target.external_id)
        return _failure(target, ScrapeError.Phase.FETCH, "FETCH_BUG", repr(error), started)
    observed_at = clock.now()
    fetch_ms = int((time.monotonic() - started) * 1000)
    try:
        scraped = bookmaker.decode_event(payload, target.external_id)
        _refuse_foreign(target, scraped)
        mapping_version = mapping_cache.version
        result = map_event(target.bookmaker_slug, scraped.home_team, scraped.away_team, scraped.markets)
        unmapped_keys = {error.market.key for error in result.errors}
        asked = described.new(target.bookmaker_slug, unmapped_keys)
        descriptions = bookmaker.describe(payload, asked) if asked else {}
        described.remember(target.bookmaker_slug, asked)
    except FetchError as error:
        return _known_failure(target, ScrapeError.Phase.DECODE, error, started)
    except Exception as error:
        log.exception("scrape.decode_bug", bookmaker=target.bookmaker_slug, external_id=target.external_id)
        return _failure(target, ScrapeError.Phase.DECODE, "DECODE_BUG", repr(error), started)
    return Answer(
        target=target,
        observed_at=observed_at,
        scraped=scraped,
        mapped=result.mapped,
        errors=result.errors,
        descriptions=descriptions,
        fetch_ms=fetch_ms,
        unreadable_market_ids=_market_ids(target.bookmaker_slug, _unreadable_keys(scraped, result.errors)),
        mapping_version=mapping_version,
    )


def _unreadable_keys(scraped, errors):
    """The keys of markets that were there without its being known which line they had."""
    lineless = (error.market.key for error in errors if error.code == MappingErrorCode.INVALID_SPECIFIER)
    return {*(piece.key for piece in scraped.dropped), *lineless} - {""}


def _market_ids(slug, keys) -> tuple[str, ...]:
    """Under which of BetPawa's ids markets with these keys are stored; a key without a mapping has none."""
    ids = {claim.definition.betpawa_id for key in keys for claim in mapping_cache.lookup(slug, key)}
    if slug == REFERENCE:
        ids |= keys  # stored under its own id, known to the catalogue or not
    return tuple(sorted(ids - {""}))


def _refuse_foreign(target, scraped):
    """An answer about another fixture than the one asked for is never stored under this one."""
    if target.sportradar_id and scraped.sportradar_id and scraped.sportradar_id != target.sportradar_id:
        raise PayloadChanged(
            "SPORTRADAR_ID_CHANGED",
            bookmaker=target.bookmaker_slug,
            detail=f"Asked for SportRadar id {target.sportradar_id}, the answer says {scraped.sportradar_id}.",
        )


def _known_failure(target, phase, error, started):
    gone = isinstance(error, EventGone)
    return _failure(target, phase, error.code, error.detail, started, gone=gone, sample=error.sample)


def _failure(target, phase, code, detail, started, *, gone=False, sample=b""):
    return Failure(
        target=target,
        phase=phase,
        code=code,
        detail=str(detail)[:1000],
        gone=gone,
        fetch_ms=int((time.monotonic() - started) * 1000),
        sample=sample,
    )
