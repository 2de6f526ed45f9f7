"""An event that SportyBet offers and that none of its lists shows."""

import pytest

from odds.models import MarketOddsCurrent
from odds.storage.checks import run_checks
from scraping.bookmakers import REGISTRY
from scraping.http import client_for
from scraping.models import ScrapeError, ScrapeRun

from .desk import cycle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_an_event_missing_from_the_lists_is_found_by_its_sportradar_id_and_stays(demo):
    demo.freeze()
    at = {slug: REGISTRY[slug].discover(client_for(slug)).events for slug in ("betpawa", "sportybet")}
    others = {event.sportradar_id for event in at["betpawa"]}
    external_id = next(event.external_id for event in at["sportybet"] if event.sportradar_id in others)
    demo.hide("sportybet", event=external_id, lists=True)
    for _ in range(4):
        run = cycle()
        assert run.status == "completed", run.summary
    offered = MarketOddsCurrent.objects.filter(
        event__links__external_id=external_id, bookmaker_slug="sportybet", unavailable_at__isnull=True
    )
    assert offered.count() > 20
    assert not ScrapeError.objects.filter(bookmaker_slug="sportybet").exists()
    assert run_checks() == []


def test_second_chances_that_fail_do_not_cost_the_cycle(demo, monkeypatch):
    def fails(run):
        raise ValueError("nothing can be asked")

    monkeypatch.setattr("scraping.discovery.give_second_chances", fails)
    demo.freeze()
    run = cycle()
    assert run.status == ScrapeRun.Status.COMPLETED
    assert run.events_done > 0
