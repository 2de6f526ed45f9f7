"""Which BetPawa markets a rival's market may be, best first. Pure: fixtures and mappings in, ranking out."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.evidence.samples import source_key
from mappings.suggestions.coordinates import BOTH, says_period, template
from mappings.suggestions.descriptions import Descriptions
from mappings.suggestions.features import (
    LIKE,
    NOTHING,
    PLACES,
    Candidate,
    priced,
)
from mappings.suggestions.markets import Source, Target, roles_for, targets_of
from mappings.suggestions.observations import FixtureView
from mappings.suggestions.price_evidence import APART, compare_series
from mappings.suggestions.roles import roles_of
from mappings.suggestions.rules_texts import contradicts
from mappings.suggestions.scoring import Model, band_of, confidence, odds_shares
from mappings.suggestions.series import Series, series_of
from mappings.suggestions.twins import are_twins

_DECIMAL = re.compile(r"\d+\.\d+")
ID_LENGTH = 100
MOST_PRICED = 14
MOST_TRANSITIVE = 8
MOST_OFFERED = 5
CLOSE_CALL = 1.5
ENOUGH = 0.5  # of the fixtures that prices need to say something
COHERENT = 0.3
ANY_HALF = frozenset({"first", "last", "odd_even"})  # priced alike in the match and in its halves
TELLING = 0.03  # a difference of distances that says which of two it is
PRICED = slice(PLACES["closeness"], PLACES["lead"] + 1)


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

    def __init__(
        self,
        definitions: Iterable[MarketDefinition],
        views: list[FixtureView],
        *,
        use_prices=True,
        previous: "World | None" = None,
    ):
        """previous: the world of an earlier moment, whose descriptions are taken over where they hold."""
        self.definitions = tuple(definitions)
        self.views = views
        self._use_prices = use_prices
        targets = targets_of(self.definitions, views)
        self._descriptions = (
            Descriptions(self.definitions, targets)
            if previous is None
            else previous._descriptions.following(self.definitions, targets)
        )
        self.targets = self._descriptions.targets
        self.by_id = self._descriptions.by_id
        self.fed = self._descriptions.fed
        self._series: dict[tuple[str, str], Series | None] = {}
        self._target_roles: dict[str, tuple] = {}
        self._teams: dict[str, list] = {}
        self.remembered: dict = {}  # whoever ranks the same row again finds its answer here

    @cached_property
    def whole_keys(self) -> dict[str, str]:
        """{a queue row's "slug:id": the key}, for keys that are too long for a queue row."""
        return {source_key(*key): key[1] for view in self.views for key in view.ladders if len(key[1]) > ID_LENGTH}

    def teams(self, slug: str) -> list[tuple[FixtureView, str, str]]:
        """The fixtures that the bookmaker has, with its names of both teams in small letters."""
        if slug not in self._teams:
            books = [(view, view.fixture.books[slug]) for view in self.views if slug in view.fixture.books]
            self._teams[slug] = [(view, book.home_team.casefold(), book.away_team.casefold()) for view, book in books]
        return self._teams[slug]

    def series(self, slug: str, key: str) -> Series | None:
        if (slug, key) not in self._series:
            self._series[slug, key] = series_of(self.views, slug, key) if self._use_prices else None
        return self._series[slug, key]

    def target_roles(self, series: Series, betpawa_id: str) -> tuple:
        if betpawa_id not in self._target_roles:
            self._target_roles[betpawa_id] = roles_of(tuple(template(label) for label in series.labels))
        return self._target_roles[betpawa_id]

    def candidates(self, source: Source, weights: np.ndarray, *, without: Iterable[str] = ()) -> list[Candidate]:
        """Candidates with all features, in no order. without: BetPawa ids not to be offered.

        The source key's own mapping, where it has one, is not looked at.
        """
        targets, rows = self._possible(source, set(without))
        if source.name and len(targets) > MOST_PRICED:
            best = np.argsort(-(rows @ weights), kind="stable")[:MOST_PRICED]
            targets, rows = [targets[place] for place in best], rows[best]
        compared = self._compared(source, targets)
        distances = sorted(
            (c.distance, target.betpawa_id)
            for c, target in zip(compared, targets, strict=True)
            if c.distance is not None
        )
        candidates = []
        parameters = self._parameters(source)
        for target, values, comparison in zip(targets, rows, compared, strict=True):
            rival = next((d for d, id in distances if id != target.betpawa_id), None)
            values[PRICED] = priced(comparison, rival, source, target)
            beside = self._is_beside(source, target)
            candidates.append(Candidate(target, values, comparison, parameters, beside))
        self._add_others(source, candidates, weights)
        return candidates

    def _possible(self, source, left_out):
        """(targets that are in play, their features without prices)"""
        targets, rows = self._descriptions.of(source)
        if left_out:
            keep = [place for place, target in enumerate(targets) if target.betpawa_id not in left_out]
            targets, rows = [targets[place] for place in keep], rows[keep]
        lined = self._has_line(source)
        rows[:, PLACES["line"]] = [self._line_fits(lined, target) for target in targets]
        return targets, rows

    def _is_beside(self, source, target):
        """Nobody offers one market twice on one event: a key that is offered beside the one that is mapped
        there is a near twin of it, or has something of its own to say."""
        series = self.series(source.slug, source.key)
        fed = self.fed.get(source.slug, {}).get(target.betpawa_id, ()) if series is not None else ()
        others = (self.series(source.slug, key) for key in fed if key != source.key)
        return any(other is not None and series.shares_fixtures_with(other) for other in others)

    def _has_line(self, source):
        series = self.series(source.slug, source.key)
        return None if series is None else series.has_line

    def _parameters(self, source):
        """What fixes the key beside a line, so that its mapping needs a filter: a parameter ("goalnr=1"),
        or a number in the name ("Over/Under 3.5") unless it is just one of several lines."""
        series = self.series(source.slug, source.key)
        variant, lines = (series.variant, set(series.lines)) if series is not None else ("", ())
        if variant or len(lines) > 1:
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
            theirs = series is not None and series.has_line
        return 0.3 if theirs == lined else -1.0

    def _compared(self, source, targets):
        series = self.series(source.slug, source.key)
        if series is None:
            return [NOTHING] * len(targets)
        roles = roles_for(source, series.labels)
        return [self._compare(series, roles, target) for target in targets]

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
        others = [(candidates[p], scores[p]) for p in order if p != place]
        twin = _twin_in_play(candidate, score, others[:7])
        doubtful = (
            rank_number > 0 or bool(twin) or is_doubtful(source, candidate) or is_unconfirmed(source, candidate, others)
        )
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
    if candidate.beside:
        return True
    if prices.swapped or (prices.distance is not None and prices.enough >= 0.5 and prices.distance > APART):
        return True
    against = ("kind", "terms", "statistic", "period", "subject", "outcomes")
    return any(values[PLACES[name]] < -0.25 for name in against) or (not source.name and values[PLACES["ids"]] <= 0)


def is_unconfirmed(source: Source, candidate: Candidate, others) -> bool:
    """Whether only words speak for it: names may be wrong, so that prices have to agree, on enough
    events; where another candidate has the same prices, or any half would have them, the rules text
    has to."""
    prices, values = candidate.prices, candidate.values
    if prices.distance is None or prices.enough < ENOUGH or prices.distance > LIKE:
        return True
    if values[PLACES["rules"]] >= COHERENT:
        return False
    if source.coordinates.parts & ANY_HALF and not says_period(source.name):
        return True
    rivals = (other.prices.distance for other, _ in others)
    return any(distance is not None and distance < prices.distance + TELLING for distance in rivals)


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
