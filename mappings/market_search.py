"""Finding one of BetPawa's markets from a few letters: "o25", "1h btts", "homeou", an id. Pure.

Every word asked for must be met, by a word of the market, its beginning, a slip of the pen, or
letters in order. Short names that traders use count as words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.fuzz import ratio

from mappings.definitions import MarketDefinition
from mappings.suggestions.coordinates import coordinates_of

SHOWN = 12
_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
_LINE = re.compile(r"(over|under|ov|un|ou|o|u|ah|hcp)([0-9](?:\.?(?:5|0|25|75))?)")
_PERIOD_AT_END = re.compile(r"\b([a-z][a-z0-9.]*)([12]h|ft)\b")  # "ou1h"
_SIDED_LINE = re.compile(r"([ou])([0-9])([0-9])")

# What people type for a kind of market, a period and a side, beside the words of its name.
_SHORT = {
    "over_under": "over under ou o u ov un total totals line goals",
    "btts": "btts gg ng goal nogoal bts both score",
    "1x2": "1x2 result winner win",
    "double_chance": "dc chance 1x 12 x2",
    "draw_no_bet": "dnb",
    "handicap_2way": "ah asian hcp handicap spread line",
    "handicap_3way": "eh european hcp handicap line",
    "correct_score": "cs score exact",
    "htft": "htft ht ft half full",
    "odd_even": "oe odd even",
    "exact": "exact goals number",
    "goalscorer": "scorer player",
}
_PERIODS = {
    "FT": "ft full time match",
    "1H": "1h 1st first half ht h1",
    "2H": "2h 2nd second half h2",
}
_SIDES = {"home": "home team 1", "away": "away team 2", "both": "home away"}
_STATISTICS = {"bookings": "cards bookings yellow", "corners": "corners corner ck"}
EXACT, BEGINS, TYPED_WRONG, IN_ORDER = 1.0, 0.8, 0.6, 0.3
LEAST_ALIKE = 78


@dataclass(frozen=True, slots=True)
class Found:
    """A market that answers. canonical_id: "" where no mapping names it. line: asked for, as text."""

    betpawa_id: str
    canonical_id: str
    name: str
    outcomes: tuple[str, ...]
    definition: MarketDefinition | None
    score: float = 0.0
    line: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    words: tuple[str, ...]
    line: str
    whole: str


def search(question: str, definitions: Iterable[MarketDefinition], unnamed: Iterable[Found] = ()) -> list[Found]:
    """The best twelve. unnamed: BetPawa's markets that no mapping names yet."""
    asked = _asked(question)
    if not asked.words:
        return []
    found = []
    for market in (*map(_of_definition, definitions), *unnamed):
        score = _score(asked, market)
        if score > 0:
            found.append(Found(**{name: getattr(market, name) for name in _KEPT}, score=score, line=asked.line))
    return sorted(found, key=lambda one: (-one.score, len(one.name), one.name))[:SHOWN]


_KEPT = ("betpawa_id", "canonical_id", "name", "outcomes", "definition")


def unnamed_market(betpawa_id: str, name: str, outcomes: Iterable[str]) -> Found:
    return Found(betpawa_id, "", name or betpawa_id, tuple(outcomes), None)


def _of_definition(definition):
    names = tuple(outcome.name for outcome in definition.outcomes)
    return Found(definition.betpawa_id, definition.canonical_id, definition.name, names, definition)


def _asked(question) -> _Asked:
    """Words, with a line taken out of "o25", "over2.5" and "ah 1.5"."""
    words, line = [], ""
    spaced = _PERIOD_AT_END.sub(r"\1 \2", question.casefold()[:100].replace("/", " "))
    for word in _WORD.findall(spaced):
        compact, spelt = _SIDED_LINE.fullmatch(word), _LINE.fullmatch(word)
        if compact and compact[3] in "05":
            words.append(compact[1])
            line = f"{compact[2]}.{compact[3]}" if compact[3] == "5" else compact[2]
        elif spelt:
            words.append(spelt[1])
            line = spelt[2]
        elif "." in word and word.replace(".", "").isdigit():
            line = word
        else:
            words.append(word)
    if line and not words:
        words = ["line"]
    return _Asked(tuple(dict.fromkeys(words)), line, question.strip().casefold())


def _ids(market):
    """What names the market alone: its ids and the bookmakers' keys."""
    keys = (key for held in market.definition.keys.values() for key in held) if market.definition else ()
    return {text.casefold() for text in (market.betpawa_id, market.canonical_id, *keys) if text}


@lru_cache(maxsize=4_000)
def _words(betpawa_id, canonical_id, name, outcomes, has_line):
    """(its words, those that traders use for it beside, all letters in a row, is of the whole match)"""
    coordinates = coordinates_of("betpawa", betpawa_id, name, outcomes)
    own = set(_WORD.findall(name.casefold())) | set(canonical_id.casefold().split("_")) | {betpawa_id.casefold()}
    more = set()
    for part in coordinates.parts:
        more |= set(_SHORT.get(part, part.replace("_", " ")).split())
    more |= set(_PERIODS.get(coordinates.period, coordinates.period.casefold()).split())
    more |= set(_SIDES.get(coordinates.subject, "").split())
    more |= set(_STATISTICS.get(coordinates.statistic, coordinates.statistic).split())
    more |= {"line"} if has_line else set()
    letters = re.sub(r"[\W_]", "", f"{name}{canonical_id}".casefold())
    plain = coordinates.period == "FT" and coordinates.subject == "match" and coordinates.statistic == "goals"
    return frozenset(own - {""}), frozenset(more - {""}), letters, plain


def _score(asked, market):
    definition = market.definition
    if asked.whole in _ids(market):
        return 10.0
    has_line = definition is not None and definition.has_line
    own, more, letters, plain = _words(market.betpawa_id, market.canonical_id, market.name, market.outcomes, has_line)
    scores = [_one(word, own, more, letters) for word in asked.words]
    if not all(scores):
        return 0.0
    score = sum(scores) / len(scores)
    if asked.line:
        if not has_line and asked.line not in market.name:
            return 0.0
        score += 0.2
    # What is asked for without more is the market of the whole match, and the one with fewer other words.
    return score + (0.1 if plain else 0.0) + 0.1 / (1 + len(own))


def _one(word, own, more, letters):
    if word in own:
        return EXACT
    if word in more:
        return EXACT - 0.05
    if len(word) > 1 and any(known.startswith(word) for known in own | more):
        return BEGINS
    if len(word) > 3 and max((ratio(word, known) for known in own | more), default=0) >= LEAST_ALIKE:
        return TYPED_WRONG
    return IN_ORDER if len(word) > 2 and _in_order(word, letters) else 0.0


def _in_order(word, letters):
    at = 0
    for letter in word:
        at = letters.find(letter, at) + 1
        if at == 0:
            return False
    return True
