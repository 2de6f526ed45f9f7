"""What people and the scheduler may ask of the scraper."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django_q.models import OrmQ

from odds.models import Event
from scraping.models import ScrapeRun, Settings, SettingsChange
from scraping.services import (
    CycleRefused,
    change_settings,
    refresh_event,
    retry_run,
    set_scheduler_paused,
    start_cycle,
)

from .builders import make_event, make_run

pytestmark = pytest.mark.django_db


def test_a_cycle_and_its_discovery_task_are_made_together():
    run = start_cycle(trigger="manual", user="ada")
    assert (run.status, run.requested_by) == ("pending", "ada")
    assert run.by_bookmaker.count() == 3
    assert OrmQ.objects.count() == 1


def test_a_second_cycle_is_refused_with_the_run_in_the_way():
    first = start_cycle(trigger="schedule")
    with pytest.raises(CycleRefused, match=f"Run {first.pk} is still pending") as refusal:
        start_cycle(trigger="manual")
    assert refusal.value.run == first
    assert ScrapeRun.objects.count() == 1
    assert OrmQ.objects.count() == 1


def test_a_finished_cycle_makes_room_for_the_next():
    first = start_cycle(trigger="schedule")
    ScrapeRun.objects.filter(pk=first.pk).update(status="completed")
    assert start_cycle(trigger="schedule").pk != first.pk


def test_a_switched_off_bookmaker_is_not_asked():
    change_settings(disabled_bookmakers=["bet9ja"])
    assert start_cycle(trigger="manual").bookmakers == ["betpawa", "sportybet"]


def test_with_all_bookmakers_off_nothing_starts():
    change_settings(disabled_bookmakers=["betpawa", "sportybet", "bet9ja"])
    with pytest.raises(CycleRefused, match="switched off"):
        start_cycle(trigger="manual")


def test_refreshing_an_event_twice_at_once_is_one_run():
    make_event("77")
    first = refresh_event(sportradar_id="77")
    assert refresh_event(sportradar_id="77") == first
    assert OrmQ.objects.count() == 1


def test_an_event_refreshes_while_a_cycle_is_active():
    make_event("77")
    start_cycle(trigger="schedule")
    assert refresh_event(sportradar_id="77").kind == "event"


def test_refreshing_an_unknown_event_says_so():
    with pytest.raises(Event.DoesNotExist):
        refresh_event(sportradar_id="404")


def test_an_event_that_has_kicked_off_is_not_refreshed():
    make_event("77", kickoff_in=timedelta(minutes=-1))
    with pytest.raises(CycleRefused, match="has kicked off"):
        refresh_event(sportradar_id="77")


def test_a_refresh_asks_only_bookmakers_that_offer_the_event():
    make_event("77", slugs=["sportybet"])
    assert refresh_event(sportradar_id="77").bookmakers == ["sportybet"]


def test_a_retry_asks_the_bookmakers_that_were_incomplete():
    whole = {"discovery_complete": True, "events_asked": 5, "events_stored": 5}
    run = make_run(
        "partial",
        shares={"betpawa": whole, "sportybet": whole, "bet9ja": {**whole, "events_stored": 2, "events_failed": 3}},
    )
    again = retry_run(run_id=run.pk)
    assert again.bookmakers == ["bet9ja"]
    assert again.retry_of == run


def test_changing_a_setting_leaves_both_values_and_the_user():
    change_settings(user="lead", reason="quiet night", interval_minutes=15)
    change = SettingsChange.objects.get()
    assert (change.old_value, change.new_value) == ({"interval_minutes": 5}, {"interval_minutes": 15})
    assert (change.created_by, change.reason) == ("lead", "quiet night")
    assert Settings.load().version == 2


def test_setting_the_same_value_leaves_no_trace():
    change_settings(interval_minutes=5)
    assert not SettingsChange.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interval_minutes", 0),
        ("interval_minutes", 61),
        ("batch_size", 9),
        ("odds_retention_days", 0),
        ("disabled_bookmakers", ["betway"]),
        ("disabled_bookmakers", "betpawa"),
        ("bookmaker_limits", {"betway": {"details": 5}}),
        ("bookmaker_limits", {"bet9ja": {"details": 0}}),
        ("bookmaker_limits", {"bet9ja": {"details": 101}}),
        ("bookmaker_limits", {"bet9ja": {"speed": 3}}),
        ("bookmaker_limits", {"bet9ja": 3}),
        ("bookmaker_limits", []),
    ],
)
def test_a_silly_setting_is_refused_by_name_and_nothing_changes(field, value):
    with pytest.raises(ValidationError) as error:
        change_settings(**{field: value})
    assert field in error.value.message_dict
    assert not SettingsChange.objects.exists()


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValidationError):
        change_settings(speed=11)


def test_the_second_of_two_editors_is_told():
    version = Settings.load().version
    change_settings(user="ada", interval_minutes=10)
    with pytest.raises(ValidationError, match="ada changed the settings"):
        change_settings(user="bob", expected_version=version, interval_minutes=20)


def test_a_limit_overrides_the_bookmakers_own():
    change_settings(bookmaker_limits={"bet9ja": {"details": 3}})
    limits = Settings.load().limits["bet9ja"]
    assert limits["details"] == 3
    assert set(limits) == {"details", "lists", "delay_ms"}


def test_pausing_is_a_setting_with_a_trace():
    set_scheduler_paused(paused=True, user="lead", reason="maintenance")
    assert Settings.load().scheduler_paused
    assert SettingsChange.objects.get().reason == "maintenance"
