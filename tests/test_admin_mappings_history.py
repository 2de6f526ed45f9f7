"""A mapping's own page, its versions and their differences, restoring, switching, checking, exporting."""

import csv
import io
import json

import pytest
from django.urls import reverse

from mappings import ports
from mappings.models import MappingAuditLog, PriceAudit, UserMarketMapping
from mappings.services import create_mapping, deactivate_mapping, update_mapping
from mappings.tests.preview_builders import yes_no
from tests.admin_rows import ESCAPED, HOSTILE, sign_in
from tests.queue_pages import said

pytestmark = pytest.mark.django_db

CHANGES = "/admin/mappings/mappingauditlog/"


def make(**changes):
    values = {"name": "Penalty", "betpawa_id": "777", "sportybet_id": "900", "outcome_mapping": yes_no(), **changes}
    return create_mapping(canonical_id="penalty", values=values, user="ada", reason="first").mapping


def rename(name, user="bob"):
    update_mapping(canonical_id="penalty", changes={"name": name}, user=user, reason=f"to {name}")


def address(name, *args):
    return reverse(f"admin:mappings_{name}", args=["penalty", *args])


def audits():
    return list(MappingAuditLog.objects.filter(canonical_id="penalty").order_by("id"))


@pytest.fixture
def reapplied(monkeypatch):
    """What was asked to be applied at once."""
    asked = []

    class Stored:
        def stored_rows(self, slug, market_id):
            return type("Counts", (), {"events": 0, "markets": 0, "rows": 0})()

        def enqueue_reapply(self, canonical_id, user_name):
            asked.append((canonical_id, user_name))
            return "task-number"

    monkeypatch.setattr(ports, "_registered", Stored())
    return asked


def test_two_versions_are_compared_field_by_field_and_outcome_by_outcome():
    make()
    table = yes_no("Ja", "No")
    update_mapping(canonical_id="penalty", changes={"outcome_mapping": table, "period": "1H"}, user="bob", reason="")
    first, second = audits()
    found = sign_in("viewer").get(address("detail"), {"a": first.pk, "b": second.pk}).context["compared"]["differences"]
    assert {(one.field, one.old, one.new) for one in found} == {
        ("period", "FT", "1H"),
        ("outcome yes: SportyBet", "Yes", "Ja"),
    }


def test_an_override_is_compared_with_the_built_in_mapping():
    client = sign_in("viewer")
    update_mapping(canonical_id="over_under_ft", changes={"name": "Ours"}, user="ada", reason="")
    change = MappingAuditLog.objects.get()
    page = client.get(reverse("admin:mappings_detail", args=["over_under_ft"]), {"a": "0", "b": change.pk})
    assert [one.field for one in page.context["compared"]["differences"]] == ["name"]
    assert b"Overrides the built-in one" in page.content


def test_a_built_in_mapping_has_a_page_and_what_is_none_has_not():
    client = sign_in("viewer")
    assert client.get(reverse("admin:mappings_detail", args=["1x2_ft"])).status_code == 200
    assert client.get(reverse("admin:mappings_detail", args=["no_such"])).status_code == 404


def test_a_lead_restores_a_version_after_seeing_what_that_does():
    make()
    rename("Wrong")
    first = audits()[0]
    client = sign_in("lead")
    shown = client.get(address("restore", first.pk))
    assert [(one.field, one.old, one.new) for one in shown.context["differences"]] == [("name", "Wrong", "Penalty")]
    assert UserMarketMapping.objects.get().name == "Wrong"
    sent = {"reason": "it was right", "read_version": shown.context["version"]}
    assert client.post(address("restore", first.pk), sent).status_code == 302
    assert UserMarketMapping.objects.get().name == "Penalty"
    assert (audits()[-1].created_by, audits()[-1].batch.kind) == ("a-lead", "restore")


def test_a_version_is_not_restored_over_what_somebody_saved_meanwhile():
    make()
    rename("Wrong")
    first, read = audits()[0], UserMarketMapping.objects.get().version
    rename("Righter", "cyd")
    answer = sign_in("lead").post(address("restore", first.pk), {"reason": "back", "read_version": read})
    assert answer.status_code == 200 and "cyd" in answer.context["problems"][0]
    assert UserMarketMapping.objects.get().name == "Righter"


@pytest.mark.parametrize(
    ("role", "restore", "switch", "check"),
    [("viewer", 403, 403, 403), ("trader", 403, 302, 302), ("lead", 302, 302, 302)],
)
def test_who_may_restore_switch_and_check(role, restore, switch, check):
    make()
    rename("Wrong")
    client = sign_in(role)
    sent = {"reason": "because"}
    assert client.post(address("restore", audits()[0].pk), sent).status_code == restore
    assert client.post(address("switch"), sent).status_code == switch
    assert client.post(address("check")).status_code == check
    assert client.get(address("detail")).status_code == 200


def test_removing_an_override_says_what_is_in_force_again_and_it_can_come_back():
    update_mapping(canonical_id="over_under_ft", changes={"name": "Ours"}, user="ada", reason="")
    client, switch = sign_in("trader"), reverse("admin:mappings_switch", args=["over_under_ft"])
    shown = client.get(switch)
    assert b"Remove the override" in shown.content and b"the built-in mapping is in force again" in shown.content
    client.post(switch, {"reason": "ours was wrong", "read_version": shown.context["version"]})
    assert not UserMarketMapping.objects.get().is_active
    page = client.get(reverse("admin:mappings_detail", args=["over_under_ft"])).content
    assert b"Built in, in force" in page and b"Override is off" in page
    client.post(switch, {"reason": "it was right"})
    assert UserMarketMapping.objects.get().is_active


def test_a_mapping_is_applied_at_once_by_whoever_asks_for_it(reapplied):
    make()
    assert sign_in("viewer").post(address("apply")).status_code == 403
    assert sign_in("trader").post(address("apply")).status_code == 302
    assert reapplied == [("penalty", "a-trader")]


def test_the_price_check_shows_verdict_distance_since_when_and_the_events():
    make()
    PriceAudit.objects.create(
        source="sportybet", external_market_id="900", canonical_id="penalty", betpawa_id="777", fixtures_compared=7,
        distance=0.731, verdict="swapped", apart_since=audits()[0].created_at,
        fixtures=[{"homeTeam": "Kano Pillars", "awayTeam": HOSTILE, "distance": 0.9, "line": None,
                   "outcomes": [{"text": "Yes", "betpawaName": "No", "price": "1.2", "betpawaPrice": "4.5"}]}],
    )  # fmt: skip
    page = sign_in("viewer").get(address("detail")).content.decode()
    assert "Outcomes look swapped" in page and "0.731 on 7 events" in page and "so since" in page
    assert "Kano Pillars" in page and ESCAPED in page and "<script>alert" not in page


def test_changes_are_filtered_by_person_action_decision_mapping_and_day():
    make()
    rename("Other")
    first, second = audits()
    client = sign_in("viewer")

    def listed(**query):
        return [line[0].pk for line in client.get(CHANGES, query).context["changes"]]

    assert listed() == [second.pk, first.pk]
    assert listed(person="ada") == listed(action="CREATE") == listed(batch=first.batch_id) == [first.pk]
    assert listed(mapping="penalty", search="to Other") == [second.pk]
    assert listed(mapping="other") == listed(until="2001-01-01") == []
    assert listed(since="2001-01-01") == [second.pk, first.pk]
    for nonsense in ({"action": "NONSENSE"}, {"until": "9999-12-31"}, {"since": "0001-01-01"}):
        assert client.get(CHANGES, {**nonsense, "person": "ada"}).headers["Location"] == "?person=ada"


def test_older_changes_are_on_the_next_page(monkeypatch):
    monkeypatch.setattr("mappings.admin_changes.PER_PAGE", 2)
    make()
    rename("Two")
    rename("Three")
    client = sign_in("viewer")
    first = client.get(CHANGES).context
    rest = client.get(CHANGES, {"before": first["next_before"]}).context
    assert [line[0].pk for line in (*first["changes"], *rest["changes"])] == [one.pk for one in reversed(audits())]
    assert rest["next_before"] is None


def test_the_export_has_every_difference_and_no_formula():
    make()
    rename("=HYPERLINK(1)", user="+bob")
    client = sign_in("viewer")
    text = b"".join(client.get(f"{CHANGES}changes.csv", {"person": "+bob"}).streaming_content).decode()
    (line,) = list(csv.DictReader(io.StringIO(text)))
    assert (line["by"], line["field"], line["old"], line["new"]) == ("'+bob", "name", "Penalty", "'=HYPERLINK(1)")
    rows = json.loads(b"".join(client.get(f"{CHANGES}changes.json").streaming_content))
    assert [row["action"] for row in rows] == ["UPDATE", "CREATE"] and rows[0]["new"]["name"] == "=HYPERLINK(1)"
    assert json.loads(b"".join(client.get(f"{CHANGES}changes.json", {"mapping": "x"}).streaming_content)) == []


def test_an_export_reads_on_beyond_what_it_holds_at_once(monkeypatch):
    monkeypatch.setattr("mappings.admin_changes.READ_AT_ONCE", 2)
    make()
    for number in range(4):
        rename(f"Name {number}")
    rows = json.loads(b"".join(sign_in("viewer").get(f"{CHANGES}changes.json").streaming_content))
    assert [row["id"] for row in rows] == [one.pk for one in reversed(audits())]


def test_a_restore_says_why_it_needs_a_reason_and_a_number_key_gives_a_usual_one(monkeypatch):
    make()
    rename("Two")
    page, client = address("restore", audits()[0].pk), sign_in("lead")
    monkeypatch.setattr("mappings.admin_history.why_a_reason", lambda preview: "41 stored rows would change.")
    monkeypatch.setattr("mappings.preview.Preview.needs_reason", True)
    assert "needed here: 41 stored rows would change." in client.get(page).content.decode()
    read = UserMarketMapping.objects.get().version
    refused = client.post(page, {"reason": "", "read_version": read})
    assert refused.context["problems"] == ["A reason is needed: 41 stored rows would change."]
    filled = client.post(page, {"do": "reason:0", "reason": "", "read_version": read})
    assert filled.context["reason"] and UserMarketMapping.objects.get().name == "Two"
    assert client.post(page, {"reason": filled.context["reason"], "read_version": read}).status_code == 302


def test_the_tick_that_applies_it_at_once_outlives_a_usual_reason_and_a_refusal(reapplied, monkeypatch):
    make()
    monkeypatch.setattr("mappings.preview.Preview.needs_reason", True)
    page, client = address("switch"), sign_in("trader")
    ticked = 'name="apply" value="1" checked'
    assert ticked not in client.get(page).content.decode()
    sent = {"reason": "", "apply": "1", "read_version": UserMarketMapping.objects.get().version}
    for posted in (sent, sent | {"do": "reason:0"}):
        shown = client.post(page, posted)
        assert ticked in shown.content.decode() and not reapplied
    client.post(page, sent | {"reason": shown.context["reason"]})
    assert reapplied == [("penalty", "a-trader")]


def test_what_switched_a_mapping_off_reads_so_in_its_difference_too():
    make()
    deactivate_mapping(canonical_id="penalty", user="bob", reason="prices are wrong")
    page = sign_in("viewer").get(CHANGES)
    _, _, (title, *_), (one,) = page.context["changes"][0]
    assert (title, one.field, one.old, one.new) == ("Switched off", "state", "in force", "switched off")
    assert "switched on" not in page.content.decode()


def test_switching_one_off_has_its_usual_reasons_and_offers_its_undo_where_it_is_said():
    make()
    client, switch = sign_in("trader"), address("switch")
    chosen = client.post(switch, {"do": "reason:1"})
    assert "Prices are wrong" in chosen.content.decode() and chosen.context["reason"] == "Not the same market"
    answer = client.post(switch, {"reason": chosen.context["reason"]}, follow=True)
    assert said(answer) == "Penalty is switched off." and "data-undo-offer" in answer.content.decode()
    client.post(reverse("admin:mappings_undo"), {"batch": answer.context["said"]["batch"]})
    assert UserMarketMapping.objects.get().is_active
