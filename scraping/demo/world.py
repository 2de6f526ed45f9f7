"""Which events exist at a moment: a pure function of seed, size and time.

Endless streams of events, announced days, hours or only minutes ahead, are numbered by their
kick-off slot; an event's number gives everything else about it, so that nothing has to be stored and the
world rolls on for ever. About `events` of them lie ahead at any time.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from scraping.demo.hashing import mix, unit
from scraping.demo.places import Tournament, clubs, short_name, tournaments

SLUGS = ("betpawa", "sportybet", "bet9ja")
HOUR = 3600.0
_STREAMS = ((72 * HOUR, 0.6), (8 * HOUR, 0.28), (1.5 * HOUR, 0.12))  # announced ahead by, share of the events
_ID_SPACE = 81_000_000  # divisible by the number of streams, so that ids of two streams never meet
_KICKOFF_STEP = 300.0


@dataclass(frozen=True)
class DemoEvent:
    """One match. Times are seconds since 1970; the three ids are what the bookmakers call it."""

    number: int
    key: int
    sportradar_id: int
    tournament: Tournament
    home: str
    away: str
    listed_at: float
    first_kickoff_at: float
    moved_at: float | None
    moved_kickoff_at: float
    cancelled_at: float | None
    offered_by: frozenset
    has_widget: bool
    widget_in_list: bool
    tier: int

    def kickoff_at(self, now: float) -> float:
        moved = self.moved_at is not None and now >= self.moved_at
        return self.moved_kickoff_at if moved else self.first_kickoff_at

    def is_open(self, now: float) -> bool:
        """Announced, not cancelled, not kicked off."""
        if now < self.listed_at or (self.cancelled_at is not None and now >= self.cancelled_at):
            return False
        return now < self.kickoff_at(now)

    @cached_property
    def strength(self) -> tuple[float, float, float, float]:
        """Expected goals of home and away, expected corners and cards of the match."""
        home = 0.75 + 1.5 * unit(self.key, 11) ** 1.2
        away = 0.55 + 1.2 * unit(self.key, 12) ** 1.2
        return home, away, 8.6 + 3.4 * unit(self.key, 13), 3.0 + 2.4 * unit(self.key, 14)

    def external_id(self, slug: str) -> str:
        return {
            "betpawa": str(20_000_000 + self.number % _ID_SPACE),
            "sportybet": f"sr:match:{self.sportradar_id}",
            "bet9ja": str(700_000_000 + self.number % _ID_SPACE),
        }[slug]

    def teams(self, slug: str) -> tuple[str, str]:
        if slug == "bet9ja":
            return short_name(self.home), short_name(self.away)
        return self.home, self.away


class World:
    """All events of one seed and size."""

    def __init__(self, seed: int = 7, events: int = 40):
        self.seed = seed
        self.size = events
        self._spacing = [ahead / max(1.0, events * share) for ahead, share in _STREAMS]
        self._offset = mix(seed, events, 3) % _ID_SPACE
        self._known: dict[tuple[int, int], DemoEvent] = {}
        self._open: tuple[float, list[DemoEvent]] = (-1.0, [])
        self._weights: list[float] = []
        total = 0.0
        for tournament in tournaments():
            total += tournament.weight
            self._weights.append(total)

    def _event(self, stream: int, slot: int) -> DemoEvent:
        known = self._known.get((stream, slot))
        if known is None:
            if len(self._known) > 40 * self.size + 4000:
                self._known.clear()
            known = self._known[stream, slot] = self._make(stream, slot)
        return known

    def _make(self, stream: int, slot: int) -> DemoEvent:
        ahead, spacing = _STREAMS[stream][0], self._spacing[stream]
        key = mix(self.seed, stream, slot)
        number = (slot * len(_STREAMS) + stream + self._offset) % _ID_SPACE
        kickoff = round((slot + unit(key, 1)) * spacing / _KICKOFF_STEP) * _KICKOFF_STEP
        pick = bisect_left(self._weights, unit(key, 2) * self._weights[-1])
        tournament = tournaments()[min(pick, len(self._weights) - 1)]
        names = clubs(tournament.number)
        first = mix(key, 3) % len(names)
        second = (first + 1 + mix(key, 4) % (len(names) - 1)) % len(names)
        moved_at = kickoff - (0.5 + 5 * unit(key, 6)) * HOUR if unit(key, 5) < 0.03 else None
        cancelled_at = kickoff - (0.3 + 6 * unit(key, 8)) * HOUR if unit(key, 7) < 0.02 else None
        return DemoEvent(
            number=number,
            key=key,
            sportradar_id=10_000_000 + number,
            tournament=tournament,
            home=names[first],
            away=names[second],
            listed_at=slot * spacing - ahead,
            first_kickoff_at=kickoff,
            moved_at=moved_at,
            moved_kickoff_at=kickoff + (1 + mix(key, 9) % 8) * 15 * 60.0,
            cancelled_at=cancelled_at,
            offered_by=_offered_by(unit(key, 10)),
            has_widget=unit(key, 15) >= 0.02,
            widget_in_list=unit(key, 16) >= 0.04,
            tier=min(3, tournament.tier + (1 if unit(key, 17) < 0.25 else 0)),
        )

    def open_events(self, now: float) -> list[DemoEvent]:
        """Every event that can be bet on, soonest kick-off first."""
        if self._open[0] == now:
            return self._open[1]
        found = []
        for stream, (ahead, _) in enumerate(_STREAMS):
            spacing = self._spacing[stream]
            first = int((now - 3 * HOUR) // spacing) - 1
            last = int((now + ahead) // spacing) + 1
            found += [event for slot in range(first, last + 1) if (event := self._event(stream, slot)).is_open(now)]
        found.sort(key=lambda event: (event.kickoff_at(now), event.number))
        self._open = (now, found)
        return found

    def offered(self, slug: str, now: float) -> list[DemoEvent]:
        return [event for event in self.open_events(now) if slug in event.offered_by]

    def find(self, slug: str, external_id: str, now: float) -> DemoEvent | None:
        """The open event that the bookmaker calls by this id, or None."""
        try:
            number = int(external_id.rpartition(":")[2])
        except ValueError:
            return None
        number -= {"betpawa": 20_000_000, "sportybet": 10_000_000, "bet9ja": 700_000_000}[slug]
        raw = (number - self._offset) % _ID_SPACE
        if not 0 <= number < _ID_SPACE:
            return None
        stream = raw % len(_STREAMS)
        around = int(now // self._spacing[stream])
        slot = raw // len(_STREAMS)
        turn = _ID_SPACE // len(_STREAMS)
        slot += round((around - slot) / turn) * turn
        if abs(slot - around) * self._spacing[stream] > _STREAMS[stream][0] + 12 * HOUR:
            return None
        event = self._event(stream, slot)
        wanted = slug in event.offered_by and event.external_id(slug) == external_id and event.is_open(now)
        return event if wanted else None


def _offered_by(share: float) -> frozenset:
    """Most events are everywhere; some only at rivals, some only at BetPawa."""
    if share < 0.84:
        return frozenset(SLUGS)
    if share < 0.90:
        return frozenset(("sportybet", "bet9ja"))
    if share < 0.92:
        return frozenset(("betpawa", "sportybet"))
    if share < 0.94:
        return frozenset(("betpawa", "bet9ja"))
    if share < 0.96:
        return frozenset(("betpawa",))
    return frozenset(("sportybet",) if share < 0.98 else ("bet9ja",))
