"""Times with their zone, ages in one unit, everything foreign escaped."""

from datetime import UTC, datetime, timedelta

import pytest

from oddsproject.desk import formats

AT = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_people_read_lagos_time_with_its_zone_and_find_utc_in_the_title():
    assert formats.lagos_text(AT) == "Sat 21 Nov 2026, 20:00 WAT"
    assert 'title="2026-11-21 19:00:00 UTC"' in formats.lagos(AT)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3600, "1 h ago"), (47 * 3600, "47 h ago"),
     (48 * 3600, "2 d ago"), (-90, "in 1 min")],
)  # fmt: skip
def test_an_age_is_one_number_and_its_unit(seconds, words):
    assert formats.age_text(AT - timedelta(seconds=seconds), AT) == words


@pytest.mark.parametrize(
    "format", [formats.lagos, formats.age, formats.lagos_text, formats.count_text, formats.foreign]
)
def test_what_is_not_known_is_a_dash(format):
    assert formats.DASH in format(None)


def test_foreign_text_is_escaped_and_keeps_its_direction_to_itself():
    assert formats.foreign("<b>x</b>\u202e") == "<bdi>&lt;b&gt;x&lt;/b&gt;\u202e</bdi>"
    assert "<i>" not in formats.chips([("<i>", "<i>")])
    assert "<i>" not in formats.badge("<i>", "check", "good", "<i>")


def test_a_state_is_words_and_icon_before_it_is_a_colour():
    badge = formats.badge("Up", "check_circle", "good")
    assert "Up" in badge and "check_circle" in badge
    with pytest.raises(ValueError):
        formats.badge("Up", "check_circle", "green")


@pytest.mark.parametrize(
    ("price", "text"),
    [("2", "2.00"), ("1.3", "1.30"), ("1.28", "1.28"), ("1.125", "1.125"), ("100", "100.00"), ("n/a", "n/a"), ("", "")],
)
def test_a_price_has_two_decimals_at_least_and_loses_none(price, text):
    assert formats.price_text(price) == text


def test_no_suggestion_is_said_to_be_certain():
    assert [formats.confidence_text(one) for one in (0.994, 1.0, 0.53, None)] == [
        "99\u00a0%", "99\u00a0%", "53\u00a0%", formats.DASH,
    ]  # fmt: skip
