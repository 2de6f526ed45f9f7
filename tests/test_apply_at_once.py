"""From an unmapped market of a scrape to its prices on the desk, without another scrape."""

import pytest

from mappings.cache import mapping_cache
from mappings.models import CoverageSample, PriceFixture, UnmappedMarketLog
from mappings.services import map_to
from mappings.tasks import after_cycle
from odds.models import Event, MarketOddsCurrent, MarketOddsHistory
from odds.storage.checks import run_checks
from scraping.reapply import reapply

from .desk import cycle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_an_unmapped_market_is_mapped_and_applied_at_once_and_the_next_cycle_writes_nothing_for_it(demo):
    demo.freeze()
    demo.control({"new_market": {"bookmaker": "sportybet", "name": "Coach wears a hat"}})
    first = cycle()
    row = UnmappedMarketLog.objects.get(source="sportybet", market_name="Coach wears a hat")
    requests = demo.server.stats()["requests"]

    map_to(
        ids=[row.pk], canonical_id="coach_hat", user="ada",
        values={
            "name": "Coach wears a hat", "betpawa_id": "990001",
            "outcome_mapping": [
                {"canonical_id": "yes", "betpawa_name": "Yes", "sportybet_desc": "Yes", "position": 0},
                {"canonical_id": "no", "betpawa_name": "No", "sportybet_desc": "No", "position": 1},
            ],
        },
    )  # fmt: skip
    result = reapply("coach_hat", "ada")

    of_market = MarketOddsCurrent.objects.filter(betpawa_market_id="990001")
    shared = Event.objects.filter(links__bookmaker_slug="betpawa").filter(links__bookmaker_slug="sportybet")
    assert 0 < result.events_applied == of_market.count() <= shared.count()
    assert result.events_waiting == row.event_count - result.events_applied
    assert set(of_market.values_list("mapping_version", flat=True)) == {mapping_cache.version}
    assert demo.server.stats()["requests"] == requests
    assert run_checks() == []

    history = MarketOddsHistory.objects.filter(betpawa_market_id="990001")
    applied = set(history.values_list("event_id", flat=True))
    assert history.count() == len(applied) == result.events_applied
    total = MarketOddsHistory.objects.count()
    second = cycle()
    assert second.pk != first.pk
    assert history.filter(event_id__in=applied).count() == len(applied)
    # The events that waited have it now; nothing else was written.
    assert history.count() == row.event_count
    assert MarketOddsHistory.objects.count() - total == result.events_waiting
    assert run_checks() == []


def test_a_cycle_keeps_fixtures_that_are_as_new_as_what_is_stored_and_enqueues_the_desks_work(demo):
    from django_q.models import OrmQ

    demo.freeze()
    cycle()
    fixtures = {row.event_key: row.sampled_at for row in PriceFixture.objects.all()}
    assert fixtures
    for event in Event.objects.filter(sportradar_id__in=fixtures).prefetch_related("links"):
        assert max(link.observed_at for link in event.links.all()) == fixtures[event.sportradar_id]
    (task,) = [row.task for row in OrmQ.objects.all() if row.task["func"] == "mappings.tasks.after_cycle"]
    after_cycle(*task["args"])
    samples = {sample.bookmaker_slug: sample for sample in CoverageSample.objects.all()}
    assert set(samples) == {"sportybet", "bet9ja"}
    for sample in samples.values():
        assert 0 < sample.types_mapped < sample.types_seen
        assert 0 < sample.markets_mapped < sample.markets_seen
    cycle()
    again = {row.event_key: row.sampled_at for row in PriceFixture.objects.all()}
    assert all(again[key] > at for key, at in fixtures.items() if key in again)
