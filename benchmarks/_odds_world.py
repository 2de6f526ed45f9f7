"""A made-up board of odds for the write benchmarks, and what happens to it from cycle to cycle."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from django.db import connection

from mappings.shapes import MappedMarket, MappedOutcome
from odds.caching import fingerprint_of
from odds.models import Event, EventLink, Tournament
from odds.storage import MarketWriteBatch, ObservedMarkets

SLUGS = ("bet9ja", "betpawa", "sportybet")
BATCH_EVENTS = 50
# Today, for which a history partition is always there; the cycles run tomorrow.
START = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
# Outcomes per market: a real event has 506 in 118 markets, most of them two- and three-way.
OUTCOME_COUNTS = (2, 2, 2, 2, 2, 3, 3, 3, 2, 2, 2, 3, 6, 9, 2, 2, 3, 2, 10, 20)


class Board:
    """Every market of `event_count` events at three bookmakers, and its state.

    live: {(event id, slug): {index: MappedMarket}} of all markets. absent: markets not on offer,
    by (event id, slug, index): how many answers in a row lacked them.
    """

    def __init__(self, event_count, market_count=80, seed=7):
        self.random = random.Random(seed)
        self.event_ids = _make_events(event_count)
        self.templates = [_market(index) for index in range(market_count)]
        self.live = {
            (event_id, slug): {index: self._market(index) for index in range(len(self.templates))}
            for event_id in self.event_ids
            for slug in SLUGS
        }
        self.absent: dict[tuple, int] = {}
        self.cycle = 0

    def _market(self, index):
        """As the mapper makes it: ids and names are the mapping's own, lines and prices are read anew."""
        template = self.templates[index]
        line = None if template.line is None else Decimal(str(template.line))
        return self._priced(msgspec.structs.replace(template, line=line))

    def _priced(self, market):
        outcomes = tuple(
            MappedOutcome(name, f"{self.random.randint(105, 2000) / 100:g}", True) for name, _, _ in market.outcomes
        )
        return msgspec.structs.replace(market, outcomes=outcomes, fingerprint=fingerprint_of(outcomes))

    def next_cycle(self, *, changed, gone, back):
        """Move time by a minute: `changed` markets get new prices, `gone` reach their second miss
        (those that reached their first a cycle ago), as many their first, `back` return.

        Returns the changes as a list of (event id, slug, market, "changed" | "gone" | "back").
        """
        self.cycle += 1
        changes = []
        withdrawn = sorted(key for key, missed in self.absent.items() if missed >= 2)
        returning = self.random.sample(withdrawn, min(back, len(withdrawn)))
        for key in returning:
            del self.absent[key]
            changes.append((*key[:2], self.live[key[:2]][key[2]], "back"))
        for key, missed in self.absent.items():
            if missed == 1:
                changes.append((*key[:2], self.live[key[:2]][key[2]], "gone"))
            self.absent[key] = missed + 1
        picked, taken = set(), set(returning)
        while len(picked) < changed + gone:
            event_id, slug = self.random.choice(self.event_ids), self.random.choice(SLUGS)
            key = (event_id, slug, self.random.randrange(len(self.templates)))
            if key not in self.absent and key not in taken:
                picked.add(key)
        for number, key in enumerate(sorted(picked, key=lambda _: self.random.random())):
            if number < gone:
                self.absent[key] = 1
                continue
            market = self.live[key[:2]][key[2]] = self._priced(self.live[key[:2]][key[2]])
            changes.append((*key[:2], market, "changed"))
        return changes

    @property
    def now(self):
        return START + timedelta(days=1, minutes=self.cycle) if self.cycle else START

    def batches(self):
        """The cycle's answers, whole, as the scraper would hand them over."""
        for start in range(0, len(self.event_ids), BATCH_EVENTS):
            yield MarketWriteBatch(
                tuple(
                    ObservedMarkets(event_id, slug, self.now, True, self._answer(event_id, slug), mapping_version=7)
                    for event_id in self.event_ids[start : start + BATCH_EVENTS]
                    for slug in SLUGS
                )
            )

    def _answer(self, event_id, slug):
        return tuple(
            market for index, market in self.live[event_id, slug].items() if (event_id, slug, index) not in self.absent
        )


def _market(index):
    """The market without its prices."""
    names = [f"Outcome {number}" for number in range(OUTCOME_COUNTS[index % len(OUTCOME_COUNTS)])]
    # Half of a real event's markets are lines of a few types.
    line = Decimal(index % 8) / 2 if index % 2 else None
    return MappedMarket(
        canonical_id=f"market_{index}",
        betpawa_market_id=str(3700 + (index // 16 if line is not None else 100 + index)),
        betpawa_market_name=f"Total goals over or under, number {index}",
        line=line + index // 8 % 2 * 10 if line is not None else None,
        handicap_type="" if line is None else "TOTAL",
        handicap_home=None,
        handicap_away=None,
        outcomes=tuple(MappedOutcome(name, "2", True) for name in names),
        market_groups=("popular", "goals"),
        fingerprint=0,
    )


def _make_events(count):
    tournament = Tournament.objects.create(name="Benchmark League", country="Nigeria")
    kickoff_at = datetime(2036, 1, 1, tzinfo=UTC)
    events = Event.objects.bulk_create(
        Event(
            sportradar_id=str(70_000_000 + number),
            tournament=tournament,
            home_team=f"Home {number}",
            away_team=f"Away {number}",
            kickoff_at=kickoff_at,
        )
        for number in range(count)
    )
    EventLink.objects.bulk_create(
        EventLink(
            event=event,
            bookmaker_slug=slug,
            external_id=f"{slug}-{event.pk}",
            home_team=event.home_team,
            away_team=event.away_team,
            kickoff_at=kickoff_at,
        )
        for event in events
        for slug in SLUGS
    )
    return [event.pk for event in events]


class Meter:
    """WAL bytes and dead rows between two looks. checkpoint: begin with one, so that each page's
    first touch is logged whole, as it is in a cycle."""

    STATE = """
    SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
           (SELECT sum(n_tup_upd + n_tup_del) FROM pg_stat_user_tables),
           (SELECT sum(n_tup_hot_upd) FROM pg_stat_user_tables)
    """

    def __init__(self, *, checkpoint=True):
        if checkpoint:
            with connection.cursor() as cursor:
                cursor.execute("CHECKPOINT")
        self.before = self._look()

    def read(self):
        """(WAL MB, dead rows, of them heap-only) since the start."""
        wal, dead, hot = (after - before for after, before in zip(self._look(), self.before, strict=True))
        return float(wal) / 1e6, int(dead), int(hot)

    def _look(self):
        with connection.cursor() as cursor:
            if connection.pg_version >= 150000:
                cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT 1")
            cursor.execute(self.STATE)
            return cursor.fetchone()
