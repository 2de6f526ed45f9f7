"""Events and links from matched records: found again, moved, matched late, never mixed up."""

from datetime import timedelta

import pytest

from odds.models import Event, EventLink, MarketOddsCurrent, MarketOddsHistory, Tournament
from odds.storage import (
    EventRecord,
    LinkRecord,
    MarketWriteBatch,
    ObservedMarkets,
    handle_market_write_batch,
    upsert_events,
)
from odds.storage.checks import run_checks
from odds.tests.builders import KICKOFF, at, make_market

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stored_state_is_sound(db):
    yield
    assert run_checks() == []


def record(sportradar_id="61", /, *, kickoff_at=KICKOFF, home="Home FC", country="Nigeria", **links):
    return EventRecord(
        sportradar_id=sportradar_id,
        sport="football",
        tournament_name="Premier League",
        country=country,
        home_team=home,
        away_team="Away FC",
        kickoff_at=kickoff_at,
        links=tuple(LinkRecord(slug, external_id, home, "Away FC", kickoff_at) for slug, external_id in links.items()),
    )


def codes(ids):
    return [problem.code for problem in ids.problems]


def test_one_fixture_of_three_bookmakers_is_one_event():
    ids = upsert_events([record("61", betpawa="b1", sportybet="s1", bet9ja="n1")])
    event = Event.objects.get()
    assert ids == {("betpawa", "b1"): event.pk, ("sportybet", "s1"): event.pk, ("bet9ja", "n1"): event.pk}
    assert (event.sportradar_id, event.tournament.country) == ("61", "Nigeria")


def test_a_second_time_changes_nothing():
    records = [record("61", betpawa="b1", sportybet="s1"), record(None, bet9ja="n1")]
    first = upsert_events(records)
    before = list(EventLink.objects.order_by("id").values()), list(Event.objects.order_by("id").values())
    assert upsert_events(records) == first
    assert (list(EventLink.objects.order_by("id").values()), list(Event.objects.order_by("id").values())) == before


def test_queries_do_not_grow_with_events(django_assert_max_num_queries):
    many = [record(str(number), betpawa=f"b{number}", sportybet=f"s{number}") for number in range(200)]
    for _ in range(2):
        with django_assert_max_num_queries(20):
            upsert_events(many)


def test_premier_leagues_of_two_countries_are_two_tournaments():
    upsert_events([record("61", betpawa="b1"), record("62", country="Ghana", betpawa="b2")])
    assert sorted(Tournament.objects.values_list("name", "country")) == [
        ("Premier League", "Ghana"),
        ("Premier League", "Nigeria"),
    ]


def test_a_rival_is_linked_whenever_it_turns_up():
    first = upsert_events([record("61", sportybet="s1")])
    second = upsert_events([record("61", betpawa="b1")])
    assert set(first.values()) == set(second.values())


def test_a_moved_kick_off_is_followed():
    upsert_events([record("61", betpawa="b1")])
    later = KICKOFF + timedelta(hours=2)
    upsert_events([record("61", betpawa="b1", kickoff_at=later)])
    assert Event.objects.get().kickoff_at == EventLink.objects.get().kickoff_at == later


def test_names_and_kick_off_are_the_references_where_it_lists_the_event():
    upsert_events([record("61", sportybet="s1", home="Hoem")])
    upsert_events([record("61", betpawa="b1", sportybet="s1", home="Home FC")])
    upsert_events([record("61", sportybet="s1", home="Hoem", kickoff_at=KICKOFF + timedelta(minutes=20))])
    event = Event.objects.get()
    assert (event.home_team, event.kickoff_at) == ("Home FC", KICKOFF)


def test_an_event_without_sportradar_id_is_kept_and_found_again():
    first = upsert_events([record(None, bet9ja="n1")])
    assert upsert_events([record(None, bet9ja="n1")]) == first
    assert Event.objects.get().sportradar_id is None


def test_an_unmatched_event_takes_the_id_that_a_later_discovery_brings():
    first = upsert_events([record(None, bet9ja="n1")])
    second = upsert_events([record("61", betpawa="b1", bet9ja="n1")])
    assert second["bet9ja", "n1"] == second["betpawa", "b1"] == first["bet9ja", "n1"]
    assert Event.objects.get().sportradar_id == "61"


def test_an_unmatched_event_hands_its_odds_to_the_fixture_it_turns_out_to_be():
    unmatched = upsert_events([record(None, bet9ja="n1")])["bet9ja", "n1"]
    fixture = upsert_events([record("61", betpawa="b1")])["betpawa", "b1"]
    store(unmatched, 0, "2.1")
    ids = upsert_events([record("61", bet9ja="n1")])
    assert ids["bet9ja", "n1"] == fixture
    assert MarketOddsCurrent.objects.get().event_id == fixture
    assert list(MarketOddsHistory.objects.order_by("id").values_list("event_id", flat=True)) == [unmatched, fixture]
    assert store(fixture, 1, "2.1").unchanged == 1
    assert store(fixture, 2, "2.2").inserted_history == 1


def store(event_id, minute, price):
    markets = (make_market("3743", (price, "3", "3")),)
    return handle_market_write_batch(
        MarketWriteBatch((ObservedMarkets(event_id, "bet9ja", at(minute), True, markets),))
    )


def test_a_link_never_moves_between_two_fixtures():
    first = upsert_events([record("61", betpawa="b1")])
    ids = upsert_events([record("62", betpawa="b1", sportybet="s2")])
    assert codes(ids) == ["LINK_MOVED"]
    assert ids["betpawa", "b1"] == first["betpawa", "b1"] != ids["sportybet", "s2"]


def test_a_fixture_that_gets_a_new_external_id_keeps_its_link():
    first = upsert_events([record("61", betpawa="b1")])
    ids = upsert_events([record("61", betpawa="b9")])
    assert codes(ids) == ["EXTERNAL_ID_CHANGED"]
    assert ids["betpawa", "b9"] == first["betpawa", "b1"]
    assert EventLink.objects.get().external_id == "b9"


def test_a_fixture_listed_twice_keeps_the_link_it_has():
    upsert_events([record("61", betpawa="b1")])
    ids = upsert_events([record("61", betpawa="b1"), record("61", betpawa="b2")])
    assert codes(ids) == ["SECOND_LISTING"]
    assert list(EventLink.objects.values_list("external_id", flat=True)) == ["b1"]


def test_being_listed_again_ends_a_withdrawal():
    upsert_events([record("61", betpawa="b1")])
    EventLink.objects.update(withdrawn_at=at(0), missed_discoveries=2)
    upsert_events([record("61", betpawa="b1")])
    link = EventLink.objects.get()
    assert (link.withdrawn_at, link.missed_discoveries) == (None, 0)


def test_texts_beyond_what_a_column_holds_cost_no_event():
    ids = upsert_events([record("61", home="H\x00" * 300, betpawa="b1"), record("62", betpawa="b2")])
    assert len(ids) == 2
    assert Event.objects.get(sportradar_id="61").home_team == "H" * 255
