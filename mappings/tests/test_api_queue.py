"""The queue over the API: what may be changed, by whom first, and what may not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings.models import UnmappedMarketLog
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def viewer(db):
    return client_of("viewer")


@pytest.fixture
def trader(db):
    return client_of("trader")


def make_row(key="S_3CM", **fields):
    defaults = {"source": "bet9ja", "market_name": f"Market {key}", "sample_outcomes": [{"text": "1", "odds_key": "2"}]}
    return UnmappedMarketLog.objects.create(external_market_id=key, **{**defaults, **fields})


def test_a_market_is_shown_with_its_samples_untouched(viewer):
    row = make_row(rules_text="Corners count until half time.", next_kickoff_at=NOW)
    body = viewer.get(f"/api/unmapped/{row.pk}").json()
    assert body["externalMarketId"] == "S_3CM" and body["marketName"] == "Market S_3CM"
    assert body["sampleOutcomes"] == [{"text": "1", "odds_key": "2"}]
    assert body["rulesText"] and body["version"] == 1 and body["mappedTo"] is None
    assert body["firstSeenAt"].endswith("Z")


def test_filters_and_order(viewer):
    few = make_row("A", occurrence_count=2, last_seen_at=NOW)
    many = make_row("B", occurrence_count=9, last_seen_at=NOW - timedelta(days=3), status="IGNORED")
    rival = make_row("900313", source="sportybet", market_name="Árbitro", last_seen_at=NOW - timedelta(days=9))

    def ids(query):
        return [item["id"] for item in viewer.get(f"/api/unmapped?{query}").json()["items"]]

    assert ids("") == [few.pk, many.pk, rival.pk]
    assert ids("source=sportybet") == [rival.pk]
    assert ids("status=NEW") == [few.pk, rival.pk]
    assert ids("status=NEW,IGNORED&minOccurrences=2") == [few.pk, many.pk]
    assert ids("search=árb") == ids("search=9003") == [rival.pk]
    assert ids("sortBy=occurrences&sortOrder=asc") == [rival.pk, few.pk, many.pk]


@pytest.mark.parametrize(
    "query", ["status=DONE", "sortBy=status;drop", "source=betway", "min_occurrences=1", "minOccurrences=-1"]
)
def test_a_bad_filter_is_refused(viewer, query):
    assert viewer.get(f"/api/unmapped?{query}").status_code == 400


def test_what_to_map_next_is_what_most_events_carry_now(viewer):
    old = make_row("OLD", event_count=500, occurrence_count=9000, last_seen_at=NOW - timedelta(days=2))
    rare = make_row("RARE", event_count=3, occurrence_count=5000, last_seen_at=NOW)
    common = make_row("COMMON", event_count=400, occurrence_count=1, last_seen_at=NOW)
    make_row("DONE", status="ACKNOWLEDGED", event_count=900, last_seen_at=NOW)
    ids = [item["id"] for item in viewer.get("/api/unmapped/high-priority").json()["items"]]
    assert ids == [common.pk, rare.pk, old.pk]


def test_a_decision_and_a_note_are_kept_with_who_and_when(trader):
    row = make_row()
    body = trader.patch(f"/api/unmapped/{row.pk}", {"status": "IGNORED", "notes": "A player market", "version": 1})
    assert body.status_code == 200, body.content
    assert body.json()["status"] == "IGNORED" and body.json()["notes"] == "A player market"
    assert body.json()["decidedBy"] == "trader" and body.json()["version"] > 1
    again = trader.patch(f"/api/unmapped/{row.pk}", {"status": "NEW"}).json()
    assert again["status"] == "NEW" and again["earlierDecision"]["status"] == "IGNORED"


def test_of_two_who_read_one_version_one_is_told_who_was_first(trader):
    row = make_row()
    change = {"status": "ACKNOWLEDGED", "version": row.version}
    assert trader.patch(f"/api/unmapped/{row.pk}", change).status_code == 200
    refused = trader.patch(f"/api/unmapped/{row.pk}", change)
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["decidedBy"] == "trader" and refused.json()["version"] == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"status": "MAPPED"}, "status"),
        ({"status": "DONE"}, "status"),
        ({"status": None}, "status"),
        ({"notes": "x" * 1001}, "notes"),
        ({"notes": 7}, "notes"),
        ({"notes": {"a": 1}}, "notes"),
        ({"version": "1", "notes": "x"}, "version"),
        ({"id": 7, "notes": "x"}, "id"),
        ({"source": "betpawa", "notes": "x"}, "source"),
        ({"occurrenceCount": 0, "notes": "x"}, "occurrenceCount"),
        ({"firstSeenAt": "2020-01-01T00:00:00Z", "notes": "x"}, "firstSeenAt"),
        ({"decidedBy": "somebody", "notes": "x"}, "decidedBy"),
        ({"mappedTo": "1x2_ft", "notes": "x"}, "mappedTo"),
        ({"occurrence_count": 0, "notes": "x"}, "occurrence_count"),
        ({"nonsense": 1, "notes": "x"}, "nonsense"),
        ({}, "body"),
        ({"version": 1}, "body"),
    ],
)
def test_what_may_not_be_written_is_refused_by_name_and_nothing_changes(trader, change, named):
    row = make_row()
    before = UnmappedMarketLog.objects.values().get(pk=row.pk)
    response = trader.patch(f"/api/unmapped/{row.pk}", change)
    assert response.status_code == 400
    assert named in response.json()["errors"]
    assert UnmappedMarketLog.objects.values().get(pk=row.pk) == before


def test_a_mapped_market_is_re_opened_before_it_is_ignored(trader):
    row = make_row(status="MAPPED")
    assert trader.patch(f"/api/unmapped/{row.pk}", {"status": "IGNORED"}).status_code == 409
    assert trader.patch(f"/api/unmapped/{row.pk}", {"status": "NEW"}).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_rows_of_the_queue_are_neither_made_nor_deleted(trader, method):
    row = make_row()
    assert getattr(trader, method)(f"/api/unmapped/{row.pk}", {}).status_code == 405
    assert trader.post("/api/unmapped", {}).status_code == 405
    assert trader.patch("/api/unmapped/999999", {"notes": "x"}).status_code == 404


@pytest.mark.parametrize("path", ["/api/unmapped", "/api/unmapped/high-priority"])
def test_a_list_costs_the_same_with_one_row_and_with_fifteen(viewer, path):
    make_row("K0")
    viewer.get(path)
    with CaptureQueriesContext(connection) as one:
        viewer.get(path)
    for number in range(1, 15):
        make_row(f"K{number}")
    with CaptureQueriesContext(connection) as fifteen:
        assert viewer.get(path).json()["total"] == 15
    assert len(one) == len(fifteen) < 8
