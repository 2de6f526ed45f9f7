"""Real workers, killed and cut off: a cycle survives both without a human."""

import os
import signal
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from mappings.models import UnmappedMarketLog
from odds.models import EventLink, MarketOddsCurrent
from odds.storage.checks import run_checks
from scraping import watchdog
from scraping.models import ScrapeBatch, ScrapeRun
from scraping.services import change_settings, start_cycle

from . import children
from .desk import history_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def impatient_watchdog(monkeypatch):
    """Heartbeats come every 5 s; half a minute less to wait for a silent one."""
    monkeypatch.setattr(watchdog, "BATCH_SILENT", timedelta(seconds=11))
    monkeypatch.setattr(watchdog, "DISCOVERY_SILENT", timedelta(seconds=11))
    monkeypatch.setattr(watchdog, "BATCH_LOST", timedelta(seconds=15))


@contextmanager
def workers(demo):
    """The task cluster under its watchdog, with short patience."""
    env = children.environment(LOG_LEVEL="WARNING", Q_WORKERS="2")
    env |= {f"{slug.upper()}_URL": url for slug, url in demo.urls.items()}
    command = ["manage.py", "run_cluster", "--canary-seconds=1", "--limit-seconds=8"]
    with children.python(*command, env=env, seconds=120) as process:
        yield process


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds} s for {what}.")
        time.sleep(0.1)
    return value


def ended(run):
    def check():
        run.refresh_from_db()
        return not run.is_active

    return check


def assert_stored_exactly_once(run):
    assert run.status == ScrapeRun.Status.COMPLETED, run.summary
    assert history_rows() == MarketOddsCurrent.objects.count() > 0
    assert set(UnmappedMarketLog.objects.values_list("occurrence_count", flat=True)) == {1}
    stored = sum(run.by_bookmaker.values_list("events_stored", flat=True))
    assert stored == EventLink.objects.filter(confirmed_at__isnull=False).count()
    assert run_checks() == []


def wait_for_running_batch():
    wait_for(lambda: ScrapeBatch.objects.filter(status="running").exists(), 180, "a running batch")


def children_of(pid):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def descendants_of(pid):
    return [found for child in children_of(pid) for found in (child, *descendants_of(child))]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through /proc")
def test_a_cycle_survives_the_death_of_every_worker(demo):
    demo.freeze()
    demo.control({"latency": {"bet9ja": 150}})
    change_settings(batch_size=10)
    with workers(demo) as cluster:
        run = start_cycle(trigger="manual")
        wait_for_running_batch()
        for pid in descendants_of(cluster.pid):
            if not children_of(pid):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: watchdog.look_after_runs() and ended(run)(), 300, "the cycle to end")
    assert_stored_exactly_once(run)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes through /proc")
def test_a_cycle_whose_workers_die_in_discovery_is_discovered_again_and_completes(demo):
    demo.freeze()
    demo.control({"latency": {"bet9ja": 5000}})
    with workers(demo) as cluster:
        run = start_cycle(trigger="manual")
        wait_for(lambda: ScrapeRun.objects.filter(phase="discovering").exists(), 180, "the discovery to begin")
        for pid in descendants_of(cluster.pid):
            if not children_of(pid):
                os.kill(pid, signal.SIGKILL)
        demo.control({"latency": {"bet9ja": 0}})
        wait_for(lambda: watchdog.look_after_runs() and ended(run)(), 300, "the cycle to end")
    assert_stored_exactly_once(run)
    assert run.discovery_attempts == 2


def test_a_cycle_survives_the_loss_of_all_its_database_connections(demo):
    demo.freeze()
    demo.control({"latency": {"bet9ja": 100}})
    change_settings(batch_size=10)
    with workers(demo):
        run = start_cycle(trigger="manual")
        wait_for_running_batch()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] > 0
        wait_for(lambda: watchdog.look_after_runs() and ended(run)(), 300, "the cycle to end")
    assert_stored_exactly_once(run)


def test_batches_of_one_cycle_run_on_several_workers_and_close_once(demo):
    demo.freeze()
    change_settings(batch_size=10)
    with workers(demo):
        run = start_cycle(trigger="manual")
        wait_for(ended(run), 180, "the cycle to end")
    assert run.batches_total > 1
    assert_stored_exactly_once(run)
