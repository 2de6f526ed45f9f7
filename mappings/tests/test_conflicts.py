"""What a trader is told before saving: who else claims it, what would not pair, what looks wrong."""

import pytest
from django.core.exceptions import ValidationError

from mappings.actions import map_rows
from mappings.conflicts import merge_fix
from mappings.conflicts.tables import without_repetitions
from mappings.preview import preview_mapping
from mappings.services import create_mapping, map_to
from mappings.services.mappings import catalogue_entry
from mappings.tests.builders import market
from mappings.tests.preview_builders import Stored, keep_fixture, outcome, queue_row, yes_no

pytestmark = pytest.mark.django_db
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "sportybet_id": "999", "outcome_mapping": yes_no()}


@pytest.fixture(autouse=True)
def stored(monkeypatch):
    stored = Stored()
    monkeypatch.setattr("mappings.ports._registered", stored)
    return stored


def preview(values=NEW, canonical_id="penalty_awarded_ft", **arguments):
    return preview_mapping(canonical_id=canonical_id, values=values, **arguments)


def found(result, code):
    return [conflict for conflict in result.conflicts if conflict.code == code]


def only(result, code):
    (conflict,) = found(result, code)
    return conflict


def codes(result, *severities):
    return {conflict.code for conflict in result.conflicts if conflict.severity in (severities or ("error", "warning"))}


def test_a_mapping_without_conflicts_is_clean():
    result = preview()
    assert codes(result) == set()
    assert (result.change, result.can_save, result.needs_reason) == ("created", True, False)


# --- Source keys ----------------------------------------------------------------------------------


def test_a_key_that_the_catalogue_has_names_the_other_mapping_the_outcomes_and_the_winner():
    result = preview(NEW | {"sportybet_id": "29"})
    conflict = only(result, "SAME_KEY")
    assert conflict.severity == "warning"
    assert "btts_ft" in conflict.text
    assert "“Yes”, “No”" in conflict.text
    assert "This one would come first" in conflict.text
    assert result.can_save
    assert result.needs_reason


def test_a_key_that_a_stronger_mapping_answers_for_blocks_saving_when_nothing_else_is_left():
    create_mapping(canonical_id="stronger", values=NEW | {"priority": 5, "betpawa_id": "777002"}, user="ada")
    conflict = only(preview(), "SAME_KEY")
    assert conflict.severity == "error"
    assert "its priority is 5, the other's 0" in conflict.text
    assert conflict.fix is None


def test_a_key_lost_to_a_stronger_mapping_can_be_dropped_when_others_remain():
    create_mapping(canonical_id="stronger", values=NEW | {"priority": 5, "betpawa_id": "777002"}, user="ada")
    values = NEW | {"extra_source_keys": [{"bookmaker": "sportybet", "key": "1000"}]}
    conflict = only(preview(values), "SAME_KEY")
    assert conflict.severity == "warning"
    values, _ = merge_fix(values, None, conflict.fix)
    assert values["sportybet_id"] is None
    assert not found(preview(values), "SAME_KEY")


def test_a_split_key_is_no_conflict_where_the_outcomes_differ():
    other = NEW | {"betpawa_id": "777002", "outcome_mapping": yes_no("Home yes", "Home no")}
    create_mapping(canonical_id="home_penalty", values=other, user="ada")
    assert not found(preview(), "SAME_KEY")


def test_mapping_from_the_queue_says_which_mapping_loses_the_key():
    create_mapping(
        canonical_id="older",
        values=NEW | {"betpawa_id": "777002", "bet9ja_key": "S_PEN"},
        user="ada",
    )
    row = queue_row()
    result = preview({k: v for k, v in NEW.items() if k != "sportybet_id"}, ids=[row.pk])
    assert result.taken_from == ("older",)
    assert "older" in only(result, "KEY_TAKEN_OFF").text
    resolution = map_to(
        ids=[row.pk], canonical_id="penalty_awarded_ft", values={**NEW, "sportybet_id": None}, user="ada"
    )
    assert resolution.taken_from == result.taken_from


def test_mapping_from_the_queue_says_which_mapping_would_be_switched_off():
    create_mapping(canonical_id="older", values=NEW | {"betpawa_id": None}, user="ada")
    row = queue_row()
    result = preview({k: v for k, v in NEW.items() if k != "sportybet_id"}, ids=[row.pk])
    assert (result.can_save, result.needs_reason, result.taken_from) == (True, True, ("older",))
    assert "switched off" in only(result, "MAPPING_SWITCHED_OFF").text
    assert not found(result, "KEY_TAKEN_OFF")
    resolution = map_to(
        ids=[row.pk], canonical_id="penalty_awarded_ft", values={**NEW, "sportybet_id": None}, user="ada"
    )
    assert resolution.switched_off == result.taken_from


def test_the_only_key_of_a_mapping_that_replaces_a_built_in_one_stays_with_it():
    only_key = {"betpawa_id": None, "bet9ja_key": None, "extra_source_keys": [], "sportybet_id": "999"}
    create_mapping(canonical_id="btts_ft", values=only_key | {"outcome_mapping": yes_no()}, user="ada")
    result = preview({k: v for k, v in NEW.items() if k != "sportybet_id"}, ids=[queue_row().pk])
    assert not result.can_save
    assert any("switch that off first" in conflict.text for conflict in result.conflicts)


def test_two_mappings_that_lead_to_one_market_of_betpawa_are_named():
    text = only(preview(NEW | {"betpawa_id": "3743"}), "SAME_TARGET").text
    assert text.startswith("BetPawa's market 3743 has a mapping already: ")
    assert "(1x2_ft), for SportyBet 1 and Bet9ja S_1X2." in text
    assert "second" in text and "the outcomes of both feed one market" in text


def test_a_mapping_that_leads_to_the_same_market_is_told_with_a_few_of_its_keys():
    extra = [{"bookmaker": "sportybet", "key": f"100{number}"} for number in range(4)]
    create_mapping(canonical_id="older", values=NEW | {"extra_source_keys": extra, "sportybet_id": "998"}, user="ada")
    assert "for SportyBet 998, 1000, 1001 (and 2 more)." in only(preview(), "SAME_TARGET").text
    create_mapping(canonical_id="bare", values=NEW | {"sportybet_id": None, "betpawa_id": "777003"}, user="ada")
    assert "for no source key of a rival" in only(preview(NEW | {"betpawa_id": "777003"}), "SAME_TARGET").text


def test_a_mapping_without_a_market_of_betpawa_says_that_nothing_is_stored():
    assert "not stored" in only(preview(NEW | {"betpawa_id": None}), "NO_TARGET").text


# --- Saving ---------------------------------------------------------------------------------------


def test_what_saving_would_refuse_is_an_error_in_its_words():
    result = preview(NEW | {"line_semantics": "sideways", "colour": "red"})
    assert not result.can_save
    assert {"INVALID"} <= codes(result, "error")
    assert any("sideways" in conflict.text for conflict in result.conflicts)
    assert any("Colour" in conflict.text for conflict in result.conflicts)


def test_an_outcome_that_is_there_twice_is_dropped_by_the_fix():
    values = NEW | {"outcome_mapping": [*yes_no(), outcome("no", "No", "No", position=2)]}
    result = preview(values)
    fix = next(conflict.fix for conflict in found(result, "INVALID") if conflict.fix)
    values, _ = merge_fix(values, None, fix)
    assert [o["canonical_id"] for o in values["outcome_mapping"]] == ["yes", "no"]
    assert preview(values).can_save


def test_a_text_on_two_outcomes_stays_with_the_one_that_means_it():
    table = [outcome("home", "1", "Home"), outcome("draw", "X", "Draw"), outcome("away", "2", "Home")]
    assert [o["sportybet_desc"] for o in without_repetitions(table)] == ["Home", "Draw", None]
    doubtful = [outcome("a", "Red", "Same"), outcome("b", "Blue", "Same")]
    assert without_repetitions(doubtful) == doubtful


def test_values_that_are_not_in_their_form_are_an_error_not_a_crash():
    row = queue_row()
    for values in ({"extra_source_keys": "x"}, {"outcome_mapping": [1]}, {"specifier_filters": []}):
        assert "INVALID" in codes(preview(NEW | values, ids=[row.pk]), "error")


def test_rows_that_left_the_queue_are_counted():
    row = queue_row()
    assert only(preview(ids=[row.pk, 10**9]), "NOT_IN_QUEUE").severity == "info"
    assert only(preview(ids=[10**9]), "NOT_IN_QUEUE").severity == "error"


# --- Outcomes -------------------------------------------------------------------------------------


def test_outcomes_that_nothing_pairs_are_an_error_whose_fix_pairs_them():
    row = queue_row(texts=("Yes", "No"))
    values = {"name": "Penalty", "betpawa_id": "777001", "outcome_mapping": yes_no(None, None)}
    conflict = only(preview(values, ids=[row.pk]), "NO_PAIRS")
    assert conflict.severity == "error"
    values, texts = merge_fix(values, {"yes": "old"}, conflict.fix)
    assert texts == {}
    assert [o["sportybet_desc"] for o in values["outcome_mapping"]] == ["Yes", "No"]
    assert codes(preview(values, ids=[row.pk])) == set()


def test_a_text_of_the_bookmaker_without_a_pair_is_named():
    row = queue_row(texts=("Yes", "No", "Abandoned"))
    conflict = only(preview(NEW, ids=[row.pk]), "UNPAIRED_TEXT")
    assert (conflict.severity, "“Abandoned”" in conflict.text, conflict.fix) == ("warning", True, None)


def test_an_outcome_of_betpawa_without_a_pair_is_named_and_filled_where_words_leave_no_doubt():
    row = queue_row(texts=("Home", "Draw", "Away"))
    table = [outcome("home", "1", "Home"), outcome("draw", "X"), outcome("away", "2", "Away")]
    conflict = only(preview(NEW | {"outcome_mapping": table}, ids=[row.pk]), "MISSING_PAIR")
    assert "“X” has no pair" in conflict.text
    assert [o["sportybet_desc"] for o in conflict.fix["outcome_mapping"]] == ["Home", "Draw", "Away"]


def test_texts_with_a_line_or_a_team_are_offered_without_them():
    keep_fixture(sportybet=[market("999", {"Over 2.5": "1.9", "Enyimba": "2.1"}, "total=2.5")])
    table = [outcome("over", "Over"), outcome("away", "Away")]
    values = NEW | {"kind": "over_under", "line_semantics": "total", "outcome_mapping": table}
    fix = only(preview(values), "NO_PAIRS").fix
    assert [o["sportybet_desc"] for o in fix["outcome_mapping"]] == ["Over", "away"]


def test_home_and_away_the_wrong_way_round_are_put_right_by_the_fix():
    table = [outcome("home", "1", "Away"), outcome("draw", "X", "Draw"), outcome("away", "2", "Home")]
    conflict = only(preview(NEW | {"outcome_mapping": table}), "TEXTS_SWAPPED")
    assert [o["sportybet_desc"] for o in conflict.fix["outcome_mapping"]] == ["Home", "Draw", "Away"]


def test_outcomes_that_only_betpawas_market_has_are_named():
    for number in (1, 2):
        keep_fixture(
            number,
            sportybet=[market("999", {"Yes": "1.9", "No": "1.9"})],
            betpawa=[market("777001", {"Yes": "1.9", "No": "1.9", "Void": "20"})],
        )
    assert "“Void”" in only(preview(), "MISSING_OUTCOME").text


# --- Shape, lines, names --------------------------------------------------------------------------


def test_over_under_onto_bands_is_an_error_because_no_line_is_taken():
    row = queue_row(texts=("Over 2.5", "Under 2.5"), specifier="total=2.5", name="Over/Under")
    result = preview({}, "corners_exact_ft", ids=[row.pk])
    assert {"SPECIFIER_REFUSED", "SHAPE_DIFFERS"} <= codes(result)
    assert "over under" in only(result, "SHAPE_DIFFERS").text
    assert not result.can_save


def test_a_parameter_that_all_instances_share_becomes_the_filter_of_the_fix():
    for number in (1, 2):
        keep_fixture(number, sportybet=[market("999", {"Yes": "1.9", "No": "1.9"}, "minute=5")])
    conflict = only(preview(), "SPECIFIER_REFUSED")
    assert conflict.fix == {"specifier_filters": {"sportybet": "minute=5"}}
    assert not found(preview(NEW | conflict.fix), "SPECIFIER_REFUSED")


def test_instances_that_differ_in_a_parameter_leave_the_filter_to_a_person():
    keep_fixture(sportybet=[market("999", {"Yes": "1.9", "No": "1.9"}, f"minute={n}") for n in (5, 10)])
    assert only(preview(), "SPECIFIER_REFUSED").fix is None
    result = preview(NEW | {"specifier_filters": {"sportybet": "minute=5"}})
    assert only(result, "SPECIFIERS_LEFT_OUT").severity == "info"


def test_period_statistic_and_side_of_another_market_are_named():
    row = queue_row(texts=("Home", "Draw", "Away"), name="1st Half - Corners 1X2")
    result = preview({}, "1x2_ft", ids=[row.pk])
    assert {"PERIOD_DIFFERS", "SUBJECT_DIFFERS"} <= codes(result, "warning")
    row = queue_row("1000", texts=("Yes", "No"), name="Home to score in both halves")
    assert {"SIDE_DIFFERS"} <= codes(preview({}, "btts_ft", ids=[row.pk]), "warning")


def test_one_market_for_both_sides_is_no_contradiction_of_a_mapping_for_one():
    row = queue_row(texts=("Yes", "No"), name="Home/Away - Both Halves")
    values = {"name": "Home - Both Halves", "betpawa_id": "777001", "outcome_mapping": yes_no()}
    assert "SIDE_DIFFERS" not in codes(preview(values, ids=[row.pk]))


def test_early_payout_onto_the_plain_market_is_a_near_twin():
    row = queue_row(texts=("Home", "Draw", "Away"), name="1X2 - 2UP")
    assert {"NEAR_TWIN"} <= codes(preview({}, "1x2_ft", ids=[row.pk]), "warning")


def test_lines_that_never_meet_are_something_else_that_is_counted():
    values = NEW | {
        "kind": "over_under",
        "line_semantics": "total",
        "outcome_mapping": [outcome("over", "Over", "Over"), outcome("under", "Under", "Under")],
    }
    prices = {"Over": "1.9", "Under": "1.9"}
    keep_fixture(
        sportybet=[market("999", prices, f"total={line}") for line in ("9.5", "10.5")],
        betpawa=[market("777001", prices, quarters) for quarters in ("6", "10")],
    )
    assert "9.5 to 10.5" in only(preview(values), "LINES_DIFFER").text
    near = market("998", prices, "total=1.75")
    keep_fixture(2, sportybet=[near], betpawa=[market("777001", prices, quarters) for quarters in ("6", "10")])
    assert not found(preview(values | {"sportybet_id": "998"}), "LINES_DIFFER")


# --- Prices ---------------------------------------------------------------------------------------


def priced(number, rival, ours):
    keep_fixture(number, sportybet=[market("999", rival)], betpawa=[market("777001", ours)])


def test_prices_that_agree_are_said_so():
    for number in range(1, 7):
        priced(number, {"Yes": f"1.{number}", "No": "2.8"}, {"Yes": f"1.{number}", "No": "2.8"})
    assert "6 events agree" in only(preview(), "PRICES_AGREE").text


def test_swapped_texts_are_seen_by_their_prices_and_exchanged_by_the_fix():
    for number in range(1, 7):
        priced(number, {"Yes": f"1.{number}", "No": "3.8"}, {"Yes": "3.8", "No": f"1.{number}"})
    conflict = only(preview(), "PRICES_SWAPPED")
    assert conflict.severity == "warning"
    assert [o["sportybet_desc"] for o in conflict.fix["outcome_mapping"]] == ["No", "Yes"]
    assert found(preview(NEW | conflict.fix), "PRICES_AGREE")


def test_prices_of_another_market_are_apart():
    for number in range(1, 7):
        priced(number, {"Yes": "1.15", "No": "5.5"}, {"Yes": "1.9", "No": "1.95"})
    assert "6 events" in only(preview(), "PRICES_APART").text


def test_prices_of_another_period_name_the_market_that_they_fit():
    full, half = catalogue_entry("btts_ft").betpawa_id, catalogue_entry("btts_1h").betpawa_id
    for number in range(1, 7):
        ours, halfs = {"Yes": "1.7", "No": "2.1"}, {"Yes": f"4.{number}", "No": "1.2"}
        keep_fixture(number, sportybet=[market("999", halfs)], betpawa=[market(full, ours), market(half, halfs)])
    result = preview({"sportybet_id": "999"}, "btts_ft")
    assert "btts_1h" in only(result, "PRICES_APART").text


def test_too_few_fixtures_are_no_judgement():
    priced(1, {"Yes": "1.15", "No": "5.5"}, {"Yes": "1.9", "No": "1.95"})
    assert only(preview(), "PRICES_UNCHECKED").severity == "info"
    assert preview().can_save


def test_a_queue_row_of_which_nothing_would_map_is_refused_whatever_the_reason():
    row = queue_row(texts=("Yes", "No"))
    values = {"name": "Penalty", "betpawa_id": "777001", "outcome_mapping": yes_no(None, None)}
    result = preview(values, ids=[row.pk])
    assert (result.can_save, result.is_refused, result.needs_reason) == (False, True, False)
    with pytest.raises(ValidationError, match="nothing of it would map"):
        map_rows(ids=[row.pk], canonical_id="p", values=values, user="ada", reason="I say so")
    player = values | {"subkind": "player", "outcome_mapping": []}
    assert not preview(player, ids=[row.pk]).maps_nothing
