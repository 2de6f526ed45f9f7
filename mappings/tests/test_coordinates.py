"""Names and outcomes of three bookmakers, read as the same coordinates."""

import pytest

from mappings.suggestions.catalogue_ids import step
from mappings.suggestions.coordinates import coordinates_of
from mappings.suggestions.roles import OPEN, TWO, roles_of, shape_of

OU, YN, SIDES = ("Over 2.5", "Under 2.5"), ("Yes", "No"), ("Home", "Draw", "Away")


@pytest.mark.parametrize(
    ("name", "texts", "family", "statistic", "period", "subject"),
    [
        ("1X2 | Full Time", ("1", "X", "2"), "1x2", "goals", "FT", "match"),
        ("1st Half - 1X2", SIDES, "1x2", "goals", "1H", "match"),
        ("1X2 - 2nd Half", SIDES, "1x2", "goals", "2H", "match"),
        ("10 Minutes - 1X2", SIDES, "1x2", "goals", "0-10min", "match"),
        ("1X2 | Interval 10 minutes (00:01-09:59)", ("1", "X", "2"), "1x2", "goals", "0-10min", "match"),
        ("Over/Under | {home} | Full Time", ("Over", "Under"), "over_under", "goals", "FT", "home"),
        ("Home O/U", OU, "over_under", "goals", "FT", "home"),
        ("2nd Half - Away Team Total", OU, "over_under", "goals", "2H", "away"),
        ("Home/Away - Over/Under", ("Home Over", "Away Over", "Home Under", "Away Under"), "over_under", "goals", "FT",
         "both"),
        ("Corners - Over/Under Home", ("Home Corner Over", "Home Corner Under"), "over_under", "corners", "FT", "home"),
        ("Total Corners | Full Time", ("0-8", "9-11", "12+"), "range", "corners", "FT", "match"),
        ("Corner Range", ("0-8", "9-11", "12+"), "range", "corners", "FT", "match"),
        ("2nd Half - Total Goals", ("1", "2", "3"), "exact", "goals", "2H", "match"),
        ("Total Goals Exact | Full Time | {away}", ("0", "1", "2", "3+"), "exact", "goals", "FT", "away"),
        ("GG/NG", YN, "btts", "goals", "FT", "match"),
        ("Goal/No Goal", ("GG", "NG"), "btts", "goals", "FT", "match"),
        ("1X2 & GG/NG", ("Home & yes", "Draw & no"), "1x2+btts", "goals", "FT", "match"),
        ("1X2 Or Goal/No Goal", ("1 Or GG", "X Or NG"), "1x2|btts", "goals", "FT", "match"),
        ("1st Half - DC & GG/NG", ("Home/Draw & Yes", "Draw/Away & No"), "btts+double_chance", "goals", "1H", "match"),
        ("DC & 1st Half Both Teams Score", ("Home/Draw & Yes",), "btts+double_chance", "goals", "part_1H", "match"),
        ("1st Half - Handicap", ("Home (0:1)", "Draw (0:1)", "Away (0:1)"), "handicap_3way", "goals", "1H", "match"),
        ("1st Half - Handicap", ("Home (-0.5)", "Away (+0.5)"), "handicap_2way", "goals", "1H", "match"),
        ("Half With More Goals", ("First Half", "Equal", "Second Half"), "highest_half", "goals", "FT", "match"),
        ("Highest Scoring Half Home Team", ("1st", "Tie", "2nd"), "highest_half", "goals", "FT", "home"),
        ("Team with Most Bookings 3-Way - First Half", ("1", "X", "2"), "1x2", "bookings", "1H", "match"),
        ("Last Corner HT", ("1", "X", "2"), "last", "corners", "1H", "match"),
        ("Red Card Home", YN, "sending_off", "bookings", "FT", "home"),
        ("Half Time/Full Time", ("1/1", "1/X", "X/1"), "htft", "goals", "FT", "match"),
        ("Match Shots On Target", OU, "over_under", "shots_on_target", "FT", "match"),
        ("Player to score in 1st half", ("Ivan Lopes", "Milan Ferro"), "to_score", "goals", "1H", "player"),
        ("Home No Bet", ("Draw", "Away"), "home_no_bet", "goals", "FT", "match"),
    ],
)  # fmt: skip
def test_a_name_is_read_as_coordinates(name, texts, family, statistic, period, subject):
    found = coordinates_of("x", "1", name, texts)
    assert (found.family, found.statistic, found.period, found.subject) == (family, statistic, period, subject)


def test_a_team_inside_a_name_is_home_or_away_before_anything_is_read():
    found = coordinates_of(
        "sportybet", "20", "Qingdao Hainiu FC Over/Under", OU, home="Wuhan Three Towns FC", away="Qingdao Hainiu FC"
    )
    assert (found.family, found.subject, found.words) == ("over_under", "away", frozenset())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1X2", "1X2 - 1UP"),
        ("1X2 - 1UP", "1X2 - 2UP"),
        ("GG/NG", "GG/NG 2+"),
        ("Over/Under", "Over/Under - Early Goals"),
        ("Home To Win Both Halves", "Home To Win Either Half"),
        ("Exact Goals", "Excluded Goals"),
        ("Multigoals", "Goal Bounds"),
        ("Any Team to lead by 1 Goal", "Any Team to lead by 2 Goals"),
    ],
)
def test_near_twins_differ_in_a_qualifier(one, other):
    assert coordinates_of("x", "1", one, ()).qualifiers != coordinates_of("x", "1", other, ()).qualifiers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("First Corner", "Last Corner"),
        ("Home Team Clean Sheet", "Away Team To Score Yes/No"),
        ("Over/Under", "Corners - Over/Under"),
        ("1st Half - Over/Under", "2nd Half - Over/Under"),
    ],
)
def test_twins_of_equal_price_differ_in_what_they_say(one, other):
    def said(name):
        found = coordinates_of("x", "1", name, YN)
        return found.family, found.statistic, found.period, found.subject

    assert said(one) != said(other)


def test_siblings_differ_in_side_half_or_line_only():
    keys = {
        coordinates_of("sportybet", "1", name, OU).sibling_key
        for name in ("Over/Under", "Home O/U", "1st Half - Away O/U", "2nd Half - Home Team Total")
    }
    assert len(keys) == 1 and "" not in keys
    assert coordinates_of("sportybet", "1", "Corners - Over/Under", OU).sibling_key not in keys


@pytest.mark.parametrize(
    ("texts", "roles"),
    [
        (("Home", "Draw", "Away"), ("1", "X", "2")),
        (("Home (0:1)", "Draw (0:1)", "Away (0:1)"), ("1", "X", "2")),
        (("Home or Draw", "Home or Away", "Draw or Away"), ("1X", "12", "X2")),
        (("1X", "12", "X2"), ("1X", "12", "X2")),
        (("Home/Draw & Yes", "Home/Away & No", "Draw/Away & Yes"), ("1X&Y", "12&N", "X2&Y")),
        (("Home/Home", "Home/Draw", "Draw/Away"), ("1/1", "1/X", "X/2")),
        (("Over 2.5 & Yes", "Under 2.5 & No"), ("O&Y", "N&U")),
        (("GG + Over", "NG + Under"), ("O&Y", "N&U")),
        (("0", "1", "2", "3+"), ("n0", "n1", "n2", "n3+")),
        (("1-2 Goals", "1-3 Goals", "2-3 Goals"), ("n1-2", "n1-3", "n2-3")),
        (("0:0", "1:0", "Other"), ("0:0", "1:0", "other")),
        (("0-0", "1-0", "0-1"), ("0:0", "1:0", "0:1")),
        (("0:0 0:1", "4+ 4+"), ("0:0/0:1", "4+/4+")),
        (("Home by 1", "Home by > 2", "Away by 3+"), ("1by1", "1by3+", "2by3+")),
        (("GG", "Only Home", "Only Away", "No Goal"), ("both", "1", "2", "none")),
        (("1 - Over", "X - Under"), ("1&O", "U&X")),
    ],
)
def test_outcomes_of_all_bookmakers_get_one_role(texts, roles):
    assert roles_of(tuple(text.casefold() for text in texts)) == roles


def test_the_shape_says_how_many_outcomes_win():
    assert shape_of(("1X", "12", "X2")) == TWO
    assert shape_of(("n1-2", "n1-3", "n2-3")) == OPEN
    assert shape_of(("n0", "n1", "n2+")) == "one"


@pytest.mark.parametrize("text", ["²", "1²", "②", "9" * 5000, "< 99999999999", "0-99999999999", "99999999999+"])
def test_what_only_looks_like_a_number_is_read_as_text_and_costs_nothing(text):
    assert roles_of(("3", text, "<2")) == ("n3", "", "n0-1")
    assert coordinates_of("sportybet", text[:100], f"Total {text[:200]} goals", ("3", text, "<2")).family == "exact"


def test_a_key_of_other_digits_is_no_step_from_a_number():
    assert step("18", "²") is None and step("1" * 5000, "18") is None
    assert step("18", "68") == 50
