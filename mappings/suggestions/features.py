"""What speaks for a source market being a BetPawa market, as numbers around nought.

Each feature belongs to one family of evidence, the bars of the waterfall. Prices are compared only
for the candidates that names and structure leave in play.
"""

import re
from functools import lru_cache
from math import log
from typing import NamedTuple

import numpy as np
from rapidfuzz.fuzz import token_sort_ratio

from mappings.suggestions.coordinates import template
from mappings.suggestions.markets import Source, Target
from mappings.suggestions.price_evidence import NOTHING, PriceComparison
from mappings.suggestions.rules_texts import coherence
from mappings.suggestions.twins import are_twins, terms, veto

NAME, STRUCTURE, PRICES, RULES, IDS, OTHERS, FED = "name", "structure", "prices", "rules", "ids", "others", "fed"
FEATURES = (
    ("kind", NAME),
    ("terms", NAME),
    ("wording", NAME),
    ("leftover", NAME),
    ("statistic", STRUCTURE),
    ("period", STRUCTURE),
    ("subject", STRUCTURE),
    ("outcomes", STRUCTURE),
    ("count", STRUCTURE),
    ("line", STRUCTURE),
    ("closeness", PRICES),
    ("apart", PRICES),
    ("lead", PRICES),
    ("rules", RULES),
    ("ids", IDS),
    ("others", OTHERS),
    ("fed", FED),
)
PLACES = {name: place for place, (name, _) in enumerate(FEATURES)}
LIKE, UNLIKE = 0.16, 0.30
_WORD = re.compile(r"[a-z0-9]+")


class Candidate(NamedTuple):
    """parameters: what the source's specifiers say beside a line, for a person to judge. beside: the
    bookmaker offers another key that is mapped there on the same events, so the two are not one."""

    target: Target
    values: np.ndarray
    prices: PriceComparison
    parameters: str
    beside: bool = False


def described(source: Source, target: Target) -> np.ndarray:
    """The features that need no prices: name, structure, rules."""
    values = np.zeros(len(FEATURES))
    reading = max(target.readings, key=lambda one: _said(source, one))
    ours = source.coordinates
    values[PLACES["kind"]] = kind_likeness(ours, reading)
    values[PLACES["terms"]] = -min(2.0, len(terms(ours) ^ terms(reading)) * 1.0)
    values[PLACES["wording"]] = (_wording(source.name, target) - 0.6) * 2 if source.name else 0.0
    values[PLACES["leftover"]] = -min(3, len((ours.words | ours.qualifiers) ^ (reading.words | reading.qualifiers))) / 3
    values[PLACES["statistic"]] = 0.0 if not source.name else (0.3 if ours.statistic == reading.statistic else -1.0)
    values[PLACES["period"]] = 0.0 if not source.name else (0.3 if ours.period == reading.period else -1.0)
    values[PLACES["subject"]] = _subject(ours.subject, reading.subject) if source.name else 0.0
    values[PLACES["outcomes"]] = _outcomes(ours.roles, reading.roles)
    values[PLACES["count"]] = _counts(len(ours.roles), len(target.texts), ours.subject)
    values[PLACES["rules"]] = coherence(source.rules_text, reading)
    return values


def _said(source, reading):
    ours = source.coordinates
    return (
        kind_likeness(ours, reading) * 2
        + (ours.period == reading.period)
        + (ours.subject == reading.subject)
        + (ours.statistic == reading.statistic)
        - 0.2 * len((ours.words | ours.qualifiers) ^ (reading.words | reading.qualifiers))
    )


def kind_likeness(ours, theirs) -> float:
    """1 the same kind, 0 unknown, -1 nothing in common."""
    if not ours.family or not theirs.family:
        return 0.0 if not ours.family and not ours.words else -0.3
    if ours.family == theirs.family:
        return 1.0
    shared = len(ours.parts & theirs.parts) / len(ours.parts | theirs.parts)
    return shared - 1.0 if shared < 1 else -0.5


def _subject(ours, theirs):
    if ours == theirs:
        return 0.3
    if ours == "both" and theirs in ("home", "away"):
        return 0.3
    return -1.0


@lru_cache(maxsize=50_000)
def _normal(name):
    return " ".join(_WORD.findall(template(name).replace("full time", "").replace("{", " ").replace("}", " ")))


def _wording(name, target):
    return token_sort_ratio(_normal(name), _normal(target.name)) / 100


@lru_cache(maxsize=100_000)
def _outcomes(ours, theirs):
    """Shared roles over all roles, from -1 to 1; 0 when either side says too little."""
    mine, other = set(ours) - {""}, set(theirs) - {""}
    if not mine or not other or len(mine) < len(ours) / 2 or len(other) < len(theirs) / 2:
        return 0.0
    if {"1O", "2O"} <= mine and other <= {"O", "U"}:
        return 0.9
    shared = len(mine & other)
    if not shared:
        return -1.0
    return 1.4 * shared / min(len(mine), len(other)) * (0.4 + 0.6 * shared / max(len(mine), len(other))) - 0.4


def _counts(ours, theirs, subject):
    if not ours or not theirs or subject == "player":
        return 0.0
    if ours == theirs:
        return 0.3
    if subject == "both" and ours == 2 * theirs:
        return 0.3
    return -min(1.0, abs(log(ours / theirs)))


def priced(comparison: PriceComparison, rival: float | None, source: Source, target: Target):
    """(closeness, apart, lead). rival: the smallest distance of any other candidate.

    Near prices count only as far as the fixtures suffice, and not at all between logical twins;
    prices that are apart count against, twins or not.
    """
    if comparison.distance is None:
        return 0.0, 0.0, 0.0
    distance, enough = comparison.distance, comparison.enough
    apart = -enough * min(2.0, max(0.0, (distance - LIKE) / (UNLIKE - LIKE)))
    if any(are_twins(source.coordinates, reading) for reading in target.readings[:1]):
        return 0.0, apart, 0.0
    closeness = enough * max(0.0, (LIKE - distance) / LIKE)
    lead = 0.0
    if rival is not None and distance < UNLIKE:
        lead = enough * max(-1.0, min(1.0, (rival - distance) / 0.15))
    return closeness, apart, lead


def vetoed(source: Source, target: Target) -> str:
    """Why never; a target with several names is out only when all of them say so."""
    found = [veto(source.coordinates, reading) for reading in target.readings]
    return found[0] if all(found) else ""


__all__ = ["FEATURES", "NOTHING", "PLACES", "Candidate", "described", "priced", "vetoed"]
