"""The catalogue is checked as a whole, and every problem is named."""

import json

import pytest

from mappings.catalogue.loader import FOOTBALL, CatalogueError, built_in, load


def changed(change):
    """The real catalogue with a change made to {canonical_id: entry}."""
    catalogue = json.loads(FOOTBALL.read_text())
    change({entry["canonical_id"]: entry for entry in catalogue["markets"]}, catalogue["markets"])
    return json.dumps(catalogue).encode()


def test_the_catalogue_holds_129_active_markets():
    assert len(built_in()) == 129


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda by_id, entries: entries.append(dict(by_id["1x2_ft"])), "used twice"),
        (lambda by_id, entries: by_id["1x2_ft"].update(betpawa_id="4693"), "target of two"),
        (lambda by_id, entries: by_id["1x2_ft"].update(bet9ja_key="S_1X21T"), "claimed by"),
        (lambda by_id, entries: by_id["away_over_under_ft"]["outcomes"][0].update(bet9ja_suffix="OH"), "claimed by"),
        (lambda by_id, entries: by_id["1x2_ft"].update(kind="quadruple"), "kind 'quadruple'"),
        (lambda by_id, entries: by_id["1x2_ft"].update(line_semantics="nearly"), "line_semantics"),
        (lambda by_id, entries: by_id["over_under_ft"].update(line_semantics=None), "has_line contradicts"),
        (lambda by_id, entries: by_id["1x2_ft"].update(status="retired"), "unknown status"),
        (lambda by_id, entries: by_id["1x2_ft"]["outcomes"][1].update(sportybet_desc="HOME"), "stands for two"),
        (lambda by_id, entries: by_id["1x2_ft"]["outcomes"][1].update(betpawa_name="1"), "two outcomes"),
        (lambda by_id, entries: by_id["1x2_5min"].update(sportybet_specifier_filter="minute"), "not key=value"),
        (lambda by_id, entries: by_id["last_score_ft"].update(superseded_by=["nowhere"]), "superseded by"),
        (lambda by_id, entries: by_id["1x2_ft"].update(surprise=1), "not a catalogue"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(change, words):
    with pytest.raises(CatalogueError, match=words):
        load(changed(change))


def test_every_problem_is_listed_at_once():
    def change(by_id, entries):
        by_id["1x2_ft"]["kind"] = "x"
        by_id["btts_ft"]["kind"] = "y"

    with pytest.raises(CatalogueError) as caught:
        load(changed(change))
    assert len(caught.value.problems) == 2
