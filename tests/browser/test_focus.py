"""Focus mode in a real browser: two traders on one list, menus, and a session that ends meanwhile."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from mappings import services
from mappings.models import MarketSuggestion, UnmappedMarketLog
from tests.admin_rows import make_unmapped

from .driving import IN_A_BROWSER, fill_in_login

pytestmark = IN_A_BROWSER
FOCUS = "/admin/mappings/unmappedmarketlog/focus/?tab=NEW"
NAMES = ("First", "Second", "Third", "Fourth", "Fifth")


@pytest.fixture
def rows():
    """Five new markets in the order of the list."""
    made = [make_unmapped(n, market_name=name, priority=10 - n) for n, name in enumerate(NAMES)]
    return {row.market_name: row for row in made}


def decided(row):
    """(tab, who decided) as stored."""
    row = UnmappedMarketLog.objects.get(pk=row.pk)
    return row.tab, row.decided_by


def shown(desk, name):
    desk.see(".focus-name", name)
    desk.is_heard()


def test_two_traders_on_one_list_lose_no_decision_and_each_undoes_the_own(rows, sit_down):
    ada, bob = sit_down("ada"), sit_down("bob")
    for desk in (ada, bob):
        desk.goto(FOCUS)
        shown(desk, "First")

    ada.press("c")
    assert "ada has claimed" in bob.see("[data-said]", "ada")
    shown(bob, "First")
    bob.press("j")
    shown(bob, "Second")
    bob.press("e")
    shown(bob, "Third")
    bob.see("[data-said]", "Acknowledged: Second")

    ada.press("e")
    shown(ada, "Third")  # Second is bob's: it is passed over
    ada.see("[data-said]", "Acknowledged: First")
    bob.press("i")
    bob.press("1")
    shown(bob, "Fourth")
    assert "bob has just decided" in ada.see("[data-said]", "bob")
    shown(ada, "Third")  # nothing moves under her fingers
    ada.press("e")
    shown(ada, "Fourth")
    assert "bob" in ada.see("[data-said]", "Third:")
    assert [decided(row) for row in rows.values()] == [
        ("ACKNOWLEDGED", "ada"), ("ACKNOWLEDGED", "bob"), ("IGNORED", "bob"), ("NEW", None), ("NEW", None),
    ]  # fmt: skip

    ada.press("z")
    ada.see("[data-said]", "Undone: acknowledging First")
    bob.press("z")
    bob.see("[data-said]", "Undone: ignoring Third")
    assert [decided(row)[0] for row in rows.values()] == ["NEW", "ACKNOWLEDGED", "NEW", "NEW", "NEW"]


def test_escape_leaves_a_menu_and_a_session_that_ended_costs_no_decision(rows, sit_down):
    ada = sit_down("ada")
    ada.goto(FOCUS)
    shown(ada, "First")
    for opens, menu in (("i", "ignore"), ("s", "snooze")):
        ada.press(opens)
        ada.see(f"[data-menu={menu}]", "Cancel")
        ada.press("Escape")
        ada.do(lambda page, menu=menu: page.locator(f"[data-menu={menu}]").wait_for(state="hidden"))
        ada.press("1")  # of the menu that is closed
    shown(ada, "First")

    Session.objects.all().delete()
    ada.press("e")
    assert "Nothing was saved" in ada.see("[data-said]", "signed out")
    shown(ada, "First")
    assert all(decided(row) == ("NEW", None) for row in rows.values())

    def sign_in_in_another_tab(page):
        tab = page.context.new_page()
        tab.goto(f"{ada.base}/admin/login/?next=/admin/")
        fill_in_login(tab, "ada")
        tab.locator(".desk-status").wait_for()
        tab.close()

    ada.do(sign_in_in_another_tab)
    ada.press("e")
    ada.see("[data-said]", "Acknowledged: First")
    shown(ada, "Second")
    assert decided(rows["First"]) == ("ACKNOWLEDGED", "ada")


def test_under_review_y_says_it_is_right_unless_another_market_is_chosen(rows, sit_down):
    UnmappedMarketLog.objects.all().delete()
    wide, narrow, *others = suggested_rows().values()
    UnmappedMarketLog.objects.filter(pk__in=[row.pk for row in others]).delete()
    texts = {"home": "Yes", "away": "No"}
    for row in (wide, narrow):
        services.map_to(ids=[row.pk], canonical_id="1x2_ft", outcome_texts=texts, user="bob", reason="x")
    UnmappedMarketLog.objects.update(review_since=timezone.now(), review={"canonicalId": "1x2_ft", "reason": "Apart."})
    desk = sit_down("ada")
    desk.goto(FOCUS.replace("NEW", "REVIEW"))
    shown(desk, wide.market_name)
    desk.see("[data-check]", "y says that it is right")
    desk.press("1")
    desk.see("[data-do=accept]", "Accept")
    desk.press("1")
    desk.see("[data-do=close-review]", "It is right")
    desk.press("y")
    desk.see("[data-said]", f"Review closed: {wide.market_name}")
    shown(desk, narrow.market_name)
    desk.press("1")
    desk.see("[data-do=accept]", "Accept")
    desk.press("y")
    if "reason" in desk.see("[data-reason-dialog][open], [data-said]:has-text('Mapped')"):
        desk.see("[data-reason]:enabled")
        desk.press("1")
    desk.see("[data-said]", f"Mapped: {narrow.market_name}")
    stored = UnmappedMarketLog.objects.order_by("-priority").values_list("review_since", "mapped_to__canonical_id")
    assert list(stored) == [(None, "1x2_ft"), (None, "btts_ft")]


def test_what_was_not_saved_is_seen_before_the_page_is_left_and_no_older_decision_is_undone_for_it(rows, sit_down):
    desk = sit_down("ada")
    desk.goto(FOCUS)
    shown(desk, "First")
    desk.press("e")
    desk.see("[data-said]", "Acknowledged: First")
    shown(desk, "Second")
    for key, waits, told in (("u", "Saving first", "Second:"), ("z", "Undoing", "Nothing was undone")):
        services.acknowledge(ids=[rows["Second"].pk], user="bob", versions={})
        held = []  # what is sent reaches the desk, which refuses it, only when the next key has been pressed
        desk.do(lambda page, held=held: page.route("**/focus/decide/", lambda route: held.append(route)))
        desk.press("i")
        desk.press("1")
        desk.press(key)
        desk.see("[data-said]", waits)
        desk.do(lambda page, held=held: let_go(page, held))
        desk.see("[data-said]", told)
        shown(desk, "Third")
        services.reopen(ids=[rows["Second"].pk], user="bob")
        desk.goto(f"{FOCUS}&id={rows['Second'].pk}")
        shown(desk, "Second")
    assert decided(rows["First"]) == ("ACKNOWLEDGED", "ada")


def let_go(page, held):
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.unroute("**/focus/decide/")


def test_after_mapping_by_hand_the_next_market_is_shown_and_after_cancelling_the_same(rows, sit_down):
    desk = sit_down("ada")
    desk.goto(FOCUS)
    shown(desk, "First")
    desk.press("j")
    shown(desk, "Second")
    link = desk.do(lambda page: page.locator("[data-do=by-hand]").get_attribute("href"))
    back = parse_qs(urlsplit(link).query)["next"][0]
    desk.goto(back)
    shown(desk, "Second")
    services.ignore(ids=[rows["Second"].pk], user="ada")
    desk.goto(back)
    shown(desk, "Third")


def suggested_rows():
    """{name: row} in the order of the list: one that asks for a reason, one that does not, one that would be
    refused, one with weak suggestions only."""
    kinds = {
        "Both Teams To Score A": {"event_count": 900},
        "Both Teams To Score B": {},
        "Both Teams To Score C": {"specifier": "score=0:0"},
        "Both Teams To Score D": {"band": "weak"},
    }
    made = {}
    for number, (name, kind) in enumerate(kinds.items()):
        band, specifier = kind.pop("band", "strong"), kind.pop("specifier", "")
        sample = [{"text": text, "key": text, "price": "3", "specifier": specifier} for text in ("Yes", "No")]
        row = make_unmapped(number, market_name=name, priority=10 - number, sample_outcomes=sample, **kind)
        pairs = [{"canonicalId": id, "betpawaName": id.title(), "text": id.title(), "flag": ""} for id in ("yes", "no")]
        MarketSuggestion.objects.create(
            unmapped=row, rank=1, betpawa_id="776", canonical_id="btts_ft", name="Both Teams", confidence=0.9,
            band=band, score=1, reasons=[{"family": "name", "points": 2.0, "text": "same kind"}], pairing=pairs,
        )  # fmt: skip
        made[name] = row
    return made


def test_what_a_key_will_do_is_said_before_it_and_keys_typed_ahead_answer_no_dialog(rows, sit_down):
    UnmappedMarketLog.objects.all().delete()
    wide, narrow, refused, weak = suggested_rows().values()

    def typed(*keys):
        return lambda page: [page.keyboard.press(key) for key in keys]

    desk = sit_down("ada")
    desk.goto(FOCUS)
    desk.see("[data-check]", "Will ask for a reason: It concerns 900 events.")
    desk.is_heard()
    desk.do(typed("y", "e", "1"))
    told = desk.see("[data-reason-dialog][open]", "This needs a reason")
    assert "Map ‹Both Teams To Score A› (SportyBet) to ‹Both Teams› (BetPawa)" in told
    desk.see("[data-reason]:enabled")
    assert all(decided(row)[0] == "NEW" for row in (wide, narrow, refused, weak))
    desk.press("1")
    desk.see("[data-said]", "Mapped: Both Teams To Score A")
    assert desk.do(lambda page: page.locator("#nav-sidebar a[href$='tab=NEW']").inner_text()).endswith("3")

    shown(desk, "Both Teams To Score B")
    desk.see("[data-check]", "y saves it")
    desk.press("y")
    shown(desk, "Both Teams To Score C")
    desk.see("[data-said]", "Mapped: Both Teams To Score B")
    desk.see("[data-check]", "SportyBet sends it with score=0:0")
    desk.press("y")
    desk.see("[data-said]", "cannot be accepted as it is")
    shown(desk, "Both Teams To Score C")
    desk.press("j")
    shown(desk, "Both Teams To Score D")
    assert "cannot" not in desk.do(lambda page: page.locator("[data-said]").inner_text())
    desk.press("y")
    desk.see("[data-said]", "press 1 to choose one, then y")
    assert "3.00" in desk.see(".focus-pairing", "Yes")
    desk.press("1")
    desk.see(".focus-pairing select")
    desk.do(lambda page: page.locator(".focus-pairing select").first.focus())
    desk.press("k")  # a key of the page, also while the list of texts has the focus
    shown(desk, "Both Teams To Score C")
    desk.press("j")
    shown(desk, "Both Teams To Score D")
    desk.press("1")
    desk.do(typed("z", "e"))
    shown(desk, "Both Teams To Score B")
    desk.see("[data-said]", "Undone")
    assert [decided(row)[0] for row in (wide, narrow, refused, weak)] == ["MAPPED", "NEW", "NEW", "NEW"]

    pace = """spans => {
        const pace = focusPace();
        let at = 0;
        for (const span of spans) pace.decided(1, at += span);
        return pace.left(100);
    }"""
    left = [desk.do(lambda page, spans=spans: page.evaluate(pace, spans)) for spans in (
        [0, 1000, 1000], [0, *[6000] * 6, 10**7], [0, *[90_000] * 6], [0, *[300] * 6],
    )]  # fmt: skip
    assert left == ["", "about 10 min left", "about 3 h left", "under a minute left"]
