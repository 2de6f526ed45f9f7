"""The event page: states told apart, prices compared, history drawn."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from odds.admin_comparison import compare
from odds.admin_history import _chart
from odds.models import MarketOddsHistory
from oddsproject.desk.paginator import BoundedPaginator
from tests.admin_rows import make_change, make_event, make_odds, sign_in

pytestmark = pytest.mark.django_db


def prices(event, outcome="1"):
    """[(state, odds, against)] of the first market's outcome, BetPawa first."""
    line = compare(event.pk).lines[0]
    return [(price.state, price.odds, price.against) for price in dict(line.outcomes)[outcome]]


def test_the_states_of_a_price_are_told_apart():
    event = make_event()
    make_odds(event, "betpawa")
    gone = timezone.now()
    make_odds(event, "sportybet", unavailable_at=gone, missed_count=2, missed_at=gone)
    assert prices(event) == [("offered", "2.1", ""), ("withdrawn", "2.1", ""), ("never", "", "")]
    row = make_odds(event, "bet9ja")
    row.outcomes[0]["is_active"] = False
    row.save()
    assert prices(event)[2] == ("suspended", "2.1", "")
    row.outcomes[1] = {"name": "X", "odds": "0", "is_active": False}
    row.save()
    assert prices(event, "X")[2] == ("suspended", "", "")
    page = sign_in("viewer").get(f"/admin/odds/event/{event.pk}/change/").content.decode()
    assert '<s class="desk-price">2.10</s>' in page and "suspended" in page and "since" in page


def test_higher_and_lower_are_against_betpawa_and_only_between_prices_that_can_be_backed():
    event = make_event()
    make_odds(event, "betpawa", ("2.10", "3.3", "3.6"))
    make_odds(event, "sportybet", ("2.15", "3.3", "3.5"))
    assert prices(event, "1")[1] == ("offered", "2.15", "higher")
    assert prices(event, "X")[1] == ("offered", "3.3", "")
    assert prices(event, "2")[1] == ("offered", "3.5", "lower")
    event.current_odds.filter(bookmaker_slug="betpawa").update(
        unavailable_at=timezone.now(), missed_at=timezone.now(), missed_count=2
    )
    assert prices(event, "1")[1] == ("offered", "2.15", "")


def test_line_zero_and_no_line_are_two_markets_and_lines_ascend():
    event = make_event()
    for line in (Decimal("2.5"), None, Decimal(0), Decimal("-0.5")):
        make_odds(event, line=line)
    assert [market.line for market in compare(event.pk).lines] == [None, Decimal("-0.5"), Decimal(0), Decimal("2.5")]


def test_the_fragment_is_the_odds_alone():
    event = make_event()
    make_odds(event)
    fragment = sign_in("viewer").get(f"/admin/odds/event/{event.pk}/change/?fragment=1").content.decode()
    assert fragment.strip().startswith("<table") and "<html" not in fragment and 'data-market="3743|"' in fragment


def test_after_kick_off_the_page_says_so_and_offers_no_refresh():
    event = make_event(kickoff_in=timedelta(hours=-1))
    make_odds(event)
    page = sign_in("trader").get(f"/admin/odds/event/{event.pk}/change/").content.decode()
    assert "Kick-off has passed" in page and "Refresh now" not in page


def test_only_a_trader_sees_the_refresh_button():
    event = make_event()
    address = f"/admin/odds/event/{event.pk}/change/"
    assert "Refresh now" in sign_in("trader").get(address).content.decode()
    assert "Refresh now" not in sign_in("viewer").get(address).content.decode()


def test_history_is_of_one_line_and_a_withdrawal_is_a_gap():
    event = make_event()
    start = timezone.now() - timedelta(hours=1)
    row, other = make_odds(event, line=Decimal("2.5")), make_odds(event, line=Decimal("3.5"))
    make_change(row, captured_at=start)
    make_change(row, captured_at=start + timedelta(minutes=5), is_available=False)
    make_change(other, captured_at=start)
    page = sign_in("viewer").get(f"/admin/odds/event/{event.pk}/market/3743/?line=2.5")
    assert page.status_code == 200 and len(page.context["changes"]) == 2
    points = page.context["chart"]["books"][0]["points"]
    assert [point["odds"].get("1") for point in points] == [2.1, None, 2.1]
    assert [point["at"] for point in points] == sorted(point["at"] for point in points)


def test_a_line_never_ends_before_its_last_change():
    event = make_event()
    row = make_odds(event)
    row.last_confirmed_at = timezone.now() - timedelta(hours=1)
    change = make_change(row)
    points = _chart([row], [change], {"betpawa": "BetPawa"})["books"][0]["points"]
    assert points[-1]["at"] >= points[0]["at"]


def test_upcoming_is_what_the_list_shows_unless_asked_otherwise():
    make_event(1)
    make_event(2, kickoff_in=timedelta(hours=-2))
    client = sign_in("viewer")
    assert "Home 1" in (page := client.get("/admin/odds/event/").content.decode()) and "Home 2" not in page
    assert "WAT" in page
    assert "Home 2" in client.get("/admin/odds/event/?kickoff=started").content.decode()
    assert "Home 2" not in client.get("/admin/odds/event/?kickoff=nonsense").content.decode()
    assert "Home 1" not in client.get("/admin/odds/event/?bookmaker=nobody").content.decode()


def test_the_last_prices_of_an_event_that_has_kicked_off_are_not_called_on_offer():
    make_odds(make_event(kickoff_in=timedelta(minutes=-2)))
    page = sign_in("viewer").get("/admin/odds/marketoddscurrent/?kickoff=started").content.decode()
    assert "</span>Kicked off" in page and "</span>On offer" not in page


def test_counting_stops_at_its_bound(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr("oddsproject.desk.paginator.EXACT_UP_TO", 3)
    event = make_event()
    row = make_odds(event)
    for _ in range(5):
        make_change(row)
    paginator = BoundedPaginator(MarketOddsHistory.objects.all(), 2)
    with django_assert_num_queries(1):
        assert paginator.count == 5


def sections(event):
    """[(heading, [market ids], is it open)] of the event page."""
    return [
        (shown.section.title, [line.market_id for line in shown.lines], shown.is_open)
        for shown in compare(event.pk).sections
    ]


def test_popular_markets_come_first_and_open_then_every_market_by_family():
    event = make_event()
    for market_id, line in (("1096783", 9.5), ("5000", 2.5), ("5000", 6.5), ("3795", None), ("3743", None)):
        make_odds(event, betpawa_market_id=market_id, line=line)
    make_odds(event, betpawa_market_id="99001", market_groups=["corners"], betpawa_market_name="Corner race")
    make_odds(event, betpawa_market_id="99002", market_groups=[], betpawa_market_name="Something new")
    assert sections(event) == [
        ("Popular", ["3743", "5000", "3795"], True),
        ("Result", ["3743"], False),
        ("Over/under goals", ["5000", "5000"], False),
        ("Both teams to score", ["3795"], False),
        ("Corners", ["1096783", "99001"], False),
        ("Other", ["99002"], False),
    ]


def test_an_event_without_popular_markets_opens_its_first_heading():
    event = make_event()
    make_odds(event, betpawa_market_id="1096783", line=9.5)
    make_odds(event, betpawa_market_id="1096764", line=3.5)
    assert [(title, is_open) for title, _, is_open in sections(event)] == [("Corners", True), ("Bookings", False)]


def test_the_event_page_asks_as_little_for_many_markets_as_for_one(django_assert_num_queries):
    event = make_event()
    for line in range(20):
        make_odds(event, betpawa_market_id="5000", line=line)
    with django_assert_num_queries(4):
        compare(event.pk)


def test_a_market_says_when_it_was_confirmed_only_where_that_is_not_when_its_event_was():
    event = make_event()
    make_odds(event, "betpawa")
    earlier = timezone.now() - timedelta(minutes=9)
    make_odds(event, "sportybet", missed_count=1, missed_at=timezone.now(), last_seen_at=earlier)
    betpawa, sportybet, bet9ja = compare(event.pk).lines[0].offers
    assert (betpawa.confirmed_at, sportybet.confirmed_at, bet9ja.confirmed_at) == (None, earlier, None)
    page = sign_in("viewer").get(f"/admin/odds/event/{event.pk}/change/").content.decode()
    assert "not in the last answer" in page and ">9 min ago<" in page
