"""Measures suggestions: every mapping of a rival's key is hidden in turn and asked for back.

Split by event: what is tuned is tuned on one set of events and scored on others. Names are the same
in both, so the weights are also fitted k-fold over the markets: a market is scored by weights that
never saw it at any bookmaker. Nothing here is used while suggesting.
"""

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from msgspec import structs

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.models import Band
from mappings.suggestions.datasets import Dataset
from mappings.suggestions.features import FEATURES
from mappings.suggestions.fitting import Case, calibrate, fit
from mappings.suggestions.markets import Source, source_of
from mappings.suggestions.observations import view_of
from mappings.suggestions.ranking import World, rank
from mappings.suggestions.scoring import Model, odds_shares, shipped

FOLDS = 5
START = Model(-1.0, dict.fromkeys((name for name, _ in FEATURES), 1.0), [], 0.9, 1.0, 0.5)
STRONG, STRONG_LEAD, LIKELY = 0.95, 1.0, 0.5
# Not tuned: the demo world's rules texts are the project's own, so they can teach nothing about real ones.
BY_HAND = {"rules": 0.5}


class Setting(NamedTuple):
    """How much is known when a key is asked for. fixtures: at most so many. mapped: of its bookmaker."""

    name: str
    fixtures: int = 40
    names: bool = True
    prices: bool = True
    mapped: bool = True


IN_USE = Setting("in use")
SETTINGS = (
    IN_USE,
    Setting("2 fixtures", fixtures=2),
    Setting("a bookmaker's first day", mapped=False),
    Setting("first day, without prices", mapped=False, prices=False),
    Setting("first day, without names", mapped=False, names=False),
)


class Asked(NamedTuple):
    """One key asked for. truth: BetPawa ids that are right, empty when BetPawa has no counterpart."""

    source: Source
    truth: frozenset
    candidates: list


class Score(msgspec.Struct):
    """Counts for one bookmaker in one setting. missing: [(key, name, wanted, offered)] that were not first."""

    slug: str
    keys: int = 0
    first: int = 0
    third: int = 0
    fifth: int = 0
    strong: int = 0
    strong_right: int = 0
    without: int = 0
    strong_without: int = 0
    likely_without: int = 0
    missing: list = msgspec.field(default_factory=list)


def truths(definitions: Iterable[MarketDefinition]) -> dict[tuple[str, str], frozenset]:
    """{(slug, key): BetPawa ids that its mappings feed}."""
    found: dict[tuple[str, str], set] = {}
    for definition in definitions:
        for slug, keys in definition.keys.items():
            if slug != REFERENCE and definition.betpawa_id:
                for key in keys:
                    found.setdefault((slug, key), set()).add(definition.betpawa_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def sources_of(dataset: Dataset, *, named=True) -> list[Source]:
    """Every rival key of the dataset once, as a queue row would show it."""
    found = {}
    for fixture in dataset.fixtures:
        for slug, book in fixture.books.items():
            for market in book.markets if slug != REFERENCE else ():
                if (slug, market.key) in found:
                    continue
                name, rules, labels = dataset.names.get((slug, market.key), ("", "", {})) if named else ("", "", {})
                displays = {outcome.text: labels.get(outcome.text, outcome.text) for outcome in market.outcomes}
                found[slug, market.key] = source_of(
                    slug, market.key, name, rules, displays, home=book.home_team, away=book.away_team
                )
    return list(found.values())


def ask(definitions, dataset: Dataset, setting: Setting = IN_USE, model: Model = START) -> list[Asked]:
    """Every key with its candidates and their features."""
    known = truths(definitions)
    views = [view_of(fixture) for fixture in dataset.fixtures[: setting.fixtures]]
    worlds = {}
    asked = []
    for source in sources_of(dataset, named=setting.names):
        scope = "" if setting.mapped else source.slug
        if scope not in worlds:
            worlds[scope] = World(without_bookmaker(definitions, scope), views, use_prices=setting.prices)
        candidates = worlds[scope].candidates(source, model.vector)
        asked.append(Asked(source, known.get((source.slug, source.key), frozenset()), candidates))
    return asked


def without_bookmaker(definitions, slug: str):
    """The mappings as if nobody had mapped anything of this bookmaker."""
    if not slug:
        return tuple(definitions)
    return tuple(
        structs.replace(
            definition,
            keys={name: keys for name, keys in definition.keys.items() if name != slug},
            outcomes=tuple(
                structs.replace(o, texts={name: text for name, text in o.texts.items() if name != slug})
                for o in definition.outcomes
            ),
        )
        for definition in definitions
    )


def fold_of(asked: Asked) -> int:
    """Keys of one BetPawa market are in one fold, so that no other bookmaker's name of it is learnt from."""
    about = min(asked.truth) if asked.truth else f"{asked.source.slug}:{asked.source.key}"
    return crc32(about.encode()) % FOLDS


def train(asked: Iterable[Asked], *, calibration=None) -> Model:
    """Weights fitted on these; the calibration on these too, or on `calibration`."""
    asked = list(asked)
    base, weights = fit([_case(one) for one in asked if one.candidates and (not one.truth or _right(one))])
    found = {name: round(float(weight), 3) for (name, _), weight in zip(FEATURES, weights, strict=True)} | BY_HAND
    bare = Model(round(base, 3), found, [], STRONG, STRONG_LEAD, LIKELY)
    pairs = []
    for one in calibration or asked:
        shares = odds_shares(scores_of(one, bare))
        pairs += [
            (share, candidate.target.betpawa_id in one.truth)
            for share, candidate in zip(shares, one.candidates, strict=True)
            if share > 0.01
        ]
    return structs.replace(bare, calibration=calibrate(pairs))


def scores_of(asked: Asked, model: Model) -> list[float]:
    weights = model.vector
    return [model.base + float(candidate.values @ weights) for candidate in asked.candidates]


def _right(asked):
    return [place for place, one in enumerate(asked.candidates) if one.target.betpawa_id in asked.truth]


def _case(asked):
    return Case(np.array([candidate.values for candidate in asked.candidates]), _right(asked))


def cross_trained(asked: list[Asked]) -> list[Model]:
    """One model per fold, trained without the markets of that fold."""
    return [train([one for one in asked if fold_of(one) != fold]) for fold in range(FOLDS)]


def measure(asked: list[Asked], models: list[Model]) -> list[Score]:
    """Each key ranked by the model that never saw its market; one model given ranks all."""
    scores: dict[str, Score] = {}
    for one in asked:
        model = models[fold_of(one) if len(models) == FOLDS else 0]
        score = scores.setdefault(one.source.slug, Score(one.source.slug))
        _count(score, one, rank(None, one.source, model, candidates=one.candidates))
    return [scores[slug] for slug in sorted(scores, reverse=True)]


def _count(score, one, ranked):
    band = ranked[0].band if ranked else Band.WEAK
    place = next((n for n, r in enumerate(ranked) if r.candidate.target.betpawa_id in one.truth), 99)
    offered = ranked[0].candidate.target.name if ranked else ""
    if one.truth:
        score.keys += 1
        score.first += place == 0
        score.third += place < 3
        score.fifth += place < 5
        if place:
            score.missing.append((one.source.key, one.source.name, sorted(one.truth), offered))
    else:
        score.without += 1
        score.strong_without += band == Band.STRONG
        score.likely_without += band == Band.LIKELY
        if band == Band.STRONG:
            score.missing.append((one.source.key, one.source.name, [], offered))
    score.strong += band == Band.STRONG
    score.strong_right += band == Band.STRONG and place == 0


def training_questions(definitions, dataset: Dataset) -> list[Asked]:
    """The keys of a dataset as they may be met: with many fixtures and few, with and without names and
    mappings, so that no kind of evidence is leant on because it happened to be always there."""
    parts = [
        (dataset, IN_USE),
        (Dataset("", dataset.fixtures[3:5], dataset.names), IN_USE),
        (Dataset("", dataset.fixtures[5:6], dataset.names), Setting("first day", mapped=False)),
        (dataset, Setting("first day", mapped=False)),
        (Dataset("", dataset.fixtures[8:14], dataset.names), Setting("first day", mapped=False)),
        (dataset, Setting("no names", names=False, mapped=False)),
    ]
    return [one for part, setting in parts for one in ask(definitions, part, setting)]


__all__ = ["IN_USE", "SETTINGS", "ask", "cross_trained", "measure", "shipped", "train", "training_questions", "truths"]
