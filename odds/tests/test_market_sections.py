"""Under which heading a market of BetPawa stands."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

from odds.market_sections import OTHER, POPULAR, SECTIONS, is_popular, place_of, popular_place

CATALOGUE = Path(__file__).resolve().parents[2] / "mappings" / "catalogue" / "football.json"


def catalogue_ids():
    return {market["betpawa_id"] for market in json.loads(CATALOGUE.read_text())["markets"]} - {None}


def test_every_market_of_the_catalogue_has_one_place():
    listed = Counter(market_id for section in SECTIONS for market_id in section.market_ids)
    assert set(listed) == catalogue_ids()
    assert set(listed.values()) == {1}


def test_the_popular_ones_are_known_and_in_the_traders_order():
    assert [market_id for market_id, _ in POPULAR][:4] == ["3743", "4693", "5000", "3795"]
    assert {market_id for market_id, _ in POPULAR} <= catalogue_ids()
    assert popular_place("3743") < popular_place("5000") < popular_place("3795")


def test_of_a_popular_ladder_only_the_middle_is_popular():
    assert is_popular("5000", Decimal("2.50"))
    assert not is_popular("5000", Decimal("5.5"))
    assert not is_popular("5000", None)
    assert not is_popular("777", None)


def test_a_market_that_is_not_listed_stands_where_betpawas_tab_says_after_those_that_are():
    corners, place = place_of("9999999", ["halves", "corners"])
    assert corners.slug == "corners" and place > place_of("1096783", [])[1]
    assert place_of("9999999", ["specials"])[0] is OTHER
    assert place_of("9999999", [])[0] is OTHER
    assert place_of("5000", ["corners"])[0].slug == "over-under"
