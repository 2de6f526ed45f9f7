"""The event page in a browser: search, headings, and prices that move. Nothing is asked of a network."""

import os
import shutil
from pathlib import Path

import pytest

from odds.models import MarketOddsCurrent
from tests.admin_rows import make_event, make_odds, sign_in

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
STATIC = Path(__file__).resolve().parents[1] / "static"
HOST = "http://desk.test"
MARKETS = (
    ("3743", "1X2 - Full Time", None),
    ("5000", "Over/Under - Full Time", 2.5),
    ("5000", "Over/Under - Full Time", 6.5),
    ("1096783", "Total Corners Over/Under - Full Time", 12.5),
    ("4833", "Odd/Even - Full Time", None),
)

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]


@pytest.fixture
def pages():
    """(the page, its odds after a price moved, its odds after a market came), as the desk answers."""
    event = make_event()
    for market_id, name, line in MARKETS:
        make_odds(event, betpawa_market_id=market_id, betpawa_market_name=name, line=line)
    client, address = sign_in("viewer"), f"/admin/odds/event/{event.pk}/change/"

    def ask(query=""):
        return client.get(address + query).content.decode()

    page = ask()
    row = MarketOddsCurrent.objects.get(betpawa_market_id="3743")
    row.outcomes[0]["odds"] = "9.99"
    row.save()
    moved = ask("?fragment=1")
    make_odds(event, betpawa_market_id="1096764", betpawa_market_name="Total Bookings", line=3.5)
    return event.pk, page, moved, ask("?fragment=1")


@pytest.fixture
def desk(pages):
    """The page in a browser, with `answer` what its script reads next."""
    event_id, page, moved, more = pages
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.answers = {"": page}
        tab.moved, tab.more, tab.errors = moved, more, []

        def answer(route):
            path, _, query = route.request.url.removeprefix(HOST).partition("?")
            if path.startswith("/static/desk/") and not path.endswith("live.js"):
                return route.fulfill(path=STATIC / path.removeprefix("/static/"))
            if path.startswith("/admin/"):
                return route.fulfill(body=tab.answers[query], content_type="text/html; charset=utf-8")
            return route.fulfill(status=204)

        tab.route("**/*", answer)
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.goto(f"{HOST}/admin/odds/event/{event_id}/change/")
        tab.tell = lambda: tab.evaluate(
            "id => document.dispatchEvent(new CustomEvent('desk:odds_update', {detail: {eventIds: [id]}}))", event_id
        )
        yield tab
        assert tab.errors == []
        browser.close()


def markets(desk):
    """[(section, name, line)] of the market lines that can be seen."""
    seen = desk.eval_on_selector_all(
        "tbody[data-market]",
        """all => all.filter(body => body.checkVisibility())
            .map(body => [body.closest('details').dataset.section, body.dataset.words, body.dataset.line])""",
    )
    return [tuple(market) for market in seen]


def open_sections(desk):
    return desk.eval_on_selector_all("details[open]", "all => all.map(one => one.dataset.section)")


FOUND = {
    "o25": [("over-under", "Over/Under - Full Time", "2.5")],
    "over 2.5": [("over-under", "Over/Under - Full Time", "2.5")],
    "o12.5": [("corners", "Total Corners Over/Under - Full Time", "12.5")],
    "1x2": [("result", "1X2 - Full Time", "")],
    "oddev": [("goals", "Odd/Even - Full Time", "")],
    "zzz": [],
}


def test_a_search_finds_letters_in_order_and_numbers_where_they_begin(desk):
    for question, found in FOUND.items():
        desk.fill("[data-market-search]", question)
        assert markets(desk) == found, question
        assert f"{len(found)} of 5 markets" in desk.inner_text("[data-market-shown]")


def test_popular_is_open_and_what_a_person_folds_this_browser_remembers(desk):
    assert open_sections(desk) == ["popular"]
    desk.click("details[data-section=corners] > summary")
    desk.click("details[data-section=popular] > summary")
    desk.reload()
    assert open_sections(desk) == ["corners"]
    desk.fill("[data-market-search]", "o25")
    assert [section for section, *_ in markets(desk)] == ["over-under"]
    desk.fill("[data-market-search]", "")
    assert open_sections(desk) == ["corners"]
    desk.click("[data-sections-open]")
    desk.reload()
    assert open_sections(desk) == ["popular", "result", "over-under", "goals", "corners"]


def test_a_price_that_moved_changes_in_every_place_and_nothing_else_does(desk):
    desk.answers["fragment=1"] = desk.moved
    desk.tell()
    desk.wait_for_function("document.body.textContent.includes('9.99')")
    cells = "tbody[data-market='3743|'] [data-cell='1|1']"
    assert desk.eval_on_selector_all(cells, "all => all.map(cell => cell.textContent.trim())") == ["9.99", "9.99"]
    assert open_sections(desk) == ["popular"]
    assert desk.is_hidden("[data-market-reload]")


def test_markets_that_came_wait_until_they_are_asked_for(desk):
    desk.answers["fragment=1"] = desk.more
    desk.tell()
    desk.wait_for_selector("[data-market-reload]:visible")
    assert "1 more market: show" in desk.inner_text("[data-market-reload]")
    assert desk.query_selector("details[data-section=bookings]") is None
    desk.click("[data-market-reload]")
    assert desk.query_selector("details[data-section=bookings]") is not None
    assert desk.inner_text("[data-market-shown]") == "6 markets"
