"""Ignore rules in the admin: their hits are shown before they are saved, and they can be taken back."""

import pytest

from mappings.models import IgnoreRule, UnmappedMarketLog
from mappings.services import undo_last
from tests.admin_rows import make_unmapped, sign_in

pytestmark = pytest.mark.django_db

RULES = "/admin/mappings/unmappedmarketlog/rules/"


def sent(**values):
    return {"name": "Corners", "name_contains": "corner", "until": "forever", **values}


def save(client, address, **values):
    """As the page does it: its hits first, which the form remembers. The answer to the save, followed."""
    shown = client.post(RULES + address, sent(step="preview", **values))
    return client.post(RULES + address, sent(step="save", previewed=shown.context["previewed"], **values), follow=True)


def tabs():
    return list(UnmappedMarketLog.objects.order_by("pk").values_list("tab", flat=True))


def test_a_rule_shows_its_hits_before_anything_is_saved_and_then_ignores_them():
    make_unmapped(1)
    make_unmapped(2, market_name="Bookings")
    client = sign_in("trader")
    page = client.post(f"{RULES}add/", sent(step="preview"))
    assert page.context["hits"]["count"] == 1 and b"Corner range 1" in page.content
    assert tabs() == ["NEW", "NEW"] and not IgnoreRule.objects.exists()
    answer = save(client, "add/", reason="not ours")
    assert "1 market ignored" in answer.context["said"]["words"]
    assert tabs() == ["IGNORED", "NEW"] and IgnoreRule.objects.get().created_by == "a-trader"


def test_conditions_that_were_changed_after_their_hits_were_shown_show_theirs_and_save_nothing():
    make_unmapped(1)
    make_unmapped(2, market_name="Bookings")
    client = sign_in("trader")
    shown = client.post(f"{RULES}add/", sent(step="preview"))
    wider = sent(step="save", name_contains="", source="sportybet", previewed=shown.context["previewed"])
    asked = client.post(f"{RULES}add/", wider)
    assert asked.context["hits"]["count"] == 2 and b"these hits were not shown yet" in asked.content
    assert tabs() == ["NEW", "NEW"] and not IgnoreRule.objects.exists()
    client.post(f"{RULES}add/", wider | {"previewed": asked.context["previewed"], "reason": "none of theirs"})
    assert tabs() == ["IGNORED", "IGNORED"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"name_contains": ""}, b"At least one condition"),
        ({"key_from": "9", "key_to": "3"}, b"key_from lies above key_to"),
        ({"key_from": "nine"}, b"must be a whole number"),
        ({"until": "at", "until_at": "soon"}, b"A day and a time"),
    ],
)
def test_a_rule_that_cannot_be_is_explained_and_keeps_what_was_typed(values, problem):
    page = sign_in("trader").post(f"{RULES}add/", sent(step="save", **values))
    assert problem in page.content and b'value="Corners"' in page.content
    assert not IgnoreRule.objects.exists()


def test_switched_off_and_deleted_with_what_it_ignored_coming_back():
    make_unmapped(1)
    client = sign_in("trader")
    save(client, "add/")
    rule = IgnoreRule.objects.get()
    client.post(f"{RULES}{rule.pk}/change/", {"do": "off", "version": rule.version})
    rule.refresh_from_db()
    assert not rule.is_active and tabs() == ["IGNORED"]
    stale = client.post(f"{RULES}{rule.pk}/change/", {"do": "delete", "version": "1"}, follow=True)
    assert "changed meanwhile" in stale.context["said"]["words"]
    client.post(f"{RULES}{rule.pk}/change/", {"do": "delete", "version": rule.version, "reopen": "1"})
    assert not IgnoreRule.objects.exists() and tabs() == ["NEW"]


def test_rules_change_places():
    client = sign_in("trader")
    for name in ("One", "Two", "Three"):
        save(client, "add/", name=name)
    three = IgnoreRule.objects.get(name="Three")
    client.post(f"{RULES}{three.pk}/change/", {"do": "up", "version": three.version})
    assert list(IgnoreRule.objects.values_list("name", flat=True)) == ["One", "Three", "Two"]
    undo_last("a-trader")  # a move is one decision, whichever rules it numbered anew
    assert dict(IgnoreRule.objects.values_list("name", "position")) == {"One": 0, "Two": 1, "Three": 2}


def test_a_rule_is_edited_and_keeps_its_condition_of_return():
    client = sign_in("trader")
    save(client, "add/", until="events")
    rule = IgnoreRule.objects.get()
    page = client.get(f"{RULES}{rule.pk}/")
    assert page.context["values"]["name_contains"] == "corner"
    save(client, f"{rule.pk}/", until="keep", version=rule.version, key_prefix="9")
    rule.refresh_from_db()
    assert rule.conditions == {"name_contains": "corner", "key_prefix": "9"} and rule.until == {"kind": "events"}


def test_a_viewer_reads_the_rules_and_changes_none():
    IgnoreRule.objects.create(name="Corners", conditions={"name_contains": "corner"})
    rule = IgnoreRule.objects.get()
    client = sign_in("viewer")
    assert b"Corners" in client.get(RULES).content
    for address in ("add/", f"{rule.pk}/", f"{rule.pk}/change/"):
        assert client.post(RULES + address, sent(step="save", do="off")).status_code == 403
    rule.refresh_from_db()
    assert rule.is_active


@pytest.mark.parametrize(
    "address",
    [
        "mappings/unmappedmarketlog/rules/{}/", "mappings/unmappedmarketlog/{}/change/",
        "mappings/unmappedmarketlog/batch/{}/",
        "mappings/unmappedmarketlog/batch/{}/items.csv", "mappings/usermarketmapping/{}/change/", "mapping/{}/",
        "mapping/btts_ft/restore/{}/", "mapping/{}/switch/", "odds/event/{}/change/", "scraping/scraperun/{}/change/",
        "mappings/mappingauditlog/{}/change/", "odds/event/{}/market/3743/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("unknown_number", ["0", "987654321", "99999999999999999999999"])
def test_a_page_of_what_is_not_there_is_not_found(address, unknown_number):
    answer = sign_in("lead").get("/admin/" + address.format(unknown_number))
    assert answer.status_code in (302, 404), answer.content[:200]
    assert answer.status_code == 404 or answer["Location"].startswith("/admin/")
