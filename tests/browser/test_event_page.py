"""In a real browser, the page of an event: search, headings, and prices that move."""

import pytest

from odds.models import MarketOddsCurrent
from tests.admin_rows import make_event, make_odds

from .driving import IN_A_BROWSER

pytestmark = IN_A_BROWSER
MARKETS = (
    ("3743", "1X2 - Full Time", None),
    ("5000", "Over/Under - Full Time", 2.5),
    ("5000", "Over/Under - Full Time", 6.5),
    ("1096783", "Total Corners Over/Under - Full Time", 12.5),
    ("4833", "Odd/Even - Full Time", None),
)


@pytest.fixture
def event(transactional_db):
    event = make_event()
    for market_id, name, line in MARKETS:
        make_odds(event, betpawa_market_id=market_id, betpawa_market_name=name, line=line)
    return event


@pytest.fixture
def desk(event, sit_down):
    desk = sit_down("vera", "viewer")
    desk.goto(f"/admin/odds/event/{event.pk}/change/")
    return desk


def tell(page, event):
    """What live.js says when a notice about the event has come."""
    page.evaluate(
        "id => document.dispatchEvent(new CustomEvent('desk:odds_update', {detail: {eventIds: [id]}}))", event.pk
    )


def markets(page):
    """[(section, name, line)] of the market lines that can be seen."""
    seen = page.eval_on_selector_all(
        "tbody[data-market]",
        """all => all.filter(body => body.checkVisibility())
            .map(body => [body.closest('details').dataset.section, body.dataset.words, body.dataset.line])""",
    )
    return [tuple(market) for market in seen]


def open_sections(page):
    return page.eval_on_selector_all("details[open]", "all => all.map(one => one.dataset.section)")


FOUND = {
    "o25": [("over-under", "Over/Under - Full Time", "2.5")],
    "over 2.5": [("over-under", "Over/Under - Full Time", "2.5")],
    "o12.5": [("corners", "Total Corners Over/Under - Full Time", "12.5")],
    "1x2": [("result", "1X2 - Full Time", "")],
    "oddev": [("goals", "Odd/Even - Full Time", "")],
    "zzz": [],
}


def test_a_search_finds_letters_in_order_and_numbers_where_they_begin(desk):
    def look(page):
        for question, found in FOUND.items():
            page.fill("[data-market-search]", question)
            assert markets(page) == found, question
            assert f"{len(found)} of 5 markets" in page.inner_text("[data-market-shown]")

    desk.do(look)


def test_popular_is_open_and_what_a_person_folds_this_browser_remembers(desk):
    def look(page):
        assert open_sections(page) == ["popular"]
        page.click("details[data-section=corners] > summary")
        page.click("details[data-section=popular] > summary")
        page.reload()
        assert open_sections(page) == ["corners"]
        page.fill("[data-market-search]", "o25")
        assert [section for section, *_ in markets(page)] == ["over-under"]
        page.fill("[data-market-search]", "")
        assert open_sections(page) == ["corners"]
        page.click("[data-sections-open]")
        page.reload()
        assert open_sections(page) == ["popular", "result", "over-under", "goals", "corners"]

    desk.do(look)


def test_a_price_that_moved_changes_in_every_place_and_nothing_else_does(event, desk):
    row = MarketOddsCurrent.objects.get(betpawa_market_id="3743")
    row.outcomes[0]["odds"] = "9.99"
    row.save()

    def look(page):
        tell(page, event)
        page.wait_for_function("document.body.textContent.includes('9.99')")
        cells = "tbody[data-market='3743|'] [data-cell='1|1']"
        assert page.eval_on_selector_all(cells, "all => all.map(cell => cell.textContent.trim())") == ["9.99", "9.99"]
        assert open_sections(page) == ["popular"]
        assert page.is_hidden("[data-market-reload]")

    desk.do(look)


def test_markets_that_came_wait_until_they_are_asked_for(event, desk):
    make_odds(event, betpawa_market_id="1096764", betpawa_market_name="Total Bookings", line=3.5)

    def look(page):
        tell(page, event)
        page.wait_for_selector("[data-market-reload]:visible")
        assert "1 more market: show" in page.inner_text("[data-market-reload]")
        assert page.query_selector("details[data-section=bookings]") is None
        page.click("[data-market-reload]")
        assert page.query_selector("details[data-section=bookings]") is not None
        assert page.inner_text("[data-market-shown]") == "6 markets"

    desk.do(look)
