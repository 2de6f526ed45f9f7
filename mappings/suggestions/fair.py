"""Prices as probabilities without margin, many books at once. Pure numpy.

The power method: every implied probability is raised to the one exponent that makes the book sum
to its number of winners. It takes more margin from long shots than from favourites, as
bookmakers put it on.
"""

import numpy as np

TYPICAL_MARGIN = 1.07  # where the book has no sum to go by: overlapping ranges, one side missing
WIDEST = 4.6  # logit of 1 %: beyond it, prices say more about the ladder than about the match
_STEPS = 8
LEAST_BOOK, MOST_BOOK = 0.98, 1.65
UNKNOWN = -1  # winners, where outcomes do not say: the sum of the book has to
_ONE_WINNER, _TWO_WINNERS = (0.99, 1.25), (1.98, 2.4)


def fair_probabilities(implied: np.ndarray, starts: np.ndarray, winners: np.ndarray) -> np.ndarray:
    """implied: 1/price of all books in a row. starts: where each begins. winners: per book, 0 when open,
    UNKNOWN to go by its sum.

    A book whose sum is no plausible multiple of its winners is treated as open.
    """
    if not len(implied):
        return implied
    sizes = np.diff(np.append(starts, len(implied)))
    sums = np.add.reduceat(implied, starts)
    guessed = np.where(_within(sums, _ONE_WINNER), 1, np.where(_within(sums, _TWO_WINNERS) & (sizes > 2), 2, 0))
    winners = np.where(winners == UNKNOWN, guessed, winners)
    wanted = np.maximum(winners, 1).astype(float)
    ratio = sums / wanted
    closed = (winners > 0) & (ratio >= LEAST_BOOK) & (ratio <= MOST_BOOK) & (sizes > 1) & (sizes > winners)
    logs = np.log(np.clip(implied, 1e-6, 0.999999))
    exponents = np.ones(len(starts))
    for _ in range(_STEPS):
        powers = np.exp(logs * np.repeat(exponents, sizes))
        totals = np.add.reduceat(powers, starts)
        slopes = np.add.reduceat(powers * logs, starts) / totals
        exponents = np.clip(exponents - (np.log(totals) - np.log(wanted)) / slopes, 0.3, 4.0)
    fair = np.exp(logs * np.repeat(exponents, sizes))
    return np.where(np.repeat(closed, sizes), fair, implied / TYPICAL_MARGIN)


def _within(values, limits):
    return (values >= limits[0]) & (values <= limits[1])


def logits(probabilities: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), held within ±WIDEST."""
    clipped = np.clip(probabilities, 1e-4, 1 - 1e-4)
    return np.clip(np.log(clipped / (1 - clipped)), -WIDEST, WIDEST)
