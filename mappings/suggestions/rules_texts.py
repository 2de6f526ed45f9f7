"""What a rules text says about a market: in itself, and beside BetPawa's text where that is known."""

import re
from functools import lru_cache
from math import fsum, log
from typing import NamedTuple

from mappings.suggestions.coordinates import template

LONGEST = 1_500
LEAST_WORDS = 3
MOST_KEPT = 2_000
_WORD = re.compile(r"[a-z0-9]+")
_EARLY = re.compile(
    r"early payout|paid out early|pays? out early|rewards? you earlier|pays? your .{0,20}bets? immediately"
    r"|if your team (leads|takes)|(one|two|1|2)[- ]goals? lead|settled as (a )?winner as soon as"
)
_OVERTIME = re.compile(
    r"(overtime|extra[- ]time)( and [a-z ]{3,25})? (is |are |also )?(counts?|counted|included)"
    r"|including (overtime|extra[- ]time)"
)
_REFUND = re.compile(r"stakes? (is |are |will be )?(refunded|returned)|draw no bet")
_FIRST = re.compile(r"(1st|first)[- ]half")
_SECOND = re.compile(r"(2nd|second)[- ]half")
_COUNTS = {
    "corners": re.compile(r"\bcorners?\b"),
    "bookings": re.compile(r"\b(cards?|bookings?|booked|sent off)\b"),
}
_HOME, _AWAY = re.compile(r"\bhome ?team\b|\bhome\b"), re.compile(r"\baway ?team\b|\baway\b")
PAID_EARLY = frozenset({"up1", "up2", "early"})


SETTLED = (
    (_EARLY, "pays out early"),
    (_OVERTIME, "extra time counts"),
    (_REFUND, "the stake comes back"),
)


class Said(NamedTuple):
    """What the words of a rules text mention. halves: 1H, 2H. counts: corners, bookings. sides: home, away."""

    early: bool
    halves: frozenset
    counts: frozenset
    sides: frozenset


@lru_cache(maxsize=5_000)
def read(text: str) -> Said:
    text = template(text[:LONGEST])
    return Said(
        bool(_EARLY.search(text)),
        frozenset(name for name, pattern in (("1H", _FIRST), ("2H", _SECOND)) if pattern.search(text)),
        frozenset(name for name, pattern in _COUNTS.items() if pattern.search(text)),
        frozenset(name for name, pattern in (("home", _HOME), ("away", _AWAY)) if pattern.search(text)),
    )


def coherence(text: str, target) -> float:
    """-1 to 1: whether the rules speak of the half, the side and the count that these coordinates name."""
    if len(_words(text)) < LEAST_WORDS:
        return 0.0
    said = read(text)
    value = 0.0
    if said.early and not target.qualifiers & PAID_EARLY:
        return -1.0
    if target.statistic in _COUNTS:
        value += 0.3 if target.statistic in said.counts else -0.5
    elif said.counts:
        value -= 0.5
    if target.period in ("1H", "2H"):
        value += 0.3 if target.period in said.halves else -0.3
    elif len(said.halves) == 1 and target.period == "FT":
        value -= 0.3
    if target.subject in ("home", "away"):
        value += 0.3 if target.subject in said.sides else (-0.5 if said.sides else 0.0)
    return max(-1.0, min(1.0, value))


def contradicts(text: str, target) -> bool:
    """Whether the rules pay out early and the market does not: a near twin that prices let pass."""
    return bool(text) and read(text).early and not target.qualifiers & PAID_EARLY


@lru_cache(maxsize=20_000)
def differences(ours: str, theirs: str) -> tuple[str, ...]:
    """In words, what only one of two rules texts says of how a bet is settled; () where one is missing."""
    if len(_words(ours)) < LEAST_WORDS or len(_words(theirs)) < LEAST_WORDS:
        return ()
    one, other = template(ours[:LONGEST]), template(theirs[:LONGEST])
    found = []
    for pattern, told in SETTLED:
        here, there = bool(pattern.search(one)), bool(pattern.search(other))
        if here != there:
            whose = "the rival's" if here else "BetPawa's"
            found.append(f"{told}: only {whose} text says so")
    return tuple(found)


class RulesTexts:
    """How a source's rules text compares with the targets': shared words, the rarer the more.

    Sums are exact, so that neither the order of words nor that of targets shows in a figure."""

    def __init__(self, targets):
        self._words = {target.betpawa_id: _words(target.rules_text) for target in targets}
        counts: dict[str, int] = {}
        for found in self._words.values():
            for word in found:
                counts[word] = counts.get(word, 0) + 1
        self._rarity = {word: log((len(self._words) + 1) / count) for word, count in counts.items()}
        self._likeness: dict[str, dict[str, float]] = {}
        self._totals = {id: fsum(self._rarity[word] for word in found) for id, found in self._words.items()}

    def likeness(self, text: str) -> dict[str, float]:
        """{BetPawa id: -1 to 1} against the average target; {} where either side has no text."""
        if text not in self._likeness:
            if len(self._likeness) >= MOST_KEPT:
                self._likeness.clear()
            self._likeness[text] = self._compared(text)
        return self._likeness[text]

    def _compared(self, text):
        ours = _words(text)
        if len(ours) < LEAST_WORDS:
            return {}
        total = fsum(self._rarity.get(word, 0.0) for word in ours) or 1.0
        raw = {}
        for betpawa_id, theirs in self._words.items():
            if theirs:
                shared = fsum(self._rarity[word] for word in ours & theirs)
                raw[betpawa_id] = 2 * shared / (total + self._totals[betpawa_id])
        if not raw:
            return {}
        mean = fsum(raw.values()) / len(raw)
        return {id: max(-1.0, min(1.0, (value - mean) * 3)) for id, value in raw.items()}


@lru_cache(maxsize=5_000)
def _words(text):
    return frozenset(word for word in _WORD.findall(template(text[:LONGEST])) if len(word) > 2)
