"""The order in which people expect outcomes: 1 X 2, over before under, yes before no, numbers and scores as they grow,
the rest last. Pure."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

Outcome = TypeVar("Outcome")
_TOKEN = re.compile(r"(?<!\d)-?\d+(?:\.\d+)?|[^\W\d_]+|\+")
_SIDES = {"home": 1, "h": 1, "first": 1, "draw": 1.5, "x": 1.5, "d": 1.5, "tie": 1.5, "equal": 1.5, "away": 2, "a": 2,
          "second": 2}  # fmt: skip
_PLACES = {word: place for place, words in enumerate((
    ("over", "o", "ov"), ("under", "u", "un"), ("yes", "y", "gg"), ("no", "n", "ng"), ("odd", "od"), ("even", "ev"),
)) for word in words}  # fmt: skip
_OF_A_LINE = ("over", "o", "ov", "under", "u", "un")
_REST = ("other", "others", "any", "none", "neither", "nobody", "goalless")
_NUMBERS, _WORDS, _PLUS, _UNKNOWN, _LAST = range(5)


def in_order(
    outcomes: Iterable[Outcome], *, text: Callable[[Outcome], str], line: Callable[[Outcome], str] = lambda _: ""
) -> list[Outcome]:
    """The outcomes of one market as people expect them; as they came where their words say nothing, such as
    names of players. text: what an outcome is called. line: its line, where the text does not hold it."""
    outcomes = list(outcomes)
    words = [_TOKEN.findall(text(one).casefold()) for one in outcomes]
    if _are_of_two_sorts(words):
        return outcomes
    doubles = any(set(found) in ({"1", "x"}, {"x", "2"}) for found in words)
    lines = [_TOKEN.findall(line(one)) for one in outcomes]
    keys = [
        [*map(_rank, of_line), *_place(["1", "2"] if doubles and found == ["12"] else found, of_line)]
        for of_line, found in zip(lines, words, strict=True)
    ]
    return [one for _, one in sorted(zip(keys, outcomes, strict=True), key=lambda pair: pair[0])]


def _are_of_two_sorts(words):
    """Whether some begin with a word that says where they stand, and others with one that does not: the names
    of teams around a draw, say."""
    first = {_rank(found[0])[0] for found in words if found} - {_LAST}
    return _UNKNOWN in first and len(first) > 1


def _place(words, of_line):
    if words and words[0] in _OF_A_LINE:  # over and under of one line stand together
        words = [*(word for word in words[1:] if word not in of_line), words[0]]
    return [_rank(word) for word in words] or [(_LAST, 0)]


def _rank(word):
    if word in _SIDES:
        return _NUMBERS, _SIDES[word]
    if word in _PLACES:
        return _WORDS, _PLACES[word]
    if word in _REST:
        return _LAST, 0
    if word == "+":
        return _PLUS, 0
    return (_NUMBERS, float(word)) if word[-1].isdecimal() else (_UNKNOWN, 0)
