"""From the captured bytes, through the real decoders, to the golden result."""

from importlib import import_module

import pytest

from mappings.cache import MappingCache
from mappings.mapper import map_event
from mappings.tests.captured import DOMAIN, EVENTS, UNITS, difference, golden, needs_captures, units_of

pytestmark = needs_captures


@pytest.mark.parametrize("slug", EVENTS)
def test_captured_bytes_decode_and_map_to_the_golden_result(slug):
    decoder = import_module(f"scraping.bookmakers.{slug}.decoder")
    cache = MappingCache(use_database=False)
    event = decoder.decode_event((DOMAIN / "payloads" / slug / "prematch.json").read_bytes())
    assert event.complete and not event.dropped
    units = units_of(map_event(slug, event.home_team, event.away_team, event.markets, cache), cache.snapshot)
    units.pop(("anytime_goalscorer", None), None)
    lines = difference(golden()[slug], units)
    assert not lines, "\n".join(lines)
    assert len(units) == UNITS[slug]
