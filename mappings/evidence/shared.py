"""The fixtures that two markets share, cut down to these two: what a comparison of prices needs."""

from msgspec.structs import replace

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.evidence.samples import Fixture, recent_fixtures, source_key
from mappings.snapshot import Snapshot

MOST_LOADED = 60
MOST_SHARED = 40
FEW = 10  # below it the database is asked for the pair's own fixtures


class SharedFixtures:
    """The newest fixtures, read once and looked up by pair; a rare pair's own are read as well."""

    def __init__(self, snapshot: Snapshot):
        self._snapshot = snapshot
        self._indexed = [_indexed(fixture) for fixture in recent_fixtures(limit=MOST_LOADED)]

    def of(self, slug: str, key: str, definition: MarketDefinition) -> list[Fixture]:
        """With this source market, as far as this definition takes it, and its BetPawa market only."""
        found = self._cut(self._indexed, slug, key, definition)
        if len(found) < FEW and len(self._indexed) == MOST_LOADED:
            wanted = [source_key(slug, key), source_key(REFERENCE, definition.betpawa_id)]
            own = [_indexed(fixture) for fixture in recent_fixtures(keys=wanted, limit=FEW)]
            found = self._cut(own, slug, key, definition)
        return found

    def beside(self, fixtures: list[Fixture], other: MarketDefinition) -> list[Fixture]:
        """The same fixtures with another BetPawa market instead; those that have it."""
        by_event = {fixture.event_key: markets for fixture, markets in self._indexed}
        found = []
        for fixture in fixtures:
            markets = by_event.get(fixture.event_key, {}).get((REFERENCE, other.betpawa_id))
            if markets:
                book = replace(fixture.books[REFERENCE], markets=tuple(markets))
                found.append(replace(fixture, books={**fixture.books, REFERENCE: book}))
        return found

    def lines_differ(self, fixtures: list[Fixture], slug: str, definition: MarketDefinition) -> bool:
        """Whether one side has lines wherever it is offered, and the other has none, on enough events."""
        table = self._snapshot.table(slug)
        theirs = {
            plan.line is None
            for fixture in fixtures
            for market in fixture.books[slug].markets
            for plan in table.select(market.key, market.specifier).plans
            if plan.definition is definition
        }
        ours = {market.line is None for fixture in fixtures for market in fixture.books[REFERENCE].markets}
        return len(fixtures) >= FEW and len(theirs) == len(ours) == 1 and theirs != ours

    def _cut(self, indexed, slug, key, definition):
        found = []
        for fixture, markets in indexed:
            theirs = self._taken(markets.get((slug, key), ()), slug, definition)
            ours = markets.get((REFERENCE, definition.betpawa_id))
            if theirs and ours:
                books = {
                    name: replace(fixture.books[name], markets=tuple(part))
                    for name, part in ((slug, theirs), (REFERENCE, ours))
                }
                found.append(replace(fixture, books=books))
                if len(found) == MOST_SHARED:
                    break
        return found

    def _taken(self, markets, slug, definition):
        """Those that the definition maps: a source key may be shared out by what the specifier says."""
        table = self._snapshot.table(slug)
        return [
            market
            for market in markets
            if any(plan.definition is definition for plan in table.select(market.key, market.specifier).plans)
        ]


def _indexed(fixture):
    """(fixture, {(slug, key): its markets})"""
    markets: dict[tuple[str, str], list] = {}
    for slug, book in fixture.books.items():
        for market in book.markets:
            markets.setdefault((slug, market.key), []).append(market)
    return fixture, markets
