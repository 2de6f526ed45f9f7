"""The two sides of a suggestion: what a rival offers, and what BetPawa offers that it may be."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.suggestions.coordinates import Coordinates, coordinates_of, template
from mappings.suggestions.observations import FixtureView, label_of
from mappings.suggestions.roles import roles_of


class Source(NamedTuple):
    """A rival's market. displays: {its own outcome text: what people see}."""

    slug: str
    key: str
    name: str
    rules_text: str
    displays: Mapping[str, str]
    coordinates: Coordinates


class Target(NamedTuple):
    """A BetPawa market. canonical_id: "" when no mapping names it; definition: None then.

    readings: its coordinates under every name known for it, the mapping's own first.
    """

    betpawa_id: str
    canonical_id: str
    name: str
    rules_text: str
    definition: MarketDefinition | None
    readings: tuple[Coordinates, ...]
    texts: tuple[str, ...]

    @property
    def coordinates(self) -> Coordinates:
        return self.readings[0]

    @property
    def is_player(self):
        return any(reading.subject == "player" for reading in self.readings)


def source_of(slug, key, name, rules_text="", displays=None, *, home="", away="") -> Source:
    """displays: {outcome text as sent: label}, of one line. home, away: the teams of that event."""
    displays = displays or {}
    coordinates = coordinates_of(slug, key, name, tuple(displays.values()), home=home, away=away)
    return Source(slug, key, name or "", rules_text or "", displays, coordinates)


def source_of_row(row) -> Source:
    """row: an UnmappedMarketLog. Its sample holds up to twelve outcomes of one line."""
    displays, first = {}, None
    for outcome in row.sample_outcomes or ():
        if not isinstance(outcome, dict):
            continue
        first = outcome.get("specifier", "") if first is None else first
        if outcome.get("specifier", "") == first and outcome.get("key"):
            displays[str(outcome["key"])] = str(outcome.get("text") or outcome["key"])
    return source_of(row.source, row.external_market_id, row.market_name, row.rules_text, displays)


def roles_for(source: Source, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The roles of a source's outcomes by label, read from what people see."""
    displays = {label_of(source.slug, text): shown for text, shown in source.displays.items()}
    displays |= source.displays
    return roles_of(tuple(template(displays.get(label, label)) for label in labels))


def targets_of(definitions: Iterable[MarketDefinition], views: Iterable[FixtureView] = ()) -> list[Target]:
    """Every BetPawa market of the mappings, and every one that the fixtures show and no mapping names."""
    seen = _seen(views)
    targets, known = [], set()
    for definition in definitions:
        if not definition.betpawa_id or definition.betpawa_id in known:
            continue
        known.add(definition.betpawa_id)
        targets.append(_of_definition(definition, seen.get(definition.betpawa_id)))
    for betpawa_id, market in seen.items():
        if betpawa_id not in known:
            reading = coordinates_of(REFERENCE, betpawa_id, market.name, market.texts)
            targets.append(
                Target(betpawa_id, "", market.name or betpawa_id, market.rules_text, None, (reading,), market.texts)
            )
    return targets


def _seen(views):
    """{BetPawa id: its market as last offered} of the fixtures, newest first."""
    found = {}
    for view in views:
        for key, market in view.offered.items():
            found.setdefault(key, market)
    return found


def _of_definition(definition, market):
    texts = tuple(outcome.texts[REFERENCE] for outcome in definition.outcomes if REFERENCE in outcome.texts)
    if not texts and market is not None:
        texts = market.texts
    names = [definition.name] + ([market.name] if market is not None and market.name else [])
    readings = tuple(coordinates_of(REFERENCE, definition.betpawa_id, name, texts) for name in dict.fromkeys(names))
    return Target(
        definition.betpawa_id,
        definition.canonical_id,
        definition.name,
        market.rules_text if market is not None else "",
        definition,
        readings,
        texts,
    )
