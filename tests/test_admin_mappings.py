"""Our mappings in the admin: saved through the services, audited, never lost to a second editor."""

import pytest
from django.urls import reverse

from mappings.models import MappingAuditLog, UserMarketMapping
from mappings.services import create_mapping
from tests.admin_rows import sign_in

pytestmark = pytest.mark.django_db

LIST = "/admin/mappings/usermarketmapping/"


def sent(mapping=None, **changes):
    """What the form sends for a small mapping."""
    data = {
        "canonical_id": "penalty", "name": "Penalty", "is_active": "on", "priority": "0", "kind": "simple",
        "subkind": "",
        "period": "FT", "subject": "goals", "side": "match", "line_semantics": "", "betpawa_id": "777",
        "sportybet_id": "900", "bet9ja_key": "", "extra_source_keys": "[]", "specifier_filters": "{}",
        "outcome_mapping:0:canonical_id": "yes", "outcome_mapping:0:betpawa_name": "Yes",
        "outcome_mapping:0:sportybet_desc": "Yes", "outcome_mapping:0:bet9ja_suffix": "",
        "outcome_mapping:0:sources": "{}",
        "reason": "rules read", "audit_logs-TOTAL_FORMS": "0", "audit_logs-INITIAL_FORMS": "0",
    }  # fmt: skip
    if mapping is not None:
        data["read_version"] = mapping.version
    return {**data, **changes}


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
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    mapping = UserMarketMapping.objects.get()
    assert mapping.outcome_mapping[0]["sportybet_desc"] == "Yes" and mapping.created_by == "a-trader"
    audit = MappingAuditLog.objects.get()
    assert (audit.action, audit.created_by, audit.reason) == ("CREATE", "a-trader", "rules read")


def test_a_change_is_audited_with_old_and_new():
    mapping = make()
    answer = sign_in("trader").post(f"{LIST}{mapping.pk}/change/", sent(mapping, name="Penalty awarded"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    audit = MappingAuditLog.objects.first()
    assert (audit.action, audit.old_value["name"], audit.new_value["name"]) == ("UPDATE", "Penalty", "Penalty awarded")
    assert (audit.created_by, audit.reason) == ("a-trader", "rules read")
    page = sign_in("viewer").get(f"{LIST}{mapping.pk}/change/").content.decode()
    assert "Penalty → Penalty awarded" in page and "rules read" in page


def test_the_second_editor_keeps_what_was_typed_and_overwrites_nothing():
    mapping = make()
    read = sent(mapping)
    client = sign_in("trader")
    client.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "First"})
    answer = client.post(f"{LIST}{mapping.pk}/change/", {**read, "name": "Second"})
    assert answer.status_code == 200
    assert b"Somebody changed this mapping" in answer.content and b'value="Second"' in answer.content
    assert UserMarketMapping.objects.get().name == "First"


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
    form = client.get(LIST + "add/", {"override": "over_under_ft"}).content.decode()
    assert 'value="over_under_ft"' in form and 'value="S_OU"' in form
    assert "?override=" not in sign_in("viewer").get(reverse("admin:mapping_catalogue")).content.decode()
