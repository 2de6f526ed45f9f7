"""Definitions compiled for speed: per source key and specifier a Plan, which holds everything about
a market that does not change from event to event, and what it has learnt about its outcomes.

Memos are filled by the careful path of the mapper and only save work: without them the result
is the same. All plans of a snapshot share one bound, so that a worker's memory stays flat.
"""

from decimal import Decimal

from mappings.definitions import MarketDefinition
from mappings.groups import groups_of
from mappings.prices import CLOSED, remembered_price
from mappings.shapes import MappedOutcome

MOST_REMEMBERED = 30_000  # of one bookmaker; about 450 bytes each
MOST_WHOLE_MARKETS = 10_000  # of one bookmaker; about 1 kB each
PAUSE_EVENTS = 500
MOST_ORDERS = 32
MOST_TEXTS = 2_000
_new_tuple = tuple.__new__  # what MappedOutcome(…) ends in, at half the time
HANDICAP_TYPES = {"asian_handicap": "ASIAN", "handicap_3way": "EUROPEAN"}


class MemoBudget:
    """How many more things all plans together may remember; when it is used up, all forget."""

    __slots__ = ("_left", "_plans")

    def __init__(self):
        self._left = MOST_REMEMBERED
        self._plans = []

    def adopt(self, plan):
        self._plans.append(plan)

    def spend(self):
        self._left -= 1
        if self._left < 0:
            self.forget()

    def forget(self):
        """Drop everything that plans remember about outcomes; they learn it again."""
        for plan in list(self._plans):
            plan.memo.clear()
            plan.templates.clear()
        self._left = MOST_REMEMBERED

    def forget_whole(self):
        """Drop the whole markets that plans remember."""
        for plan in list(self._plans):
            plan.whole.clear()


class WholeMarkets:
    """Whether whole markets are remembered as they were mapped, so that one which comes again
    unchanged costs one look-up.

    That pays where a worker meets the same events again before its memory is full, as on a small
    desk. Where it does not, asking is a loss: a full memory that answered less than one in five
    is switched off for a while.
    """

    __slots__ = ("_asked", "_budget", "_found", "_pause", "enabled")

    def __init__(self, budget):
        self._budget = budget
        self._asked = self._found = self._pause = 0
        self.enabled = True

    def account(self, asked, found):
        """What one event asked and found."""
        if not self.enabled:
            self._pause -= 1
            self.enabled = self._pause <= 0
            return
        self._asked += asked
        self._found += found
        if self._asked - self._found > MOST_WHOLE_MARKETS:
            self.enabled = self._found * 5 > self._asked
            self._pause = PAUSE_EVENTS
            self._asked = self._found = 0
            self._budget.forget_whole()


class OutcomeMemo(dict):
    """{source outcome: hit}; what is missing is made from the text, if that is known, and the price.

    Raises KeyError for a text not met before, for what is no price, and for the numbers 0 and 1,
    which equal False and True and are therefore no keys.
    """

    __slots__ = ("plan",)

    def __missing__(self, outcome):
        plan, price = self.plan, outcome.price
        index, name = plan.known_texts[outcome.text]
        odds = remembered_price(price)
        if odds is None or (price.__class__ is not str and price in (0, 1)):
            raise KeyError(outcome)
        hit = hit_for(index, name, odds, bool(outcome.is_active) and odds not in CLOSED)
        plan.budget.spend()
        self[outcome] = hit
        return hit


class Plan:
    """One definition at one bookmaker for one specifier.

    memo: {source outcome: (index, MappedOutcome, fragment)}, for outcomes whose text names no team.
    texts: {compared text: (index, name)}, from the definition; known_texts: the same by the text as
    it came; templates: by the text with the teams replaced.
    full: the indices of a complete market in canonical order. orders: {indices as they came: None
    when they are in order already, else positions to take them in}. whole: {source outcomes:
    MappedMarket}, with the team names in the key once names_teams says that texts hold them.
    """

    __slots__ = (
        "budget",
        "canonical_id",
        "compare",
        "definition",
        "full",
        "groups",
        "handicap_away",
        "handicap_home",
        "handicap_type",
        "has_team_names",
        "line",
        "line_texts",
        "market_id",
        "known_texts",
        "memo",
        "recall",
        "name",
        "names_teams",
        "orders",
        "templates",
        "texts",
        "token",
        "verbatim",
        "whole",
        "whole_get",
    )

    def __init__(self, definition: MarketDefinition, slug, grammar, line: Decimal | None, specifier, budget):
        self.definition = definition
        self.canonical_id = definition.canonical_id
        self.market_id = definition.betpawa_id
        self.name = definition.name
        self.line = line
        self.handicap_type = handicap_type(definition)
        self.handicap_home, self.handicap_away = handicaps(definition, line)
        self.groups = groups_of(definition)
        self.token = (self.market_id or definition.canonical_id, line)
        self.verbatim = grammar.verbatim
        self.has_team_names = grammar.has_team_names
        self.compare = grammar.compare
        self.line_texts = grammar.line_texts(specifier)
        self.texts = {}
        for index, outcome in enumerate(definition.outcomes):
            if slug in outcome.texts:
                self.texts[grammar.compare(outcome.texts[slug], ())] = (index, outcome.name)
        self.full = tuple(sorted(index for index, _ in self.texts.values()))
        self.known_texts = {}
        self.memo = OutcomeMemo()
        self.memo.plan = self
        self.recall = self.memo.__getitem__
        self.templates = {}
        self.orders = {}
        self.names_teams = False
        self.whole = {}
        self.whole_get = self.whole.get
        self.budget = budget
        budget.adopt(self)

    def remember_text(self, text, found):
        """Keep what a text turned out to be, in every event alike."""
        if len(self.known_texts) < MOST_TEXTS:
            self.known_texts[text] = found

    def remember_template(self, text, found):
        self.budget.spend()
        self.templates[text] = found


def handicap_type(definition: MarketDefinition) -> str:
    """BetPawa's word for how the line is to be read."""
    if definition.fixed_line is not None and definition.subkind == "number_specifier":
        return "NUMBER_SPECIFIER"
    return HANDICAP_TYPES.get(definition.kind, "NORMAL" if definition.line_semantics == "total" else "")


def handicaps(definition: MarketDefinition, line):
    """(home, away): the goals added to each side. Two-way and three-way alike: line and minus line."""
    if line is None or definition.line_semantics != "home_handicap":
        return None, None
    return line, -line + 0


def hit_for(index: int, name: str, odds: str, is_active: bool):
    """(index, MappedOutcome, fragment of the text that is fingerprinted)."""
    outcome = _new_tuple(MappedOutcome, (name, odds, is_active))
    return index, outcome, f"{name}={odds},{1 if is_active else 0}"
