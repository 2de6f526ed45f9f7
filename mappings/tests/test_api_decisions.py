"""Decisions over the API: about one row, about thousands, mapped, refused, rehearsed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings import bulk, services
from mappings.actions import ACTIONS
from mappings.models import DecisionBatch, MarketSuggestion, RejectedPair, UnmappedMarketLog, UserMarketMapping
from oddsproject.api.tests.people import client_of
from oddsproject.realtime.models import Notice

pytestmark = pytest.mark.django_db

TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()
OUTCOMES = [{"canonicalId": name, "betpawaName": name, "bet9jaSuffix": name} for name in "1X2"]


@pytest.fixture
def trader(db):
    return client_of("trader")


def make_rows(count, **fields):
    return [
        UnmappedMarketLog.objects.create(
            source="bet9ja", external_market_id=f"S_{n}", market_name=f"Market {n}", **fields
        )
        for n in range(count)
    ]


def bulk_of(client, **body):
    return client.post("/api/unmapped/bulk", body)


# --- One row --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "body", "tab"),
    [
        ("acknowledge", {}, "ACKNOWLEDGED"),
        ("ignore", {"reason": "Players"}, "IGNORED"),
        ("ignore", {"until": {"kind": "events", "atLeast": 40}}, "IGNORED"),
        ("snooze", {"until": TOMORROW}, "SNOOZED"),
        ("claim", {"minutes": 5}, "NEW"),
    ],
)
def test_a_decision_about_one_row_says_what_undoes_it(trader, what, body, tab):
    (row,) = make_rows(1)
    answer = trader.post(f"/api/unmapped/{row.pk}/{what}", body)
    assert answer.status_code == 200, answer.content
    made = answer.json()
    assert made["result"]["outcome"] == "changed" and made["item"]["tab"] == tab
    assert DecisionBatch.objects.get(pk=made["batchId"]).actor == "trader"
    assert services.undo_batch(made["batchId"], "trader").done
    again = trader.get(f"/api/unmapped/{row.pk}").json()
    assert again["tab"] == "NEW" and again["claimedBy"] is None


def test_a_condition_is_shown_as_it_was_said(trader):
    (row,) = make_rows(1, event_count=12)
    item = trader.post(f"/api/unmapped/{row.pk}/ignore", {"until": {"kind": "events"}}).json()["item"]
    assert item["ignoreUntil"] == {"kind": "events", "from": 12, "atLeast": 24}


@pytest.mark.parametrize(
    ("what", "body", "named"),
    [
        ("snooze", {}, "until"),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, "until"),
        ("snooze", {"until": "soon"}, "until"),
        ("snooze", {"until": {"kind": "events"}}, "until"),
        ("ignore", {"until": {"kind": "whenever"}}, "until"),
        ("ignore", {"until": 7}, "until"),
        ("claim", {"minutes": 0}, "minutes"),
        ("acknowledge", {"until": TOMORROW}, "until"),
        ("accept-best", {"bands": ["sure"]}, "bands"),
        ("suggestions/reject", {}, "betpawaId"),
        ("map", {}, "body"),
        ("map", {"canonicalId": "x", "betpawaId": "1"}, "body"),
        ("map", {"betpawaId": "1", "values": {"name": "x"}}, "values"),
        ("map", {"betpawaId": "no such"}, "betpawaId"),
        ("map", {"canonicalId": "x", "values": {"colour": "red"}}, "values.colour"),
    ],
)
def test_a_decision_that_is_not_said_properly_changes_nothing(trader, what, body, named):
    (row,) = make_rows(1)
    refused = trader.post(f"/api/unmapped/{row.pk}/{what}", body)
    assert refused.status_code == 400, refused.content
    assert any(name.startswith(named) for name in refused.json()["errors"]), refused.json()
    assert not DecisionBatch.objects.exists()


def test_who_comes_second_reads_who_was_first_and_what_it_changed(trader):
    (row,) = make_rows(1)
    services.ignore(ids=[row.pk], user="ada")
    refused = trader.post(f"/api/unmapped/{row.pk}/acknowledge", {"version": row.version})
    problem = refused.json()
    assert refused.status_code == 409 and problem["code"] == "stale"
    assert problem["changedBy"] == "ada" and problem["version"] == row.version + 1
    assert {"field": "status", "old": "NEW", "new": "IGNORED"} in problem["changes"]


def test_a_colleagues_claim_is_theirs_unless_a_lead_takes_it_over(trader):
    (row,) = make_rows(1)
    services.claim(ids=[row.pk], user="ada")
    refused = trader.post(f"/api/unmapped/{row.pk}/claim", {})
    assert refused.status_code == 409 and refused.json()["code"] == "refused" and "ada" in refused.json()["detail"]
    forced = trader.post(f"/api/unmapped/{row.pk}/claim", {"force": True})
    assert forced.status_code == 403 and "lead" in forced.json()["detail"]
    taken = client_of("lead").post(f"/api/unmapped/{row.pk}/claim", {"force": True}).json()
    assert taken["item"]["claimedBy"] == "lead"


def test_a_rejected_pair_is_not_suggested_any_more(trader):
    (row,) = make_rows(1)
    MarketSuggestion.objects.create(
        unmapped=row, rank=1, betpawa_id="7", name="x", confidence=0.9, band="strong", score=1
    )
    made = trader.post(f"/api/unmapped/{row.pk}/suggestions/reject", {"betpawaId": "7"}).json()
    assert made["result"]["outcome"] == "changed" and made["item"]["suggestions"] == []
    assert RejectedPair.objects.get().rejected_by == "trader"


# --- Mapping --------------------------------------------------------------------------------------


def new_market(**more):
    return {
        "canonicalId": "corners_x",
        "values": {"name": "Corners X", "betpawaId": "777001", "outcomeMapping": OUTCOMES},
        "reason": "Seen",
        **more,
    }


def test_a_market_is_mapped_to_a_new_one_in_one_decision(trader):
    (row,) = make_rows(1)
    rehearsed = trader.post(f"/api/unmapped/{row.pk}/map", new_market(dryRun=True)).json()
    assert rehearsed["change"] == "created" and rehearsed["canSave"] is True
    assert not UserMarketMapping.objects.exists() and not DecisionBatch.objects.exists()
    made = trader.post(f"/api/unmapped/{row.pk}/map", new_market(version=row.version))
    assert made.status_code == 200, made.content
    body = made.json()
    assert body["item"]["status"] == "MAPPED" and body["item"]["mappedTo"] == "corners_x"
    assert body["mapping"]["bet9jaKey"] == "S_0" and body["takenFrom"] == []
    assert services.undo_batch(body["batchId"], "trader").counts == {"restored": 2}


def test_a_suggested_market_is_taken_by_its_betpawa_id(trader):
    (row,) = make_rows(1, sample_outcomes=[{"text": "1"}, {"text": "2"}])
    pairing = [
        {"canonicalId": f"o{n}", "betpawaName": name, "text": name, "label": name, "flag": ""}
        for n, name in enumerate("12")
    ]
    MarketSuggestion.objects.create(
        unmapped=row,
        rank=1,
        betpawa_id="777002",
        name="Odd corner",
        confidence=0.9,
        band="strong",
        score=1,
        pairing=pairing,
    )
    body = trader.post(f"/api/unmapped/{row.pk}/map", {"betpawaId": "777002", "reason": "Seen"}).json()
    assert body["item"]["mappedTo"] == "odd_corner" and body["mapping"]["betpawaId"] == "777002"


def test_where_much_would_change_a_reason_is_asked_for_with_the_preview(trader):
    (row,) = make_rows(1, event_count=5000, last_seen_at=timezone.now())
    refused = trader.post(f"/api/unmapped/{row.pk}/map", new_market(reason=""))
    problem = refused.json()
    assert refused.status_code == 409 and problem["code"] == "reason_required"
    assert problem["preview"]["needsReason"] is True and problem["preview"]["impact"]["events"] == 5000
    assert not UserMarketMapping.objects.exists()
    asked = {**new_market(), "unmappedIds": [row.pk], **new_market()["values"], "reason": ""}
    del asked["values"]
    assert trader.post("/api/mappings", asked).json()["code"] == "reason_required"
    assert trader.post(f"/api/unmapped/{row.pk}/map", new_market()).status_code == 200


def test_a_stale_row_is_not_mapped(trader):
    (row,) = make_rows(1)
    services.acknowledge(ids=[row.pk], user="ada")
    refused = trader.post(f"/api/unmapped/{row.pk}/map", new_market(version=row.version))
    assert refused.status_code == 409 and refused.json()["code"] == "stale"
    assert not UserMarketMapping.objects.exists()


# --- Many rows ------------------------------------------------------------------------------------


def test_a_bulk_answers_for_every_row_in_the_order_asked(trader):
    first, second, mapped = make_rows(3)
    UnmappedMarketLog.objects.filter(pk=mapped.pk).update(status="MAPPED")
    body = bulk_of(
        trader,
        action="ignore",
        ids=[second.pk, 999_999, mapped.pk, first.pk],
        versions={str(first.pk): 77},
        reason="No",
    )
    assert body.status_code == 200, body.content
    body = body.json()
    assert [(found["id"], found["outcome"]) for found in body["results"]] == [
        (second.pk, "changed"), (999_999, "not_found"), (mapped.pk, "refused"), (first.pk, "stale"),
    ]  # fmt: skip
    assert body["counts"] == {"changed": 1, "unchanged": 0, "refused": 1, "stale": 1, "notFound": 1}
    assert body["matched"] == 4 and DecisionBatch.objects.get(pk=body["batchId"]).reason == "No"


def test_all_that_match_are_rehearsed_with_their_exact_count_and_then_decided(trader):
    rows = make_rows(7, family="cards")
    asked = {"action": "acknowledge", "filter": {"tab": "NEW", "family": "cards"}}
    before = bulk_of(trader, **asked, dryRun=True).json()
    assert before["matched"] == before["counts"]["changed"] == 7 and len(before["sample"]) == 5
    assert before["batchId"] is None and before["newest"] >= rows[-1].pk
    assert not DecisionBatch.objects.exists() and not Notice.objects.exists()
    assert UnmappedMarketLog.objects.filter(status="NEW").count() == 7
    late = UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="LATE", family="cards")
    after = bulk_of(trader, **asked, newest=before["newest"]).json()
    assert after["counts"]["changed"] == 7
    late.refresh_from_db()
    assert late.status == "NEW"


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_can_be_rehearsed(trader, action):
    (row,) = make_rows(1)
    until = {"until": TOMORROW} if action == "snooze" else {}
    body = bulk_of(trader, action=action, ids=[row.pk], dryRun=True, **until)
    assert body.status_code == 200, body.content
    before = row.status, row.version, row.claimed_by
    row.refresh_from_db()
    assert (row.status, row.version, row.claimed_by) == before


def test_many_rows_are_mapped_to_one_market(trader):
    rows = make_rows(3)
    ids = [row.pk for row in rows]
    asked = {"action": "map", "ids": ids, **new_market()}
    rehearsed = bulk_of(trader, **asked, dryRun=True).json()
    assert rehearsed["preview"]["change"] == "created" and rehearsed["counts"]["changed"] == 3
    assert not UserMarketMapping.objects.exists()
    made = bulk_of(trader, **asked).json()
    assert made["counts"]["changed"] == 3 and made["batchId"]
    mapping = UserMarketMapping.objects.get()
    assert mapping.bet9ja_key == "S_0" and len(mapping.extra_source_keys) == 2


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"action": "acknowledge"}, "body"),
        ({"action": "acknowledge", "ids": [1], "filter": {}}, "body"),
        ({"action": "acknowledge", "ids": []}, "ids"),
        ({"action": "acknowledge", "ids": ["1"]}, "ids[0]"),
        ({"action": "delete", "ids": [1]}, "action"),
        ({"action": "acknowledge", "ids": [1], "until": TOMORROW}, "until"),
        ({"action": "snooze", "ids": [1]}, "until"),
        ({"action": "ignore", "ids": [1], "minutes": 5}, "minutes"),
        ({"action": "map", "ids": [1]}, "canonicalId"),
        ({"action": "ignore", "ids": [1], "newest": 4}, "newest"),
        ({"action": "ignore", "ids": [1], "versions": {"x": 1}}, "versions"),
        ({"action": "ignore", "filter": {"status": "NEW"}}, "filter.status"),
        ({"action": "ignore", "filter": {"minEvents": "7"}}, "filter.minEvents"),
    ],
)
def test_a_bulk_that_is_not_said_properly_is_refused_by_name(trader, body, named):
    refused = trader.post("/api/unmapped/bulk", body)
    assert refused.status_code == 400 and named in refused.json()["errors"], refused.json()


def test_too_many_rows_are_refused_with_how_many_would_do(trader, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 3)
    make_rows(5)
    refused = bulk_of(trader, action="ignore", filter={"tab": "NEW"})
    assert refused.status_code == 422 and refused.json()["code"] == "too_many" and refused.json()["count"] == 5
    for dry_run in (False, True):
        many = bulk_of(trader, action="map", ids=list(range(1, 102)), **new_market(dryRun=dry_run))
        assert many.status_code == 422 and many.json()["most"] == 100


def test_a_bulk_costs_the_same_with_two_rows_and_with_two_hundred(trader):
    def cost(ids):
        with CaptureQueriesContext(connection) as made:
            assert bulk_of(trader, action="acknowledge", ids=ids).json()["counts"]["changed"] == len(ids)
        return len(made)

    rows = [row.pk for row in make_rows(202)]
    cost_of_two = cost(rows[:2])
    assert cost(rows[2:]) == cost_of_two < 40
