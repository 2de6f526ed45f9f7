"""Margins: what they are, and where there is none."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odds.market_kinds import KINDS, MarketKind
from odds.pricing import book_sum, margin

prices = st.decimals("1.01", "1000", places=2)
CATALOGUE = Path(__file__).resolve().parents[2] / "mappings" / "catalogue" / "football.json"


def outcomes(**odds):
    return [{"name": name, "odds": price, "is_active": True} for name, price in odds.items()]


def test_the_margin_is_the_book_sum_less_one():
    assert margin(outcomes(Over="1.90", Under="1.95"), "5000") == Decimal("0.039136")


def test_double_chance_has_two_winners():
    assert margin(outcomes(**{"1X": "1.5", "X2": "1.5", "12": "1.5"}), "4693") == Decimal("0.000000")


@pytest.mark.parametrize("market_id", ["28000047", "28000065", "28000810", "129108"])
def test_outcomes_that_may_win_together_have_no_margin(market_id):
    assert margin(outcomes(**{"1-2": "2", "1-3": "1.5", "2-3": "2"}), market_id) is None


def test_one_side_of_a_market_has_no_margin():
    assert margin(outcomes(Over="1.9"), "5000") is None
    assert margin(outcomes(**{"1": "1.9", "X": "3.1"}), "3743") is None
    assert margin([], "3743") is None


def test_no_margin_while_an_outcome_cannot_be_backed():
    book = outcomes(Over="1.9", Under="1.9")
    book[1]["is_active"] = False
    assert margin(book, "5000") is None


@pytest.mark.parametrize("odds", ["1", "1.00", "0", "-2", "abc", "NaN", "Infinity", ""])
def test_no_margin_of_a_price_that_is_none(odds):
    assert margin(outcomes(Over="1.9", Under=odds), "5000") is None


def test_no_margin_of_a_withdrawn_market():
    assert margin(outcomes(Over="1.9", Under="1.9"), "5000", is_available=False) is None


def test_correct_scores_have_a_margin_only_with_the_rest_in_them():
    assert margin(outcomes(**{"0-0": "3", "0-1": "3", "Other": "3"}), "3819") == 0
    assert margin(outcomes(**{"0-0": "3", "0-1": "3", "1-0": "3"}), "3819") is None


def test_a_market_of_unknown_kind_has_a_margin_only_when_its_outcomes_say_how_many_win():
    assert margin(outcomes(Yes="2", No="2"), "999999") == 0
    assert margin(outcomes(A="2", B="2"), "999999") is None


def test_every_market_of_the_catalogue_has_a_kind_that_fits_its_outcomes():
    for market in json.loads(CATALOGUE.read_text())["markets"]:
        if market["betpawa_id"]:
            kind = KINDS.get(market["betpawa_id"])
            assert isinstance(kind, MarketKind), market["canonical_id"]
            assert kind.outcomes in (None, len(market["outcomes"])), market["canonical_id"]


@given(st.lists(prices, min_size=2, max_size=2))
def test_a_shorter_price_never_lowers_the_margin(pair):
    over, under = pair
    shorter = max(over - Decimal("0.5"), Decimal("1.01"))
    before = margin([("Over", str(over), True), ("Under", str(under), True)], "5000")
    after = margin([("Over", str(shorter), True), ("Under", str(under), True)], "5000")
    assert after >= before


@given(st.lists(prices, min_size=2, max_size=2))
def test_trailing_zeros_and_order_change_no_margin(pair):
    over, under = pair
    one = margin([("Over", f"{over:.2f}", True), ("Under", f"{under:.2f}", True)], "5000")
    other = margin([("Under", f"{under:.4f}", True), ("Over", f"{over:.4f}", True)], "5000")
    assert one == other


@pytest.mark.parametrize("bad", [[], [Decimal("1")], [Decimal("2"), Decimal("0.5")]])
def test_a_book_sum_needs_prices_above_one(bad):
    with pytest.raises(ValueError):
        book_sum(bad)
