"""What was decided, over the API: read, taken back, restored; rules, packs, checks."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings import services
from mappings.models import (
    CoverageSample,
    DecisionBatch,
    IgnoreRule,
    MappingAuditLog,
    PriceAudit,
    SuggestionOutcome,
    UnmappedMarketLog,
    UserMarketMapping,
)
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db

OUTCOMES = [{"canonical_id": name, "betpawa_name": name, "position": n} for n, name in enumerate("1X2")]


@pytest.fixture
def trader(db):
    return client_of("trader")


@pytest.fixture
def lead(db):
    return client_of("lead")


def make_rows(count, **fields):
    make = UnmappedMarketLog.objects.create
    return [make(source="bet9ja", external_market_id=f"S_{n}", **fields) for n in range(count)]


def make_mapping(canonical_id="corners_x", user="trader", **values):
    given = {"name": "Corners X", "betpawa_id": "777001", "bet9ja_key": "S_CX", "outcome_mapping": OUTCOMES, **values}
    return services.create_mapping(canonical_id=canonical_id, values=given, user=user).mapping


# --- Decisions ------------------------------------------------------------------------------------


def test_decisions_are_listed_by_kind_person_and_whether_they_stand(trader):
    rows = make_rows(2)
    ids = [row.pk for row in rows]
    services.acknowledge(ids=ids, user="trader", reason="Later")
    ignored = services.ignore(ids=ids, user="ada").batch_id
    undo = services.undo_batch(ignored, "ada").batch_id
    everything = trader.get("/api/mappings/decisions").json()
    assert [found["kind"] for found in everything["items"]] == ["undo", "ignore", "acknowledge"]
    newest, middle, first = everything["items"]
    assert newest["undoes"] == ignored and middle["undoneBy"] == undo and first["reason"] == "Later"
    assert first["itemCount"] == 2 and first["actor"] == "trader"
    assert trader.get("/api/mappings/decisions?kind=ignore,undo").json()["total"] == 2
    assert trader.get("/api/mappings/decisions?actor=me").json()["total"] == 1
    assert trader.get("/api/mappings/decisions?isUndone=false").json()["total"] == 2
    assert trader.get("/api/mappings/decisions?kind=guess").status_code == 400


def test_a_list_of_decisions_costs_the_same_with_one_and_with_fifteen(trader):
    (row,) = make_rows(1)

    def decide():
        services.reopen(ids=[row.pk], user="ada")
        services.ignore(ids=[row.pk], user="ada")

    decide()
    trader.get("/api/mappings/decisions")
    with CaptureQueriesContext(connection) as few:
        trader.get("/api/mappings/decisions")
    for _ in range(7):
        decide()
    with CaptureQueriesContext(connection) as many:
        assert trader.get("/api/mappings/decisions").json()["total"] == 15
    assert len(few) == len(many) < 8


def test_a_decision_shows_every_change_a_hundred_at_a_time(trader):
    batch_id = services.acknowledge(ids=[row.pk for row in make_rows(101)], user="ada").batch_id
    path = f"/api/mappings/decisions/{batch_id}"
    first = trader.get(path).json()
    assert len(first["queueChanges"]) == 100 and first["mappingChanges"] == []
    second = trader.get(f"{path}?after={first['nextAfter']}").json()
    assert len(second["queueChanges"]) == 1 and second["nextAfter"] is None
    assert {"field": "status", "old": "NEW", "new": "ACKNOWLEDGED"} in second["queueChanges"][0]["changes"]
    assert trader.get("/api/mappings/decisions/999999").status_code == 404


def test_traders_undo_their_own_leads_undo_everybodys(trader, lead):
    rows = make_rows(2)
    own = services.ignore(ids=[rows[0].pk], user="trader").batch_id
    others = services.ignore(ids=[rows[1].pk], user="ada").batch_id
    refused = trader.post(f"/api/mappings/decisions/{others}/undo", {})
    assert refused.status_code == 403 and "ada" in refused.json()["detail"]
    rehearsed = trader.post(f"/api/mappings/decisions/{own}/undo", {"dryRun": True}).json()
    assert rehearsed["batchId"] is None and rehearsed["counts"] == {"restored": 1}
    undone = trader.post(f"/api/mappings/decisions/{own}/undo", {"reason": "Slip"}).json()
    assert undone["undoes"] == own and undone["items"][0]["kind"] == "queue"
    again = trader.post(f"/api/mappings/decisions/{own}/undo", {})
    assert again.status_code == 409 and again.json()["code"] == "already_undone"
    assert lead.post(f"/api/mappings/decisions/{others}/undo", {}).status_code == 200
    assert set(UnmappedMarketLog.objects.values_list("status", flat=True)) == {"NEW"}


def test_an_undo_that_would_overwrite_somebody_is_refused_by_item_and_can_be_done_partly(trader):
    rows = make_rows(2)
    batch_id = services.acknowledge(ids=[row.pk for row in rows], user="trader").batch_id
    services.ignore(ids=[rows[0].pk], user="ada")
    refused = trader.post(f"/api/mappings/decisions/{batch_id}/undo", {})
    problem = refused.json()
    assert refused.status_code == 409 and problem["code"] == "refused"
    assert problem["counts"] == {"refused": 1, "restored": 1}
    assert any("ada" in item["detail"] for item in problem["items"])
    done = trader.post(f"/api/mappings/decisions/{batch_id}/undo", {"partly": True}).json()
    assert done["counts"] == {"refused": 1, "restored": 1} and done["batchId"]


def test_undoing_the_last_goes_back_step_by_step(trader):
    (row,) = make_rows(1)
    services.acknowledge(ids=[row.pk], user="trader")
    services.ignore(ids=[row.pk], user="trader")
    statuses = []
    for _ in range(2):
        assert trader.post("/api/mappings/decisions/undo-last", {}).status_code == 200
        row.refresh_from_db()
        statuses.append(row.status)
    assert statuses == ["ACKNOWLEDGED", "NEW"]
    nothing = trader.post("/api/mappings/decisions/undo-last", {})
    assert nothing.status_code == 409 and nothing.json()["code"] == "nothing_to_undo"


# --- Versions -------------------------------------------------------------------------------------


def test_a_lead_makes_a_mapping_what_a_version_was(lead):
    make_mapping()
    services.update_mapping(canonical_id="corners_x", changes={"priority": 9}, user="ada", reason="First")
    path = "/api/mappings/corners_x"
    newest, oldest = lead.get(f"{path}/versions").json()["items"]
    assert newest["action"] == "UPDATE" and newest["createdBy"] == "ada" and newest["reason"] == "First"
    assert newest["changes"] == [{"field": "priority", "old": 0, "new": 9}] and newest["batchId"]
    stale = lead.post(f"{path}/restore", {"auditId": oldest["id"], "version": oldest["version"]})
    problem = stale.json()
    assert stale.status_code == 409 and problem["code"] == "stale" and problem["changedBy"] == "ada"
    assert [change["field"] for change in problem["changes"]] == ["priority"]
    rehearsed = lead.post(f"{path}/restore", {"auditId": oldest["id"], "dryRun": True}).json()
    assert rehearsed == {"outcome": "updated", "changedFields": ["priority"], "batchId": None, "dryRun": True}
    assert lead.post(f"{path}/restore", {"auditId": oldest["id"], "reason": "Back"}).json()["batchId"]
    assert UserMarketMapping.objects.get().priority == 0
    unknown = lead.post(f"{path}/restore", {"auditId": 999_999})
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "There is no such version.")
    assert lead.get("/api/mappings/1x2_ft/versions").json()["total"] == 0
    assert lead.get("/api/mappings/no_such/versions").status_code == 404


def test_the_audit_log_is_read_by_decision(lead):
    make_mapping()
    make_mapping("corners_y", bet9ja_key="S_CY")
    batch_id = DecisionBatch.objects.latest("id").pk
    (entry,) = lead.get(f"/api/mappings/audit-log?batchId={batch_id}").json()["items"]
    assert entry["canonicalId"] == "corners_y" and entry["batchId"] == batch_id and entry["mappingVersion"]


# --- Previews, applying, checks -------------------------------------------------------------------


def test_a_preview_has_the_form_that_the_schema_says_and_writes_nothing(trader):
    from mappings.api.preview_serializers import ImpactSerializer, PreviewSerializer

    make_mapping()
    before = MappingAuditLog.objects.count()
    body = trader.post("/api/mappings/preview", {"canonicalId": "corners_x", "values": {"priority": 3}}).json()
    assert set(body) == set(PreviewSerializer().fields)
    assert set(body["impact"]) == set(ImpactSerializer().fields)
    assert body["changes"] == [{"field": "priority", "old": 0, "new": 3}]
    assert MappingAuditLog.objects.count() == before


def test_applying_a_mapping_is_a_task(trader):
    make_mapping()
    answer = trader.post("/api/mappings/corners_x/apply")
    assert answer.status_code == 202 and answer.json()["taskId"] and answer.json()["mappingVersion"]
    assert trader.post("/api/mappings/no_such/apply").status_code == 404


def test_the_price_check_of_a_mapping_is_read_and_made_now(trader):
    make_mapping()
    path = "/api/mappings/corners_x/price-check"
    assert trader.get(path).json() == {"items": []}
    made = trader.post(path).json()
    assert [(found["externalMarketId"], found["verdict"]) for found in made["items"]] == [("S_CX", "unclear")]
    assert made["opened"] == 0 and PriceAudit.objects.count() == 1
    assert trader.get(path).json()["items"] == made["items"]


def test_coverage_and_precision_are_shares(trader):
    CoverageSample.objects.create(
        bookmaker_slug="bet9ja", types_seen=4, types_mapped=1, markets_seen=100, markets_mapped=90
    )
    body = trader.get("/api/mappings/coverage").json()
    (now,), (line,) = body["now"], body["curve"]
    assert (now["platform"], now["byType"], now["byEvent"], now["marketsSeen"]) == ("bet9ja", 0.25, 0.9, 100)
    assert line["platform"] == "bet9ja" and line["points"][0]["byEvent"] == 0.9
    assert line["points"][0]["at"].endswith("Z")
    for chosen in ("7", "8"):
        SuggestionOutcome.objects.create(
            source="bet9ja", external_market_id="S", offered_betpawa_id="7", confidence=0.99, band="strong",
            chosen_betpawa_id=chosen, chosen_rank=1, decided_by="ada",
        )  # fmt: skip
    (found,) = trader.get("/api/mappings/suggestion-precision").json()["items"]
    assert found == {
        "platform": "bet9ja", "band": "strong", "offered": 2, "accepted": 1, "among": 2, "rejected": 0,
        "noCounterpart": 0, "precision": 0.5,
    }  # fmt: skip


# --- Rules ----------------------------------------------------------------------------------------


def test_a_rule_is_previewed_made_changed_and_deleted(trader):
    rows = make_rows(3, market_name="Player to score")
    conditions = {"nameContains": "player", "source": "bet9ja"}
    path = "/api/unmapped/ignore-rules"
    assert trader.post(f"{path}/preview", {"conditions": conditions}).json()["count"] == 3
    made = trader.post(path, {"name": "Players", "conditions": conditions, "until": {"kind": "events", "atLeast": 9}})
    assert made.status_code == 201, made.content
    rule = made.json()["rule"]
    assert made.json()["ignored"] == 3 and rule["conditions"] == conditions and rule["version"] == 1
    assert trader.get(f"/api/unmapped/{rows[0].pk}").json()["ignoredByRule"] == rule["id"]
    assert [found["name"] for found in trader.get(path).json()["items"]] == ["Players"]
    one = f"{path}/{rule['id']}"
    changed = trader.patch(one, {"isActive": False, "reopenRows": True, "version": 1}).json()
    assert changed["reopened"] == 3 and changed["rule"]["isActive"] is False and changed["batchId"]
    stale = trader.patch(one, {"name": "P", "version": 1})
    assert stale.status_code == 409 and stale.json()["code"] == "stale" and stale.json()["version"] == 2
    assert trader.patch(one, {}).status_code == 400
    gone = trader.delete(one, {"version": 2}).json()
    assert gone["outcome"] == "deleted" and gone["rule"]["id"] == rule["id"]
    assert trader.get(one).status_code == 404
    assert trader.post(f"/api/mappings/decisions/{gone['batchId']}/undo", {}).status_code == 200
    assert IgnoreRule.objects.get().pk == rule["id"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": "R"}, "conditions"),
        ({"name": "R", "conditions": {}}, "conditions"),
        ({"name": "R", "conditions": {"name_contains": "x"}}, "conditions.name_contains"),
        ({"name": "R", "conditions": {"keyFrom": "7"}}, "conditions.keyFrom"),
        ({"name": "R", "conditions": {"keyFrom": 9, "keyTo": 7}}, "conditions"),
        ({"name": "", "conditions": {"family": "x"}}, "name"),
        ({"name": "R", "conditions": {"family": "x"}, "until": {"kind": "date"}}, "until"),
    ],
)
def test_a_rule_that_is_not_said_properly_is_refused_by_name(trader, body, named):
    refused = trader.post("/api/unmapped/ignore-rules", body)
    assert refused.status_code == 400 and named in refused.json()["errors"], refused.json()
    assert not IgnoreRule.objects.exists()


# --- Packs ----------------------------------------------------------------------------------------


def test_a_pack_goes_round_to_the_same_bytes(lead):
    make_mapping()
    file = lead.get("/api/mappings/pack").content
    UserMarketMapping.objects.all().delete()
    pack = json.loads(file)
    diff = lead.post("/api/mappings/pack/review", {"pack": pack}).json()
    assert [item["id"] for item in diff["created"]] == ["corners_x"] and diff["problems"] == []
    assert diff["checksum"] == pack["checksum"]
    made = lead.post("/api/mappings/pack", {"pack": pack, "reason": "From staging"}).json()
    assert made["batchId"] and made["checksum"] == pack["checksum"]
    assert lead.get("/api/mappings/pack").content == file
    again = lead.post("/api/mappings/pack", {"pack": pack, "reason": "From staging"}).json()
    assert again["batchId"] is None


def test_a_pack_that_was_changed_is_refused_with_every_problem(lead):
    make_mapping()
    pack = json.loads(lead.get("/api/mappings/pack?withDecisions=true").content)
    pack["content"]["mappings"][0]["name"] = "Other"
    refused = lead.post("/api/mappings/pack", {"pack": pack, "reason": "x"})
    assert refused.status_code == 422 and refused.json()["code"] == "pack_refused"
    assert len(refused.json()["problems"]) == 1


def test_a_pack_may_be_larger_than_other_bodies(lead, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 300
    make_mapping()
    pack = json.loads(lead.get("/api/mappings/pack").content)
    assert lead.post("/api/mappings/pack/review", {"pack": pack}).status_code == 200
    assert lead.post("/api/mappings", {"canonicalId": "x", "name": "y" * 400}).status_code == 413


def test_a_reason_is_asked_for_where_stored_rows_change(trader, monkeypatch):
    from mappings import ports
    from mappings.tests.preview_builders import Counted, Stored

    make_mapping()
    monkeypatch.setattr(ports, "_registered", Stored({("bet9ja", "777001"): Counted(300, 1, 300)}))
    path = "/api/mappings/corners_x"
    for refused in (trader.patch(path, {"bet9jaKey": "S_OTHER"}), trader.delete(path)):
        assert refused.status_code == 409 and refused.json()["code"] == "reason_required"
        assert refused.json()["preview"]["impact"]["rows"] == 300
    assert trader.patch(path, {"bet9jaKey": "S_OTHER", "reason": "Renamed"}).status_code == 200
    assert UserMarketMapping.objects.get().updated_at <= timezone.now()
