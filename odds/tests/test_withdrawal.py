"""When missing becomes gone, for markets and for events."""

from datetime import timedelta

import pytest

from odds.models import EventLink, MarketOddsCurrent, MarketOddsHistory
from odds.storage import (
    MarketWriteBatch,
    ObservedMarkets,
    handle_market_write_batch,
    reconcile_discovery,
    withdraw_due,
)
from odds.storage.checks import run_checks
from odds.tests.builders import KICKOFF, T0, at, make_event, make_market

pytestmark = pytest.mark.django_db
MARKETS = [make_market(str(100 + number)) for number in range(10)]


@pytest.fixture(autouse=True)
def stored_state_is_sound(db):
    yield
    assert run_checks() == []


def store(event, minute, *markets, slug="betpawa", complete=True):
    observed = ObservedMarkets(event.pk, slug, at(minute), complete, tuple(markets))
    return handle_market_write_batch(MarketWriteBatch((observed,)))


def withdrawn():
    return MarketOddsCurrent.objects.exclude(unavailable_at=None).count()


def test_more_than_a_third_at_once_is_held_and_said():
    event = make_event(links={"betpawa": "1"})
    store(event, 0, *MARKETS)
    for minute in (1, 2):
        store(event, minute, *MARKETS[:6])
    result = withdraw_due("betpawa", at(3))
    assert (result.withdrawn, result.held, result.available_before, result.due) == (0, True, 10, 4)
    assert withdrawn() == 0
    again = store(event, 3, *MARKETS[:6])
    assert (again.missed_once, again.became_unavailable) == (0, 0), "what is held is not counted anew every cycle"
    assert withdraw_due("betpawa", at(4), hold_share=1).withdrawn == 4


def test_an_empty_success_for_one_event_among_many_withdraws_that_event_only():
    events = [make_event(links={"betpawa": str(number)}) for number in range(4)]
    for event in events:
        store(event, 0, *MARKETS)
    for minute in (1, 2):
        for event in events:
            store(event, minute, *([] if event is events[0] else MARKETS))
    assert withdraw_due("betpawa", at(3)).withdrawn == 10
    assert set(MarketOddsCurrent.objects.exclude(unavailable_at=None).values_list("event_id", flat=True)) == {
        events[0].pk
    }


def test_a_market_that_is_back_before_the_cycle_ends_is_not_withdrawn():
    event = make_event(links={"betpawa": "1"})
    store(event, 0, *MARKETS)
    for minute in (1, 2):
        store(event, minute, *MARKETS[1:])
    store(event, 3, *MARKETS)
    assert withdraw_due("betpawa", at(4)).withdrawn == 0


def test_withdrawing_twice_has_one_effect():
    event = make_event(links={"betpawa": "1"})
    store(event, 0, *MARKETS)
    for minute in (1, 2):
        store(event, minute, *MARKETS[1:])
    assert [withdraw_due("betpawa", at(3)).withdrawn for _ in range(2)] == [1, 0]
    assert MarketOddsHistory.objects.filter(is_available=False).count() == 1


def test_one_bookmakers_withdrawal_leaves_the_others_alone():
    event = make_event(links={"betpawa": "1", "bet9ja": "2"})
    for slug in ("betpawa", "bet9ja"):
        store(event, 0, *MARKETS, slug=slug)
        for minute in (1, 2):
            store(event, minute, *MARKETS[1:], slug=slug)
    withdraw_due("betpawa", at(3))
    assert set(MarketOddsCurrent.objects.exclude(unavailable_at=None).values_list("bookmaker_slug", flat=True)) == {
        "betpawa"
    }


def test_closed_at_kick_off_is_not_withdrawn():
    event = make_event(links={"betpawa": "1"}, kickoff_at=at(2.5))
    store(event, 0, *MARKETS)
    for minute in (1, 2):
        store(event, minute, *MARKETS[1:])
    assert withdraw_due("betpawa", at(3)).withdrawn == 0
    assert reconcile_discovery("betpawa", ["9"], at(3)).missed_once == 0


# --- Events -------------------------------------------------------------------------------------


def listed(count=6):
    events = [make_event(links={"betpawa": str(number), "bet9ja": f"n{number}"}) for number in range(count)]
    for event in events:
        store(event, 0, *MARKETS[:2])
        store(event, 0, *MARKETS[:2], slug="bet9ja")
    return events


def others(count=6):
    return [str(number) for number in range(1, count)]


def test_an_event_missing_from_two_complete_discoveries_is_withdrawn_with_its_markets():
    event = listed()[0]
    first = reconcile_discovery("betpawa", others(), at(1))
    assert (first.missed_once, first.withdrawn_events, withdrawn()) == (1, 0, 0)
    second = reconcile_discovery("betpawa", others(), at(2))
    assert (second.withdrawn_events, second.withdrawn_markets, second.held) == (1, 2, False)
    assert EventLink.objects.get(event=event, bookmaker_slug="betpawa").withdrawn_at == at(2)
    gone = MarketOddsCurrent.objects.exclude(unavailable_at=None)
    assert set(gone.values_list("event_id", "bookmaker_slug", "unavailable_at")) == {(event.pk, "betpawa", at(2))}
    assert MarketOddsHistory.objects.filter(is_available=False, unavailable_at=at(2)).count() == 2


def test_the_same_discovery_counted_twice_is_one_miss():
    listed()
    assert [reconcile_discovery("betpawa", others(), at(1)).missed_once for _ in range(2)] == [1, 0]
    assert withdrawn() == 0


def test_an_event_listed_in_between_starts_afresh():
    listed()
    reconcile_discovery("betpawa", others(), at(1))
    assert reconcile_discovery("betpawa", ["0", *others()], at(2)).returned == 1
    assert reconcile_discovery("betpawa", others(), at(3)).withdrawn_events == 0


def test_an_event_that_still_answers_whole_is_not_withdrawn():
    event = listed()[0]
    reconcile_discovery("betpawa", others(), at(1))
    store(event, 1.5, *MARKETS[:2])
    assert reconcile_discovery("betpawa", others(), at(2)).withdrawn_events == 0


def test_a_returning_event_gets_its_markets_back_with_history():
    event = listed()[0]
    for minute in (1, 2):
        reconcile_discovery("betpawa", others(), at(minute))
    reconcile_discovery("betpawa", ["0", *others()], at(3))
    assert store(event, 4, *MARKETS[:2]).became_available == 2
    assert withdrawn() == 0
    assert EventLink.objects.get(event=event, bookmaker_slug="betpawa").withdrawn_at is None


def test_a_discovery_that_would_take_more_than_a_third_of_the_events_takes_none():
    listed()
    reconcile_discovery("betpawa", others()[2:], at(1))
    result = reconcile_discovery("betpawa", others()[2:], at(2))
    assert (result.withdrawn_events, result.held, withdrawn()) == (0, True, 0)


def test_a_failed_answer_leaves_only_the_age_growing():
    event = listed()[0]
    before = list(MarketOddsCurrent.objects.order_by("id").values())
    withdraw_due("betpawa", T0 + timedelta(hours=5))
    assert list(MarketOddsCurrent.objects.order_by("id").values()) == before
    assert EventLink.objects.get(event=event, bookmaker_slug="betpawa").confirmed_at == at(0)
    assert event.kickoff_at == KICKOFF
