"""Our mappings in the admin: saved through the services, audited, never lost to a second editor."""

import pytest
from django.urls import reverse

from mappings.admin_forms import TEXT_FIELDS
from mappings.models import DecisionBatch, MappingAuditLog, UserMarketMapping
from mappings.services import create_mapping
from tests.admin_rows import sign_in
from tests.queue_pages import said

pytestmark = pytest.mark.django_db

LIST = "/admin/mappings/usermarketmapping/"


def sent(mapping=None, **changes):
    """What the form sends for a small mapping."""
    data = {
        "canonical_id": "penalty", "name": "Penalty", "priority": "0", "kind": "simple",
        "subkind": "",
        "period": "FT", "subject": "goals", "side": "match", "line_semantics": "", "betpawa_id": "777",
        "sportybet_id": "900", "bet9ja_key": "",
        "has_keys": "1", "has_outcomes": "1", "do": "save",
        "outcome_mapping:0:canonical_id": "yes", "outcome_mapping:0:betpawa_name": "Yes",
        "outcome_mapping:0:sportybet_desc": "Yes", "outcome_mapping:0:bet9ja_suffix": "",
        "reason": "rules read",
    }  # fmt: skip
    if mapping is not None:
        data["read_version"] = mapping.version
    return {**data, **changes}


def fields_of(values):
    """A whole mapping as the form sends it."""
    data = {name: values[name] if values[name] is not None else "" for name in TEXT_FIELDS}
    data |= {f"key:{n}:{name}": item[name] for n, item in enumerate(values["extra_source_keys"]) for name in item}
    for place, outcome in enumerate(values["outcome_mapping"]):
        for column in ("canonical_id", "betpawa_name", "sportybet_desc", "bet9ja_suffix"):
            data[f"outcome_mapping:{place}:{column}"] = outcome.get(column) or ""
    return data


def problems(answer):
    return answer.context and answer.context.get("problems")


def make():
    values = {
        "name": "Penalty",
        "betpawa_id": "777",
        "sportybet_id": "900",
        "outcome_mapping": [
            {
                "canonical_id": "yes",
                "betpawa_name": "Yes",
                "sportybet_desc": "Yes",
                "bet9ja_suffix": None,
                "position": 0,
            }
        ],
    }
    return create_mapping(canonical_id="penalty", values=values, user="ada", reason="first").mapping


def test_a_trader_adds_a_mapping_and_the_audit_says_who_and_why():
    answer = sign_in("trader").post(LIST + "add/", sent())
    assert answer.status_code == 302, problems(answer)
    mapping = UserMarketMapping.objects.get()
    assert mapping.outcome_mapping[0]["sportybet_desc"] == "Yes" and mapping.created_by == "a-trader"
    audit = MappingAuditLog.objects.get()
    assert (audit.action, audit.created_by, audit.reason) == ("CREATE", "a-trader", "rules read")


def test_a_change_is_audited_with_old_and_new():
    mapping = make()
    answer = sign_in("trader").post(f"{LIST}{mapping.pk}/change/", sent(mapping, name="Penalty awarded"))
    assert answer.status_code == 302, problems(answer)
    audit = MappingAuditLog.objects.first()
    assert (audit.action, audit.old_value["name"], audit.new_value["name"]) == ("UPDATE", "Penalty", "Penalty awarded")
    assert (audit.created_by, audit.reason) == ("a-trader", "rules read")
    page = sign_in("viewer").get(f"{LIST}{mapping.pk}/change/").content.decode()
    assert "Penalty awarded" in page and "rules read" in page and "data-mapper" not in page


def test_the_second_editor_keeps_what_was_typed_and_overwrites_nothing():
    mapping = make()
    read = sent(mapping)
    first, second = sign_in("trader", "ada"), sign_in("trader", "bob")
    first.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "First", "period": "1H"})
    answer = second.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "Second", "subject": "cards"})
    assert answer.status_code == 200 and UserMarketMapping.objects.get().name == "First"
    (name, period) = sorted(answer.context["stale"]["changes"], key=lambda change: change["field"])
    assert (name["by"], name["old"], name["new"], name["mine"]) == ("ada", "Penalty", "First", "Second")
    assert (period["by"], period["mine"]) == ("ada", None)
    values = answer.context["draft"].values
    assert (values["name"], values["period"], values["subject"]) == ("Second", "1H", "cards")


def test_the_second_editor_can_save_on_top_without_taking_back_what_the_first_did_elsewhere():
    mapping = make()
    read = sent(mapping)
    first, second = sign_in("trader", "ada"), sign_in("trader", "bob")
    first.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "First", "period": "1H"})
    shown = second.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "Second"}).context["draft"]
    again = {**read, "read_version": shown.version, "name": shown.values["name"], "period": shown.values["period"]}
    assert second.post(f"{LIST}{mapping.pk}/change/", again).status_code == 302
    mapping.refresh_from_db()
    assert (mapping.name, mapping.period) == ("Second", "1H")


def test_the_second_editor_can_give_way_in_one_field():
    mapping = make()
    read = sent(mapping)
    first, second = sign_in("trader", "ada"), sign_in("trader", "bob")
    first.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "First"})
    shown = second.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "Second", "subject": "cards"}).context["draft"]
    again = {**read, "read_version": shown.version, "name": "Second", "subject": "cards", "do": "theirs:name"}
    values = second.post(f"{LIST}{mapping.pk}/change/", again).context["draft"].values
    assert (values["name"], values["subject"]) == ("First", "cards")


def test_two_people_who_each_add_a_text_both_have_theirs():
    mapping = make()
    read = sent(mapping)
    first, second = sign_in("trader", "ada"), sign_in("trader", "bob")
    first.post(f"{LIST}{mapping.pk}/change/", {**read, "outcome_mapping:0:bet9ja_suffix": "Y", "bet9ja_key": "S_PEN"})
    wanted = {**read, "outcome_mapping:1:canonical_id": "", "outcome_mapping:1:betpawa_name": "No"}
    answer = second.post(f"{LIST}{mapping.pk}/change/", wanted)
    outcomes = answer.context["draft"].values["outcome_mapping"]
    assert [(o["canonical_id"], o["bet9ja_suffix"]) for o in outcomes] == [("yes", "Y"), ("no", None)]
    assert not answer.context["draft"].merge.clashes


def test_a_mapping_that_would_not_map_is_a_form_error():
    wrong = sent(**{"outcome_mapping:1:canonical_id": "yes", "outcome_mapping:1:betpawa_name": "Yes"})
    answer = sign_in("trader").post(LIST + "add/", wrong)
    assert answer.status_code == 200 and b"used twice" in answer.content
    assert not UserMarketMapping.objects.exists()


def test_switching_off_is_a_bulk_action_and_audited():
    mapping = make()
    sign_in("trader").post(LIST, {"action": "deactivate", "_selected_action": [mapping.pk]})
    mapping.refresh_from_db()
    assert not mapping.is_active
    assert MappingAuditLog.objects.first().action == "DEACTIVATE"


def make_second():
    outcomes = [{"canonical_id": "yes", "betpawa_name": "Yes", "position": 0}]
    values = {"name": "Own goal", "betpawa_id": "778", "outcome_mapping": outcomes}
    return create_mapping(canonical_id="own_goal", values=values, user="ada").mapping


def in_force():
    return list(UserMarketMapping.objects.order_by("pk").values_list("is_active", flat=True))


def test_what_is_switched_off_together_is_one_decision_which_one_undo_takes_back():
    rows = [make(), make_second()]
    client = sign_in("trader")
    sent = {"action": "deactivate", "_selected_action": [row.pk for row in rows]}
    answer = client.post(LIST, sent, follow=True)
    batch = DecisionBatch.objects.get(actor="a-trader")
    assert in_force() == [False, False] and batch.item_count == 2
    page = answer.content.decode()
    assert reverse("admin:mappings_batch", args=[batch.pk]) in page and "data-undo-offer" in page
    assert said(answer) == "2 mappings are switched off: Own goal, Penalty."
    client.post(reverse("admin:mappings_undo"), {"batch": batch.pk, "next": LIST})
    assert in_force() == [True, True]
    client.post(LIST, {**sent, "action": "activate"})
    assert DecisionBatch.objects.filter(actor="a-trader", kind="mapping").count() == 1  # all of them were on


def test_switching_many_asks_for_the_reason_that_one_of_them_needs(monkeypatch):
    rows = [make(), make_second()]
    monkeypatch.setattr("mappings.preview.Preview.needs_reason", property(lambda self: self.canonical_id == "penalty"))
    client = sign_in("trader")
    sent = {"action": "deactivate", "_selected_action": [row.pk for row in rows]}
    asked = client.post(LIST, sent)
    assert [row.name for row in asked.context["rows"]] == ["Own goal", "Penalty"]
    assert [row.name for row, _ in asked.context["needing"]] == ["Penalty"] and in_force() == [True, True]
    usual = client.post(LIST, {**sent, "do": "reason:0"})
    assert usual.context["reason"] == "Prices are wrong" and in_force() == [True, True]
    client.post(LIST, {**sent, "reason": "both were wrong"})
    assert in_force() == [False, False]
    assert set(MappingAuditLog.objects.filter(action="DEACTIVATE").values_list("reason", flat=True)) == {
        "both were wrong"
    }


@pytest.mark.parametrize("what", ["add", "change", "deactivate"])
def test_a_viewer_changes_no_mapping(what):
    mapping = make()
    client = sign_in("viewer")
    posts = {
        "add": (LIST + "add/", sent(canonical_id="other")),
        "change": (f"{LIST}{mapping.pk}/change/", sent(mapping, name="Mine")),
        "deactivate": (LIST, {"action": "deactivate", "_selected_action": [mapping.pk]}),
    }
    assert client.post(*posts[what]).status_code == 403
    mapping.refresh_from_db()
    assert (mapping.name, mapping.is_active, UserMarketMapping.objects.count()) == ("Penalty", True, 1)


def test_a_built_in_market_is_overridden_from_the_catalogue_page():
    client = sign_in("trader")
    page = client.get(reverse("admin:mapping_catalogue"), {"q": "over_under_ft"}).content.decode()
    assert "?override=over_under_ft" in page
    form = client.get(LIST + "add/", {"override": "over_under_ft"})
    assert 'value="over_under_ft"' in form.content.decode() and 'value="S_OU"' in form.content.decode()
    values = form.context["draft"].values
    data = sent(**{**fields_of(values), "canonical_id": "over_under_ft", "name": "Over/Under, ours"})
    assert client.post(LIST + "add/?override=over_under_ft", data).status_code == 302
    mapping = UserMarketMapping.objects.get()
    assert (mapping.name, mapping.bet9ja_key) == ("Over/Under, ours", "S_OU")
    assert mapping.outcome_mapping == values["outcome_mapping"]
    assert "?override=" not in sign_in("viewer").get(reverse("admin:mapping_catalogue")).content.decode()


def test_the_list_shows_what_is_in_force_and_the_switched_off_ones_by_a_tab_with_their_count():
    make()
    create_mapping(canonical_id="off", values={"name": "Gone", "betpawa_id": "778", "outcome_mapping": [
        {"canonical_id": "yes", "betpawa_name": "Yes", "position": 0}]}, user="ada")  # fmt: skip
    UserMarketMapping.objects.filter(canonical_id="off").update(is_active=False)
    client = sign_in("trader")
    shown = {state: client.get(LIST, {"state": state} if state else {}) for state in ("", "off", "all")}
    names = {state: [row.name for row in page.context["cl"].result_list] for state, page in shown.items()}
    assert names == {"": ["Penalty"], "off": ["Gone"], "all": ["Gone", "Penalty"]}
    assert shown[""].context["states"] == [("", "In force", 1), ("off", "Switched off", 1), ("all", "All", 2)]


def test_a_mapping_is_found_by_any_of_its_keys_and_shows_how_many_it_has():
    make()
    keys = [{"bookmaker": "sportybet", "key": "901"}, {"bookmaker": "sportybet", "key": "902"}]
    UserMarketMapping.objects.update(extra_source_keys=keys)
    client = sign_in("trader")
    for term in ("902", "Penalty", "900"):
        page = client.get(LIST, {"q": term})
        assert [row.name for row in page.context["cl"].result_list] == ["Penalty"]
    assert "+2 more" in page.content.decode() and "900, 901, 902" in page.content.decode()
    assert not client.get(LIST, {"q": "903"}).context["cl"].result_list


def test_an_empty_tab_of_the_list_says_where_the_mappings_are():
    client = sign_in("trader")
    assert "No market mappings yet" in client.get(LIST).content.decode()
    make()
    UserMarketMapping.objects.update(is_active=False)
    page = client.get(LIST).content.decode()
    assert "None in force; 1 is switched off" in page and "No market mappings yet" not in page
    UserMarketMapping.objects.update(is_active=True)
    assert "None switched off; 1 is in force" in client.get(LIST, {"state": "off"}).content.decode()
