"""Market types that nobody has seen before: one every few minutes at one of the two rivals, for a while.

Their codes follow from the time slot, so that a type that was new once never counts as new again, whatever
was restarted in between. Names are real ones of data/unmapped.json.
"""

from dataclasses import dataclass
from functools import lru_cache

from scraping.demo.board import unmapped_types
from scraping.demo.hashing import mix, unit
from scraping.demo.prices import Life
from scraping.demo.world import DemoEvent


@dataclass(frozen=True, slots=True)
class Novelty:
    """share: part of the events that carry it. outcomes: (text, fair chance)."""

    slug: str
    key: str
    name: str
    number: int
    share: float
    outcomes: tuple[tuple[str, float], ...]

    def on(self, event: DemoEvent) -> bool:
        return unit(event.key, 61, self.number) < self.share

    def price(self, event: DemoEvent, place: int, minute: int) -> str:
        moved = 0.97 + 0.06 * unit(event.key, self.number, place, minute // 20)
        return f"{max(1.02, moved / (self.outcomes[place][1] * 1.07)):.2f}"


@lru_cache(maxsize=256)
def _scheduled(seed: int, slot: int, share: float) -> Novelty:
    value = mix(seed, slot, 62)
    slug = "sportybet" if value & 1 else "bet9ja"
    rows = [row for row in unmapped_types() if row["source"] == slug and "lines" not in row and "grid" not in row]
    row = rows[(value >> 8) % len(rows)]
    return make(slug, row["name"], slot, share)


def make(slug: str, name: str, number: int, share: float = 1.0) -> Novelty:
    """A new yes-or-no type with a code of its own."""
    key = f"S_NEW{number % 10_000_000}" if slug == "bet9ja" else f"97{number % 10_000_000:07d}"
    yes = 0.25 + 0.5 * unit(number, 63)
    texts = ("Y", "N") if slug == "bet9ja" else ("Yes", "No")
    name = name.replace("{home}", "Home").replace("{away}", "Away")
    return Novelty(slug, key, name, number, share, ((texts[0], yes), (texts[1], 1 - yes)))


def current(seed: int, life: Life, now: float) -> list[Novelty]:
    """The new types on show now."""
    if life.novelty_minutes <= 0:
        return []
    length = life.novelty_minutes * 60.0
    last = int(now // length)
    first = last - max(1, round(life.novelty_hours * 3600.0 / length)) + 1
    return [_scheduled(seed, slot, life.novelty_share) for slot in range(first, last + 1)]
