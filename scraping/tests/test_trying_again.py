"""Trying pieces that were set aside once more."""

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from scraping import trying_again
from scraping.models import ScrapeRun, SetAsideItem
from scraping.services import change_settings
from scraping.trying_again import try_again

from .builders import make_event

pytestmark = pytest.mark.django_db


def set_aside(event_id, market_key="18", slug="bet9ja"):
    return SetAsideItem.objects.create(
        bookmaker_slug=slug, event_id=event_id, external_id=str(event_id), market_key=market_key, reason="DROPPED"
    )


def test_pieces_of_one_event_are_one_refresh_and_each_says_which():
    first, second = make_event("1"), make_event("2")
    items = [set_aside(first.pk), set_aside(first.pk, "29"), set_aside(second.pk)]
    tried = try_again(items, user="ada")
    assert [one.item for one in tried] == items
    assert [one.run.event_sr_id for one in tried] == ["1", "1", "2"]
    assert tried[0].run == tried[1].run and tried[0].run.requested_by == "ada"
    assert f"run {tried[2].run.pk}" in tried[2].words
    assert OrmQ.objects.count() == ScrapeRun.objects.count() == 2


def test_what_cannot_be_asked_for_says_why_and_costs_the_others_nothing():
    gone, started = set_aside(987_654), set_aside(make_event("1", kickoff_in=timedelta(hours=-1)).pk)
    unmatched, nobody = set_aside(make_event(None).pk), set_aside(None)
    good = set_aside(make_event("2").pk)
    tried = try_again([gone, started, unmatched, nobody, good], user="ada")
    assert [one.run is None for one in tried] == [True, True, True, True, False]
    for one, words in zip(tried, ["not known", "kicked off", "no SportRadar id", "not known", "Asked"], strict=True):
        assert words in one.words


def test_a_piece_of_a_bookmaker_that_is_switched_off_is_not_said_to_be_on_its_way():
    change_settings(disabled_bookmakers=["bet9ja"])
    event = make_event("1")
    off, on = try_again([set_aside(event.pk), set_aside(event.pk, slug="betpawa")], user="ada")
    assert off.run is None and "does not ask" in off.words
    assert on.run is not None


def test_so_many_events_and_no_more_are_asked_for_in_one_go(monkeypatch):
    monkeypatch.setattr(trying_again, "MAX_EVENTS", 2)
    tried = try_again([set_aside(make_event(str(number)).pk) for number in range(1, 5)], user="ada")
    assert [one.run is None for one in tried] == [False, False, True, True]
    assert "Left out" in tried[3].words and ScrapeRun.objects.count() == 2
