"""Fits the weights and the calibration of model.json on cases whose answer is known. Pure numpy.

Weights: a conditional logit. For each case the right market's score is raised against the other
candidates and against "no counterpart"; weights are not negative, so that no bar of a waterfall
speaks against its own words. Calibration: pooled neighbours, so that confidence only rises.
"""

from typing import NamedTuple

import numpy as np

from mappings.suggestions.features import FEATURES

ROUNDS = 600
RATE = 0.08
RIDGE = 0.004
BINS = 12


class Case(NamedTuple):
    """values: (candidates, features). right: rows that are the answer, [] when there is none."""

    values: np.ndarray
    right: list[int]
    weight: float = 1.0


def fit(cases: list[Case]) -> tuple[float, np.ndarray]:
    """(base, weights) by gradient with momentum; the same cases give the same numbers."""
    sizes = [len(case.values) for case in cases]
    stacked = np.vstack([case.values for case in cases if len(case.values)])
    owners = np.repeat(np.arange(len(cases)), sizes)
    right = np.zeros(len(stacked), dtype=bool)
    has_answer = np.zeros(len(cases), dtype=bool)
    start = 0
    for number, case in enumerate(cases):
        right[[start + row for row in case.right]] = True
        has_answer[number] = bool(case.right)
        start += len(case.values)
    importance = np.array([case.weight for case in cases])
    importance = importance / importance.sum()
    base, weights = -1.0, np.full(len(FEATURES), 1.0)
    first, second = np.zeros(len(FEATURES) + 1), np.zeros(len(FEATURES) + 1)
    for turn in range(1, ROUNDS + 1):
        scores = base + stacked @ weights
        powers = np.exp(np.clip(scores, -40, 40))
        totals = 1 + np.bincount(owners, powers, minlength=len(cases))
        wanted = np.bincount(owners, powers * right, minlength=len(cases))
        predicted = powers / totals[owners]
        aimed = np.where(right, powers / np.maximum(wanted[owners], 1e-300), 0.0)
        gap = (predicted - aimed) * importance[owners]
        gradient = np.concatenate(([gap.sum()], stacked.T @ gap + RIDGE * weights))
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        move = RATE * (first / (1 - 0.9**turn)) / (np.sqrt(second / (1 - 0.99**turn)) + 1e-9)
        base -= move[0]
        weights = np.maximum(0.0, weights - move[1:])
    return float(base), weights


def calibrate(pairs: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    """[(share, how often right)] from (odds share, was right); rising, ends included.

    A bin that never erred is not certain: one imagined error in it keeps the figure honest.
    """
    if not pairs:
        return [(0.0, 0.0), (1.0, 1.0)]
    ordered = sorted(pairs)
    pools: list[list[float]] = []  # [sum of shares, right, count]
    for chunk in np.array_split(np.arange(len(ordered)), min(BINS * 4, len(ordered))):
        part = [ordered[int(place)] for place in chunk]
        pools.append([sum(share for share, _ in part), sum(hit for _, hit in part), len(part)])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    points = [(total / count, (hits + 0.3) / (count + 0.6)) for total, hits, count in pools]
    points = [(0.0, 0.0), *((round(x, 5), round(y, 4)) for x, y in points)]
    return [*points, (1.0, max(y for _, y in points))] if points[-1][0] < 1 else points
