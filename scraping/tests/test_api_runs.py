"""Runs, schedule and settings over the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from odds.tests.builders import make_event
from oddsproject.api.tests.people import client_of
from scraping.models import ScrapeError, ScrapeRun, ScrapeRunBookmaker, Settings, SettingsChange

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def viewer(db):
    return client_of("viewer")


@pytest.fixture
def lead(db):
    return client_of("lead")


def make_run(status="completed", **fields):
    times = {"started_at": NOW - timedelta(minutes=2), "finished_at": NOW}
    run = ScrapeRun.objects.create(trigger="schedule", status=status, bookmakers=["betpawa"], **{**times, **fields})
    ScrapeRunBookmaker.objects.create(run=run, bookmaker_slug="betpawa", events_asked=3, events_stored=2)
    return run


def test_starting_answers_at_once_with_the_run(lead):
    answer = lead.post("/api/scrape", {"platforms": ["bet9ja"]})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["status"], body["trigger"], body["requestedBy"]) == ("pending", "manual", "lead")
    assert [share["platform"] for share in body["platforms"]] == ["bet9ja"]
    assert answer["Location"] == f"/api/scrape/runs/{body['id']}"
    assert lead.get(answer["Location"]).json()["id"] == body["id"]
    assert [run["id"] for run in lead.get("/api/scrape/runs/active").json()] == [body["id"]]


def test_a_second_cycle_is_refused_and_names_the_first(lead):
    first = lead.post("/api/scrape", {}).json()
    refused = lead.post("/api/scrape", {})
    assert refused.status_code == 409
    assert refused.json()["runId"] == first["id"]
    assert refused.json()["code"] == "refused"


@pytest.mark.parametrize(
    "body", [{"platforms": []}, {"platforms": ["betway"]}, {"platforms": "betpawa"}, {"timeout": 5}, {"platforms": [7]}]
)
def test_a_start_that_makes_no_sense_starts_nothing(lead, body):
    assert lead.post("/api/scrape", body).status_code == 400
    assert not ScrapeRun.objects.exists()


def test_all_bookmakers_off_is_said(lead):
    assert lead.put("/api/settings", {"enabledPlatforms": []}).status_code == 200
    refused = lead.post("/api/scrape", {})
    assert refused.status_code == 409 and refused.json()["runId"] is None


def test_opening_a_run_shows_it_and_starts_nothing(viewer):
    run = make_run("partial", timings={"discovery_ms": 5}, summary="Batch 3 is lost.")
    ScrapeError.objects.create(run=run, bookmaker_slug="betpawa", phase="fetch", code="TIMEOUT", detail="20 s")
    body = viewer.get(f"/api/scrape/runs/{run.pk}").json()
    assert body["durationSeconds"] == 120.0
    assert body["timings"] == {"discovery_ms": 5}
    assert body["platforms"][0]["eventsStored"] == 2
    assert body["errorsTotal"] == 1 and body["errors"][0]["code"] == "TIMEOUT"
    assert body["startedAt"].endswith("Z")
    assert ScrapeRun.objects.count() == 1


def test_refreshing_an_event_twice_gives_one_run():
    event = make_event(links={"betpawa": "1"})
    trader = client_of("trader")
    first = trader.post(f"/api/scrape/event/{event.sportradar_id}")
    second = trader.post(f"/api/scrape/event/{event.sportradar_id}")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["sportradarId"] == event.sportradar_id
    assert trader.post("/api/scrape/event/nobody").status_code == 404


def test_retrying_a_run_asks_what_it_left_undone(lead):
    run = make_run("partial")
    answer = lead.post(f"/api/scrape/{run.pk}/retry")
    assert answer.status_code == 202 and answer.json()["retryOf"] == run.pk
    assert lead.post(f"/api/scrape/{answer.json()['id']}/retry").status_code == 409
    assert lead.post("/api/scrape/999999/retry").status_code == 404


def test_runs_are_filtered_and_cost_the_same_however_many(viewer):
    make_run("failed")
    viewer.get("/api/scrape/runs")
    with CaptureQueriesContext(connection) as one:
        viewer.get("/api/scrape/runs")
    for _ in range(14):
        make_run()
    with CaptureQueriesContext(connection) as fifteen:
        assert viewer.get("/api/scrape/runs").json()["total"] == 15
    assert len(one) == len(fifteen) < 8
    assert viewer.get("/api/scrape/runs?status=failed,partial").json()["total"] == 1
    assert viewer.get("/api/scrape/runs?trigger=manual").json()["total"] == 0


def test_stats_are_of_the_period_asked_for(viewer):
    make_run()
    make_run("failed")
    ScrapeRun.objects.filter(status="failed").update(created_at=NOW - timedelta(days=3))
    body = viewer.get("/api/scrape/stats").json()
    assert (body["totalRuns"], body["completed"], body["failed"], body["runs24h"]) == (2, 1, 1, 1)
    assert body["meanDurationSeconds"] == 120.0
    assert viewer.get("/api/scrape/stats?days=1").json()["totalRuns"] == 1
    assert viewer.get("/api/scrape/stats?days=0").status_code == 400


def test_pausing_stops_the_next_run_and_leaves_a_reason(lead):
    assert lead.get("/api/scheduler/status").json()["jobs"][0]["nextRun"]
    paused = lead.post("/api/scheduler/pause", {"reason": "Maintenance at Bet9ja"}).json()
    assert paused["paused"] is True and paused["jobs"][0]["nextRun"] is None
    change = SettingsChange.objects.get()
    assert (change.created_by, change.reason) == ("lead", "Maintenance at Bet9ja")
    assert lead.post("/api/scheduler/resume", {}).json()["paused"] is False


def test_settings_change_one_by_one_with_a_trace(lead):
    before = lead.get("/api/settings").json()
    assert before["enabledPlatforms"] == ["betpawa", "sportybet", "bet9ja"]
    change = {
        "scrapeIntervalMinutes": 10,
        "enabledPlatforms": ["betpawa", "bet9ja"],
        "platformLimits": {"bet9ja": {"details": 10, "delayMs": 50}},
        "version": before["version"],
        "reason": "Slow week",
    }
    after = lead.put("/api/settings", change).json()
    assert after["scrapeIntervalMinutes"] == 10
    assert after["enabledPlatforms"] == ["betpawa", "bet9ja"]
    assert after["platformLimits"]["bet9ja"]["details"] == 10
    assert after["platformLimits"]["bet9ja"]["delayMs"] == 50
    assert after["platformLimits"]["betpawa"] == before["platformLimits"]["betpawa"]
    assert (after["updatedBy"], after["version"]) == ("lead", before["version"] + 1)
    assert Settings.load().disabled_bookmakers == ["sportybet"]
    refused = lead.put("/api/settings", {"batchSize": 70, "version": before["version"]})
    assert refused.status_code == 409
    assert lead.put("/api/settings", {}).status_code == 400
