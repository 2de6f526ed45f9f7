"""Mappings over the API: built-in and people's, changes audited, nothing deleted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mappings.models import MappingAuditLog, UnmappedMarketLog, UserMarketMapping
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db

NEW = {
    "canonicalId": "corners_3way_1h",
    "name": "Corners 1X2 - First Half",
    "bet9jaKey": "S_3CM",
    "betpawaId": "777001",
    "outcomeMapping": [
        {"canonicalId": "home", "betpawaName": "1", "bet9jaSuffix": "1"},
        {"canonicalId": "draw", "betpawaName": "X", "bet9jaSuffix": "X"},
        {"canonicalId": "away", "betpawaName": "2", "bet9jaSuffix": "2"},
    ],
    "reason": "Seen on every match",
}


@pytest.fixture
def trader(db):
    return client_of("trader")


def test_a_mapping_is_made_shown_changed_and_switched_off_with_its_audit(trader):
    made = trader.post("/api/mappings", NEW)
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["source"] == "db" and body["overrides"] is False and body["isActive"] is True
    assert [outcome["position"] for outcome in body["outcomeMapping"]] == [0, 1, 2]
    path = "/api/mappings/corners_3way_1h"
    assert trader.get(path).json() == body
    changed = trader.patch(path, {"priority": 20, "version": body["version"], "reason": "Wins over the other"}).json()
    assert changed["priority"] == 20 and changed["version"] == body["version"] + 1
    off = trader.delete(path, {"reason": "Wrong market"})
    assert off.status_code == 200 and off.json()["isActive"] is False
    log = trader.get("/api/mappings/audit-log?canonicalId=corners_3way_1h").json()
    assert [(row["action"], row["createdBy"], row["reason"]) for row in log["items"]] == [
        ("DEACTIVATE", "trader", "Wrong market"),
        ("UPDATE", "trader", "Wins over the other"),
        ("CREATE", "trader", "Seen on every match"),
    ]
    assert log["items"][1]["oldValue"]["priority"] == 0
    assert UserMarketMapping.objects.count() == 1


def test_a_second_editor_of_one_version_is_told(trader):
    version = trader.post("/api/mappings", NEW).json()["version"]
    path = "/api/mappings/corners_3way_1h"
    assert trader.patch(path, {"priority": 1, "version": version}).status_code == 200
    refused = trader.patch(path, {"priority": 2, "version": version})
    assert refused.status_code == 409
    assert refused.json()["version"] == version + 1


def test_changing_a_built_in_entry_makes_a_row_that_overrides_it(trader):
    before = trader.get("/api/mappings/1x2_ft").json()
    assert before["source"] == "code" and before["version"] == 0
    after = trader.patch("/api/mappings/1x2_ft", {"name": "Full time result"}).json()
    assert after["source"] == "db" and after["overrides"] is True
    assert after["outcomeMapping"] == before["outcomeMapping"]
    listed = trader.get("/api/mappings?search=1x2_ft").json()["items"]
    assert [row["name"] for row in listed if row["canonicalId"] == "1x2_ft"] == ["Full time result"]
    trader.delete("/api/mappings/1x2_ft")
    listed = trader.get("/api/mappings?search=1x2_ft").json()["items"]
    assert [row["source"] for row in listed if row["canonicalId"] == "1x2_ft"] == ["code"]


def test_a_built_in_entry_cannot_be_switched_off(trader):
    assert trader.delete("/api/mappings/1x2_ft").status_code == 400
    assert trader.delete("/api/mappings/no_such_market").status_code == 404
    assert trader.patch("/api/mappings/no_such_market", {"priority": 1}).status_code == 404
    assert trader.get("/api/mappings/no_such_market").status_code == 404


def test_a_mapping_settles_its_rows_of_the_queue(trader):
    row = UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_3CM", market_name="3-way corners")
    body = {name: value for name, value in NEW.items() if name != "bet9jaKey"}
    made = trader.post("/api/mappings", {**body, "unmappedIds": [row.pk]})
    assert made.status_code == 201, made.content
    assert made.json()["bet9jaKey"] == "S_3CM"
    shown = trader.get(f"/api/unmapped/{row.pk}").json()
    assert shown["status"] == "MAPPED" and shown["mappedTo"] == "corners_3way_1h"
    missing = trader.post("/api/mappings", {**body, "unmappedIds": [999_999]})
    assert missing.status_code == 400 and "unmappedIds" in missing.json()["errors"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"canonicalId": "with space"}, "canonicalId"),
        ({"canonicalId": "li\nne"}, "canonicalId"),
        ({"canonicalId": None}, "canonicalId"),
        ({"outcomeMapping": []}, "outcomeMapping"),
        ({"outcomeMapping": [{"canonicalId": "home", "price": 2}]}, "outcomeMapping[0].price"),
        ({"outcomeMapping": {"home": "1"}}, "outcomeMapping"),
        ({"outcomeMapping": [NEW["outcomeMapping"][0]] * 2}, "outcomeMapping"),
        ({"outcomeMapping": ["home"]}, "outcomeMapping[0]"),
        ({"kind": "guess"}, "kind"),
        ({"lineSemantics": "sometimes"}, "lineSemantics"),
        ({"priority": 10**12}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"isActive": "yes"}, "isActive"),
        ({"extraSourceKeys": [{"bookmaker": "bet9ja"}]}, "extraSourceKeys[0].key"),
        ({"specifierFilters": [1]}, "specifierFilters"),
        ({"createdBy": "somebody"}, "createdBy"),
        ({"createdAt": "2020-01-01T00:00:00Z"}, "createdAt"),
        ({"bet9ja_key": "S_3CM"}, "bet9ja_key"),
        ({"name": 7}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
    ],
)
def test_a_bad_mapping_is_refused_by_the_field(trader, change, named):
    response = trader.post("/api/mappings", {**NEW, **change})
    assert response.status_code == 400, response.content
    assert any(name.startswith(named) for name in response.json()["errors"]), response.json()
    assert not UserMarketMapping.objects.exists()
    assert not MappingAuditLog.objects.exists()


def test_the_list_holds_each_market_once(trader):
    listed = trader.get("/api/mappings?pageSize=100").json()
    second = trader.get("/api/mappings?pageSize=100&page=2").json()
    ids = [row["canonicalId"] for row in listed["items"] + second["items"]]
    assert len(ids) == len(set(ids)) == listed["total"] > 100
    assert ids == sorted(ids)
    assert trader.get("/api/mappings?source=db").json()["total"] == 0
    one = trader.get("/api/mappings?platform=bet9ja&search=S_1X2").json()["items"]
    assert "1x2_ft" in [row["canonicalId"] for row in one]
    assert trader.get("/api/mappings?isActive=false").json()["total"] == 0


def test_stats_count_what_is_in_force(trader):
    UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_3CM")
    built_in = trader.get("/api/mappings/stats").json()
    trader.post("/api/mappings", NEW)
    after = trader.get("/api/mappings/stats").json()
    assert after["total"] == built_in["total"] + 1 and after["user"] == 1
    assert after["builtIn"] == built_in["builtIn"]
    assert after["byPlatform"]["bet9ja"] == built_in["byPlatform"]["bet9ja"] + 1
    assert after["unmappedByStatus"] == {"NEW": 1, "ACKNOWLEDGED": 0, "MAPPED": 0, "IGNORED": 0}
    assert after["version"] > built_in["version"]


def test_reloading_is_for_leads(trader):
    assert trader.post("/api/mappings/reload").status_code == 403
    body = client_of("lead").post("/api/mappings/reload").json()
    assert body["mappingCount"] > 100 and body["reloadedAt"].endswith("Z")


@pytest.mark.parametrize("body", [{"force": True}, [1], "now"])
def test_reloading_takes_no_body(db, body):
    answer = client_of("lead").post("/api/mappings/reload", body, format="json")
    assert answer.status_code == 400 and answer.json()["code"] == "invalid"
    if isinstance(body, dict):
        assert list(answer.json()["errors"]) == ["force"]


@pytest.mark.parametrize("path", ["/api/mappings?source=db", "/api/mappings/audit-log"])
def test_a_list_costs_the_same_with_one_row_and_with_fifteen(trader, path):
    def make(number):
        name = f"market_{number}"
        UserMarketMapping.objects.create(canonical_id=name, name=name, bet9ja_key=f"S_{number}")

    make(0)
    trader.get(path)
    with CaptureQueriesContext(connection) as one:
        trader.get(path)
    for number in range(1, 15):
        make(number)
    with CaptureQueriesContext(connection) as fifteen:
        assert trader.get(path).json()["total"] == 15
    assert len(one) == len(fifteen) < 8


def test_a_market_of_betpawas_is_found_by_what_traders_type(trader):
    found = trader.get("/api/mappings/search?q=o25").json()["items"]
    assert found[0]["canonicalId"] == "over_under_ft" and found[0]["line"] == "2.5"
    assert trader.get("/api/mappings/search").status_code == 400


def test_a_version_of_a_built_in_entry_is_checked_like_any_other(trader):
    path = "/api/mappings/1x2_ft"
    assert trader.patch(path, {"name": "Mine", "version": 3}).status_code == 409
    assert not UserMarketMapping.objects.exists()
    assert trader.patch(path, {"name": "Mine", "version": 0}).json()["version"] == 1
    refused = trader.patch(path, {"name": "Theirs", "version": 0})
    assert refused.status_code == 409
    assert [change["field"] for change in refused.json()["changes"]] == ["name"]


def test_a_mapping_made_for_rows_of_the_queue_needs_a_reason_as_mapping_them_does(trader):
    """Its key feeds another mapping already: that is a warning, and not wide."""
    assert trader.post("/api/mappings", NEW).status_code == 201
    row = UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_3CM", market_name="Corners")
    other = {**NEW, "canonicalId": "corners_again", "unmappedIds": [row.pk]}
    del other["reason"]
    by_mapping = trader.post("/api/mappings", other)
    values = {name: NEW[name] for name in ("name", "betpawaId", "outcomeMapping")}
    by_row = trader.post(f"/api/unmapped/{row.pk}/map", {"canonicalId": "corners_again", "values": values})
    assert [answer.status_code for answer in (by_mapping, by_row)] == [409, 409], by_mapping.content
    assert by_mapping.json()["code"] == by_row.json()["code"] == "reason_required"
    assert trader.post("/api/mappings", {**other, "reason": "Looked"}).status_code == 201


def test_what_would_be_refused_is_refused_and_no_reason_asked_for(trader):
    trader.post("/api/mappings", NEW)
    twice = [NEW["outcomeMapping"][0], {**NEW["outcomeMapping"][1], "bet9jaSuffix": "1"}]
    answer = trader.patch("/api/mappings/corners_3way_1h", {"outcomeMapping": twice})
    assert answer.status_code == 400, answer.content
