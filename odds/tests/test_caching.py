"""Detection: judged against the state before the scrape, per market, in any order, exactly."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odds.caching import (
    CachedMarket,
    classify_market_changes,
    detect_availability_changes,
    fingerprint_of,
    get_market_key,
)
from odds.caching.pair_comparison import KnownKeys, compare_pair, key_of_text, key_text, text_of_key
from odds.storage.previous import Absence, KnownPair, unpack, unpack_missing
from odds.tests.builders import make_market

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

lines = st.sampled_from([None, Decimal("0"), Decimal("0.25"), Decimal("-0.25"), Decimal("2.5"), Decimal("10")])
odds = st.decimals("1.01", "50", places=2).map(lambda price: f"{price.normalize():f}")
outcome_lists = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), odds, st.booleans()), min_size=1, max_size=4, unique_by=lambda o: o[0]
)
answers = st.dictionaries(st.tuples(st.sampled_from(["3743", "5000", "3774"]), lines), odds, max_size=8)


def markets_of(answer):
    return [make_market(market_id, (price, "3"), line=line) for (market_id, line), price in answer.items()]


def cached(answer, withdrawn=()):
    return {
        get_market_key(market): CachedMarket.of(market, NOW if get_market_key(market) in withdrawn else None)
        for market in markets_of(answer)
    }


def test_lines_are_part_of_the_key_and_no_line_is_not_line_0():
    keys = {get_market_key(make_market("5000", line=line)) for line in (None, "0", "2.5", "2.50", "-0")}
    assert keys == {("5000", None), ("5000", Decimal("0")), ("5000", Decimal("2.5"))}


def test_changes_are_judged_against_the_state_before_which_is_left_as_it_is():
    before = cached({("3743", None): "2"})
    kept = dict(before)
    answer = markets_of({("3743", None): "2.1", ("3795", None): "2"})
    assert [c.changed for c in classify_market_changes(before, answer)] == [True, True]
    assert before == kept


@pytest.mark.parametrize("zeros", ["2.1", "2.10", "2.100"])
def test_a_price_with_other_zeros_is_the_same_price(zeros):
    assert fingerprint_of([("1", zeros, True)]) == fingerprint_of([("1", "2.1", True)])


@given(outcome_lists, st.randoms())
def test_the_order_of_outcomes_is_no_change(outcomes, random):
    shuffled = list(outcomes)
    random.shuffle(shuffled)
    assert fingerprint_of(outcomes) == fingerprint_of(shuffled)


@given(outcome_lists, outcome_lists)
def test_fingerprints_are_equal_exactly_when_outcomes_are(one, other):
    assert (fingerprint_of(one) == fingerprint_of(other)) == (sorted(one) == sorted(other))


@given(answers, answers, st.data())
def test_went_and_came_as_sets_say(before, after, data):
    withdrawn = data.draw(st.sets(st.sampled_from(sorted(before, key=str)))) if before else set()
    gone, back, disappeared = detect_availability_changes(cached(before, withdrawn), markets_of(after), NOW)
    assert disappeared == set(before) - set(after) - withdrawn
    assert {get_market_key(market) for market in gone} == disappeared
    assert all(market.unavailable_at == NOW for market in gone)
    assert {get_market_key(market) for market in back} == withdrawn & set(after)
    assert all(market.is_available for market in back)


@given(answers, answers, st.data())
def test_the_packed_comparison_judges_as_the_records_do(before, after, data):
    withdrawn = data.draw(st.sets(st.sampled_from(sorted(before, key=str)))) if before else set()
    previous, answer = cached(before, withdrawn), markets_of(after)
    known = {text_of_key(key): market.fingerprint for key, market in previous.items()}
    missed = {text_of_key(key): Absence(2, NOW) for key in withdrawn}
    changes = compare_pair(KnownKeys.of(known), list(known.values()), missed, answer, complete=True)
    gone, back, disappeared = detect_availability_changes(previous, answer, NOW)
    expected = {key_text(c.market) for c in classify_market_changes(previous, answer) if c.changed}
    assert sorted(text for _, text, _ in changes.changed) == sorted(expected)
    assert changes.returned == {key_text(market) for market in back}
    assert set(changes.missing) == {text_of_key(key) for key in disappeared}
    assert changes.unchanged == len(answer) - len(expected)


@given(answers)
def test_an_equal_answer_changes_nothing(answer):
    known = {key_text(market): market.fingerprint for market in markets_of(answer)}
    reversed_answer = list(reversed(markets_of(answer)))
    changes = compare_pair(KnownKeys.of(known), list(known.values()), {}, reversed_answer, complete=True)
    assert (changes.changed, changes.missing, changes.unchanged) == ([], [], len(answer))


def pair_of(known, missed=None):
    pair = KnownPair(1, "1", None, None, missed=missed or {})
    pair.replace(known)
    return pair


@given(answers)
def test_packed_state_comes_back_as_it_was(answer):
    known = {key_text(market): market.fingerprint for market in markets_of(answer)}
    missed = {text: Absence(number % 3 + 1, NOW if number % 2 else None) for number, text in enumerate(known)}
    pair = pair_of(known, missed)
    assert unpack(pair.packed_keys, pair.packed_fingerprints) == known
    assert unpack_missing(pair.packed_missing) == missed


def test_parts_of_packed_state_that_do_not_belong_together_are_noticed():
    with pytest.raises(ValueError):
        unpack(pair_of({"1|": 1, "2|": 2}).packed_keys, pair_of({"1|": 1}).packed_fingerprints)


@given(st.sampled_from(["3743", "a|b"]), lines)
def test_a_key_survives_its_text(market_id, line):
    assert key_of_text(text_of_key((market_id, line))) == (market_id, line)


@given(st.permutations(range(8)), st.lists(st.integers(0, 10), max_size=12), st.sets(st.integers(0, 7), max_size=3))
def test_the_order_and_the_repetitions_of_an_answer_change_no_judgement(order, stated, absent):
    """Answers that keep, lose, add, move and repeat markets; the first of equal keys counts."""
    everything = [make_market(str(100 + number), ("2", "3")) for number in range(11)]
    known = {key_text(everything[number]): everything[number].fingerprint for number in order}
    missed = {key_text(everything[number]): Absence(1) for number in absent}
    in_order = [everything[number] for number in order if number not in absent]
    for answer in (
        [everything[number] for number in stated],
        in_order[:3] + [everything[n] for n in stated] + in_order[3:],
    ):
        changes = compare_pair(KnownKeys.of(known), list(known.values()), missed, answer, complete=True)
        seen = {key_text(market) for market in answer}
        assert sorted(text for _, text, _ in changes.changed) == sorted(seen - known.keys())
        assert sorted(changes.missing) == sorted(known.keys() - seen)
        assert changes.reseen == sorted(seen & missed.keys())
        assert len(changes.duplicates) == len(answer) - len(seen)
