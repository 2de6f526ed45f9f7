"""The schedule's entry points."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from scraping import tasks
from scraping.models import ScrapeRun
from scraping.retention import drop_old_runs
from scraping.schedules import SCHEDULES, ensure_schedules
from scraping.services import change_settings, start_cycle

from .builders import make_batch, make_run

pytestmark = pytest.mark.django_db


def backdate(run, **ago):
    ScrapeRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(**ago))


def test_the_first_tick_starts_a_cycle():
    assert tasks.tick().startswith("run ")


def test_a_tick_before_the_interval_starts_nothing():
    run = start_cycle(trigger="schedule")
    ScrapeRun.objects.filter(pk=run.pk).update(status="completed")
    assert tasks.tick() == "not due"


def test_a_tick_after_the_interval_starts_the_next_cycle():
    run = start_cycle(trigger="schedule")
    ScrapeRun.objects.filter(pk=run.pk).update(status="completed")
    backdate(run, minutes=5)
    assert tasks.tick().startswith("run ")


def test_an_overdue_cycle_is_skipped_while_one_goes():
    run = start_cycle(trigger="schedule")
    backdate(run, minutes=30)
    assert "is still pending" in tasks.tick()
    assert ScrapeRun.objects.count() == 1


def test_a_paused_scheduler_starts_nothing():
    change_settings(scheduler_paused=True)
    assert tasks.tick() == "paused"
    assert not OrmQ.objects.exists()


def test_a_late_schedule_does_not_skip_every_other_minute():
    change_settings(interval_minutes=1)
    run = start_cycle(trigger="schedule")
    ScrapeRun.objects.filter(pk=run.pk).update(status="completed")
    backdate(run, seconds=45)
    assert tasks.tick().startswith("run ")


def test_schedules_exist_after_migrate_and_come_back_when_deleted():
    assert set(Schedule.objects.values_list("name", flat=True)) >= set(SCHEDULES)
    Schedule.objects.all().delete()
    ensure_schedules()
    assert set(Schedule.objects.values_list("name", flat=True)) == set(SCHEDULES)


def test_a_task_for_a_deleted_batch_is_no_error():
    tasks.scrape_batch(424242)


def test_a_batch_task_delivered_again_after_its_end_does_nothing():
    run = make_run("completed")
    batch = make_batch(run, status="stored")
    tasks.scrape_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.status, batch.attempts) == ("stored", 0)


def test_old_runs_go_and_active_ones_stay():
    old, active, fresh = make_run("completed"), make_run("running"), make_run("failed")
    for run in (old, active):
        backdate(run, days=20)
    assert drop_old_runs(14) == 1
    assert set(ScrapeRun.objects.all()) == {active, fresh}
