"""From features to a score, from scores to a confidence and a band. The numbers are model.json.

score = base + Σ weight × feature, in log-odds against "BetPawa has no counterpart". Confidence is
what share of the offers with such a share of the odds turned out right, in bins, rising.
"""

from functools import cache
from math import exp
from pathlib import Path

import msgspec
import numpy as np

from mappings.models import Band
from mappings.suggestions.features import FEATURES

MODEL = Path(__file__).with_name("model.json")


class Model(msgspec.Struct, frozen=True):
    """weights: {feature: weight}. calibration: [(odds share, confidence)], rising, in between linear.

    strong, likely: the least confidence of a band; strong_lead: the least lead in score over the next.
    """

    base: float
    weights: dict[str, float]
    calibration: list[tuple[float, float]]
    strong: float
    strong_lead: float
    likely: float

    @property
    def vector(self) -> np.ndarray:
        return np.array([self.weights.get(name, 0.0) for name, _ in FEATURES])


@cache
def shipped() -> Model:
    return msgspec.json.decode(MODEL.read_bytes(), type=Model)


def odds_shares(scores: list[float]) -> list[float]:
    """Each candidate's share of the odds, beside the others and beside "no counterpart" (score 0)."""
    top = max([0.0, *scores])
    powers = [exp(score - top) for score in scores]
    total = exp(-top) + sum(powers)
    return [power / total for power in powers]


def confidence(share: float, calibration) -> float:
    points = calibration or [(0.0, 0.0), (1.0, 1.0)]
    return float(np.interp(share, [x for x, _ in points], [y for _, y in points]))


def band_of(model: Model, sure: float, lead: float, is_doubtful: bool) -> str:
    """is_doubtful: something that only a person can tell apart, whatever the figures say."""
    if sure >= model.strong and lead >= model.strong_lead and not is_doubtful:
        return Band.STRONG
    return Band.LIKELY if sure >= model.likely else Band.WEAK
