"""How each bookmaker writes source keys, lines and outcome texts. One entry per slug; a bookmaker
without an entry gets PLAIN, so that a fourth one needs no code here to begin with."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from mappings.definitions import MarketDefinition
from mappings.outcome_text import comparable
from mappings.specifiers import (
    InvalidSpecifier,
    parse_handicap,
    parse_line,
    parse_quarters,
    parse_specifier,
    satisfies,
)

LONGEST_KEY = 100
HIDDEN_PARAMETERS = frozenset({"variant"})  # names the outcome buckets; the outcomes say the same
PARAMETER_OF = {"total": "total", "home_handicap": "hcp"}


class UnknownParameter(ValueError):
    """A well-formed specifier that this definition does not expect: another market, or a new family."""


class Grammar(NamedTuple):
    """key_is_valid(key).
    read_line(definition, specifier, wanted) -> Decimal or None, where wanted is the definition's
    filter at this bookmaker; raises UnknownParameter, InvalidSpecifier.
    line_texts(specifier): what outcome texts may repeat. compare(text, line_texts): what two texts
    are equal by. has_team_names: texts may name the teams. verbatim: outcome names are taken as
    they are (the reference bookmaker)."""

    key_is_valid: Callable
    read_line: Callable
    line_texts: Callable
    compare: Callable
    has_team_names: bool = False
    verbatim: bool = False


_BET9JA_KEY = re.compile(r"S_[^_@\s]{1,98}")


def _any_key(key):
    return bool(key) and len(key) <= LONGEST_KEY and key.isprintable()


def _bet9ja_key(key):
    return _BET9JA_KEY.fullmatch(key) is not None


def _no_texts(specifier):
    return ()


def _exact(text, line_texts):
    return text


def _line_of_number(definition: MarketDefinition, number: Decimal | None):
    """The stored line when the specifier is nothing but a number or nothing at all."""
    if definition.has_line:
        if number is None:
            raise UnknownParameter("No line; this market has one.")
        return number
    fixed = definition.fixed_line
    if number is not None and number != fixed:
        raise UnknownParameter(f"Line {number}; this market {f'is only {fixed}' if fixed is not None else 'has none'}.")
    return None


def _quarters(definition, specifier, wanted):
    return _line_of_number(definition, parse_quarters(specifier) if specifier else None)


def _line_text(definition, specifier, wanted):
    return _line_of_number(definition, parse_line(specifier) if specifier else None)


def _pairs(definition, specifier, wanted):
    pairs = parse_specifier(specifier)
    if not satisfies(pairs, wanted):
        raise UnknownParameter(f"{specifier[:60] or 'No specifier'}; only {wanted} belongs here.")
    parameter = PARAMETER_OF.get(definition.line_semantics)
    unexpected = set(pairs) - set(wanted) - HIDDEN_PARAMETERS - {parameter}
    fixed = definition.fixed_line
    if fixed is not None and not wanted:
        values = {parse_line(pairs.pop(key)) for key in sorted(unexpected)}
        if values != {fixed}:
            raise UnknownParameter(f"{specifier[:60] or 'No specifier'}; this market is only {fixed}.")
        return None
    if unexpected:
        raise UnknownParameter(f"{', '.join(sorted(unexpected))} is not expected here.")
    if parameter is None:
        return None
    if parameter not in pairs:
        raise UnknownParameter(f"{parameter} is missing.")
    value = pairs[parameter]
    if parameter == "hcp" and (":" in value) != (definition.kind == "handicap_3way"):
        raise UnknownParameter(f"hcp={value[:20]} belongs to the other kind of handicap.")
    return parse_handicap(value) if parameter == "hcp" else parse_line(value)


def _pair_texts(specifier):
    return tuple(value for key, value in parse_specifier(specifier).items() if key in ("total", "hcp"))


def _plain(definition, specifier, wanted):
    return (_pairs if "=" in specifier else _line_text)(definition, specifier, wanted)


PLAIN = Grammar(_any_key, _plain, _no_texts, comparable, has_team_names=True)
GRAMMARS = {
    "betpawa": Grammar(_any_key, _quarters, _no_texts, _exact, verbatim=True),
    "sportybet": Grammar(_any_key, _pairs, _pair_texts, comparable, has_team_names=True),
    "bet9ja": Grammar(_bet9ja_key, _line_text, _no_texts, _exact),
}


def grammar_of(slug: str) -> Grammar:
    return GRAMMARS.get(slug, PLAIN)


__all__ = ["GRAMMARS", "PLAIN", "Grammar", "InvalidSpecifier", "UnknownParameter", "grammar_of"]
