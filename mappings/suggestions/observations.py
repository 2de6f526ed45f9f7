"""Fixtures as margin-free logits: what price evidence is computed from.

One fixture is read once: its markets become `Ladder`s, all margins are removed in one numpy pass,
and the result is kept per process until the fixture is sampled again.
"""

from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import structs

from mappings.definitions import REFERENCE
from mappings.grammars import grammar_of
from mappings.outcome_text import TeamTemplate, player_name
from mappings.specifiers import InvalidSpecifier, parse_handicap, parse_line, parse_quarters, parse_specifier
from mappings.suggestions.coordinates import template
from mappings.suggestions.fair import UNKNOWN, fair_probabilities, logits
from mappings.suggestions.roles import ONE, TWO, roles_of, shape_of

MOST_VIEWS = 400
LINES = ("total", "hcp")
HIDDEN = ("variant", "type")
_WINNERS = {ONE: 1, TWO: 2}


class Book(msgspec.Struct, frozen=True, gc=False):
    """All prices of one fixture in a row: fair logits and 1/price."""

    logits: np.ndarray
    implied: np.ndarray


class Ladder(msgspec.Struct, frozen=True, gc=False):
    """One market at one bookmaker in one fixture, with all its lines whose outcomes are called alike.

    labels: as they are compared. lines: exact, None when there is none. variant: any other parameter
    ("goalnr=1"), number: its value. start: where its prices begin in the book, line by line.
    The garbage collector does not look at them: a process keeps a hundred thousand.
    """

    labels: tuple[str, ...]
    lines: tuple
    variant: str
    number: Decimal | None
    book: Book
    start: int

    @property
    def logits(self) -> np.ndarray:
        """(lines, labels)"""
        return self._of(self.book.logits)

    @property
    def implied(self) -> np.ndarray:
        """(lines, labels) 1/price"""
        return self._of(self.book.implied)

    def _of(self, values):
        lines, labels = len(self.lines), len(self.labels)
        return values[self.start : self.start + lines * labels].reshape(lines, labels)


class Offered(NamedTuple):
    """A market of the reference bookmaker as its answer named it."""

    name: str
    rules_text: str
    texts: tuple[str, ...]


class FixtureView(NamedTuple):
    """ladders: {(slug, key): its Ladders}, only what can be backed. offered: {BetPawa id: its market}."""

    event_key: str
    fixture: object
    ladders: dict[tuple[str, str], tuple[Ladder, ...]]
    offered: dict[str, Offered]


class Views:
    """Remembers the views of the fixtures read last, by event and moment of sampling."""

    def __init__(self, most=MOST_VIEWS):
        self._most = most
        self._known: OrderedDict[tuple, FixtureView] = OrderedDict()

    def known(self, event_key, sampled_at) -> bool:
        return (event_key, sampled_at) in self._known

    def get(self, event_key, sampled_at) -> FixtureView:
        self._known.move_to_end((event_key, sampled_at))
        return self._known[event_key, sampled_at]

    def add(self, fixture) -> FixtureView:
        """A view that has let go of the fixture's markets: two hundred of them stay in memory."""
        books = {slug: structs.replace(book, markets=()) for slug, book in fixture.books.items()}
        view = view_of(fixture)._replace(fixture=structs.replace(fixture, books=books))
        self._known[fixture.event_key, fixture.sampled_at] = view
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return view


def views_of(fixtures: Iterable) -> list[FixtureView]:
    return [view_of(fixture) for fixture in fixtures]


def view_of(fixture) -> FixtureView:
    """fixture: mappings.evidence.samples.Fixture, or anything of its shape."""
    found: dict[tuple[str, str], list] = {}
    for slug, book in fixture.books.items():
        read = _Texts(slug, book)
        for market in book.markets:
            prices, texts = _offered_prices(market.outcomes)
            if not prices:
                continue
            try:
                line, variant, number = _parameters(slug, market.specifier, market.line)
            except InvalidSpecifier:
                continue  # the mapper sets such a market aside by name; it is no evidence
            labels, winners = read.labels(market.specifier, texts)
            found.setdefault(_place(slug, market.key), []).append((labels, variant, line, number, winners, prices))
    ladders = _ladders(found)
    reference = fixture.books.get(REFERENCE)
    offered: dict[str, Offered] = {}
    for market in reference.markets if reference is not None else ():
        offered.setdefault(market.key, _offered(market))  # its first line has the rules text
    return FixtureView(fixture.event_key, fixture, ladders, offered)


def _ladders(found):
    """The markets of one fixture with their margins removed, all in one pass."""
    prices, starts, winners = [], [], []
    for units in found.values():
        for unit in units:
            starts.append(len(prices))
            winners.append(unit[4])
            prices += unit[5]
    implied = 1 / np.array(prices)
    book = Book(logits(fair_probabilities(implied, np.array(starts, dtype=int), np.array(winners))), implied)
    ladders, number = {}, 0
    for place, units in found.items():
        if len(units) == 1:
            ((labels, variant, line, value, _, _),) = units
            ladders[place] = (Ladder(labels, _lines(line), variant, value, book, starts[number]),)
        else:
            ladders[place] = tuple(_runs(units, starts[number : number + len(units)], book))
        number += len(units)
    return ladders


def _runs(units, starts, book):
    """Lines that follow each other under the same labels are one ladder."""
    run, first = [units[0]], starts[0]
    for unit, start in zip(units[1:], starts[1:], strict=True):
        if unit[:2] == run[0][:2]:
            run.append(unit)
        else:
            yield _ladder(run, book, first)
            run, first = [unit], start
    yield _ladder(run, book, first)


def _ladder(run, book, start):
    labels, variant, _, value = run[0][:4]
    return Ladder(labels, _lines(*(unit[2] for unit in run)), variant, value, book, start)


@lru_cache(maxsize=20_000)
def _lines(*lines):
    return lines


@lru_cache(maxsize=20_000)
def _place(slug, key):
    return slug, key


def _offered(market):
    texts = tuple(outcome.text for outcome in market.outcomes)
    return _one_offered(market.name, market.rules_text, texts)


_one_offered = lru_cache(maxsize=5_000)(Offered)  # the same words in every fixture are kept once


def _offered_prices(outcomes):
    """(prices, texts) of what can be backed."""
    prices, texts = [], []
    for outcome in outcomes:
        if outcome.is_active:
            try:
                price = float(outcome.price)
            except (TypeError, ValueError):
                continue
            if 1 < price < 10_000:
                prices.append(price)
                texts.append(outcome.text)
    return prices, tuple(texts)


class _Texts:
    """The outcome texts of one answer as labels; those without a team in them are read once in a lifetime."""

    def __init__(self, slug, book):
        self._slug = slug
        self._names = tuple(name.casefold() for name in (book.home_team, book.away_team) if name)
        self._teams = TeamTemplate(book.home_team, book.away_team)
        self._templated: dict[tuple, tuple] = {}

    def labels(self, specifier, texts):
        """(labels, winners)"""
        templated = self._templated.get(texts)
        if templated is None:
            joined = "\n".join(texts).casefold()
            templated = texts
            if any(name in joined for name in self._names):
                templated = tuple(self._teams.apply(" ".join(text.split()).casefold()) for text in texts)
            self._templated[texts] = templated
        return _labels_known(self._slug, specifier, templated)


@lru_cache(maxsize=50_000)
def _labels_known(slug, specifier, texts):
    roles = roles_of(tuple(template(text) for text in texts))
    labels = tuple(label_of(slug, text, specifier) for text in texts)
    return labels, _WINNERS.get(shape_of(roles), 0) if any(roles) else UNKNOWN


@lru_cache(maxsize=50_000)
def label_of(slug: str, text: str, specifier: str = "") -> str:
    """A source's outcome text as mappings hold it: by its bookmaker's rules, without the line, a
    player by first and last name. Teams are templated before."""
    grammar = grammar_of(slug)
    if grammar.verbatim or not grammar.has_team_names:
        return text
    if "," in text and ":" not in text:
        return player_name(text).casefold()
    return grammar.compare(text, grammar.line_texts(specifier))


@lru_cache(maxsize=20_000)
def _parameters(slug, specifier, line):
    """(line, variant, number) of a specifier in its bookmaker's grammar. Raises InvalidSpecifier."""
    if not specifier:
        return line, "", None
    if slug == REFERENCE:
        return parse_quarters(specifier), "", None
    if "=" not in specifier:
        return parse_line(specifier), "", None
    pairs = parse_specifier(specifier)
    for name in LINES:
        if name in pairs:
            value = pairs.pop(name)
            line = parse_handicap(value) if name == "hcp" else parse_line(value)
            break
    others = {name: value for name, value in pairs.items() if name not in HIDDEN}
    numbers = [parse_line(value) for value in others.values() if value.replace(".", "", 1).isdigit()]
    variant = "|".join(f"{name}={value}" for name, value in others.items())
    return line, variant, numbers[0] if len(numbers) == 1 else None
