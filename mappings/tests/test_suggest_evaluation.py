"""The quality of suggestions cannot fall unseen: a small measurement with the model that is shipped."""

import io

import pytest
from django.core.management import call_command

from mappings.catalogue.loader import built_in
from mappings.models import Band
from mappings.suggestions import datasets, evaluation, scoring
from mappings.suggestions.observations import views_of
from mappings.suggestions.ranking import World
from mappings.tests.captured import DOMAIN, needs_captures

EVENTS, SEED = 4, 23


@pytest.fixture(scope="module")
def dataset():
    return datasets.load("demo", events=EVENTS, seed=SEED)


def scores_for(dataset, setting=evaluation.IN_USE):
    asked = evaluation.ask(built_in(), dataset, setting)
    return {score.slug: score for score in evaluation.measure(asked, [scoring.shipped()])}


def check(scores, least, strong=1 / 2):
    for slug, (first, third) in least.items():
        score = scores[slug]
        assert score.first / score.keys >= first, score.missing
        assert score.third / score.keys >= third, score.missing
        assert score.strong >= score.keys * strong
        assert score.strong_right / score.strong >= 0.99, score.missing
        assert score.strong_without == 0, score.missing


def test_hidden_mappings_come_back_on_events_that_nothing_was_tuned_on(dataset):
    check(scores_for(dataset), {"sportybet": (0.95, 0.99), "bet9ja": (0.90, 0.97)})


def test_prices_alone_find_most_and_make_nothing_strong(dataset):
    scores = scores_for(dataset, evaluation.Setting("first day, without names", mapped=False, names=False))
    for score in scores.values():
        assert score.first / score.keys > 0.6
        assert score.strong == 0


@needs_captures
def test_hidden_mappings_come_back_on_the_captured_event():
    dataset = datasets.load("payloads", directory=DOMAIN / "payloads")
    # One event: two-way prices are one number each, which is not enough to be strong.
    check(scores_for(dataset), {"sportybet": (0.95, 0.99), "bet9ja": (0.90, 0.97)}, strong=1 / 4)


def test_the_hidden_mapping_is_not_looked_at(dataset):
    """A key is ranked alike whether its own mapping is there or not."""
    definitions = built_in()
    without = [d for d in definitions if d.canonical_id != "home_over_under_ft"] + [
        evaluation.without_bookmaker([d], "sportybet")[0] for d in definitions if d.canonical_id == "home_over_under_ft"
    ]
    source = next(one for one in evaluation.sources_of(dataset) if (one.slug, one.key) == ("sportybet", "19"))
    views = views_of(dataset.fixtures)

    def found(some):
        candidates = World(some, views).candidates(source, scoring.shipped().vector)
        return {c.target.betpawa_id: c.values.tolist() for c in candidates}

    assert found(definitions) == found(without)


def test_one_market_is_in_one_fold_at_every_bookmaker(dataset):
    truths = evaluation.truths(built_in())
    folds = {}
    for source in evaluation.sources_of(dataset):
        truth = truths.get((source.slug, source.key), frozenset())
        if len(truth) == 1:
            folds.setdefault(truth, set()).add(evaluation.fold_of(evaluation.Asked(source, truth, [])))
    assert len(folds) > 50 and all(len(found) == 1 for found in folds.values())


def test_the_shipped_model_is_whole():
    model = scoring.shipped()
    assert set(model.weights) == {name for name, _ in evaluation.FEATURES}
    assert min(model.weights.values()) >= 0
    assert [y for _, y in model.calibration] == sorted(y for _, y in model.calibration)
    assert scoring.band_of(model, 0.99, 5, False) == Band.STRONG
    assert scoring.band_of(model, 0.99, 5, True) == Band.LIKELY


def test_the_command_prints_a_row_per_bookmaker(monkeypatch):
    monkeypatch.setattr(evaluation, "SETTINGS", (evaluation.IN_USE,))
    out = io.StringIO()
    call_command("evaluate_suggestions", "--demo", "--shipped", events=1, stdout=out)
    head, *rows = out.getvalue().splitlines()
    assert head.startswith("dataset")
    assert [row.split()[5] for row in rows] == ["sportybet", "bet9ja"]
