"""Asking directly for events that a bookmaker's lists do not show."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisAway

from odds.models import Event, EventLink
from scraping import second_chance
from scraping.exceptions import Unavailable
from scraping.models import ScrapeError
from scraping.second_chance import give_second_chances

from .builders import make_event, make_run

pytestmark = pytest.mark.django_db

OTHERS = ["betpawa", "bet9ja"]


class Sporty:
    """A bookmaker that offers some events by their SportRadar id, and what it was asked."""

    def __init__(self):
        self.offered, self.asked, self.error = set(), [], None

    def find_event(self, client, sportradar_id):
        self.asked.append(sportradar_id)
        if self.error is not None:
            raise self.error
        if sportradar_id not in self.offered:
            return None
        kickoff_at = timezone.now() + timedelta(hours=3)
        return SimpleNamespace(
            external_id=f"sr:match:{sportradar_id}", home_team="Enyimba FC", away_team="Kano", kickoff_at=kickoff_at
        )


@pytest.fixture
def sporty(monkeypatch):
    cache.clear()
    sporty = Sporty()
    monkeypatch.setitem(second_chance.REGISTRY, "sportybet", sporty)
    client = SimpleNamespace(slug="sportybet", list_width=lambda: 4)
    monkeypatch.setattr(second_chance, "client_for", lambda slug: client)
    return sporty


def test_an_event_that_only_others_list_is_linked_when_it_answers(sporty):
    event = make_event("7", slugs=OTHERS)
    sporty.offered = {"7"}
    assert give_second_chances(make_run()) == 1
    link = EventLink.objects.get(event=event, bookmaker_slug="sportybet")
    assert (link.external_id, link.home_team) == ("sr:match:7", "Enyimba FC")
    assert Event.objects.get() == event and Event.objects.get().home_team == "Enyimba"
    give_second_chances(make_run("completed"))
    assert sporty.asked == ["7"]


def test_an_event_that_is_not_offered_is_asked_for_once_and_is_no_error(sporty):
    make_event("7", slugs=OTHERS)
    for _ in range(3):
        assert give_second_chances(make_run("completed")) == 0
    assert sporty.asked == ["7"]
    assert not ScrapeError.objects.exists() and not EventLink.objects.filter(bookmaker_slug="sportybet").exists()


def test_a_failed_question_is_no_refusal(sporty):
    make_event("7", slugs=OTHERS)
    sporty.error = Unavailable(bookmaker="sportybet")
    give_second_chances(make_run("completed"))
    sporty.error, sporty.offered = None, {"7"}
    assert give_second_chances(make_run("completed")) == 1
    assert not ScrapeError.objects.exists()


def test_only_events_to_come_that_others_offer_are_asked_for(sporty):
    make_event("1", slugs=OTHERS, kickoff_in=timedelta(hours=-1))
    make_event(None, slugs=OTHERS)
    make_event("3")
    EventLink.objects.filter(event=make_event("4", slugs=OTHERS)).update(withdrawn_at=timezone.now())
    make_event("5", slugs=["bet9ja"])
    give_second_chances(make_run())
    assert sporty.asked == ["5"]


def test_so_many_questions_a_cycle_the_soonest_first_and_the_rest_in_the_next(sporty, monkeypatch):
    monkeypatch.setattr(second_chance, "MAX_QUESTIONS", 2)
    for number in (3, 1, 2, 4):
        make_event(str(number), slugs=OTHERS, kickoff_in=timedelta(hours=number))
    give_second_chances(make_run("completed"))
    assert sorted(sporty.asked) == ["1", "2"]
    give_second_chances(make_run("completed"))
    assert sorted(sporty.asked) == ["1", "2", "3", "4"]


def test_a_bookmaker_that_the_run_does_not_ask_is_not_asked(sporty):
    make_event("7", slugs=OTHERS)
    give_second_chances(make_run(shares={"betpawa": {}}))
    assert sporty.asked == []


def test_without_memory_of_refusals_nothing_is_asked(sporty, monkeypatch):
    make_event("7", slugs=OTHERS)

    def away(keys):
        raise RedisAway("no connection")

    monkeypatch.setattr(second_chance.cache, "get_many", away)
    assert give_second_chances(make_run()) == 0
    assert sporty.asked == []
