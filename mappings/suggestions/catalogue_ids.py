"""What a source key itself says: bookmakers number and name their markets by pattern.

Nothing is known beforehand. From the mappings in force it is learnt what a step between two keys
of one bookmaker meant ("50 further on: first half instead of full time", "1T appended: the same");
a new key is then judged by its steps from the mapped ones.
"""

from collections import defaultdict
from math import log1p

from mappings.suggestions.markets import Target

LONGEST_STEP = 150
LONGEST_PIECE = 6
ENOUGH = 6.0
LONGEST_NUMBER = 18  # digits


def step(one: str, other: str):
    """How one key becomes the other: a difference of numbers, or the piece of text that changes.

    None when the two have nothing to do with each other.
    """
    if one == other:
        return None
    if one.isdecimal() and other.isdecimal() and max(len(one), len(other)) <= LONGEST_NUMBER:
        difference = int(other) - int(one)
        return difference if abs(difference) <= LONGEST_STEP else None
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    removed, added = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(removed), len(added)) > LONGEST_PIECE or start + end < 3:
        return None
    return removed, added


def change(one: Target, other: Target):
    """The one coordinate in which two BetPawa markets differ, as (what, from, to); None for none or more."""
    a, b = one.coordinates, other.coordinates
    differing = [
        (what, getattr(a, what), getattr(b, what))
        for what in ("family", "statistic", "period", "subject", "qualifiers")
        if getattr(a, what) != getattr(b, what)
    ]
    return differing[0] if len(differing) == 1 else None


class KeySteps:
    """The steps between the mapped keys of one bookmaker. known: {key: [Target]}."""

    def __init__(self, known: dict[str, list[Target]]):
        self.known = known
        self._meanings: dict[object, dict] = defaultdict(lambda: defaultdict(int))
        self._changes: dict[tuple[str, str], tuple | None] = {}
        for one, ones in known.items():
            for other, others in known.items():
                taken = step(one, other)
                if taken is None:
                    continue
                for a in ones:
                    for b in others:
                        meant = self._change(a, b)
                        if meant is not None:
                            self._meanings[taken][meant] += 1

    def _change(self, a, b):
        pair = (a.betpawa_id, b.betpawa_id)
        if pair not in self._changes:
            self._changes[pair] = change(a, b)
        return self._changes[pair]

    def support(self, key: str, candidates: list[Target]) -> dict[str, float]:
        """{BetPawa id: 0 to 1}: how well the steps from mapped keys to this one speak for each.

        The key's own mapping, if it has one, is not used.
        """
        own = self.known.get(key, ())
        votes: dict[str, float] = defaultdict(float)
        for other, targets in self.known.items():
            taken = step(other, key) if other != key else None
            if taken is None or taken not in self._meanings:
                continue
            meanings = self._meanings[taken]
            for start in targets:
                hidden = {self._change(start, mine) for mine in own}
                for candidate in candidates:
                    meant = self._change(start, candidate)
                    if meant is None:
                        continue
                    votes[candidate.betpawa_id] += meanings.get(meant, 0) - (1 if meant in hidden else 0)
        return {id: min(1.0, log1p(count) / log1p(ENOUGH)) for id, count in votes.items() if count > 0}
