"""Two discoveries of one run never both write."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from odds.models import Event
from scraping import discovery
from scraping.bookmakers.base import Discovery, ListedEvent
from scraping.coordinator import EventCoordinator
from scraping.discovery_claim import claim_discovery, lose_discovery
from scraping.models import ScrapeRun

from .builders import make_run

pytestmark = pytest.mark.django_db


def answers():
    kickoff_at = timezone.now() + timedelta(hours=3)
    listed = ListedEvent("1", "100", "Enyimba", "Kano Pillars", kickoff_at, "Cup", "Ghana", "bet9ja")
    return discovery.Answers(found={"bet9ja": Discovery(events=[listed], complete=True)}, milliseconds={"bet9ja": 7})


def pending_run():
    return make_run("pending", shares={"bet9ja": {}}, phase="initializing", started_at=None)


def test_a_discovery_given_to_somebody_else_meanwhile_writes_nothing(monkeypatch):
    run = pending_run()

    def fall_silent_while_asking(run):
        ScrapeRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))
        assert lose_discovery(run, "Silent.", silent_since=timezone.now()) == "again"
        claim_discovery(run.pk)
        return answers()

    monkeypatch.setattr(discovery, "_ask_all", fall_silent_while_asking)
    assert EventCoordinator(run).discover() == []
    run.refresh_from_db()
    assert (run.status, run.phase, run.discovery_attempts) == ("running", "discovering", 2)
    assert not Event.objects.exists() and not run.batches.exists()


def test_the_second_attempt_does_the_whole_work_and_keeps_the_time_of_the_first(monkeypatch):
    run = pending_run()
    first = claim_discovery(run.pk)
    lose_discovery(first, "Its worker fell silent.")
    monkeypatch.setattr(discovery, "_ask_all", lambda run: answers())
    (batch,) = EventCoordinator(run).discover()
    run.refresh_from_db()
    assert (run.phase, run.discovery_attempts, run.events_total) == ("scraping", 2, 1)
    assert run.started_at == first.started_at
    share = run.by_bookmaker.get()
    assert (share.events_listed, share.discovery_ms) == (1, 7)


def test_a_discovery_that_raises_is_begun_again_and_the_second_error_is_the_reason(monkeypatch):
    def fail(run):
        raise ValueError(f"attempt {run.discovery_attempts}")

    monkeypatch.setattr(discovery, "_ask_all", fail)
    run = pending_run()
    for attempt in (1, 2):
        with pytest.raises(ValueError, match=f"attempt {attempt}"):
            EventCoordinator(run).discover()
    run.refresh_from_db()
    assert run.status == "failed" and "2 times" in run.summary and "attempt 2" in run.summary
    assert OrmQ.objects.count() == 1


def test_in_the_foreground_an_error_fails_the_run_at_once(monkeypatch):
    monkeypatch.setattr(discovery, "_ask_all", lambda run: 1 / 0)
    run = pending_run()
    with pytest.raises(ZeroDivisionError):
        EventCoordinator(run).run_full_cycle()
    run.refresh_from_db()
    assert run.status == "failed" and run.summary.startswith("Discovery failed once: ZeroDivisionError")
    assert not OrmQ.objects.exists()


def test_a_sign_of_life_keeps_the_attempt():
    run = claim_discovery(pending_run().pk)
    assert lose_discovery(run, "Silent.", silent_since=run.heartbeat_at - timedelta(seconds=1)) == ""


@pytest.mark.django_db(transaction=True)
def test_a_discovery_that_is_being_written_is_left_to_its_end():
    run = claim_discovery(pending_run().pk)
    database = connection.get_connection_params()
    known = {key: database[key] for key in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**known) as other:
        other.execute("SELECT 1 FROM scraping_run WHERE id = %s FOR UPDATE", [run.pk])
        assert lose_discovery(run, "Silent.") == ""
    assert lose_discovery(run, "Silent.") == "again"
