"""In a real browser: which market it is, found by typing, and choosing all that match. What is pressed while a search
runs means its results."""

from mappings.models import MarketSuggestion
from tests.admin_rows import make_unmapped

from .driving import IN_A_BROWSER, WAIT_MS

pytestmark = IN_A_BROWSER
MAP = "/admin/mappings/unmappedmarketlog/map/"


def test_enter_takes_what_is_typed_and_letters_are_typed_where_a_suggestion_exists_too(sit_down):
    row = make_unmapped(1, market_name="First Corner")
    MarketSuggestion.objects.create(unmapped=row, rank=1, betpawa_id="776", canonical_id="btts_ft", name="Both Teams",
                                    confidence=0.7, band="likely", score=1, reasons=[], pairing=[])  # fmt: skip

    def typed_and_taken(page, text, *keys):
        page.goto(desk.base + f"{MAP}?ids={row.pk}")
        page.locator("[data-market-search] [name=q]:focus").wait_for()
        page.keyboard.type(text)
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url("**target=*", timeout=WAIT_MS)
        return page.url.partition("target=")[2]

    desk = sit_down("ada")
    assert desk.do(lambda page: typed_and_taken(page, "o25", "Enter")) == "over_under_ft"
    assert desk.do(lambda page: typed_and_taken(page, "no", "Alt+1")) == "btts_ft"
    assert desk.do(lambda page: typed_and_taken(page, "n", "ArrowUp", "Enter")) == "btts_ft"
    desk.goto(f"{MAP}?ids={row.pk}")
    desk.press("Enter")
    desk.see("[data-search-state]", "Type a few letters first.")

    # All that match are ticked where one sees it, and "all" ends with the first that is not.
    desk.goto(f"{MAP.removesuffix('map/')}")
    desk.do(lambda page: page.locator("[data-scope]").check())
    assert desk.do(lambda page: page.locator("tr.queue-chosen").count()) == 1
    assert desk.see(".queue-selected").startswith("All selected")
    desk.do(lambda page: page.locator("tr.queue-chosen input[name=ids]").uncheck())
    assert desk.see(".queue-selected").startswith("0 selected")
    assert not desk.do(lambda page: page.locator("[data-scope]").is_checked())
