"""The captured payloads, served over HTTP byte for byte, through the whole pipeline into the tables."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from mappings.cache import mapping_cache
from odds.models import Event, MarketOddsCurrent
from scraping.coordinator import EventCoordinator
from scraping.demo.server import DemoServer
from scraping.services import start_cycle

from .conftest import forget_clients

DOMAIN = Path(__file__).resolve().parents[2] / "shared" / "domain"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(not (DOMAIN / "payloads").is_dir(), reason="needs the captured payloads"),
]


def golden_units(slug):
    """{(betpawa market id, line): {outcome: [price, active]}} that must be stored of one bookmaker."""
    units = json.loads((DOMAIN / "golden-mapping.json").read_text())[slug]
    catalogue = json.loads((DOMAIN / "market-catalogue.json").read_text())["markets"]
    market_ids = {entry["canonical_id"]: entry["betpawa_id"] for entry in catalogue}
    return {
        (market_ids[unit["canonical_id"]], None if unit["line"] is None else Decimal(str(unit["line"]))): unit[
            "outcomes"
        ]
        for unit in units
        if market_ids[unit["canonical_id"]]
    }


def test_replayed_payloads_are_stored_as_the_golden_mapping_says(demo, settings):
    with DemoServer(payloads=str(DOMAIN / "payloads")) as replay:
        settings.BOOKMAKER_URLS = replay.urls
        forget_clients()
        mapping_cache.refresh(force=True)
        run = start_cycle(trigger="manual", include_started=True, enqueue=False)
        run = EventCoordinator(run).run_full_cycle()
    assert run.status == "completed", run.summary
    event = Event.objects.get()
    assert event.sportradar_id == "68995116"
    for slug in run.bookmakers:
        stored = {
            (row.betpawa_market_id, row.line): row.outcomes
            for row in MarketOddsCurrent.objects.filter(event=event, bookmaker_slug=slug)
            if row.betpawa_market_id != "129108"  # the player market, which the golden file leaves out
        }
        expected = golden_units(slug)
        assert stored.keys() == expected.keys()
        for key, outcomes in expected.items():
            prices = sorted((Decimal(str(price)), active) for price, active in outcomes.values())
            assert sorted((Decimal(o["odds"]), o["is_active"]) for o in stored[key]) == prices, key
