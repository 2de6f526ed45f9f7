"""What a dead worker leaves behind is put right without a human."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from scraping.batches import claim_batch
from scraping.discovery_claim import claim_discovery
from scraping.models import ScrapeRun
from scraping.watchdog import look_after_runs

from .builders import make_batch, make_run

pytestmark = pytest.mark.django_db


def ago(**time):
    return timezone.now() - timedelta(**time)


def test_a_silent_batch_is_given_back_and_enqueued():
    run = make_run()
    batch = make_batch(run, status="running", attempts=1, heartbeat_at=ago(minutes=2))
    assert look_after_runs()["reclaimed"] == 1
    batch.refresh_from_db()
    assert batch.status == "pending"
    assert OrmQ.objects.count() == 1


def test_a_working_batch_is_left_alone():
    run = make_run()
    make_batch(run, status="running", attempts=1, heartbeat_at=ago(seconds=5))
    assert not any(look_after_runs().values())


def test_a_batch_that_killed_three_workers_is_parked_and_its_run_says_which():
    shares = {"betpawa": {"discovery_complete": True, "events_asked": 50, "events_stored": 50}}
    run = make_run(shares=shares)
    make_batch(run, index=0, status="stored")
    batch = make_batch(run, index=1, status="running", attempts=3, heartbeat_at=ago(minutes=2))
    look_after_runs()
    batch.refresh_from_db()
    run.refresh_from_db()
    assert batch.status == "failed"
    assert run.status == "partial"
    assert "lost batch 2" in run.summary


def test_a_pending_batch_whose_task_is_gone_is_enqueued_again():
    run = make_run()
    make_batch(run, enqueued_at=ago(minutes=5))
    assert look_after_runs()["requeued"] == 1
    assert look_after_runs()["requeued"] == 0
    assert OrmQ.objects.count() == 1


def test_one_look_puts_right_both_what_a_killed_cluster_was_doing_and_what_it_had_fetched():
    run = make_run()
    make_batch(run, index=0, status="running", attempts=1, heartbeat_at=ago(seconds=40), enqueued_at=ago(seconds=45))
    for index in (1, 2):
        make_batch(run, index=index, enqueued_at=ago(seconds=45))
    counts = look_after_runs()
    assert (counts["reclaimed"], counts["requeued"]) == (1, 2)
    assert OrmQ.objects.count() == 3


def test_a_run_that_stopped_moving_fails_and_makes_room():
    run = make_run(heartbeat_at=ago(minutes=11))
    make_batch(run, status="running", heartbeat_at=ago(minutes=11))
    assert look_after_runs()["failed"] == 1
    run.refresh_from_db()
    assert run.status == "failed"
    assert "No sign of life for 11 min" in run.summary
    assert not run.batches.filter(status__in=["pending", "running"]).exists()


def test_a_pending_run_whose_discovery_never_came_fails_too():
    run = make_run("pending", phase="initializing", heartbeat_at=ago(minutes=1))
    ScrapeRun.objects.filter(pk=run.pk).update(created_at=ago(minutes=11))
    look_after_runs()
    run.refresh_from_db()
    assert run.status == "failed"


@pytest.mark.parametrize(("kind", "task"), [("cycle", "discover"), ("event", "refresh_event")])
def test_a_pending_run_whose_task_is_gone_is_enqueued_again(kind, task):
    make_run("pending", kind=kind, phase="initializing", heartbeat_at=ago(seconds=100))
    assert look_after_runs()["requeued"] == 1
    assert look_after_runs()["requeued"] == 0
    assert [queued.func() for queued in OrmQ.objects.all()] == [f"scraping.tasks.{task}"]


def test_a_discovery_whose_worker_died_is_enqueued_once_more_and_then_fails_with_the_reason():
    run = make_run(phase="discovering", discovery_attempts=1, heartbeat_at=ago(seconds=20))
    assert not any(look_after_runs().values())
    ScrapeRun.objects.update(heartbeat_at=ago(seconds=40))
    assert look_after_runs()["reclaimed"] == 1
    assert OrmQ.objects.count() == 1
    assert claim_discovery(run.pk).discovery_attempts == 2
    ScrapeRun.objects.update(heartbeat_at=ago(seconds=40))
    assert look_after_runs()["failed"] == 1
    run.refresh_from_db()
    assert (run.status, run.summary) == ("failed", "Discovery failed 2 times, at last: Its worker fell silent.")
    assert OrmQ.objects.count() == 1


def test_a_run_whose_closer_died_is_closed():
    run = make_run(phase="closing", heartbeat_at=ago(minutes=2))
    assert look_after_runs()["closed"] == 1
    run.refresh_from_db()
    assert run.status == "failed"


def test_a_batch_is_claimed_once_and_counts_the_attempt_before_the_work():
    batch = make_batch(make_run())
    assert claim_batch(batch.pk).attempts == 1
    assert claim_batch(batch.pk) is None


def test_a_batch_of_a_finished_run_is_not_claimed():
    batch = make_batch(make_run("failed"))
    assert claim_batch(batch.pk) is None
