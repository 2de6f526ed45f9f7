"""Outcomes stand where people look for them, and names of which nothing is known stay as they came."""

import random

import pytest

from mappings.outcome_order import in_order
from mappings.pairing import sample_pairs, sample_texts


@pytest.mark.parametrize(
    "texts",
    [
        ["1", "X", "2"],
        ["Home", "Draw", "Away"],
        ["1X", "12", "X2"],
        ["1/1", "1/X", "1/2", "X/1", "X/X", "X/2", "2/1", "2/X", "2/2"],
        ["Over", "Under"],
        ["Over 1.5", "Under 1.5", "Over 2.5", "Under 2.5"],
        ["1 & Over 2.5", "1 & Under 2.5", "X & Over 2.5", "X & Under 2.5"],
        ["Home Corner Over 10.5", "Home Corner Under 10.5"],
        ["Yes", "No"],
        ["GG", "NG"],
        ["Odd", "Even"],
        ["7", "10", "11"],
        ["0", "1", "2", "3+"],
        ["0-1", "2-3", "4-6", "7+"],
        ["0:0", "0:1", "1:0", "1:1", "2:10", "Other"],
        ["1st", "Tie", "2nd"],
        ["-2", "-1.5", "0", "1"],
        ["1-2", "1-3", "1-4", "No goal"],
    ],
)
def test_outcomes_stand_where_people_look_for_them(texts):
    for seed in range(5):
        shuffled = random.Random(seed).sample(texts, len(texts))
        assert in_order(shuffled, text=str) == texts


@pytest.mark.parametrize("texts", [["Zidane", "Aboutrika"], ["Kano Pillars", "Draw", "Aba"], [], ["", "–"], ["²", "١"]])
def test_what_words_say_nothing_about_stays_as_it_came(texts):
    assert in_order(texts, text=str) == texts


def test_a_queue_rows_samples_come_line_by_line():
    sample = [{"text": text, "price": "2", "specifier": f"total={line}"} for text, line in
              (("Under", "2.5"), ("Under", "10.5"), ("Over", "10.5"), ("Over", "2.5"))]  # fmt: skip
    assert [text for text, _ in sample_pairs(sample)] == ["Over", "Under", "Over", "Under"]
    assert [own for own, _, _ in sample_texts(sample)] == ["Over", "Under"]
    assert sample_pairs([1, {"text": "2"}, {"text": "X"}, {}]) == [("X", ""), ("2", ""), ("–", "")]
