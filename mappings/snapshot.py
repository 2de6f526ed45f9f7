"""All mappings of one moment, compiled: what the mapper asks. Replaced as a whole, never edited."""

from typing import NamedTuple

from mappings.catalogue.loader import collide
from mappings.definitions import REFERENCE, MarketDefinition
from mappings.errors import MappingErrorCode
from mappings.grammars import InvalidSpecifier, UnknownParameter, grammar_of
from mappings.plans import MemoBudget, Plan, WholeMarkets

MOST_SPECIFIERS = 2_000
MOST_UNKNOWN_KEYS = 20_000


class CompiledMapping(NamedTuple):
    """One definition that claims a source key; the first of several has the first say."""

    canonical_id: str
    definition: MarketDefinition


class Clash(NamedTuple):
    """Two definitions claim the same outcomes of one source key; the winner gets them."""

    bookmaker_slug: str
    key: str
    winner: str
    loser: str


class Refusal(NamedTuple):
    """Why no definition takes this key and specifier."""

    code: str
    detail: str


class Selection(NamedTuple):
    """plans: the definitions that share this key and specifier, by outcome. refusal: instead of any."""

    plans: tuple[Plan, ...]
    refusal: Refusal | None


UNKNOWN = Refusal(MappingErrorCode.UNKNOWN_MARKET, "No mapping has this key.")
BAD_KEY = Refusal(MappingErrorCode.INVALID_KEY_FORMAT, "The key is not in this bookmaker's format.")


class BookmakerTable:
    """One bookmaker's part of a snapshot.

    direct: {key: {specifier: Plan}}, only where one plan answers alone, and
    refused: {key: (code, detail)} for keys that nothing claims; both hold what was met so far, and
    the mapper's fast path reads nothing else. select() answers everything.
    """

    __slots__ = ("_claims", "_selections", "budget", "direct", "grammar", "refused", "slug", "whole")

    def __init__(self, slug, definitions):
        self.slug = slug
        self.grammar = grammar_of(slug)
        self.direct: dict[str, dict[str, Plan]] = {}
        self.budget = MemoBudget()
        self.whole = WholeMarkets(self.budget)
        self._claims: dict[str, tuple[CompiledMapping, ...]] = {}
        self._selections: dict[tuple[str, str], Selection] = {}
        self.refused: dict[str, Refusal] = {}
        for definition in definitions:
            for key in definition.keys.get(slug, ()):
                claim = CompiledMapping(definition.canonical_id, definition)
                self._claims[key] = (*self._claims.get(key, ()), claim)

    def lookup(self, key) -> tuple[CompiledMapping, ...]:
        """Every mapping that claims exactly this key, the strongest first; () when none does."""
        return self._claims.get(key, ())

    def clashes(self) -> list[Clash]:
        return [
            Clash(self.slug, key, claim.canonical_id, other.canonical_id)
            for key, claims in sorted(self._claims.items())
            for position, claim in enumerate(claims)
            for other in claims[position + 1 :]
            if collide(self.slug, claim.definition, other.definition)
        ]

    def select(self, key, specifier) -> Selection:
        """The plans for one source market, or why there is none."""
        if key not in self._claims:
            return self._unknown(key)
        found = self._selections.get((key, specifier))
        if found is None:
            found = self._build(key, specifier)
            if len(self._selections) >= MOST_SPECIFIERS:
                self._selections.clear()
                self.direct.clear()
                self.budget = MemoBudget()
                self.whole = WholeMarkets(self.budget)
            self._selections[key, specifier] = found
            if len(found.plans) == 1:
                self.direct.setdefault(key, {})[specifier] = found.plans[0]
        return found

    def _unknown(self, key):
        refusal = UNKNOWN if self.grammar.key_is_valid(key) else BAD_KEY
        if not self.grammar.verbatim:
            if len(self.refused) >= MOST_UNKNOWN_KEYS:
                self.refused.clear()
            self.refused[key] = refusal
        return Selection((), refusal)

    def _build(self, key, specifier):
        plans, refusals, taken = [], [], []
        for claim in self._claims[key]:
            definition = claim.definition
            if any(collide(self.slug, definition, other) for other in taken):
                continue
            try:
                line = self.grammar.read_line(definition, specifier, definition.filters.get(self.slug, {}))
            except InvalidSpecifier as error:
                refusals.append(Refusal(MappingErrorCode.INVALID_SPECIFIER, str(error)))
            except UnknownParameter as error:
                refusals.append(Refusal(MappingErrorCode.UNKNOWN_PARAM_MARKET, str(error)))
            else:
                taken.append(definition)
                plans.append(Plan(definition, self.slug, self.grammar, line, specifier, self.budget))
        return Selection(tuple(plans), None if plans else refusals[0])


class Snapshot:
    """Definitions, strongest first per key, and a table per bookmaker made on first use."""

    def __init__(self, definitions: tuple[MarketDefinition, ...], version: int | None):
        self.version = version
        self.definitions = tuple(sorted(definitions, key=_rank))
        self.by_canonical_id = {definition.canonical_id: definition for definition in self.definitions}
        slugs = {slug for definition in self.definitions for slug in definition.keys} | {REFERENCE}
        self.tables = {slug: BookmakerTable(slug, self.definitions) for slug in slugs}

    def table(self, slug) -> BookmakerTable:
        table = self.tables.get(slug)
        return table if table is not None else BookmakerTable(slug, ())

    @property
    def clashes(self) -> list[Clash]:
        return [clash for slug in sorted(self.tables) for clash in self.tables[slug].clashes()]


def _rank(definition):
    """People before code, higher priority first, then by id: the same on every host."""
    return (definition.origin != "db", -definition.priority, definition.canonical_id)
