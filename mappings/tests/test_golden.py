"""The captured event maps exactly as the golden result says."""

import random

import msgspec
import pytest

from mappings.cache import MappingCache
from mappings.mapper import map_event
from mappings.tests.captured import EVENTS, UNITS, difference, golden, needs_captures, units_of

pytestmark = needs_captures
PLAYERS = "anytime_goalscorer"


def mapped(slug, cache):
    home, away, markets = EVENTS[slug]()
    return map_event(slug, home, away, markets, cache)


@pytest.mark.parametrize("slug", EVENTS)
def test_every_unit_outcome_price_and_flag_equals_the_golden_result(slug):
    cache = MappingCache(use_database=False)
    for visit in ("first", "remembered"):
        units = units_of(mapped(slug, cache), cache.snapshot)
        units.pop((PLAYERS, None), None)
        lines = difference(golden()[slug], units)
        assert not lines, f"{slug}, {visit} visit:\n" + "\n".join(lines)
        assert len(units) == UNITS[slug]


def test_betpawa_has_118_units_with_the_player_market():
    result = mapped("betpawa", MappingCache(use_database=False))
    assert len(result.mapped) == 118
    assert result.errors == []
    players = next(market for market in result.mapped if market.canonical_id == PLAYERS)
    assert len(players.outcomes) == 49


def test_players_have_the_same_names_at_both_bookmakers():
    cache = MappingCache(use_database=False)
    names = {
        slug: {o.name for m in mapped(slug, cache).mapped if m.canonical_id == PLAYERS for o in m.outcomes}
        for slug in ("betpawa", "sportybet")
    }
    assert len(names["betpawa"] & names["sportybet"]) >= 40


@pytest.mark.parametrize("slug", EVENTS)
def test_the_sums_agree_seen_is_mapped_plus_unmapped(slug):
    home, away, markets = EVENTS[slug]()
    cache = MappingCache(use_database=False)
    for market in markets:
        result = map_event(slug, home, away, [market], cache)
        assert result.mapped or result.errors, market.key


@pytest.mark.parametrize("slug", EVENTS)
def test_the_order_of_arrival_changes_nothing(slug):
    home, away, markets = EVENTS[slug]()
    shuffled = [
        msgspec.structs.replace(m, outcomes=tuple(random.Random(7).sample(m.outcomes, len(m.outcomes))))
        for m in random.Random(8).sample(markets, len(markets))
    ]
    first = map_event(slug, home, away, markets, MappingCache(use_database=False))
    second = map_event(slug, home, away, shuffled, MappingCache(use_database=False))
    key = lambda market: (market.betpawa_market_id, str(market.line))  # noqa: E731
    assert sorted(first.mapped, key=key) == sorted(second.mapped, key=key)


def test_every_capture_of_one_event_names_its_lines_alike():
    cache = MappingCache(use_database=False)
    lines = {slug: {(m.betpawa_market_id, m.line) for m in mapped(slug, cache).mapped} for slug in EVENTS}
    assert len(lines["betpawa"] & lines["sportybet"]) == 116
    assert len(lines["betpawa"] & lines["bet9ja"]) == 96
