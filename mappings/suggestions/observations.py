"""Fixtures as margin-free logits: what price evidence is computed from.

One fixture is read once: its markets become `Unit`s, all margins are removed in one numpy pass,
and the result is kept per process until the fixture is sampled again.
"""

from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

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


class Unit(NamedTuple):
    """One market with its line at one bookmaker: labels as they are compared, fair logits, prices.

    line: exact, None when there is none. variant: any other parameter ("goalnr=1"), number: its value.
    """

    line: Decimal | None
    variant: str
    number: Decimal | None
    labels: tuple[str, ...]
    logits: np.ndarray
    prices: tuple[float, ...]


class Offered(NamedTuple):
    """A market of the reference bookmaker as its answer named it."""

    name: str
    rules_text: str
    texts: tuple[str, ...]


class FixtureView(NamedTuple):
    """units: {(slug, key): [Unit]}, only what can be backed. offered: {BetPawa id: its market}."""

    event_key: str
    fixture: object
    units: dict[tuple[str, str], list[Unit]]
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
    found, implied, starts, winners = [], [], [], []
    for slug, book in fixture.books.items():
        teams = TeamTemplate(book.home_team, book.away_team)
        names = tuple(name.casefold() for name in (book.home_team, book.away_team) if name)
        for market in book.markets:
            prices = []
            texts = []
            for outcome in market.outcomes:
                price = _price(outcome)
                if price:
                    prices.append(price)
                    texts.append(outcome.text)
            if not prices:
                continue
            try:
                line, variant, number = _parameters(slug, market.specifier, market.line)
            except InvalidSpecifier:
                continue  # the mapper sets such a market aside by name; it is no evidence
            labels, count = _labels(slug, market.specifier, tuple(texts), names, teams)
            starts.append(len(implied))
            winners.append(count)
            implied += [1 / price for price in prices]
            found.append((slug, market.key, line, variant, number, labels, tuple(prices)))
    fair = fair_probabilities(np.array(implied), np.array(starts, dtype=int), np.array(winners))
    values = logits(fair)
    units: dict[tuple[str, str], list[Unit]] = {}
    for start, (slug, key, line, variant, number, labels, prices) in zip(starts, found, strict=True):
        part = values[start : start + len(prices)]
        units.setdefault((slug, key), []).append(Unit(line, variant, number, labels, part, prices))
    reference = fixture.books.get(REFERENCE)
    offered = {market.key: _offered(market) for market in reference.markets} if reference is not None else {}
    return FixtureView(fixture.event_key, fixture, units, offered)


def _offered(market):
    texts = tuple(outcome.text for outcome in market.outcomes)
    return _one_offered(market.name, market.rules_text, texts)


_one_offered = lru_cache(maxsize=5_000)(Offered)  # the same words in every fixture are kept once


def _price(outcome):
    if not outcome.is_active:
        return None
    try:
        price = float(outcome.price)
    except (TypeError, ValueError):
        return None
    return price if 1 < price < 10_000 else None


def _labels(slug, specifier, texts, names, teams):
    """(labels, winners); texts without a team in them are read once in a lifetime."""
    joined = "\n".join(texts).casefold()
    if any(name in joined for name in names):
        texts = tuple(teams.apply(" ".join(text.split()).casefold()) for text in texts)
    return _labels_known(slug, specifier, texts)


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
