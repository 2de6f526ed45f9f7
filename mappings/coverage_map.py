"""How much of each family of markets is mapped, by rival: what the coverage page shows. Reads only.

It is counted on the kept events that are still to come, as the samples of mappings.evidence.coverage are: by kinds
of market (source keys), and weighted by how many of these events carry each.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.models import Band, Tab, UnmappedMarketLog
from mappings.suggestions.coordinates import coordinates_of

CARRIED = """
SELECT key, count(*) FROM price_fixture CROSS JOIN unnest(keys) AS key WHERE kickoff_at > now() GROUP BY key
"""


@dataclass(slots=True)
class Cell:
    """A family at a rival. seen, mapped: kinds of market; seen_by_event, mapped_by_event: each counted once per kept
    event. waiting: new in the queue, strong of them with a strong suggestion. gain: what mapping these adds to the
    rival's coverage by event, 0 to 1."""

    seen: int = 0
    mapped: int = 0
    seen_by_event: int = 0
    mapped_by_event: int = 0
    waiting: int = 0
    strong: int = 0
    gain: float = 0.0

    @property
    def by_type(self) -> float:
        return self.mapped / self.seen

    @property
    def by_event(self) -> float:
        return self.mapped_by_event / self.seen_by_event

    @property
    def set_aside(self) -> int:
        """Unmapped, and not waiting: acknowledged, snoozed, ignored, or not in the queue yet."""
        return self.seen - self.mapped - self.waiting


def coverage_map() -> tuple[list[str], list[tuple[str, dict[str, Cell]]]]:
    """(rivals, [(family, {rival: Cell})]): the families that most events carry first. Two queries."""
    mapping_cache.refresh()
    with connection.cursor() as cursor:
        cursor.execute(CARRIED)
        carried = [(*key.split(":", 1), events) for key, events in cursor.fetchall()]
    carried = [one for one in carried if one[0] != REFERENCE]
    queued = _queued(carried)
    cells: dict[str, dict[str, Cell]] = {}
    totals = Counter()
    for slug, key, events in carried:
        totals[slug] += events
        definition = next((c.definition for c in mapping_cache.lookup(slug, key) if c.definition.betpawa_id), None)
        family, tab, band = queued.get((slug, key), ("", "", ""))
        if definition is not None:
            family = _family(definition.betpawa_id, definition.name, _texts(definition))
        cell = cells.setdefault(family, {}).setdefault(slug, Cell())
        cell.seen += 1
        cell.seen_by_event += events
        if definition is not None:
            cell.mapped += 1
            cell.mapped_by_event += events
        elif tab == Tab.NEW:
            cell.waiting += 1
            cell.strong += band == Band.STRONG
            cell.gain += events
    for books in cells.values():
        for slug, cell in books.items():
            cell.gain /= totals[slug]
    order = sorted(cells.items(), key=lambda item: (-sum(cell.seen_by_event for cell in item[1].values()), item[0]))
    return sorted(totals), order


def _queued(carried):
    slugs, keys = ({one[place] for one in carried} for place in (0, 1))  # the bookmaker comes first in the index
    rows = UnmappedMarketLog.objects.filter(source__in=slugs, external_market_id__in=keys).order_by()
    found = rows.values_list("source", "external_market_id", "family", "tab", "best_band")
    return {(source, key): (family, tab, band) for source, key, family, tab, band in found}


def _texts(definition):
    return tuple(outcome.texts[REFERENCE] for outcome in definition.outcomes if REFERENCE in outcome.texts)


@lru_cache(maxsize=4096)
def _family(betpawa_id, name, texts):
    return coordinates_of(REFERENCE, betpawa_id, name, texts).family
