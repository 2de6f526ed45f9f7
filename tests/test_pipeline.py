"""From three bookmakers' HTTP answers to current odds, history, the queue and the alert: the whole
pipeline, against the demo bookmakers, with nothing in between replaced."""

import pytest

from mappings.models import UnmappedMarketLog
from mappings.services import create_mapping
from odds.models import Event, EventLink, MarketOddsCurrent, MarketOddsHistory
from odds.storage.checks import run_checks
from oddsproject.realtime.models import Notice
from scraping.coordinator import EventCoordinator
from scraping.models import BookmakerHealth, ScrapeError, ScrapeRun, SetAsideItem
from scraping.services import refresh_event, start_cycle

from .desk import SLUGS, cycle, history_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def available(slug):
    return MarketOddsCurrent.objects.filter(bookmaker_slug=slug, unavailable_at__isnull=True).count()


def last_confirmed(slug):
    """The oldest of the times when this bookmaker's events were last scraped whole."""
    return (
        EventLink.objects.filter(bookmaker_slug=slug, confirmed_at__isnull=False).earliest("confirmed_at").confirmed_at
    )


def assert_sums_agree(run):
    """Rule: what was asked is stored, failed or gone; what was seen is mapped, unmapped or set aside."""
    for share in run.by_bookmaker.all():
        assert share.events_asked == share.events_stored + share.events_failed + share.events_gone
        assert share.markets_seen == share.markets_mapped + share.markets_unmapped + share.markets_set_aside
        assert min(share.markets_mapped, share.markets_unmapped, share.markets_set_aside) >= 0


def test_a_cycle_brings_odds_of_three_bookmakers_history_the_queue_and_one_alert(demo):
    run = cycle()
    assert run.status == ScrapeRun.Status.COMPLETED, run.summary
    assert {slug: available(slug) > 100 for slug in SLUGS} == dict.fromkeys(SLUGS, True)
    assert history_rows() == MarketOddsCurrent.objects.count()
    assert Event.objects.filter(links__bookmaker_slug="betpawa").filter(links__bookmaker_slug="bet9ja").exists()
    for slug in ("sportybet", "bet9ja"):
        row = UnmappedMarketLog.objects.filter(source=slug).first()
        assert row.market_name and row.sample_outcomes and row.event_count > 0
    alerts = Notice.objects.filter(topic="unmapped_alerts")
    assert [alert.data["count"] for alert in alerts] == [UnmappedMarketLog.objects.count()]
    assert {state.state for state in BookmakerHealth.objects.all()} == {"up"}
    assert_sums_agree(run)
    assert run_checks() == []


def test_an_identical_cycle_writes_no_history_and_confirms_everything(demo):
    demo.freeze()
    cycle()
    rows = MarketOddsHistory.objects.count()
    confirmed = dict(EventLink.objects.values_list("pk", "confirmed_at"))
    run = cycle()
    assert run.markets_changed == 0
    assert MarketOddsHistory.objects.count() == rows
    later = dict(EventLink.objects.filter(confirmed_at__isnull=False).values_list("pk", "confirmed_at"))
    assert later and all(later[pk] > confirmed[pk] for pk in later)
    assert set(UnmappedMarketLog.objects.values_list("occurrence_count", flat=True)) == {2}
    assert Notice.objects.filter(topic="unmapped_alerts").count() == 1
    assert run_checks() == []


def test_prices_that_move_leave_one_history_row_each(demo):
    demo.freeze()
    cycle()
    rows = MarketOddsHistory.objects.count()
    demo.advance(120)
    run = cycle()
    assert run.markets_changed > 0
    assert MarketOddsHistory.objects.count() - rows == run.markets_changed
    assert run_checks() == []


@pytest.mark.parametrize(
    "fault",
    ["status", "403", "202", "html", "reset", "truncated_gzip", "content_length", "r_error", "not_json", "redirect"],
)
def test_a_bookmaker_that_fails_for_three_cycles_withdraws_nothing(demo, fault):
    demo.freeze()
    cycle()
    before = {slug: available(slug) for slug in SLUGS}
    confirmed = EventLink.objects.filter(bookmaker_slug="bet9ja").values_list("confirmed_at", flat=True)
    confirmed = sorted(filter(None, confirmed))
    demo.fault("bet9ja", fault)
    for _ in range(3):
        run = cycle()
        assert run.status == ScrapeRun.Status.PARTIAL
        assert "bet9ja" in run.summary
        assert_sums_agree(run)
    assert {slug: available(slug) for slug in SLUGS} == before
    assert not EventLink.objects.filter(withdrawn_at__isnull=False).exists()
    still = EventLink.objects.filter(bookmaker_slug="bet9ja").values_list("confirmed_at", flat=True)
    assert sorted(filter(None, still)) == confirmed
    assert BookmakerHealth.objects.get(bookmaker_slug="bet9ja").state in {"down", "blocked", "degraded"}
    assert BookmakerHealth.objects.get(bookmaker_slug="betpawa").state == "up"
    assert ScrapeError.objects.filter(run=run, bookmaker_slug="bet9ja").exists()
    demo.mend()
    assert cycle().status == ScrapeRun.Status.COMPLETED
    assert BookmakerHealth.objects.get(bookmaker_slug="bet9ja").state == "up"
    assert run_checks() == []


def test_an_empty_tree_is_a_failed_look_not_an_empty_offer(demo):
    demo.freeze()
    cycle()
    before = available("sportybet")
    demo.fault("sportybet", "empty_tree")
    for _ in range(3):
        assert cycle().status == ScrapeRun.Status.PARTIAL
    assert available("sportybet") == before
    assert not EventLink.objects.filter(withdrawn_at__isnull=False).exists()


def test_a_market_gone_twice_in_a_row_is_withdrawn_and_its_return_clears_it(demo):
    demo.freeze()
    cycle()
    link = EventLink.objects.filter(bookmaker_slug="bet9ja", confirmed_at__isnull=False).first()
    of_event = MarketOddsCurrent.objects.filter(event_id=link.event_id, bookmaker_slug="bet9ja")
    offered = of_event.count()
    demo.fault("bet9ja", "empty_markets", event=link.external_id)
    cycle()
    assert of_event.filter(unavailable_at__isnull=True).count() == offered
    run = cycle()
    assert of_event.filter(unavailable_at__isnull=False).count() == offered
    assert run.by_bookmaker.get(bookmaker_slug="bet9ja").markets_withdrawn == offered
    gone = MarketOddsHistory.objects.filter(event_id=link.event_id, bookmaker_slug="bet9ja", is_available=False)
    assert gone.count() == offered
    demo.mend()
    cycle()
    assert of_event.filter(unavailable_at__isnull=True).count() == offered
    assert run_checks() == []


def test_a_bookmaker_that_loses_everything_at_once_is_held_not_believed(demo):
    demo.freeze()
    cycle()
    before = available("sportybet")
    demo.fault("sportybet", "empty_markets")
    for _ in range(3):
        run = cycle()
    assert available("sportybet") == before
    assert ScrapeError.objects.filter(run=run, code="WITHDRAWAL_HELD", bookmaker_slug="sportybet").exists()


@pytest.mark.parametrize(
    "fault", ["bad_price", "nul", "control", "markup", "missing_field", "number_as_text", "duplicate_market"]
)
def test_hostile_payloads_cost_only_themselves(demo, fault):
    demo.freeze()
    cycle()
    before = {slug: available(slug) for slug in SLUGS}
    confirmed = last_confirmed("sportybet")
    demo.fault("sportybet", fault)
    for _ in range(2):
        run = cycle()
    assert_sums_agree(run)
    assert available("betpawa") == before["betpawa"]
    assert available("bet9ja") == before["bet9ja"]
    assert available("sportybet") == before["sportybet"]
    if fault == "bad_price":
        assert last_confirmed("sportybet") > confirmed
        assert SetAsideItem.objects.filter(bookmaker_slug="sportybet").exists()
    assert run_checks() == []


def test_a_mapping_made_by_a_person_is_used_by_the_next_cycle(demo):
    demo.freeze()
    cycle()
    row = next(
        row
        for row in UnmappedMarketLog.objects.filter(source="sportybet", error_code="UNKNOWN_MARKET").order_by("id")
        if [outcome["key"] for outcome in row.sample_outcomes] == ["Yes", "No"]
        and not row.sample_outcomes[0]["specifier"]
    )
    create_mapping(
        user="ada",
        reason="BetPawa offers it now",
        canonical_id="mapped_by_ada",
        values={
            "name": "Mapped by Ada",
            "betpawa_id": "990001",
            "sportybet_id": row.external_market_id,
            "outcome_mapping": [
                {"canonical_id": "yes", "betpawa_name": "Yes", "sportybet_desc": "Yes", "position": 0},
                {"canonical_id": "no", "betpawa_name": "No", "sportybet_desc": "No", "position": 1},
            ],
        },
    )
    cycle()
    stored = MarketOddsCurrent.objects.filter(betpawa_market_id="990001", bookmaker_slug="sportybet")
    assert stored.exists()
    assert {outcome["name"] for outcome in stored.first().outcomes} == {"Yes", "No"}


def test_a_refresh_of_one_event_goes_through_the_same_path(demo):
    demo.freeze()
    cycle()
    event = Event.objects.filter(sportradar_id__isnull=False, links__bookmaker_slug="betpawa").first()
    confirmed = event.links.get(bookmaker_slug="betpawa").confirmed_at
    rows = MarketOddsHistory.objects.count()
    run = refresh_event(sportradar_id=event.sportradar_id, enqueue=False)
    run = EventCoordinator(run).run_full_cycle()
    assert run.status == ScrapeRun.Status.COMPLETED, run.summary
    assert event.links.get(bookmaker_slug="betpawa").confirmed_at > confirmed
    assert MarketOddsHistory.objects.count() == rows


def test_an_event_no_list_shows_any_more_is_withdrawn_after_two_complete_discoveries(demo):
    demo.freeze()
    cycle()
    link = EventLink.objects.filter(bookmaker_slug="bet9ja", confirmed_at__isnull=False).last()
    demo.hide("bet9ja", event=link.external_id)
    cycle()
    link.refresh_from_db()
    assert (link.missed_discoveries, link.withdrawn_at) == (1, None)
    cycle()
    link.refresh_from_db()
    assert link.withdrawn_at is not None
    of_event = MarketOddsCurrent.objects.filter(event_id=link.event_id, bookmaker_slug="bet9ja")
    assert not of_event.filter(unavailable_at__isnull=True).exists()
    demo.mend()
    cycle()
    link.refresh_from_db()
    assert link.withdrawn_at is None
    assert of_event.filter(unavailable_at__isnull=True).exists()


def test_a_cycle_with_a_bookmaker_switched_off_leaves_its_odds_alone(demo):
    demo.freeze()
    cycle()
    before = available("bet9ja")
    run = start_cycle(trigger="manual", bookmakers=["betpawa", "sportybet"], enqueue=False)
    EventCoordinator(run).run_full_cycle()
    assert available("bet9ja") == before
