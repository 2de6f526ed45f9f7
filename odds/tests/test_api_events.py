"""What the API says of events and odds, from stored observations to JSON."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from odds.models import EventLink
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, withdraw_due
from odds.tests.builders import make_event, make_market
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db

NOW = timezone.now()
BOTH = {"betpawa": "1", "bet9ja": "2"}


@pytest.fixture
def viewer(db):
    return client_of("viewer")


def observe(event, slug, markets, minutes_ago):
    observed = ObservedMarkets(
        event_id=event.pk,
        bookmaker_slug=slug,
        observed_at=NOW - timedelta(minutes=minutes_ago),
        complete=True,
        markets=tuple(markets),
    )
    handle_market_write_batch(MarketWriteBatch(markets=(observed,), scrape_run_id=None, batch_index=None))


def links(number):
    return {"betpawa": f"p{number}", "bet9ja": f"n{number}"}


def shown(viewer, path):
    response = viewer.get(path)
    assert response.status_code == 200, response.content
    return response.json()


def inline(event, slug, market_id):
    bookmaker = next(b for b in event["bookmakers"] if b["bookmakerSlug"] == slug)
    return next(offer for offer in bookmaker["inlineOdds"] if offer["marketId"] == market_id)


def test_an_event_shows_its_bookmakers_and_their_prices_as_text(viewer):
    event = make_event(links=BOTH, home="Enyimba", away="Kano Pillars")
    observe(event, "betpawa", [make_market(prices=("2.1", "3.2", "3.5"))], 2)
    body = shown(viewer, "/api/events")
    assert {key: body[key] for key in ("total", "page", "pageSize")} == {"total": 1, "page": 1, "pageSize": 50}
    item = body["items"][0]
    assert item["id"] == event.pk > 0
    assert item["sportradarId"] == event.sportradar_id
    assert (item["homeTeam"], item["awayTeam"], item["hasStarted"]) == ("Enyimba", "Kano Pillars", False)
    assert item["kickoff"] == "2036-01-01T15:00:00.000Z"
    assert [b["bookmakerSlug"] for b in item["bookmakers"]] == ["betpawa", "bet9ja"]
    offer = inline(item, "betpawa", "3743")
    assert offer["outcomes"][0] == {"name": "1", "odds": "2.1", "isActive": True}
    assert offer["state"] == "offered" and offer["available"] is True
    assert offer["margin"] == "7.44"
    assert offer["lastConfirmedAt"].endswith("Z") and offer["lastUpdatedAt"].endswith("Z")


def test_the_states_of_a_market_are_told_apart(viewer):
    event = make_event(links=BOTH)
    kept = [make_market("3795", ("1.8", "1.9"), names=("Yes", "No")), make_market("4693", active=False)]
    others = [make_market(f"filler{n}") for n in range(9)]
    observe(event, "betpawa", [make_market(), *kept, *others], 3)
    for minutes_ago in (2, 1):
        observe(event, "betpawa", [*kept, *others], minutes_ago)
    withdraw_due("betpawa", NOW)
    item = shown(viewer, "/api/events")["items"][0]
    gone = inline(item, "betpawa", "3743")
    assert (gone["state"], gone["available"], gone["margin"]) == ("withdrawn", False, None)
    assert gone["unavailableSince"] and gone["outcomes"][0]["odds"] == "2.1"
    assert gone["lastConfirmedAt"] < inline(item, "betpawa", "3795")["lastConfirmedAt"]
    assert inline(item, "betpawa", "3795")["state"] == "offered"
    suspended = inline(item, "betpawa", "4693")
    assert (suspended["state"], suspended["available"], suspended["margin"]) == ("suspended", True, None)
    never = inline(item, "betpawa", "5000")
    assert (never["state"], never["line"], never["outcomes"]) == ("never_offered", "2.5", [])
    assert [row["id"] for row in shown(viewer, "/api/events?availability=alerts")["items"]] == [event.pk]


def test_after_kick_off_a_market_is_closed_and_not_withdrawn(viewer):
    event = make_event(links=BOTH, kickoff_at=NOW - timedelta(minutes=5))
    observe(event, "betpawa", [make_market()], 10)
    assert shown(viewer, "/api/events")["total"] == 0
    item = shown(viewer, "/api/events?includeStarted=true")["items"][0]
    assert item["hasStarted"] is True
    assert inline(item, "betpawa", "3743")["state"] == "closed"


def test_no_line_and_line_zero_are_two_markets(viewer):
    event = make_event(links=BOTH)
    lines = (None, "0", "-0.25")
    observe(event, "betpawa", [make_market("3774", line=line) for line in lines], 1)
    detail = shown(viewer, f"/api/events/{event.pk}")
    markets = detail["marketsByBookmaker"][0]["markets"]
    assert {market["line"] for market in markets} == set(lines)


def test_filters_choose_events(viewer):
    later = make_event(links=links(1), home="Árbol", away="Zeta")
    rival = make_event(links={"bet9ja": "x"}, kickoff_at=NOW + timedelta(hours=1))

    def ids(query):
        return [item["id"] for item in shown(viewer, f"/api/events?{query}")["items"]]

    assert ids("") == [rival.pk, later.pk]
    assert ids("availability=betpawa") == [later.pk]
    assert ids("availability=competitor") == [rival.pk]
    assert ids("minBookmakers=2") == [later.pk]
    assert ids("search=árb") == [later.pk]
    assert ids(f"tournamentIds={later.tournament_id}") == [rival.pk, later.pk]
    assert ids("tournamentIds=999999") == []
    assert ids("countries=Ghana,Nigeria") == [rival.pk, later.pk]
    assert ids(f"kickoffTo={(NOW + timedelta(hours=2)).isoformat().replace('+00:00', 'Z')}") == [rival.pk]
    assert ids("kickoffFrom=2035-01-01T00:00:00Z") == [later.pk]
    assert ids("page=2&pageSize=1") == [later.pk]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("kickoffFrom=yesterday", "kickoffFrom"),
        ("kickoffFrom=2035-01-01T00:00:00", "kickoffFrom"),
        ("kickoffFrom=2035-01-02T00:00:00Z&kickoffTo=2035-01-01T00:00:00Z", "kickoffTo"),
        ("availability=all", "availability"),
        ("minBookmakers=0", "minBookmakers"),
        ("tournamentIds=one", "tournamentIds[0]"),
        ("tournamentIds=" + "9" * 40, "tournamentIds[0]"),
        ("tournamentIds=" + ",".join(["1"] * 101), "tournamentIds"),
        ("search=%00", "search"),
        ("search=" + "a" * 101, "search"),
        ("includeStarted=perhaps", "includeStarted"),
        ("sort=kickoff", "sort"),
    ],
)
def test_a_bad_filter_is_named(viewer, query, named):
    response = viewer.get(f"/api/events?{query}")
    assert response.status_code == 400
    assert named in response.json()["errors"]


@pytest.mark.parametrize("path", ["/api/events", "/api/events/unmatched", "/api/events/tournaments"])
def test_a_list_costs_the_same_with_one_row_and_with_fifteen(viewer, path):
    def make(number):
        event = make_event(links={"betpawa": f"e{number}"})
        observe(event, "betpawa", [make_market()], 1)

    make(0)
    shown(viewer, path)
    with CaptureQueriesContext(connection) as one:
        shown(viewer, path)
    for number in range(1, 15):
        make(number)
    with CaptureQueriesContext(connection) as fifteen:
        shown(viewer, path)
    assert len(one) == len(fifteen) < 12


def test_an_unknown_event_is_404(viewer):
    assert viewer.get("/api/events/999999").status_code == 404


def test_history_tells_lines_apart_and_ends_with_the_last_confirmation(viewer):
    event = make_event(links=BOTH)

    def over_under(line, prices):
        return make_market("5000", prices, line=line, names=("Over", "Under"))

    observe(event, "betpawa", [over_under("2.5", ("1.9", "1.9")), over_under("3.5", ("3", "1.3"))], 30)
    observe(event, "betpawa", [over_under("2.5", ("2", "1.8")), over_under("3.5", ("3", "1.3"))], 20)
    observe(event, "betpawa", [over_under("2.5", ("2", "1.8")), over_under("3.5", ("3", "1.3"))], 10)
    path = f"/api/events/{event.pk}/markets/5000/history"
    body = shown(viewer, f"{path}?line=2.5")
    assert body["line"] == "2.5" and body["marketName"] == "Market 5000" and body["truncated"] is False
    assert [point["outcomes"][0]["odds"] for point in body["history"]] == ["1.9", "2", "2"]
    assert [point["confirmed"] for point in body["history"]] == [False, False, True]
    assert len(shown(viewer, f"{path}?line=3.50")["history"]) == 2
    margins = shown(viewer, f"/api/events/{event.pk}/markets/5000/margin-history?line=2.5")
    assert [point["margin"] for point in margins["history"]] == ["5.26", "5.56", "5.56"]
    assert "outcomes" not in margins["history"][0]
    response = viewer.get(path)
    assert response.status_code == 400
    assert "2.5, 3.5" in response.json()["errors"]["line"][0]
    assert viewer.get(f"/api/events/{event.pk}/markets/1/history").status_code == 404
    assert viewer.get(f"{path}?line=NaN").status_code == 400
    assert viewer.get(f"{path}?line=2.5&bookmakerSlug=betway").status_code == 400


def test_coverage_and_unmatched_count_events_and_not_rows(viewer):
    make_event(links=links(1))
    alone = make_event(links={"bet9ja": "only"}, sportradar_id=None)
    gone = make_event(links=links(3))
    EventLink.objects.filter(event=gone, bookmaker_slug="betpawa").update(withdrawn_at=NOW)
    body = shown(viewer, "/api/coverage")
    assert (body["totalEvents"], body["matchedCount"], body["betpawaOnlyCount"], body["competitorOnlyCount"]) == (
        3,
        1,
        0,
        2,
    )
    assert body["matchRate"] == 33.3
    by_slug = {row["platform"]: row for row in body["byPlatform"]}
    assert by_slug["bet9ja"]["totalEvents"] == 3 and by_slug["sportybet"]["totalEvents"] == 0
    unmatched = shown(viewer, "/api/events/unmatched")["items"]
    assert {row["id"] for row in unmatched} == {alone.pk, gone.pk}
    assert unmatched[0]["missingOn"] == ["betpawa", "sportybet"]
    assert viewer.get("/api/events/unmatched?missingPlatform=betway").status_code == 400
    assert shown(viewer, "/api/events/unmatched?missingPlatform=sportybet")["total"] == 3


def test_countries_and_tournaments_are_those_with_events(viewer):
    event = make_event(links=BOTH)
    assert [row["name"] for row in shown(viewer, "/api/events/countries")["items"]] == ["Nigeria"]
    row = shown(viewer, "/api/events/tournaments?availability=betpawa")["items"][0]
    assert row == {"id": event.tournament_id, "name": "Premier League", "country": "Nigeria"}
    assert shown(viewer, "/api/events/tournaments?availability=competitor")["items"] == []
