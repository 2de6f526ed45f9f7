"""A new mapping at once on what is stored: the kept answers of running events are mapped once more.

Only events that are price fixtures have their answers kept, and only an answer that is still the
newest of its event may be written again; the others get the mapping with the next cycle.
"""

import time
from dataclasses import asdict, dataclass

import structlog
from django.db.models import Max
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.evidence.samples import readable, source_key
from mappings.mapper import map_event
from mappings.models import PriceFixture, UnmappedMarketLog
from mappings.services.applying import APPLIED, TOPIC
from mappings.unmapped_logger import identity
from odds.models import EventLink
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch
from oddsproject.realtime import publish
from scraping.progress import publish_odds_update

log = structlog.get_logger(__name__)

FIXTURES_PER_WRITE = 25


class NotInForce(LookupError):
    """No mapping with this canonical id is in force."""


@dataclass(slots=True)
class Reapplied:
    """events_applied: whose kept answers were mapped again. events_waiting: the others that carried
    the market in the last cycle; the next one brings it. markets_changed: rows written."""

    canonical_id: str
    mapping_version: int | None = None
    events_applied: int = 0
    events_changed: int = 0
    events_waiting: int = 0
    markets_changed: int = 0
    ms: int = 0

    def as_dict(self) -> dict:
        return asdict(self)

    def as_notice(self, actor: str) -> dict:
        """For everybody who waits for it: see docs/decisions/0006."""
        return {
            "canonicalId": self.canonical_id,
            "mappingVersion": self.mapping_version,
            "actor": actor,
            "eventsApplied": self.events_applied,
            "eventsChanged": self.events_changed,
            "eventsWaiting": self.events_waiting,
            "marketsChanged": self.markets_changed,
        }


def reapply(canonical_id: str, user_name: str) -> Reapplied:
    """Map what is stored of running events with the mappings of now, where this one has a say.

    Raises NotInForce. Safe to repeat: what is the same is not written. A notice says how it came out.
    """
    started = time.monotonic()
    mapping_cache.refresh()
    snapshot = mapping_cache.snapshot
    definition = snapshot.by_canonical_id.get(canonical_id)
    if definition is None:
        raise NotInForce(canonical_id)
    result = Reapplied(canonical_id, snapshot.version)
    applied: set[int] = set()
    changed: dict[str, set[int]] = {}
    counts: dict[str, int] = {}
    pks = list(_holding(definition).values_list("pk", flat=True))
    for start in range(0, len(pks), FIXTURES_PER_WRITE):
        rows = PriceFixture.objects.filter(pk__in=pks[start : start + FIXTURES_PER_WRITE])
        answers = [answer for fixture in readable(rows) for answer in _answers(fixture, definition, snapshot.version)]
        newest = _newest(answers)
        written = handle_market_write_batch(MarketWriteBatch(tuple(newest)))
        applied |= {answer.event_id for answer in newest}
        for slug, event_id in written.changed_pairs:
            changed.setdefault(slug, set()).add(event_id)
        for slug, count in written.changed_by_bookmaker.items():
            counts[slug] = counts.get(slug, 0) + count
    result.events_applied = len(applied)
    result.events_changed = len(set().union(*changed.values()))
    result.events_waiting = max(0, _carrying(definition) - len(applied))
    result.markets_changed = sum(counts.values())
    for slug in sorted(changed):
        publish_odds_update(slug, sorted(changed[slug]), counts[slug])
    publish(TOPIC, APPLIED, result.as_notice(user_name))
    result.ms = int((time.monotonic() - started) * 1000)
    log.info("mapping.reapplied", user=user_name, **result.as_dict())
    return result


def _holding(definition):
    """Fixtures of events still to come that hold a source key of the mapping."""
    keys = [source_key(slug, key) for slug, keys in definition.keys.items() if slug != REFERENCE for key in keys]
    return PriceFixture.objects.filter(kickoff_at__gt=timezone.now(), keys__overlap=keys).order_by("event_key")


def _answers(fixture, definition, version):
    """The answers in a fixture that the mapping has a say in, mapped."""
    for slug, book in fixture.books.items():
        keys = definition.keys.get(slug, ())
        if slug == REFERENCE or not any(market.key in keys for market in book.markets):
            continue
        mapped = map_event(slug, book.home_team, book.away_team, book.markets).mapped
        yield ObservedMarkets(
            event_id=fixture.event_id,
            bookmaker_slug=slug,
            observed_at=book.observed_at,
            complete=False,
            markets=tuple(market for market in mapped if market.betpawa_market_id),
            mapping_version=version,
            reapplied=True,
        )


def _newest(answers):
    """Those that are still the newest of their event, which has not kicked off."""
    links = EventLink.objects.filter(
        event_id__in={answer.event_id for answer in answers}, event__kickoff_at__gt=timezone.now()
    )
    seen = set(links.values_list("event_id", "bookmaker_slug", "observed_at"))
    return [answer for answer in answers if (answer.event_id, answer.bookmaker_slug, answer.observed_at) in seen]


def _carrying(definition) -> int:
    """Events that carried the mapping's markets unmapped in the last cycle, by the key that most carried."""
    most = 0
    for slug, keys in definition.keys.items():
        rows = UnmappedMarketLog.objects.filter(source=slug, external_market_id__in=[identity(key) for key in keys])
        most = max(most, rows.aggregate(most=Max("event_count"))["most"] or 0)
    return most
