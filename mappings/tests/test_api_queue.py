"""The queue over the API: what may be changed, by whom first, and what may not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings import services
from mappings.models import MarketSuggestion, UnmappedMarketLog
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture
from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LATER = NOW + timedelta(days=2)


@pytest.fixture
def viewer(db):
    return client_of("viewer")


@pytest.fixture
def trader(db):
    return client_of("trader")


def make_row(key="S_3CM", **fields):
    defaults = {"source": "bet9ja", "market_name": f"Market {key}", "sample_outcomes": [{"text": "1", "odds_key": "2"}]}
    return UnmappedMarketLog.objects.create(external_market_id=key, **{**defaults, **fields})


def suggest(row, *, rank, betpawa_id, name, band="strong"):
    return MarketSuggestion.objects.create(
        unmapped=row, rank=rank, betpawa_id=betpawa_id, name=name, confidence=0.9, band=band, score=3
    )


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
    "query",
    [
        "status=DONE",
        "sortBy=status;drop",
        "source=betway",
        "min_occurrences=1",
        "minOccurrences=-1",
        "band=sure",
        "announced=today",
    ],
)
def test_a_bad_filter_is_refused(viewer, query):
    assert viewer.get(f"/api/unmapped?{query}").status_code == 400


def test_what_to_map_next_is_what_has_the_highest_priority(viewer):
    low = make_row("LOW", priority=1.5, event_count=900)
    high = make_row("HIGH", priority=80.25)
    make_row("DONE", status="ACKNOWLEDGED", priority=99)
    make_row("ASLEEP", snoozed_until=NOW + timedelta(days=1), priority=99)
    ids = [item["id"] for item in viewer.get("/api/unmapped/high-priority").json()["items"]]
    assert ids == [high.pk, low.pk]


def test_the_queue_is_filtered_as_on_the_desk(viewer):
    first = make_row("A", family="over_under", period="1H", event_count=7, error_code="UNKNOWN_MARKET")
    second = make_row("B", rules_text="Corners of both teams", claimed_by="viewer", claim_expires_at=LATER)
    asleep = make_row("C", snoozed_until=LATER)

    def ids(query):
        return [
            item["id"] for item in viewer.get(f"/api/unmapped?{query}&sortBy=firstSeen&sortOrder=asc").json()["items"]
        ]

    assert ids("tab=NEW") == [first.pk, second.pk]
    assert ids("tab=SNOOZED") == [asleep.pk]
    assert ids("family=over_under&period=1H&minEvents=7&errorCode=UNKNOWN_MARKET") == [first.pk]
    assert ids("search=teams corners") == [second.pk]
    assert ids("tab=MINE") == ids("owner=me") == ids("owner=viewer") == [second.pk]
    assert ids("owner=somebody") == []
    UnmappedMarketLog.objects.filter(pk=first.pk).update(best_band="strong", alerted_at=NOW)
    assert ids("band=strong") == ids(f"announced={NOW:%Y-%m-%dT%H:%M:%S.%f}Z") == [first.pk]
    assert ids("band=none") == [second.pk, asleep.pk]


def test_tabs_are_counted_with_those_of_ones_own(viewer):
    make_row("A", claimed_by="viewer", claim_expires_at=LATER)
    make_row("B", status="IGNORED")
    tabs = {found["tab"]: found for found in viewer.get("/api/unmapped/counts").json()["tabs"]}
    assert {tab: found["count"] for tab, found in tabs.items() if found["count"]} == {"NEW": 1, "IGNORED": 1, "MINE": 1}
    assert len(tabs) == 7 and tabs["NEW"]["isExact"] is True


def test_by_cursor_every_row_comes_once_in_order_of_priority(viewer):
    for number in range(12):
        make_row(f"K{number}", priority=[0.1, 0.1 + 0.2, 7][number % 3])
    by_page = viewer.get("/api/unmapped?sortBy=priority&pageSize=100").json()
    expected = [item["id"] for item in by_page["items"]]
    assert by_page["total"] == 12 and by_page["nextCursor"] is None
    assert walked(viewer, pageSize=5, tab="NEW") == expected
    first = viewer.get("/api/unmapped?sortBy=priority&pageSize=5").json()
    rest = viewer.get("/api/unmapped", {"cursor": first["nextCursor"], "pageSize": 100}).json()["items"]
    assert [item["id"] for item in first["items"] + rest] == expected


def test_by_cursor_tabs_and_statuses_are_one_list(viewer):
    states = [{}, {"snoozed_until": LATER}, {"review_since": NOW, "status": "MAPPED"}, {"status": "IGNORED"}]
    rows = [make_row(f"K{number}", priority=number % 7, **states[number % 4]) for number in range(24)]
    rows.sort(key=lambda row: (-row.priority, -row.pk))
    assert walked(viewer, pageSize=5) == [row.pk for row in rows]
    assert walked(viewer, pageSize=5, status="NEW") == [row.pk for row in rows if row.status == "NEW"]
    settled = [row.pk for row in rows if row.status != "NEW"]
    assert walked(viewer, pageSize=4, status="MAPPED,IGNORED") == settled


def walked(client, **query):
    """The ids of every page, from cursor to cursor."""
    seen, cursor = [], ""
    while cursor is not None:
        body = client.get("/api/unmapped", {**query, "cursor": cursor}).json()
        assert body["total"] is None and body["page"] is None and len(body["items"]) <= query["pageSize"]
        seen += [item["id"] for item in body["items"]]
        cursor = body["nextCursor"]
    return seen


@pytest.mark.parametrize("query", ["=x", "=1~2~3~4", "=nan~1", "=&page=2", "=&sortBy=name", "=&sortOrder=asc"])
def test_what_is_no_cursor_is_refused(viewer, query):
    refused = viewer.get(f"/api/unmapped?cursor{query}")
    assert refused.status_code == 400 and "cursor" in refused.json()["errors"]


def test_a_page_deep_down_reads_the_index_from_its_place_on(viewer):
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(source="bet9ja", external_market_id=f"K{n}", priority=n % 50) for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_log")
        cursor.execute("SET LOCAL enable_sort = off")  # three thousand rows are sorted for less
    rows = UnmappedMarketLog.objects.filter(tab="NEW").order_by("-priority", "-id")
    plan = rows.filter(priority__lt=3).values("pk")[:51].explain()
    assert "idx_unmapped_tab_priority" in plan
    with CaptureQueriesContext(connection) as top:
        viewer.get("/api/unmapped?tab=NEW&cursor=")
    with CaptureQueriesContext(connection) as deep:
        body = viewer.get(f"/api/unmapped?tab=NEW&cursor=2.0~{10**9}").json()
    assert len(body["items"]) == 50
    assert len(deep) == len(top)
    assert not [query for query in deep if "COUNT(" in query["sql"] or "OFFSET" in query["sql"]]


def test_one_market_comes_with_suggestions_siblings_and_history(viewer):
    row = make_row("900313", sibling_key="cards:home", priority=2.5, priority_parts={"events": 3})
    sibling = make_row("900314", sibling_key="cards:home")
    for rank, name in ((2, "Cards"), (1, "Corners")):
        suggest(row, rank=rank, betpawa_id=f"70{rank}", name=name)
    services.ignore(ids=[row.pk], user="ada", reason="Player market")
    services.undo_last("ada")
    body = viewer.get(f"/api/unmapped/{row.pk}").json()
    assert [found["name"] for found in body["suggestions"]] == ["Corners", "Cards"]
    assert [found["id"] for found in body["siblings"]] == [sibling.pk]
    assert body["priority"] == 2.5 and body["priorityParts"] == {"events": 3} and body["tab"] == "NEW"
    undo, ignored = body["history"]
    assert (ignored["createdBy"], ignored["kind"], ignored["isUndone"]) == ("ada", "ignore", True)
    assert {"field": "status", "old": "NEW", "new": "IGNORED"} in ignored["changes"]
    assert undo["kind"] == "undo" and undo["isUndone"] is False


def test_one_market_costs_the_same_with_a_long_history(viewer):
    row = make_row("K", sibling_key="k")
    path = f"/api/unmapped/{row.pk}"
    services.acknowledge(ids=[row.pk], user="ada")
    viewer.get(path)
    with CaptureQueriesContext(connection) as short:
        viewer.get(path)
    for number in range(5):
        make_row(f"K{number}", sibling_key="k")
        services.snooze(ids=[row.pk], user="ada", until=LATER + timedelta(days=number))
    with CaptureQueriesContext(connection) as long:
        assert len(viewer.get(path).json()["history"]) == 6
    assert len(short) == len(long) < 10


def test_suggestions_come_with_the_prices_of_kept_events(viewer):
    row = make_row("S_X", source="bet9ja")
    keep_fixture(1, bet9ja=[market("S_X", {"1": "2.0", "2": "1.8"})], betpawa=[market("701", {"1": "2.1", "2": "1.7"})])
    suggest(row, rank=1, betpawa_id="701", name="Corners")
    (found,) = viewer.get(f"/api/unmapped/{row.pk}/suggestions").json()["items"]
    assert found["betpawaId"] == "701" and found["confidence"] == 0.9 and found["band"] == "strong"
    (event,) = found["prices"]
    assert event["kickoffAt"].endswith("Z")
    assert [(row["betpawa"], row["rival"]) for row in event["rows"]] == [("2.1", "2.0"), ("1.7", "1.8")]


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
    problem = refused.json()
    assert problem["code"] == "stale" and problem["decidedBy"] == problem["changedBy"] == "trader"
    assert problem["version"] == 2 and problem["changedAt"].endswith("Z")
    assert {"field": "status", "old": "NEW", "new": "ACKNOWLEDGED"} in problem["changes"]


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


@pytest.mark.parametrize("path", ["/api/unmapped", "/api/unmapped/high-priority", "/api/unmapped?tab=NEW"])
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
