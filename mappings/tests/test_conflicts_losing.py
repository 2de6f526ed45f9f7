"""Filters, lines and texts hold for all keys of a bookmaker: what a change for one of them takes from the others."""

import pytest

from mappings.actions import ReasonRequired, check_reason
from mappings.preview import preview_mapping
from mappings.services import create_mapping
from mappings.tests.builders import market
from mappings.tests.preview_builders import Stored, keep_fixture, outcome, queue_row, yes_no
from mappings.tests.test_conflicts import codes, found, only

pytestmark = pytest.mark.django_db
SCORES = {"0:0": "9", "1:0": "7", "0:1": "8"}
FILTER = {"specifier_filters": {"sportybet": "score=0:0"}}


@pytest.fixture(autouse=True)
def stored(monkeypatch):
    monkeypatch.setattr("mappings.ports._registered", Stored())


def running_score():
    """SportyBet's 41, "Correct score [x:y]", which comes with the score that it counts from."""
    return queue_row("41", tuple(SCORES), specifier="score=0:0", name="Correct score [0:0]")


def both_offered(known="", number=1):
    keep_fixture(number, sportybet=[market("45", SCORES, known), market("41", SCORES, "score=0:0")])


def preview(values, *rows, canonical_id="correct_score_ft"):
    return preview_mapping(canonical_id=canonical_id, values=values, ids=[row.pk for row in rows])


@pytest.mark.parametrize("offered", [both_offered, lambda: keep_fixture(sportybet=[market("45", SCORES)])])
def test_a_filter_is_not_offered_where_another_key_of_the_mapping_would_lose_what_maps(offered):
    offered()
    conflict = only(preview({}, running_score()), "SPECIFIER_REFUSED")
    assert conflict.fix is None
    assert "45 would not map any more" in conflict.text
    assert "a mapping of its own" in conflict.text


def test_a_filter_is_not_offered_where_nobody_knows_how_the_other_keys_come():
    assert only(preview({}, running_score()), "SPECIFIER_REFUSED").fix is None


def test_a_filter_is_offered_where_the_other_keys_come_with_it_too():
    values = {"name": "Own", "betpawa_id": "777001", "sportybet_id": "998", "outcome_mapping": yes_no()}
    create_mapping(canonical_id="own", values=values, user="ada")
    keep_fixture(sportybet=[market(key, {"Yes": "1.9", "No": "1.9"}, "minute=5") for key in ("998", "999")])
    row = queue_row("999", specifier="minute=5")
    fix = only(preview({}, row, canonical_id="own"), "SPECIFIER_REFUSED").fix
    assert fix == {"specifier_filters": {"sportybet": "minute=5"}}
    assert not {"KEY_LOST", "KEY_MAY_BE_LOST", "SPECIFIER_REFUSED"} & codes(preview(fix, row, canonical_id="own"))


def test_a_key_that_a_filter_takes_off_the_mapping_is_an_error_by_name():
    both_offered()
    result = preview(FILTER, running_score())
    conflict = only(result, "KEY_LOST")
    assert conflict.severity == "error"
    assert "SportyBet 45 would not map any more" in conflict.text
    assert "41" in conflict.text and "a mapping of its own" in conflict.text
    assert (result.can_save, result.needs_reason) == (False, True)


def test_the_same_is_said_of_a_change_by_hand_which_needs_a_reason():
    both_offered()
    assert only(preview(FILTER), "KEY_LOST").severity == "error"
    with pytest.raises(ReasonRequired):
        check_reason("", "correct_score_ft", FILTER)


def test_without_kept_events_the_queues_sample_of_the_other_key_is_judged():
    queue_row("45", tuple(SCORES), name="Correct score")
    assert only(preview(FILTER, running_score()), "KEY_LOST").severity == "error"


def test_a_key_that_nobody_has_seen_is_a_warning_only_where_parameters_are_heeded():
    conflict = only(preview(FILTER, running_score()), "KEY_MAY_BE_LOST")
    assert conflict.severity == "warning"
    assert "SportyBet 45" in conflict.text and "score=0:0" in conflict.text
    assert not found(preview({"specifier_filters": {"bet9ja": "score=0:0"}}), "KEY_MAY_BE_LOST")


def test_a_part_of_what_maps_now_is_a_warning_that_counts_it():
    keep_fixture(sportybet=[market("45", SCORES), market("45", SCORES, "variant=long")])
    conflict = only(preview({"specifier_filters": {"sportybet": "variant=long"}}), "KEY_LOST")
    assert conflict.severity == "warning"
    assert "1 of 2" in conflict.text


def test_outcomes_that_lose_their_text_at_another_key_are_named():
    both_offered()
    keep = [outcome("0_0", "0-0", "0:0"), outcome("1_0", "1-0", "1:0", position=1)]
    conflict = only(preview({"outcome_mapping": keep}), "KEY_LOST")
    assert conflict.severity == "warning"
    assert "“0:1”" in conflict.text


def test_a_key_that_goes_on_mapping_is_not_named():
    both_offered()
    assert not {"KEY_LOST", "KEY_MAY_BE_LOST"} & codes(preview({"name": "Score"}))
    assert not {"KEY_LOST", "KEY_MAY_BE_LOST"} & codes(preview({}, queue_row("42", tuple(SCORES), name="Scores")))


def test_a_mapping_of_its_own_takes_the_key_and_leaves_the_other():
    both_offered()
    texts = [outcome("0_0", "0-0", "0:0"), outcome("1_0", "1-0", "1:0"), outcome("0_1", "0-1", "0:1")]
    own = {"name": "Correct score from 0:0", "betpawa_id": "4429", "outcome_mapping": texts} | FILTER
    result = preview(own, running_score(), canonical_id="correct_score_from_0_0")
    assert result.can_save
    assert not {"KEY_LOST", "KEY_MAY_BE_LOST"} & codes(result)
