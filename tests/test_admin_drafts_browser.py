"""In a real browser: what a trader typed outlives the session's end, and a colleague who was faster."""

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session

from mappings.models import UserMarketMapping
from mappings.services import create_mapping, update_mapping
from mappings.tests.preview_builders import yes_no
from tests.admin_rows import make_unmapped

from .browser import chromium_path, open_desk

pytest.importorskip("playwright", reason="playwright is not installed")
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium is installed (CHROMIUM names one)"),
]
PASSWORD = "a word for this test only"
NAME, REASON = "#f-name", "#desk-reason"


@pytest.fixture
def trader():
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="trader"))
    return user


def penalty():
    values = {"name": "Penalty", "betpawa_id": "777", "sportybet_id": "900", "outcome_mapping": yes_no()}
    return create_mapping(canonical_id="penalty", values=values, user="bob").mapping


def type_and_save(desk, **typed):
    def act(page):
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for selector, text in typed.items():
            page.fill({"name": NAME, "reason": REASON}[selector], text)
        page.locator("[data-row-do=remove]").last.click()
        page.click("[data-save]")
        page.wait_for_load_state()

    desk.do(act)


def sign_in_again(desk):
    def act(page):
        page.fill("#id_username", "ada")
        page.fill("#id_password", PASSWORD)
        page.keyboard.press("Enter")

    desk.do(act)


def typed(desk):
    read = "page => [page.querySelector('#f-name').value, page.querySelector('#desk-reason').value]"
    return desk.do(lambda page: page.locator("form[data-mapper]").evaluate(read))


def rows(desk):
    return desk.do(lambda page: page.locator("[data-outcome]").count())


def drafts(desk):
    return desk.do(lambda page: page.evaluate("Object.keys(sessionStorage).filter(k => k.startsWith('desk.draft:'))"))


def test_what_was_typed_in_the_map_dialog_is_back_after_signing_in_again_until_it_is_saved(trader):
    row = make_unmapped(external_market_id="900")
    penalty()
    with open_desk("ada", PASSWORD) as desk:
        desk.goto(f"/admin/mappings/unmappedmarketlog/map/?ids={row.pk}&target=penalty")
        Session.objects.all().delete()
        type_and_save(desk, name="Penalty awarded", reason="Rules were read")
        assert "nothing was saved" in desk.see("body", "signed out")
        sign_in_again(desk)
        assert "Your unsaved text of" in desk.see(".desk-draft", "WAT is back")
        assert typed(desk) == ["Penalty awarded", "Rules were read"] and rows(desk) == 1
        assert UserMarketMapping.objects.get().name == "Penalty"

        desk.do(lambda page: page.click("[data-save]"))
        desk.see(".queue-said", "mapped to Penalty awarded")
        assert drafts(desk) == []


def test_a_draft_can_be_discarded(trader):
    mapping = penalty()
    with open_desk("ada", PASSWORD) as desk:
        address = f"/admin/mappings/usermarketmapping/{mapping.pk}/change/"
        desk.goto(address)
        desk.do(lambda page: page.fill(NAME, "Half typed"))
        desk.goto("/admin/")
        desk.goto(address)
        desk.see(".desk-draft", "WAT is back")
        assert typed(desk)[0] == "Half typed"
        desk.do(lambda page: page.click(".desk-draft button"))
        desk.do(lambda page: page.wait_for_function("document.querySelector('#f-name')?.value === 'Penalty'"))
        assert drafts(desk) == []


def test_a_colleague_who_was_faster_costs_nothing_of_what_was_typed_also_when_the_page_is_left(trader):
    mapping = penalty()
    with open_desk("ada", PASSWORD) as desk:
        address = f"/admin/mappings/usermarketmapping/{mapping.pk}/change/"
        desk.goto(address)
        update_mapping(canonical_id="penalty", changes={"name": "Theirs"}, user="bob")
        type_and_save(desk, name="Mine", reason="Rules were read")
        told = desk.see("[role=alert]", "Somebody was first")
        assert "Theirs" in told and "Mine" in told and typed(desk) == ["Mine", "Rules were read"]
        desk.goto("/admin/")
        desk.goto(address)
        desk.see(".desk-draft", "WAT is back")
        assert typed(desk) == ["Mine", "Rules were read"] and rows(desk) == 1
        assert UserMarketMapping.objects.get().name == "Theirs"
