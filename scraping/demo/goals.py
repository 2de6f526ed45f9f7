"""The model of a match: every score by halves with its probability, and the same for corners and cards.

A *space* is the list of all counts (home 1st half, away 1st half, home 2nd half, away 2nd half); a match gives each
of its states a probability. An outcome of any market is a weight per state, so its fair probability is
one dot product, and every market of a match is priced from the same match.
"""

from functools import cache

import numpy as np

FIRST_HALF_SHARE = 0.45


class Space:
    """All counts by half up to a cap per team and half; the last value stands for "or more"."""

    def __init__(self, name: str, cap: int):
        self.name = name
        self.cap = cap
        counts = np.arange(cap + 1)
        grid = np.meshgrid(counts, counts, counts, counts, indexing="ij")
        self.home1, self.away1, self.home2, self.away2 = (axis.ravel() for axis in grid)
        self.size = self.home1.size
        self._factorials = np.cumprod(np.concatenate([[1.0], np.arange(1, cap + 1)]))
        self._counts = counts

    def period(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Counts of home and away in "FT", "1H" or "2H"."""
        if name == "1H":
            return self.home1, self.away1
        if name == "2H":
            return self.home2, self.away2
        return self.home1 + self.home2, self.away1 + self.away2

    def probabilities(self, home: float, away: float) -> np.ndarray:
        """One probability per state, from the expected counts of the whole match."""
        first, second = FIRST_HALF_SHARE, 1 - FIRST_HALF_SHARE
        parts = [self._poisson(mean) for mean in (home * first, away * first, home * second, away * second)]
        left = np.outer(parts[0], parts[1]).ravel()
        return np.outer(left, np.outer(parts[2], parts[3]).ravel()).ravel()

    def _poisson(self, mean: float) -> np.ndarray:
        chances = np.exp(-mean) * mean**self._counts / self._factorials
        chances[-1] = 1.0 - chances[:-1].sum()
        return chances


SPACES = {"goals": Space("goals", 5), "corners": Space("corners", 7), "cards": Space("cards", 4)}


def asian(difference: np.ndarray, line: float) -> tuple[np.ndarray, np.ndarray]:
    """Winning share and returned share of a stake on difference + line > 0, quarter lines as two halves."""
    lines = (line - 0.25, line + 0.25) if line * 4 % 2 else (line,)
    win = sum(((difference + part) > 0) * 1.0 for part in lines) / len(lines)
    back = sum(((difference + part) == 0) * 1.0 for part in lines) / len(lines)
    return win, back


@cache
def _choose(n: int, k: int) -> float:
    from math import comb

    return float(comb(n, k)) if 0 <= k <= n else 0.0


def ever_leads(ours: np.ndarray, theirs: np.ndarray, by: int) -> np.ndarray:
    """Chance that we lead by so many at some time, given the final score (all orders equally likely)."""
    table = np.zeros((int(ours.max()) + 1, int(theirs.max()) + 1))
    for us in range(table.shape[0]):
        for them in range(table.shape[1]):
            reached = us - them >= by
            table[us, them] = 1.0 if reached else _choose(us + them, them + by) / _choose(us + them, us)
    return table[ours, theirs]


def in_a_row(ours: np.ndarray, theirs: np.ndarray, run: int) -> np.ndarray:
    """Chance that we score `run` goals in a row, given the final score."""

    @cache
    def without(us: int, them: int, current: int) -> float:
        """Orders of the remaining goals in which no run of ours gets long enough."""
        if us == 0 and them == 0:
            return 1.0
        orders = 0.0
        if us and current + 1 < run:
            orders += without(us - 1, them, current + 1)
        if them:
            orders += without(us, them - 1, 0)
        return orders

    table = np.zeros((int(ours.max()) + 1, int(theirs.max()) + 1))
    for us in range(table.shape[0]):
        for them in range(table.shape[1]):
            table[us, them] = 1.0 - without(us, them, 0) / _choose(us + them, us)
    return table[ours, theirs]


def first_scorer(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Chance that we score the first (or, by symmetry, the last) of the counted goals."""
    return ours / np.maximum(ours + theirs, 1)


@cache
def _thin(count: int, share: float) -> tuple[float, ...]:
    return tuple(_choose(count, k) * share**k * (1 - share) ** (count - k) for k in range(count + 1))


def minute_result(minute: int) -> dict[str, np.ndarray]:
    """Weights of home, draw, away at a minute of the match, given the goals of each half."""
    space = SPACES["goals"]
    cap = space.cap
    early_half = minute <= 45
    share = minute / 45 if early_half else (minute - 45) / 45
    table = np.zeros((3, cap + 1, cap + 1, 2 * cap + 1))
    for ours in range(cap + 1):
        for theirs in range(cap + 1):
            for lead in range(-cap, cap + 1):
                for i, p in enumerate(_thin(ours, share)):
                    for j, q in enumerate(_thin(theirs, share)):
                        now = lead + i - j
                        table[0 if now > 0 else 1 if now == 0 else 2, ours, theirs, lead + cap] += p * q
    if early_half:
        cells = (space.home1, space.away1, np.full(space.size, cap))
    else:
        cells = (space.home2, space.away2, space.home1 - space.away1 + cap)
    return {name: table[index][cells] for index, name in enumerate(("home", "draw", "away"))}


def goal_within(start: int, end: int) -> np.ndarray:
    """Weight: at least one goal between two minutes of one half."""
    space = SPACES["goals"]
    goals = space.home1 + space.away1 if end <= 45 else space.home2 + space.away2
    return 1.0 - (1 - (end - start) / 45) ** goals


def total_by_minute(minute: int, line: float) -> np.ndarray:
    """Weight: more than `line` goals up to a minute of the first half (or of the match beyond 45)."""
    space = SPACES["goals"]
    first, second = space.home1 + space.away1, space.home2 + space.away2
    thinned, whole = (first, None) if minute <= 45 else (second, first)
    share = minute / 45 if minute <= 45 else (minute - 45) / 45
    table = np.zeros((2 * space.cap + 1, 2 * space.cap + 1))
    for count in range(2 * space.cap + 1):
        for before in range(2 * space.cap + 1):
            table[count, before] = sum(p for k, p in enumerate(_thin(count, share)) if k + before > line)
    return table[thinned, 0 if whole is None else whole]


def first_goal_between(start: int, end: int) -> np.ndarray:
    """Weight: the first goal of the match falls between two minutes (within one half)."""
    space = SPACES["goals"]
    first, second = space.home1 + space.away1, space.home2 + space.away2
    if end <= 45:
        return (1 - start / 45) ** first - (1 - end / 45) ** first
    later = (1 - (start - 45) / 45) ** second - (1 - (end - 45) / 45) ** second
    return later * (first == 0)
