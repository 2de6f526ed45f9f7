"""Which BetPawa markets a rival's market may be, best first. Pure: fixtures and mappings in, ranking out."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.evidence.samples import source_key
from mappings.models import Band
from mappings.suggestions.catalogue_ids import KeySteps
from mappings.suggestions.coordinates import BOTH, template
from mappings.suggestions.features import (
    LIKE,
    NOTHING,
    PLACES,
    Candidate,
    described,
    priced,
    vetoed,
)
from mappings.suggestions.markets import Source, Target, roles_for, targets_of
from mappings.suggestions.observations import FixtureView
from mappings.suggestions.price_evidence import APART, Series, compare_series, series_of
from mappings.suggestions.roles import roles_of
from mappings.suggestions.rules_texts import RulesTexts, contradicts
from mappings.suggestions.scoring import Model, band_of, confidence, odds_shares
from mappings.suggestions.twins import are_twins

_DECIMAL = re.compile(r"\d+\.\d+")
ID_LENGTH = 100
MOST_PRICED = 14
MOST_TRANSITIVE = 8
MOST_OFFERED = 5
CLOSE_CALL = 1.5


class Ranked(NamedTuple):
    """One candidate with what it came to. twin: the name of another market that only words tell apart."""

    candidate: Candidate
    score: float
    share: float
    confidence: float
    band: str
    twin: str


class World:
    """The mappings and the fixtures of one moment, with everything that is worth computing once."""

    def __init__(self, definitions: Iterable[MarketDefinition], views: list[FixtureView], *, use_prices=True):
        self.definitions = tuple(definitions)
        self.views = views
        self._use_prices = use_prices
        self.targets = targets_of(self.definitions, views)
        self.by_id = {target.betpawa_id: target for target in self.targets}
        self.rules = RulesTexts(self.targets)
        self._series: dict[tuple[str, str], Series | None] = {}
        self._target_roles: dict[str, tuple] = {}
        self._steps: dict[str, KeySteps] = {}
        self.remembered: dict = {}  # whoever ranks the same row again finds its answer here
        self.fed: dict[str, dict[str, list[str]]] = {}
        for definition in self.definitions:
            for slug, keys in definition.keys.items():
                if slug != REFERENCE and definition.betpawa_id:
                    for key in keys:
                        self.fed.setdefault(slug, {}).setdefault(definition.betpawa_id, []).append(key)

    @cached_property
    def whole_keys(self) -> dict[str, str]:
        """{a queue row's "slug:id": the key}, for keys that are too long for a queue row."""
        return {source_key(*key): key[1] for view in self.views for key in view.units if len(key[1]) > ID_LENGTH}

    def series(self, slug: str, key: str) -> Series | None:
        if (slug, key) not in self._series:
            self._series[slug, key] = series_of(self.views, slug, key) if self._use_prices else None
        return self._series[slug, key]

    def steps(self, slug: str) -> KeySteps:
        if slug not in self._steps:
            known: dict[str, list[Target]] = {}
            for betpawa_id, keys in self.fed.get(slug, {}).items():
                for key in keys:
                    known.setdefault(key, []).append(self.by_id[betpawa_id])
            self._steps[slug] = KeySteps(known)
        return self._steps[slug]

    def target_roles(self, series: Series, betpawa_id: str) -> tuple:
        if betpawa_id not in self._target_roles:
            self._target_roles[betpawa_id] = roles_of(tuple(template(label) for label in series.labels))
        return self._target_roles[betpawa_id]

    def candidates(self, source: Source, weights: np.ndarray, *, without: Iterable[str] = ()) -> list[Candidate]:
        """Candidates with all features, in no order. without: BetPawa ids not to be offered.

        The source key's own mapping, where it has one, is not looked at.
        """
        left_out = set(without)
        found = [
            (target, described(source, target), reason)
            for target in self.targets
            if target.betpawa_id not in left_out and not (reason := vetoed(source, target))
        ]
        self._add_words_and_ids(source, found)
        if source.name and len(found) > MOST_PRICED:
            found = sorted(found, key=lambda one: -float(one[1] @ weights))[:MOST_PRICED]
        compared = self._compared(source, found)
        distances = sorted(
            (c.distance, t[0].betpawa_id) for c, t in zip(compared, found, strict=True) if c.distance is not None
        )
        candidates = []
        parameters = self._parameters(source)
        for (target, values, _), comparison in zip(found, compared, strict=True):
            rival = next((d for d, id in distances if id != target.betpawa_id), None)
            closeness, apart, lead = priced(comparison, rival, source, target)
            values[[PLACES["closeness"], PLACES["apart"], PLACES["lead"]]] = closeness, apart, lead
            candidates.append(Candidate(target, values, comparison, parameters))
        self._add_others(source, candidates, weights)
        return candidates

    def _add_words_and_ids(self, source, found):
        targets = [target for target, _, _ in found]
        rules = self.rules.likeness(source.rules_text, targets)
        ids = self.steps(source.slug).support(source.key, targets)
        fed = self.fed.get(source.slug, {})
        lined = self._has_line(source)
        for target, values, _ in found:
            values[PLACES["rules"]] += rules.get(target.betpawa_id, 0.0)
            values[PLACES["ids"]] = ids.get(target.betpawa_id, 0.0)
            values[PLACES["fed"]] = -1.0 if set(fed.get(target.betpawa_id, ())) - {source.key} else 0.0
            values[PLACES["line"]] = self._line_fits(lined, target)

    def _has_line(self, source):
        series = self.series(source.slug, source.key)
        if series is None:
            return None
        return any(unit.line is not None for unit in series.units)

    def _parameters(self, source):
        """What fixes the key beside a line, so that its mapping needs a filter: a parameter ("goalnr=1"),
        or a number in the name ("Over/Under 3.5") unless it is just one of several lines."""
        series = self.series(source.slug, source.key)
        units = series.units if series is not None else ()
        variant = next((unit.variant for unit in units if unit.variant), "")
        if variant or len({unit.line for unit in units}) > 1:
            return variant
        return min(fixed_numbers(source), default="")

    def _line_fits(self, lined, target):
        if lined is None:
            return 0.0
        definition = target.definition
        if definition is not None and definition.fixed_line is not None:
            return 0.0
        if definition is not None:
            theirs = definition.has_line
        else:
            series = self.series(REFERENCE, target.betpawa_id)
            theirs = series is not None and any(unit.line is not None for unit in series.units)
        return 0.3 if theirs == lined else -1.0

    def _compared(self, source, found):
        series = self.series(source.slug, source.key)
        if series is None:
            return [NOTHING] * len(found)
        roles = roles_for(source, series.labels)
        return [self._compare(series, roles, target) for target, _, _ in found]

    def _compare(self, series, roles, target):
        other = self.series(REFERENCE, target.betpawa_id)
        if other is None:
            return NOTHING
        return compare_series(series, other, roles=roles, target_roles=self.target_roles(other, target.betpawa_id))

    def _add_others(self, source, candidates, weights):
        """Where BetPawa's own prices do not suffice: another rival's key that is mapped there."""
        series = self.series(source.slug, source.key)
        if series is None:
            return
        roles = roles_for(source, series.labels)
        lacking = [one for one in candidates if one.prices.enough < 1]
        for candidate in sorted(lacking, key=lambda one: -float(one.values @ weights))[:MOST_TRANSITIVE]:
            if are_twins(source.coordinates, candidate.target.coordinates):
                continue
            for slug, fed in self.fed.items():
                for key in fed.get(candidate.target.betpawa_id, ()) if slug != source.slug else ():
                    other = self.series(slug, key)
                    if other is None:
                        continue
                    names = self._names(candidate.target, slug)
                    found = compare_series(
                        series, other, roles=roles,
                        target_roles=roles_of(tuple(template(names.get(label, label)) for label in other.labels)),
                    )  # fmt: skip
                    if found.distance is not None:
                        value = found.enough * max(-1.0, min(1.0, (LIKE - found.distance) / LIKE))
                        place = PLACES["others"]
                        if abs(value) > abs(candidate.values[place]):
                            candidate.values[place] = value

    @staticmethod
    def _names(target, slug):
        """{the other rival's text: BetPawa's name}, by the mapping."""
        outcomes = target.definition.outcomes if target.definition is not None else ()
        return {o.texts[slug].casefold(): o.name for o in outcomes if slug in o.texts} | {
            o.texts[slug]: o.name for o in outcomes if slug in o.texts
        }


def rank(world: World | None, source: Source, model: Model, *, without: Iterable[str] = (), candidates=None):
    """Up to five Ranked, best first; [] where nothing is in play. candidates: already found ones."""
    weights = model.vector
    if candidates is None:
        candidates = world.candidates(source, weights, without=without)
    scores = [model.base + float(one.values @ weights) for one in candidates]
    shares = odds_shares(scores)
    order = sorted(range(len(candidates)), key=lambda place: (-scores[place], candidates[place].target.betpawa_id))
    ranked = []
    for rank_number, place in enumerate(order[:MOST_OFFERED]):
        candidate, score = candidates[place], scores[place]
        following = scores[order[rank_number + 1]] if rank_number + 1 < len(order) else 0.0
        sure = confidence(shares[place], model.calibration)
        twin = _twin_in_play(candidate, score, [(candidates[p], scores[p]) for p in order[:8] if p != place])
        doubtful = rank_number > 0 or bool(twin) or is_doubtful(source, candidate)
        band = band_of(model, sure, score - max(0.0, following), doubtful)
        ranked.append(Ranked(candidate, score, shares[place], sure, band, twin))
    return ranked


def is_doubtful(source: Source, candidate: Candidate) -> bool:
    """Whether something contradicts it that figures of other families must not outvote."""
    prices, values = candidate.prices, candidate.values
    if source.coordinates.subject == BOTH:
        return True  # a split market: one BetPawa market is half of the answer
    if candidate.parameters and candidate.parameters not in fixed_numbers_of(candidate.target):
        return True
    if all(contradicts(source.rules_text, reading) for reading in candidate.target.readings):
        return True
    if prices.swapped or (prices.distance is not None and prices.enough >= 0.5 and prices.distance > APART):
        return True
    against = ("kind", "terms", "statistic", "period", "subject", "outcomes")
    return any(values[PLACES[name]] < -0.25 for name in against) or (not source.name and values[PLACES["ids"]] <= 0)


def fixed_numbers(source: Source) -> set[str]:
    """Numbers in a name that fix a line ("GG/NG & Over/Under 3.5"): it is part of a BetPawa market at most."""
    return {word for word in source.coordinates.words if _DECIMAL.fullmatch(word)}


def fixed_numbers_of(target: Target) -> set[str]:
    return {word for reading in target.readings for word in reading.words if _DECIMAL.fullmatch(word)}


def _twin_in_play(candidate, score, others):
    """Another candidate nearly as good whose prices are as near: a person has to read the words."""
    for other, other_score in others:
        if score - other_score > CLOSE_CALL:
            continue
        near = (
            candidate.prices.distance is not None
            and other.prices.distance is not None
            and abs(candidate.prices.distance - other.prices.distance) < 0.05
        )
        if near or are_twins(candidate.target.coordinates, other.target.coordinates):
            return other.target.name
    return ""


def best_band(ranked: list[Ranked]) -> str:
    return ranked[0].band if ranked else Band.WEAK
