"""Specifiers: the bookmakers' grammars for what tells two instances of a market apart.

SportyBet: key=value pairs joined by "|". BetPawa: the handicap, four times the line. Bet9ja: the
line as text.
"""

import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?[0-9]{1,4}(?:\.[0-9]{1,4})?", re.ASCII)
_GOALS = re.compile(r"([0-9]{1,2}):([0-9]{1,2})", re.ASCII)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,5}", re.ASCII)
LONGEST = 200


class InvalidSpecifier(ValueError):
    """The text does not follow its bookmaker's grammar."""


def parse_specifier(text: str) -> dict[str, str]:
    """{key: value} of a SportyBet specifier, in its order; {} for "". Raises InvalidSpecifier."""
    if not text:
        return {}
    if len(text) > LONGEST:
        raise InvalidSpecifier(f"Specifier of {len(text)} characters.")
    pairs = {}
    for part in text.split("|"):
        key, equals, value = part.partition("=")
        if not equals or not value or not _KEY.fullmatch(key):
            raise InvalidSpecifier(f"{part[:60]!r} is not key=value.")
        if key in pairs:
            raise InvalidSpecifier(f"{key} is given twice.")
        pairs[key] = value
    return pairs


def format_specifier(pairs: dict[str, str]) -> str:
    """The text that parse_specifier reads back to the same pairs."""
    return "|".join(f"{key}={value}" for key, value in pairs.items())


def satisfies(pairs: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether every wanted pair is there, as a whole: minute=5 is not minute=50."""
    return all(pairs.get(key) == value for key, value in wanted.items())


def parse_line(text: str) -> Decimal:
    """An exact line without trailing zeros: "1", "1.0" and "+1.00" are equal. Raises InvalidSpecifier."""
    if not _NUMBER.fullmatch(text):
        raise InvalidSpecifier(f"{text[:60]!r} is not a line.")
    return plain(Decimal(text))


def plain(line: Decimal) -> Decimal:
    """The same number in its shortest plain form: no exponent, no trailing zeros, no minus zero."""
    line = line.normalize() + 0
    return line.quantize(Decimal(1)) if line.as_tuple().exponent > 0 else line


def parse_handicap(text: str) -> Decimal:
    """Goals added to the home side: "-0.5" as it is, "0:1" (goals given to home : away) as 0 - 1."""
    goals = _GOALS.fullmatch(text)
    if goals:
        return Decimal(int(goals[1]) - int(goals[2]))
    return parse_line(text)


def parse_quarters(text: str) -> Decimal:
    """BetPawa's handicap ("10") as a line (2.5). Raises InvalidSpecifier."""
    if not _INTEGER.fullmatch(text):
        raise InvalidSpecifier(f"{text[:60]!r} is not a handicap.")
    return plain(Decimal(text) / 4)
