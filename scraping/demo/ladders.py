"""Each bookmaker's margin, its steps of prices and how it writes them. Prices round down, so a margin never shrinks."""

from dataclasses import dataclass
from functools import cache

import numpy as np

LOWEST = 1.01


@dataclass(frozen=True)
class House:
    """How one bookmaker prices. margin: per market. disagreement: spread of its own opinion of a match's strength.

    jitter: largest change of one price that its own trading adds. delay: seconds after which it follows news.
    """

    margin: float
    disagreement: float
    jitter: float
    delay: float
    top: float
    steps: tuple[tuple[float, float], ...]  # (up to, step)


HOUSES = {
    "betpawa": House(0.052, 0.015, 0.012, 0.0, 100.0, ((100.0, 0.01),)),
    "sportybet": House(
        0.058, 0.025, 0.012, 7.0, 250.0, ((3.0, 0.01), (6.0, 0.05), (10.0, 0.1), (20.0, 0.25), (250.0, 1.0))
    ),
    "bet9ja": House(0.075, 0.03, 0.012, 20.0, 99.0, ((3.0, 0.01), (6.0, 0.05), (10.0, 0.1), (15.0, 0.25), (99.0, 1.0))),
}


@cache
def ladder(slug: str) -> np.ndarray:
    """All prices a bookmaker may show, ascending."""
    prices, low = [], LOWEST
    for top, step in HOUSES[slug].steps:
        count = round((top - low) / step)
        prices += [round(low + step * number, 2) for number in range(count)]
        low = top
    return np.array([*prices, low])


@cache
def texts(slug: str) -> list[str]:
    """The prices of the ladder as the bookmaker writes them."""
    if slug == "betpawa":
        return [repr(float(price)) for price in ladder(slug)]
    if slug == "sportybet":
        return [f"{price:.2f}" for price in ladder(slug)]
    return [f"{price:.2f}".rstrip("0").rstrip(".") for price in ladder(slug)]
