"""What the mapping page fills in by itself: exact words only."""

from mappings.pairing import meaning, nearness, pair, sample_texts
from mappings.tests.builders import definition


def samples(*texts, specifier=""):
    return sample_texts([{"key": text, "text": text, "price": "2", "specifier": specifier} for text in texts])


def test_the_line_is_taken_out_of_the_text():
    assert [own for own, _, _ in samples("Over 2.5", "Under 2.5", specifier="total=2.5")] == ["Over", "Under"]


def test_numbers_that_name_the_outcomes_stay():
    assert [own for own, _, _ in samples("11", "12+", specifier="variant=sr:exact_bookings:12+")] == ["11", "12+"]
    assert [own for own, _, _ in samples("Over", "Under -1", specifier="-1")] == ["Over", "Under"]


def test_texts_of_one_meaning_are_paired_and_others_left_alone():
    market = definition("m", {"betpawa": "1"}, [{"id": "yes", "betpawa": "Yes"}, {"id": "no", "betpawa": "No"}])
    assert pair(market, "bet9ja", samples("GG", "Nobody")) == {"yes": "GG"}


def test_a_text_is_given_to_one_outcome_only_and_stored_ones_are_kept():
    outcomes = [{"id": "home", "betpawa": "1", "bet9ja": "1"}, {"id": "away", "betpawa": "2"}]
    assert pair(definition("m", {"betpawa": "1"}, outcomes), "bet9ja", samples("1", "2")) == {"away": "2"}


def test_scores_are_the_same_with_either_sign_and_letters_inside_words_mean_nothing():
    assert meaning("2:1") == meaning("2-1")
    assert meaning("Drawn") != meaning("Draw") and meaning("d") == meaning("Draw")


def test_samples_of_any_shape_are_read():
    assert sample_texts(None) == sample_texts("x") == sample_texts([1, {}, None]) == []


def test_letters_in_order_find_a_market_and_nonsense_does_not():
    assert nearness("o25", "Over/Under 2.5") > 0
    assert nearness("over under", "Over/Under - Full Time") > nearness("over under", "Odd/Even")
    assert nearness("zzz", "Over/Under") == 0
