"""What holds for every specifier, key, line and order, not only for those we thought of."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mappings.cache import MappingCache
from mappings.outcome_text import clean_text
from mappings.prices import normalised_price
from mappings.specifiers import (
    InvalidSpecifier,
    format_specifier,
    parse_handicap,
    parse_line,
    parse_specifier,
    plain,
    satisfies,
)
from mappings.tests.builders import cache_of, mapped, market
from mappings.unmapped_logger import identity

KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(blacklist_characters="|", blacklist_categories=("Cs",)), min_size=1, max_size=12)
LINES = st.decimals(min_value=-999, max_value=999, places=2, allow_nan=False, allow_infinity=False)
CACHE = MappingCache(use_database=False)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_a_specifier_reads_back_to_the_same_pairs(pairs):
    assert parse_specifier(format_specifier(pairs)) == pairs


@given(st.text(max_size=80))
def test_any_text_is_a_specifier_or_says_that_it_is_none(text):
    try:
        pairs = parse_specifier(text)
    except InvalidSpecifier:
        return
    assert format_specifier(pairs) == text


@given(LINES, st.integers(0, 2))
def test_a_line_is_the_same_number_however_it_is_written(line, zeros):
    text = f"{line:f}"
    text += ("0" * zeros) if "." in text and zeros else ""
    assert parse_line(text) == line
    assert str(parse_line(text)) == str(plain(line))
    assert "E" not in str(parse_line(text))


@given(st.integers(0, 99), st.integers(0, 99))
def test_a_three_way_handicap_is_home_minus_away(home, away):
    assert parse_handicap(f"{home}:{away}") == Decimal(home - away)


@given(st.dictionaries(KEYS, VALUES, max_size=4), KEYS, VALUES, VALUES)
def test_a_filter_compares_whole_pairs(pairs, key, value, suffix):
    assert satisfies({**pairs, key: value}, {key: value})
    assert not satisfies({**pairs, key: value + suffix}, {key: value})


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_key_or_specifier_raises_and_every_market_is_accounted_for(key, specifier):
    for slug in ("betpawa", "sportybet", "bet9ja", "somebook"):
        result = mapped(slug, market(key, {"Home": "2"}, specifier), cache=CACHE)
        assert result.mapped or result.errors


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_team_name_or_outcome_text_raises(home, away, text):
    result = mapped("sportybet", market("818", {text: "2"}, "total=2.5"), home=home, away=away, cache=CACHE)
    assert result.mapped or result.errors


PRICES = st.decimals(min_value="1.01", max_value=10000, places=2).map(str)


@given(st.permutations(range(3)), st.lists(PRICES, min_size=3, max_size=3))
def test_the_fingerprint_does_not_depend_on_the_order_of_arrival(order, prices):
    rows = list(zip(("Home", "Draw", "Away"), prices, strict=True))
    one = mapped("sportybet", market("1", rows), cache=CACHE).mapped
    other = mapped("sportybet", market("1", [rows[i] for i in order]), cache=cache_of(with_catalogue=True)).mapped
    assert one == other


@given(PRICES, PRICES)
def test_two_fingerprints_are_equal_only_for_equal_prices(one, other):
    first, second = (mapped("sportybet", market("29", {"Yes": p}), cache=CACHE).mapped[0] for p in (one, other))
    assert (first.fingerprint == second.fingerprint) == (Decimal(one) == Decimal(other))


@given(st.decimals(min_value="1.000001", max_value=10000, places=6))
def test_a_price_keeps_its_exact_value(price):
    assert Decimal(normalised_price(f"{price:f}")) == price


@given(st.text(max_size=300))
def test_an_identity_is_short_visible_and_stable(text):
    found = identity(text)
    assert 0 < len(found) <= 100
    assert found == identity(text)
    assert clean_text(found) == found


@given(st.text(min_size=101, max_size=150, alphabet="abc"), st.text(min_size=101, max_size=150, alphabet="abc"))
def test_two_long_keys_stay_two(one, other):
    assert (identity(one) == identity(other)) == (one == other)
