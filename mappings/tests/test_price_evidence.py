"""Prices of two bookmakers laid side by side: near, apart, swapped, too few."""

from datetime import UTC, datetime
from itertools import permutations

import numpy as np
import pytest

from mappings.evidence.samples import BookSample, Fixture
from mappings.shapes import ScrapedMarket, ScrapedOutcome
from mappings.suggestions.assignment import best_pairs
from mappings.suggestions.fair import fair_probabilities
from mappings.suggestions.price_evidence import APART, NEAR, compare

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
STRENGTHS = (0.62, 0.30, 0.71, 0.22, 0.55, 0.18)  # chance of the home side, match by match


def market(key, chances, specifier="", margin=1.06):
    """chances: {text: probability}"""
    outcomes = tuple(ScrapedOutcome(text, f"{1 / (chance * margin):.3f}") for text, chance in chances.items())
    return ScrapedMarket(key, specifier, outcomes)


def fixture(number, betpawa, sportybet=(), bet9ja=()):
    books = {"betpawa": betpawa, "sportybet": sportybet, "bet9ja": bet9ja}
    return Fixture(
        f"sr:{number}", number, "Kano Pillars", "Enyimba", "", "", AT, AT,
        {
            slug: BookSample(slug, str(number), "Kano Pillars", "Enyimba", AT, tuple(markets))
            for slug, markets in books.items()
            if markets
        },
    )  # fmt: skip


def result_chances(home, names=("1", "X", "2")):
    return dict(zip(names, (home, 0.25, 0.75 - home), strict=True))


def matches(names, swap=False):
    order = (names[2], names[1], names[0]) if swap else names
    return [
        fixture(
            n,
            [market("3743", result_chances(home))],
            [market("1", {name: result_chances(home, order)[name] for name in names}, margin=1.09)],
        )
        for n, home in enumerate(STRENGTHS)
    ]


def test_the_same_market_is_near_whatever_the_margins_are():
    found = compare(matches(("Home", "Draw", "Away")), "sportybet", "1", "3743")
    assert found.fixtures_used == 6
    assert found.distance < 0.05
    assert found.pairing == {"home": "1", "draw": "X", "away": "2"}
    assert not found.swapped


def test_home_and_away_swapped_at_the_source_show_on_lopsided_fixtures():
    found = compare(matches(("Home", "Draw", "Away"), swap=True), "sportybet", "1", "3743")
    assert found.swapped
    assert found.distance > 0.5 > 0.05 > found.free_distance
    assert found.pairing == {"home": "2", "draw": "X", "away": "1"}


def test_a_wanted_pairing_is_checked_as_it_is():
    wanted = {"Home": "2", "Draw": "X", "Away": "1"}
    found = compare(matches(("Home", "Draw", "Away")), "sportybet", "1", "3743", pairing=wanted)
    assert found.swapped
    assert found.pairing == {"home": "2", "draw": "X", "away": "1"}


def test_outcomes_named_after_the_teams_are_paired():
    found = compare(matches(("Kano Pillars", "Draw", "Enyimba")), "sportybet", "1", "3743")
    assert found.pairing == {"home": "1", "draw": "X", "away": "2"}


def test_outcomes_without_a_known_name_are_paired_by_price():
    found = compare(matches(("aa", "bb", "cc")), "sportybet", "1", "3743")
    assert found.pairing == {"aa": "1", "bb": "X", "cc": "2"}


def test_another_market_is_apart():
    both = [
        fixture(
            n, [market("3743", result_chances(home))], [market("60", {"Home": 0.3, "Draw": 0.42, "Away": 0.28}, "")]
        )
        for n, home in enumerate(STRENGTHS)
    ]
    assert compare(both, "sportybet", "60", "3743").distance > 0.3


def prices(key, quoted):
    return ScrapedMarket(key, "", tuple(ScrapedOutcome(text, price) for text, price in quoted.items()))


@pytest.mark.parametrize(
    ("theirs", "is_near"), [({"Yes": "1.02", "No": "12.00"}, True), ({"Yes": "1.10", "No": "6.00"}, False)]
)
def test_what_is_all_but_sure_has_coarse_prices_and_is_not_apart_for_one_step_of_them(theirs, is_near):
    """From 1.01 to 1.02 is one step, and 0.7 in logits, which elsewhere is another market."""
    ours = prices("770", {"Yes": "1.01", "No": "15.00"})
    found = compare([fixture(n, [ours], [prices("1", theirs)]) for n in range(6)], "sportybet", "1", "770")
    assert (found.distance < NEAR) is is_near
    assert (found.distance > APART) is not is_near


def test_only_equal_lines_meet_and_every_grammar_is_read():
    both = [
        fixture(
            n,
            [market("5000", {"Over": 0.5, "Under": 0.5}, "10"), market("5000", {"Over": 0.25, "Under": 0.75}, "14")],
            [market("18", {"Over 3.5": 0.25, "Under 3.5": 0.75}, "total=3.5")],
            [market("S_OU", {"O": 0.5, "U": 0.5}, "2.5"), market("S_OU", {"O": 0.9, "U": 0.1}, "0.5")],
        )
        for n in range(6)
    ]
    for slug, key in (("sportybet", "18"), ("bet9ja", "S_OU")):
        found = compare(both, slug, key, "5000")
        assert (found.fixtures_used, found.distance < 0.03) == (6, True)


def test_a_line_that_only_one_side_writes_is_part_of_the_name():
    both = [
        fixture(
            n,
            [market("28000224", {"1": home, "None": 0.1, "2": 0.9 - home}, "4")],
            [market("8", {"Home": home, "None": 0.1, "Away": 0.9 - home}, "goalnr=1")],
        )
        for n, home in enumerate(STRENGTHS)
    ]
    assert compare(both, "sportybet", "8", "28000224").distance < 0.03
    second = [
        fixture(n, [market("28000224", {"1": 0.5, "None": 0.1, "2": 0.4}, "4")],
                [market("8", {"Home": 0.4, "None": 0.3, "Away": 0.3}, "goalnr=2")])
        for n in range(6)
    ]  # fmt: skip
    assert compare(second, "sportybet", "8", "28000224").distance is None


def test_rows_show_prices_also_where_a_fixture_has_more_lines_than_are_compared():
    """Some lines are left out, and the fixtures call their outcomes differently: each row keeps its own prices."""

    def both(count, names):
        ours = [market("5000", {"Over": 0.5, "Under": 0.5}, str(4 * n + 2)) for n in range(count)]
        return ours, [market("18", dict.fromkeys(names, 0.5), f"total={n}.5") for n in range(count)]

    fixtures = [fixture(1, *both(2, ("Over", "Under"))), fixture(2, *both(15, ("More", "Less")))]
    found = compare(fixtures, "sportybet", "18", "5000", pairing={"Over": "Over", "Under": "Under"})
    assert [(row.event_key, row.outcomes[0][2]) for row in found.rows] == [("sr:1", 1.887), ("sr:1", 1.887)]


def test_part_of_a_split_market_is_paired():
    both = [
        fixture(
            n,
            [market("5006", {"Over": home, "Under": 1 - home}, "6")],
            bet9ja=[market("S_HAOU", {"OH": home, "UH": 1 - home, "OA": 0.35, "UA": 0.65}, "1.5")],
        )
        for n, home in enumerate(STRENGTHS)
    ]
    found = compare(both, "bet9ja", "S_HAOU", "5006", pairing={"OH": "Over", "UH": "Under"})
    assert found.distance < 0.1 and not found.swapped


def test_few_fixtures_are_enough_in_part_only():
    one = matches(("Home", "Draw", "Away"))[:1]
    assert compare(one, "sportybet", "1", "3743").enough == 0.5
    two_way = [fixture(n, [market("3795", {"Yes": 0.6, "No": 0.4})], [market("29", {"Yes": 0.6, "No": 0.4})])
               for n in range(2)]  # fmt: skip
    assert compare(two_way, "sportybet", "29", "3795").enough == pytest.approx(0.4)


def test_nothing_shared_is_no_distance():
    found = compare([fixture(1, [market("3743", result_chances(0.5))])], "sportybet", "1", "3743")
    assert (found.fixtures_used, found.distance) == (0, None)


def test_rows_show_both_prices_of_each_fixture():
    row = compare(matches(("Home", "Draw", "Away")), "sportybet", "1", "3743").rows[0]
    label, name, price, other, chance, other_chance = row.outcomes[0]
    assert (row.event_key, label, name) == ("sr:0", "home", "1")
    assert price < other and chance == pytest.approx(other_chance, abs=0.02)


def test_margins_are_removed_from_every_book_by_its_own_winners():
    implied = np.array([0.55, 0.53, 0.70, 0.72, 0.66, 0.3, 0.4, 0.5])
    fair = fair_probabilities(implied, np.array([0, 2, 5]), np.array([1, 2, 0]))
    assert fair[:2].sum() == pytest.approx(1)
    assert fair[2:5].sum() == pytest.approx(2)
    assert fair[5:].tolist() == pytest.approx([0.3 / 1.07, 0.4 / 1.07, 0.5 / 1.07])


@pytest.mark.parametrize("size", [(3, 3), (2, 5), (5, 3), (6, 6)])
def test_the_assignment_is_the_cheapest_one(size):
    cost = np.random.default_rng(7).random(size)
    wide = cost if size[0] <= size[1] else cost.T
    least = min(
        sum(wide[row, column] for row, column in enumerate(chosen))
        for chosen in permutations(range(wide.shape[1]), wide.shape[0])
    )
    assert sum(cost[pair] for pair in best_pairs(cost)) == pytest.approx(least)


def test_a_long_list_is_paired_well_too():
    values = np.random.default_rng(7).permutation(30) / 3
    cost = np.abs(values[:, None] - np.sort(values)[None, :])
    assert sum(cost[pair] for pair in best_pairs(cost)) == pytest.approx(0)
