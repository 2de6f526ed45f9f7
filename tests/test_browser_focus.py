"""Focus mode in a real browser: two traders on one list, menus, and a session that ends meanwhile."""

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session

from mappings.models import UnmappedMarketLog
from tests.admin_rows import make_unmapped

from .browser import chromium_path, open_desk

pytest.importorskip("playwright", reason="playwright is not installed")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium is installed (CHROMIUM names one)"),
]
PASSWORD = "a word for this test only"
FOCUS = "/admin/mappings/unmappedmarketlog/focus/?tab=NEW"
NAMES = ("First", "Second", "Third", "Fourth", "Fifth")


@pytest.fixture
def rows():
    """Five new markets in the order of the list, and the traders ada and bob."""
    for name in ("ada", "bob"):
        User.objects.create_user(name, password=PASSWORD, is_staff=True).groups.add(Group.objects.get(name="trader"))
    made = [make_unmapped(n, market_name=name, priority=10 - n) for n, name in enumerate(NAMES)]
    return {row.market_name: row for row in made}


def decided(row):
    """(tab, who decided) as stored."""
    row = UnmappedMarketLog.objects.get(pk=row.pk)
    return row.tab, row.decided_by


def shown(desk, name):
    desk.see(".focus-name", name)


def test_two_traders_on_one_list_lose_no_decision_and_each_undoes_the_own(rows):
    with open_desk("ada", PASSWORD) as ada:
        bob = ada.beside("bob", PASSWORD)
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
        ada.see("[data-said]", "Undone: Acknowledge, First")
        bob.press("z")
        bob.see("[data-said]", "Undone: Ignore, Third")
        assert [decided(row)[0] for row in rows.values()] == ["NEW", "ACKNOWLEDGED", "NEW", "NEW", "NEW"]


def test_escape_leaves_a_menu_and_a_session_that_ended_costs_no_decision(rows):
    with open_desk("ada", PASSWORD) as ada:
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
            tab.fill("#id_username", "ada")
            tab.fill("#id_password", PASSWORD)
            tab.keyboard.press("Enter")
            tab.locator(".desk-status").wait_for()
            tab.close()

        ada.do(sign_in_in_another_tab)
        ada.press("e")
        ada.see("[data-said]", "Acknowledged: First")
        shown(ada, "Second")
        assert decided(rows["First"]) == ("ACKNOWLEDGED", "ada")
