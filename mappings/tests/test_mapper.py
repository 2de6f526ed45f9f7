"""Markets map by exact key, whole specifier and outcome text; what is not understood is refused and said."""

from decimal import Decimal

import pytest

from mappings.cache import mapping_cache
from mappings.mapper import map_market
from mappings.tests.builders import AWAY, HOME, cache_of, codes_of, definition, mapped, market, prices_of


def test_an_outcome_is_matched_by_text_whatever_its_position():
    result = mapped("sportybet", market("37", {"Home & Under 2.5": "5.2", "Home & Over 2.5": "3.8"}, "total=2.5"))
    assert prices_of(result) == {"1 - Over": ("3.8", True), "1 - Under": ("5.2", True)}


def test_a_key_is_looked_up_whole():
    result = mapped("bet9ja", market("S_1X2X", {"1": "2.0", "X": "3.0", "2": "4.0"}))
    assert result.mapped == [] and codes_of(result) == ["UNKNOWN_MARKET"]
    assert mapping_cache.lookup("bet9ja", "S_1X") == ()
    assert [claim.canonical_id for claim in mapping_cache.lookup("bet9ja", "S_1X2")] == ["1x2_ft"]


def test_one_source_key_feeds_the_home_and_the_away_total():
    result = mapped("bet9ja", market("S_HAOU", {"OH": "1.9", "UH": "1.8", "OA": "2.5", "UA": "1.4"}, "1.5"))
    assert {m.canonical_id: [o.odds for o in m.outcomes] for m in result.mapped} == {
        "home_over_under_ft": ["1.9", "1.8"],
        "away_over_under_ft": ["2.5", "1.4"],
    }
    assert result.errors == []


def test_two_source_keys_feed_one_market():
    result = mapped("bet9ja", market("S_OU", {"O": "1.9"}, "2.5"), market("S_OUA", {"O": "1.6", "U": "2.2"}, "2.25"))
    assert [(m.canonical_id, m.line) for m in result.mapped] == [
        ("over_under_ft", Decimal("2.5")),
        ("over_under_ft", Decimal("2.25")),
    ]


@pytest.mark.parametrize(
    ("key", "suffix", "name"),
    [("S_1X22", "X2", "draw"), ("S_DC", "X2", "X2"), ("S_1X22", "12", "home"), ("S_DC", "12", "12")],
)
def test_a_suffix_means_what_its_key_says(key, suffix, name):
    result = mapped("bet9ja", market(key, {suffix: "2.0"}))
    found = result.mapped or result.errors[0].recognised
    assert [o.name for o in found[0].outcomes] == [name]


@pytest.mark.parametrize(
    ("specifier", "line"), [("hcp=0:1", "-1"), ("hcp=2:0", "2"), ("hcp=1:1", "0"), ("hcp=0:3", "-3")]
)
def test_a_three_way_handicap_counts_goals_given_to_the_home_side(specifier, line):
    (found,) = mapped("sportybet", market("14", {"Home (0:1)": "4.75", "Draw (0:1)": "4.25"}, specifier)).mapped
    assert (found.line, found.handicap_home, found.handicap_away) == (Decimal(line), Decimal(line), -Decimal(line) + 0)
    assert found.handicap_type == "EUROPEAN"


def test_the_two_kinds_of_handicap_are_never_mixed():
    assert codes_of(mapped("sportybet", market("16", {"Home (0:1)": "2"}, "hcp=0:1"))) == ["UNKNOWN_PARAM_MARKET"]
    assert codes_of(mapped("sportybet", market("14", {"Home (-1)": "2"}, "hcp=-1"))) == ["UNKNOWN_PARAM_MARKET"]


def test_line_zero_is_a_line():
    (found,) = mapped("sportybet", market("16", {"Home (0)": "1.71", "Away (0)": "2.10"}, "hcp=0")).mapped
    assert found.line == 0 and found.line is not None


def test_betpawa_lines_are_quarters_of_the_handicap():
    (found,) = mapped("betpawa", market("3774", [("1", 2.32), ("2", 1.54)], "-2")).mapped
    assert (found.line, found.handicap_type) == (Decimal("-0.5"), "ASIAN")


@pytest.mark.parametrize(
    ("key", "specifier"),
    [
        ("900069", "minute=50"),
        ("105", "from=1|to=15"),
        ("8", "goalnr=2"),
        ("854", "total=3.5"),
        ("1", "total=2.5"),
        ("18", ""),
        ("18", "total=2.5|minute=5"),
    ],
)
def test_a_specifier_that_is_not_expected_refuses_the_market(key, specifier):
    assert codes_of(mapped("sportybet", market(key, {"Home": "2", "Over": "2"}, specifier))) == ["UNKNOWN_PARAM_MARKET"]


@pytest.mark.parametrize("specifier", ["total", "=2.5", "total=", "total=2.5|total=3.5", "total=abc", "total=NaN", "|"])
def test_a_specifier_outside_the_grammar_is_said_to_be_invalid(specifier):
    assert codes_of(mapped("sportybet", market("18", {"Over 2.5": "2"}, specifier))) == ["INVALID_SPECIFIER"]


@pytest.mark.parametrize("key", ["", "S_", "1X2", "S_A@2.5", "S_A_B", "S_A B", "S_" + "X" * 200])
def test_a_key_outside_the_bookmakers_format_is_said_to_be_invalid(key):
    assert codes_of(mapped("bet9ja", market(key, {"1": "2"}))) == ["INVALID_KEY_FORMAT"]


def test_team_names_are_read_as_home_and_away():
    texts = {f"{HOME}/{AWAY} & under 1.5": "40.0", f"draw/{HOME.upper()} & over 1.5": "9.1"}
    result = mapped("sportybet", market("818", texts, "total=1.5"))
    assert prices_of(result) == {"1_2_under": ("40", True), "x_1_over": ("9.1", True)}


def test_the_longer_team_name_is_replaced_first():
    texts = {"Inter/Inter Miami & over 1.5": "30", "Inter Miami/Inter & over 1.5": "31"}
    result = mapped("sportybet", market("818", texts, "total=1.5"), home="Inter", away="Inter Miami")
    assert prices_of(result) == {"1_2_over": ("30", True), "2_1_over": ("31", True)}


def test_what_was_learnt_in_one_event_does_not_name_the_teams_of_another():
    cache = cache_of(with_catalogue=True)
    for home, away in ((HOME, AWAY), (AWAY, HOME), (HOME, AWAY)):
        result = mapped(
            "sportybet", market("818", {f"{HOME}/draw & over 1.5": "9"}, "total=1.5"), home=home, away=away, cache=cache
        )
        assert list(prices_of(result)) == ["1_x_over" if home == HOME else "2_x_over"]


def test_a_line_learnt_with_one_specifier_is_not_accepted_with_another():
    cache = cache_of(with_catalogue=True)
    assert mapped("sportybet", market("18", {"Over 2.5": "1.9"}, "total=2.5"), cache=cache).mapped
    other = mapped("sportybet", market("18", {"Over 2.5": "1.9"}, "total=3.5"), cache=cache)
    assert codes_of(other) == ["NO_MATCHING_OUTCOMES"]


def test_matched_outcomes_are_kept_and_the_rest_is_reported():
    result = mapped("sportybet", market("1", {"Home": "2", "Draw": "3", "Nobody": "9"}))
    assert prices_of(result) == {"1": ("2", True), "X": ("3", True)}
    (error,) = result.errors
    assert error.code == "PARTIAL_OUTCOMES" and [o.text for o in error.market.outcomes] == ["Nobody"]


def test_nothing_matched_is_an_error_of_its_own():
    assert codes_of(mapped("sportybet", market("1", {"A": "2", "B": "3"}))) == ["NO_MATCHING_OUTCOMES"]
    assert codes_of(mapped("sportybet", market("1", {}))) == ["NO_MATCHING_OUTCOMES"]


def test_two_prices_for_one_outcome_are_both_left_out():
    result = mapped("sportybet", market("1", [("Home", "2"), ("home", "2.5"), ("Draw", "3")]))
    assert prices_of(result) == {"X": ("3", True)}
    assert codes_of(result) == ["PARTIAL_OUTCOMES"]
    assert len(result.errors[0].market.outcomes) == 2


def test_the_same_outcome_said_twice_alike_is_one():
    result = mapped("sportybet", market("1", [("Home", "2"), ("Home", "2.00"), ("Draw", "3")]))
    assert prices_of(result) == {"1": ("2", True), "X": ("3", True)} and result.errors == []


def test_the_same_market_twice_keeps_the_first_and_is_counted():
    result = mapped(
        "sportybet", market("18", {"Over 2.5": "1.9"}, "total=2.5"), market("18", {"Over": "2"}, "total=2.50")
    )
    assert prices_of(result) == {"Over": ("1.9", True)} and result.duplicates == 1
    again = mapped("sportybet", market("1", {"Home": "2"}), market("1", {"Home": "2.0"}))
    assert prices_of(again) == {"1": ("2", True)} and again.duplicates == 0


def test_halves_of_one_market_under_two_keys_become_the_whole_with_the_wholes_fingerprint():
    split = mapped("bet9ja", market("S_OU", {"U": "1.8"}, "2.5"), market("S_OUA", {"O": "1.9"}, "2.5"))
    whole = mapped("bet9ja", market("S_OU", {"O": "1.9", "U": "1.8"}, "2.5"))
    assert split.mapped == whole.mapped and split.duplicates == 0


def test_a_market_that_betpawa_lacks_is_recognised_and_not_mapped():
    (error,) = mapped("sportybet", market("60000", {"Yes": "2", "No": "1.8"})).errors
    assert error.code == "UNSUPPORTED_PLATFORM"
    assert [m.canonical_id for m in error.recognised] == ["btts_2plus_ft"]


def test_nothing_of_the_reference_book_is_lost():
    result = mapped("betpawa", market("777", {"Red": 2.5, "Blue": 1.5}, "6", name="Socks", groups=("specials",)))
    (found,) = result.mapped
    assert (found.betpawa_market_id, found.betpawa_market_name, found.line) == ("777", "Socks", Decimal("1.5"))
    assert codes_of(result) == ["UNKNOWN_MARKET"]
    unknown_outcome = mapped("betpawa", market("3743", {"1": 2.0, "Golden goal": 9.0}))
    assert prices_of(unknown_outcome) == {"1": ("2", True), "Golden goal": ("9", True)}


def test_player_names_are_turned_round_and_nobody_is_passed_over():
    players = [
        ("No Goal", "0.00", False),
        ("Li, Hailong (Enyimba)", "15.50", True),
        ("Ronaldinho (Kano Pillars)", "8", True),
    ]
    result = mapped("sportybet", market("40", players, "type=prematch"))
    assert prices_of(result) == {"Hailong Li": ("15.5", True), "Ronaldinho": ("8", True)} and result.errors == []


@pytest.mark.parametrize(
    "price",
    ["NaN", "Infinity", "1e999", "-2", "0.99", "10001", "2,41", "abc", "", " 2", "2.1234567", "١.٥", None, True, False]
    + [float("nan"), float("inf"), -1.5, 0.5, 10_000.5, 1e-7, [2], {"a": 1}],
)
def test_a_price_that_cannot_be_one_sets_its_market_aside_and_no_other(price):
    cache = cache_of(with_catalogue=True)
    mapped("sportybet", market("1", {"Home": 1, "Draw": "3"}), cache=cache)
    result = mapped("sportybet", market("1", {"Home": price, "Draw": "3"}), market("29", {"Yes": "2"}), cache=cache)
    assert codes_of(result) == ["INVALID_ODDS"]
    assert [m.canonical_id for m in result.mapped] == ["btts_ft"]


@pytest.mark.parametrize("slug", ["betpawa", "sportybet", "bet9ja"])
@pytest.mark.parametrize("price", ["0", "0.00", "1", "1.00", 0, 1, 0.0, 1.0])
def test_a_closed_price_is_kept_and_cannot_be_backed(slug, price):
    key, text = {"betpawa": ("3743", "1"), "sportybet": ("1", "Home"), "bet9ja": ("S_1X2", "1")}[slug]
    assert [active for _, active in prices_of(mapped(slug, market(key, {text: price}))).values()] == [False]


def test_equal_prices_have_one_text_and_one_fingerprint():
    cache = cache_of(with_catalogue=True)
    results = [
        mapped("sportybet", market("29", {"Yes": p, "No": "3"}), cache=cache) for p in ("2.1", "2.10", 2.1, "02.100")
    ]
    assert {prices_of(r)["Yes"] for r in results} == {("2.1", True)}
    assert len({r.mapped[0].fingerprint for r in results}) == 1


def test_a_fingerprint_fits_a_signed_64_bit_column_and_moves_with_activity():
    one, other = (
        mapped("sportybet", market("29", [("Yes", "2", a), ("No", "3", True)])).mapped[0] for a in (True, False)
    )
    assert one.fingerprint != other.fingerprint
    assert -(2**63) <= one.fingerprint < 2**63


def test_the_group_of_a_rivals_market_does_not_depend_on_its_own_words():
    corners = mapped("sportybet", market("166", {"Over": "2"}, "total=9.5", groups=("Corners & more",))).mapped[0]
    assert corners.market_groups == ("corners",)
    half = mapped("bet9ja", market("S_OU1T", {"O": "2"}, "0.5")).mapped[0]
    assert half.market_groups == ("goals", "halves")


def test_a_fourth_bookmaker_needs_a_mapping_and_no_code():
    cache = cache_of(
        definition(
            "1x2_ft",
            {"betpawa": "3743", "nairabet": "MRES"},
            [{"id": "home", "betpawa": "1", "nairabet": "Home"}, {"id": "draw", "betpawa": "X", "nairabet": "Draw"}],
            origin="db",
        )
    )
    assert prices_of(mapped("nairabet", market("MRES", {HOME: "2", "Draw": "3"}), cache=cache)) == {
        "1": ("2", True),
        "X": ("3", True),
    }


def test_one_market_alone_maps_as_within_its_event():
    found, errors = map_market("bet9ja", market("S_1X2", {"1": "2.5"}), HOME, AWAY)
    assert [m.canonical_id for m in found] == ["1x2_ft"] and errors == []


def test_a_memory_that_is_full_forgets_and_maps_the_same(monkeypatch):
    monkeypatch.setattr("mappings.plans.MOST_REMEMBERED", 3)
    cache = cache_of(with_catalogue=True)
    for cents in range(100, 140):
        price = f"2.{cents}"
        assert prices_of(mapped("bet9ja", market("S_1X2", {"1": price}), cache=cache)) == {
            "1": (price.rstrip("0"), True)
        }
    plan = cache.snapshot.table("bet9ja").direct["S_1X2"][""]
    assert len(plan.memo) <= 3 + 1


def test_a_remembered_market_is_not_another_events_with_the_teams_the_other_way_round():
    cache = cache_of(with_catalogue=True)
    both = {f"{HOME}/{AWAY} & over 1.5": "9", f"{AWAY}/{HOME} & over 1.5": "8"}
    for home, away in ((HOME, AWAY), (AWAY, HOME)) * 3:
        result = mapped("sportybet", market("818", both, "total=1.5"), home=home, away=away, cache=cache)
        expected = {"1_2_over": "9", "2_1_over": "8"} if home == HOME else {"2_1_over": "9", "1_2_over": "8"}
        assert {name: odds for name, (odds, _) in prices_of(result).items()} == expected


def test_whole_markets_are_no_longer_remembered_where_none_comes_again(monkeypatch):
    monkeypatch.setattr("mappings.plans.MOST_WHOLE_MARKETS", 20)
    monkeypatch.setattr("mappings.plans.PAUSE_EVENTS", 5)
    cache = cache_of(with_catalogue=True)
    whole = cache.snapshot.table("bet9ja").whole
    states = []
    for cents in range(10, 90):
        assert prices_of(mapped("bet9ja", market("S_1X2", {"1": f"2.{cents}1"}), cache=cache)) == {
            "1": (f"2.{cents}1", True)
        }
        states.append(whole.enabled)
    assert True in states[states.index(False) :], "off once it was full, on again after a pause"
    assert len(cache.snapshot.table("bet9ja").direct["S_1X2"][""].whole) <= 22


def test_a_remembered_market_follows_its_tabs():
    cache = cache_of(with_catalogue=True)
    for tabs in (("popular",), ("popular", "goals"), ("popular",)):
        (found,) = mapped("betpawa", market("3795", {"Yes": 2.0, "No": 1.8}, groups=tabs), cache=cache).mapped
        assert found.market_groups == tabs
