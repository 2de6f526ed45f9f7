"""A run's verdict and the state of its sources."""

from datetime import timedelta

import pytest
from django.utils import timezone

from oddsproject.realtime.models import Notice
from scraping.closing import claim_closing, verdict
from scraping.health import judge_bookmakers
from scraping.models import BookmakerHealth, ScrapeError

from .builders import make_batch, make_run

pytestmark = pytest.mark.django_db

WHOLE = {
    "discovery_complete": True,
    "events_listed": 100,
    "events_asked": 100,
    "events_stored": 100,
    "markets_seen": 1000,
}


def judge(now=None, **share):
    run = make_run("completed", shares={"bet9ja": {**WHOLE, **share}})
    judge_bookmakers(run, list(run.by_bookmaker.all()), now or timezone.now())
    return BookmakerHealth.objects.get(bookmaker_slug="bet9ja")


@pytest.mark.parametrize(
    ("share", "status", "words"),
    [
        ({}, "completed", ""),
        ({"events_stored": 96, "events_failed": 4}, "completed", "4 of 100 events failed"),
        ({"events_stored": 90, "events_failed": 10}, "partial", "10 of 100 events failed"),
        ({"discovery_complete": False, "last_error": "timed out"}, "partial", "discovery incomplete (timed out)"),
        ({"events_stored": 0, "events_failed": 100}, "failed", "100 of 100"),
        ({"withdrawal_held": True}, "completed", "nothing was withdrawn"),
        ({"events_asked": 0, "events_stored": 0}, "failed", "nothing could be scraped"),
    ],
)
def test_a_run_says_what_is_missing(share, status, words):
    run = make_run(shares={"bet9ja": {**WHOLE, **share}})
    assert verdict(run, run.by_bookmaker.all())[0] == status
    assert words in verdict(run, run.by_bookmaker.all())[1]


def test_a_run_is_closed_by_whoever_stores_its_last_batch_and_only_once():
    run = make_run()
    first = make_batch(run, 0, status="stored")
    second = make_batch(run, 1, status="running")
    assert claim_closing(run.pk) is None
    second.status = "stored"
    second.save()
    assert first.run_id == claim_closing(run.pk).pk
    assert claim_closing(run.pk) is None


def test_a_complete_cycle_brings_a_source_up_with_one_notice():
    assert judge().state == "up"
    judge()
    assert Notice.objects.filter(type="bookmaker_state").count() == 1


def test_failing_events_degrade_a_source():
    assert judge(events_stored=90, events_failed=10).state == "degraded"


def test_markets_that_do_not_parse_degrade_a_source():
    assert judge(markets_set_aside=300).state == "degraded"


def test_a_held_withdrawal_degrades_a_source_so_that_people_are_told():
    judge()
    held = judge(withdrawal_held=True)
    assert held.state == "degraded"
    assert "nothing was withdrawn" in held.reason
    assert Notice.objects.filter(type="bookmaker_state").count() == 2
    assert judge().state == "up"


def test_one_missed_cycle_is_not_down_and_two_are():
    judge()
    dead = {"discovery_complete": False, "events_stored": 0, "events_failed": 100}
    assert judge(**dead).state == "degraded"
    assert judge(**dead).state == "down"


def test_a_source_without_a_complete_cycle_for_ten_minutes_is_down():
    judge(now=timezone.now() - timedelta(minutes=11))
    assert judge(discovery_complete=False, events_stored=0, events_failed=0, events_asked=0).state == "down"


def test_a_down_source_is_up_again_after_one_complete_cycle():
    dead = {"discovery_complete": False, "events_stored": 0, "events_failed": 100}
    for _ in range(3):
        judge(**dead)
    assert judge().state == "up"
    assert Notice.objects.filter(type="bookmaker_state").count() == 3


def test_a_refusing_source_is_blocked_not_empty():
    run = make_run("failed", shares={"bet9ja": {"discovery_complete": False}})
    ScrapeError.objects.create(run=run, bookmaker_slug="bet9ja", phase="discovery", code="BLOCKED")
    judge_bookmakers(run, list(run.by_bookmaker.all()), timezone.now())
    assert BookmakerHealth.objects.get(bookmaker_slug="bet9ja").state == "blocked"
