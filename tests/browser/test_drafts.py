"""In a real browser: what a trader typed outlives the session's end, and a colleague who was faster."""

from django.contrib.sessions.models import Session

from mappings.models import UserMarketMapping
from mappings.services import create_mapping, update_mapping
from mappings.tests.preview_builders import yes_no
from tests.admin_rows import make_unmapped

from .driving import IN_A_BROWSER, fill_in_login

pytestmark = IN_A_BROWSER
NAME, REASON = "#f-name", "#desk-reason"


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


def typed(desk):
    read = "page => [page.querySelector('#f-name').value, page.querySelector('#desk-reason').value]"
    return desk.do(lambda page: page.locator("form[data-mapper]").evaluate(read))


def rows(desk):
    return desk.do(lambda page: page.locator("[data-outcome]").count())


def forgets_the_draft(desk):
    """The page that tells of the saving forgets it, a moment after it can be seen."""
    desk.until("!Object.keys(sessionStorage).some(key => key.startsWith('desk.draft:'))")


def test_what_was_typed_in_the_map_dialog_is_back_after_signing_in_again_until_it_is_saved(sit_down):
    row = make_unmapped(external_market_id="900")
    penalty()
    desk = sit_down("ada")
    desk.goto(f"/admin/mappings/unmappedmarketlog/map/?ids={row.pk}&target=penalty")
    Session.objects.all().delete()
    type_and_save(desk, name="Penalty awarded", reason="Rules were read")
    assert "nothing was saved" in desk.see("body", "signed out")
    desk.do(lambda page: fill_in_login(page, "ada"))
    assert "Your unsaved text of" in desk.see(".desk-draft", "WAT is back")
    assert typed(desk) == ["Penalty awarded", "Rules were read"] and rows(desk) == 1
    assert UserMarketMapping.objects.get().name == "Penalty"

    desk.do(lambda page: page.click("[data-save]"))
    desk.see(".queue-said", "mapped to Penalty awarded")
    forgets_the_draft(desk)


def test_a_draft_can_be_discarded(sit_down):
    mapping = penalty()
    desk = sit_down("ada")
    address = f"/admin/mappings/usermarketmapping/{mapping.pk}/change/"
    desk.goto(address)
    desk.do(lambda page: page.fill(NAME, "Half typed"))
    desk.goto("/admin/")
    desk.goto(address)
    desk.see(".desk-draft", "WAT is back")
    assert typed(desk)[0] == "Half typed"
    desk.do(lambda page: page.click(".desk-draft button"))
    desk.until("document.querySelector('#f-name')?.value === 'Penalty'")
    forgets_the_draft(desk)


def test_a_colleague_who_was_faster_costs_nothing_of_what_was_typed_also_when_the_page_is_left(sit_down):
    mapping = penalty()
    desk = sit_down("ada")
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
