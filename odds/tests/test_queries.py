"""The reads: what they return, in how many queries, by which index."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from odds import queries
from odds.models import Event, EventLink, Tournament
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, withdraw_due
from odds.tests.builders import KICKOFF, at, make_event, make_market

pytestmark = pytest.mark.django_db
NOW = at(0)


def markets(price="2"):
    two_way = (price, "2")
    return (
        make_market("3743", (price, "3", "4")),
        make_market("5000", two_way, line="1.5", names=("Over", "Under")),
        make_market("5000", two_way, line="2.5", names=("Over", "Under")),
        make_market("3795", two_way, names=("Yes", "No")),
        make_market("9", two_way, names=("Yes", "No")),
    )


def store(event, minute, *found, slug="betpawa"):
    handle_market_write_batch(MarketWriteBatch((ObservedMarkets(event.pk, slug, at(minute), True, found),)))


@pytest.fixture
def board():
    """Events at: all three; betpawa only; bet9ja only without SportRadar id; one kicked off."""
    ghana = Tournament.objects.create(name="Premier League", country="Ghana")
    everywhere = make_event(links={"betpawa": "1", "sportybet": "1", "bet9ja": "1"}, home="Kano Pillars")
    alone = make_event(links={"betpawa": "2"}, tournament=ghana, kickoff_at=KICKOFF + timedelta(days=1))
    rival = make_event(links={"bet9ja": "3"}, sportradar_id=None, kickoff_at=KICKOFF + timedelta(days=2))
    started = make_event(links={"betpawa": "4", "bet9ja": "4"}, kickoff_at=at(-10))
    for link in EventLink.objects.select_related("event"):
        store(link.event, 0, *markets(), slug=link.bookmaker_slug)
    make_event()  # no link: nobody offers it
    return everywhere, alone, rival, started


def found(board, **filters):
    return [board.index(event) for event in queries.events(queries.EventFilters(**filters), now=NOW)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"include_started": True}, [3, 0, 1, 2]),
        ({"availability": "betpawa"}, [0, 1]),
        ({"availability": "competitor"}, [2]),
        ({"availability": "matched"}, [0]),
        ({"availability": "alerts"}, []),
        ({"countries": ["Ghana"]}, [1]),
        ({"search": "kano"}, [0]),
        ({"bookmakers": ["bet9ja"]}, [0, 2]),
        ({"min_bookmakers": 3}, [0]),
        ({"kickoff_from": KICKOFF + timedelta(hours=1)}, [1, 2]),
        ({"kickoff_to": KICKOFF}, [0]),
    ],
)
def test_filters(board, filters, expected):
    assert found(board, **filters) == expected


def test_alerts_look_at_the_state_now(board):
    event = board[0]
    for minute in (1, 2):
        store(event, minute, *markets()[1:])
    withdraw_due("betpawa", at(3))
    assert found(board, availability="alerts") == [0]
    store(event, 4, *markets())
    assert found(board, availability="alerts") == []


def test_a_page_has_the_inline_markets_and_only_line_2_5_of_the_totals(board):
    inline = queries.with_odds(queries.events(now=NOW))[0].inline
    assert set(inline) == {"betpawa", "sportybet", "bet9ja"}
    assert set(inline["betpawa"]) == {("3743", None), ("5000", Decimal("2.5")), ("3795", None)}
    assert inline["betpawa"]["3743", None].last_confirmed_at == at(0)


def test_a_page_costs_the_same_with_one_event_and_with_many(board, django_assert_num_queries):
    with django_assert_num_queries(3):
        queries.with_odds(queries.events(now=NOW)[:1])
    for number in range(20):
        store(make_event(links={"betpawa": f"m{number}"}), 0, *markets())
    with django_assert_num_queries(3):
        page = queries.with_odds(queries.events(now=NOW))
    assert len(page) == 23


def test_event_detail_holds_every_market_of_every_bookmaker(board, django_assert_num_queries):
    with django_assert_num_queries(3):
        event, links, by_slug = queries.event_detail(board[0].pk)
    assert {slug: len(found) for slug, found in by_slug.items()} == {"betpawa": 5, "sportybet": 5, "bet9ja": 5}
    assert set(links) == set(by_slug)
    with pytest.raises(Event.DoesNotExist):
        queries.event_detail(0)


def test_history_is_of_one_line_and_no_line_is_not_any_line(board):
    event = board[1]
    store(event, 1, *markets("2.2"), make_market("5000", ("5", "5")))

    def prices(**filters):
        return [row.outcomes[0]["odds"] for row in queries.market_history(event.pk, "5000", **filters)]

    assert prices(line=Decimal("2.5")) == ["2", "2.2"]
    assert prices(line=None) == ["5"]
    assert len(prices()) == 5
    assert prices(line=Decimal("2.5"), from_time=at(1)) == ["2.2"]
    assert prices(line=Decimal("2.5"), to_time=at(0)) == ["2"]
    assert prices(line=Decimal("2.5"), bookmaker_slug="bet9ja") == []


def test_coverage_counts_events_never_rows(board, django_assert_num_queries):
    with django_assert_num_queries(1):
        coverage = queries.coverage(now=NOW)
    assert (coverage.total, coverage.matched, coverage.reference_only, coverage.competitor_only) == (3, 1, 1, 1)
    assert coverage.by_bookmaker == {"bet9ja": (2, 1), "betpawa": (2, 1), "sportybet": (1, 1)}


def test_unmatched_events(board):
    assert [board.index(event) for event in queries.unmatched_events(now=NOW)] == [1, 2]
    assert [board.index(event) for event in queries.unmatched_events(missing_from="betpawa", now=NOW)] == [2]


def test_freshness_counts_what_was_scraped_whole_lately(board, django_assert_num_queries):
    store(board[0], 9, *markets())
    with django_assert_num_queries(1):
        fresh = queries.freshness(minutes=5, now=at(10))["betpawa"]
    assert (fresh.links, fresh.fresh, fresh.never, fresh.oldest, fresh.newest) == (2, 1, 0, at(0), at(9))
    assert (fresh.markets, fresh.withdrawn_markets) == (10, 0)


def test_countries_and_tournaments_with_events(board):
    assert queries.countries(now=NOW) == ["Ghana", "Nigeria"]
    Tournament.objects.create(name="Liga", country="Spain")
    assert [t.country for t in queries.tournaments(now=NOW)] == ["Ghana", "Nigeria"]
    assert [t.country for t in queries.tournaments(with_events_only=False)] == ["Ghana", "Nigeria", "Spain"]


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("uq_market_odds_current", lambda event: queries.MarketOddsCurrent.objects.filter(event_id=event)),
        ("_event_id_betpawa_market_id_idx", lambda event: queries.market_history(event, "5000", line=Decimal("2.5"))),
        ("one_link_per_event_bookmaker", lambda event: EventLink.objects.filter(event_id=event)),
    ],
)
def test_reads_use_an_index_once_a_table_is_not_tiny(board, index, query):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in query(board[0].pk).order_by().explain()
