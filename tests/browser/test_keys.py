"""In a real browser: keys of the list and of focus mode, each of which belongs to a button that is there."""

from msgspec import structs

from mappings import services
from mappings.models import DecisionBatch, MarketSuggestion, UnmappedMarketLog
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture
from tests.admin_rows import make_unmapped

from .driving import IN_A_BROWSER

pytestmark = IN_A_BROWSER
QUEUE = "/admin/mappings/unmappedmarketlog/"
YES_OR_NO = [{"text": text, "key": text, "price": "1.85", "specifier": ""} for text in ("Yes", "No")]
EVERYWHERE = {"y", "m", "e", "i", "s", "z", "p", "h", "j", "k", "a", "/", "g n", "g m", "g i", "g c", "g d"}


def a_row(number, **fields):
    row = make_unmapped(number, sample_outcomes=YES_OR_NO, **fields)
    MarketSuggestion.objects.create(
        unmapped=row, rank=1, betpawa_id="776", canonical_id="btts_ft", name="Both Teams", confidence=0.7,
        band="likely", score=1, reasons=[], pairing=[{"canonicalId": "yes", "betpawaName": "Yes", "text": "Yes"}],
    )  # fmt: skip
    return row


def keys_to_be_seen(desk):
    seen = "all => all.filter(one => one.getClientRects().length).flatMap(one => one.dataset.key.split(' or '))"
    return set(desk.do(lambda page: page.locator("[data-key]").evaluate_all(seen)))


def tab_of(row):
    return UnmappedMarketLog.objects.get(pk=row.pk).tab


def test_the_undo_key_goes_on_to_the_decision_before_one_that_is_refused(sit_down):
    rows = [a_row(number) for number in (1, 2, 3)]
    for row in rows[:2]:
        services.acknowledge(ids=[row.pk], user="ada")
    services.ignore(ids=[rows[1].pk], user="bob")
    desk = sit_down("ada")
    desk.goto(f"{QUEUE}focus/?tab=NEW")
    desk.see(".focus-name")
    desk.press("z")
    told = desk.see("[data-said]", "Not undone")
    assert "bob" in told and "z undoes the one before it: acknowledging Corner range 1" in told
    refused = DecisionBatch.objects.filter(actor="ada").first()
    link = desk.do(lambda page: page.locator("[data-said] a").get_attribute("href"))
    assert link == f"{QUEUE}batch/{refused.pk}/?undo=1"
    desk.press("z")
    desk.see("[data-said]", "Undone: acknowledging Corner range 1")
    assert [tab_of(row) for row in rows] == ["NEW", "IGNORED", "NEW"]


def test_list_and_focus_mode_have_a_button_for_every_key_and_none_works_while_one_types_or_when_off(sit_down):
    row = a_row(1, rules_text="Both teams score. Extra time counts.")
    texts = {"Yes": "1.8", "No": "1.9"}
    ours = structs.replace(market("776", texts), rules_text="Both teams score in normal time.")
    keep_fixture(1, betpawa=[ours], sportybet=[market(row.external_market_id, texts)])
    desk = sit_down("ada")
    desk.goto(QUEUE)
    desk.see("tr.queue-at")
    assert keys_to_be_seen(desk) >= EVERYWHERE | {"x", "Shift+x", "o", "Enter"}
    desk.press("/")
    desk.press("e")
    assert tab_of(row) == "NEW" and desk.do(lambda page: page.input_value("[data-search]")) == "e"

    desk.goto(QUEUE)
    desk.see("tr.queue-at")
    desk.press("p")
    desk.see("[data-preview-dialog][open]", "What would change")
    desk.press("Escape")
    assert keys_to_be_seen(desk) >= EVERYWHERE | {"1", "n", "c", "u"}
    marked = desk.do(lambda page: page.locator(".focus-both-rules mark").all_inner_texts())
    assert marked == ["Extra", "counts.", "in", "normal"]
    assert "1.80\t1.80" in desk.see(".focus-prices", "Yes")
    desk.do(lambda page: page.locator(".focus-pairing select").first.select_option("No"))
    assert "1.80\t–" in desk.see(".focus-prices", "Yes")  # what no pair had is not known to the page

    desk.press("?")
    assert "Strong: " in desk.see(".desk-keys-help[open]", "Keys on this page")
    desk.do(lambda page: page.locator(".desk-keys-help input[type=checkbox]").uncheck())
    desk.press("Escape")
    desk.press("e")
    desk.press("?")  # what tells of keys, and switches them on again, is never off
    desk.do(lambda page: page.locator(".desk-keys-help input[type=checkbox]").check())
    desk.press("Escape")
    assert tab_of(row) == "NEW"
    desk.press("g")
    desk.press("c")
    desk.see("h2", "Families of markets")
