"""Bet9ja's keys and names are taken apart by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.bookmakers.bet9ja.decoder import split_key, split_names

MARKETS = st.text(st.characters(codec="utf-8", exclude_characters="_@"), min_size=1, max_size=20)
OUTCOMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
LINES = st.decimals(-99, 99, places=2, allow_nan=False).map(str) | st.integers(-9, 9).map(str)


@given(MARKETS, st.none() | LINES, OUTCOMES)
def test_a_key_splits_into_what_it_was_made_of(market, line, outcome):
    key = f"S_{market}" + (f"@{line}" if line is not None else "") + f"_{outcome}"
    assert split_key(key) == (f"S_{market}", line or "", outcome)


@given(st.text(max_size=30))
def test_splitting_never_raises(text):
    parts = split_key(text)
    assert parts is None or text.startswith("S_")


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("S_1X2HND@-1_1H", ("S_1X2HND", "-1", "1H")),
        ("S_HTFTCS_0-0/2-1", ("S_HTFTCS", "", "0-0/2-1")),
        ("S_WINMARGIN_HT>2", ("S_WINMARGIN", "", "HT>2")),
        ("S_1X2MULTI1-5_1", ("S_1X2MULTI1-5", "", "1")),
        ("S_FOO", None),
        ("S__1", None),
        ("S_OU@_O", None),
        ("S_OU@2.5_", None),
        ("B_12_1", None),
    ],
)
def test_keys_of_the_catalogue(key, parts):
    assert split_key(key) == parts


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Home - Away", ("Home", "Away")),
        ("Al-Nasr - Beni-Suef", ("Al-Nasr", "Beni-Suef")),
        ("A - B - C", ("A", "B - C")),
        ("Home-Away", ("Home-Away", "")),
        (None, ("", "")),
    ],
)
def test_team_names_are_split_at_the_first_spaced_hyphen(text, names):
    assert split_names(text) == names
