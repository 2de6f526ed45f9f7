"""A few letters find the market that a trader means."""

import pytest

from mappings.catalogue.loader import built_in
from mappings.market_search import search, unnamed_market


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("o25", "over_under_ft"),
        ("u1.5", "over_under_ft"),
        ("over under", "over_under_ft"),
        ("o2.5 1h", "over_under_1h"),
        ("2h ou", "over_under_2h"),
        ("ou1h", "over_under_1h"),
        ("o25ft", "over_under_ft"),
        ("1h btts", "btts_1h"),
        ("dc", "double_chance_ft"),
        ("dnb 1h", "draw_no_bet_1h"),
        ("correct scroe", "correct_score_ft"),
        ("3743", "1x2_ft"),
        ("S_OU", "over_under_ft"),
        ("home ou 1h", "home_over_under_1h"),
        ("asian", "asian_handicap_ft"),
    ],
)
def test_what_traders_type_finds_the_market_first(question, wanted):
    assert search(question, built_in())[0].canonical_id == wanted


def test_a_line_is_told_and_markets_without_lines_are_left_out():
    found = search("o25", built_in())
    assert {one.line for one in found} == {"2.5"}
    assert all(one.definition.has_line or "2.5" in one.name for one in found)


def test_letters_that_no_market_has_find_nothing():
    assert search("zzqx", built_in()) == [] and search("  ", built_in()) == []


def test_a_market_that_no_mapping_names_is_found_too():
    (found,) = search("goalkeeper", (), [unnamed_market("7", "Goalkeeper Sent Off", ("Yes", "No"))])
    assert (found.betpawa_id, found.canonical_id) == ("7", "")
