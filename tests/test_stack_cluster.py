"""The watchdog of the task cluster, against a real cluster on real servers."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django_q.models import OrmQ, Task

from oddsproject.stack import processes
from oddsproject.stack.cluster import START_SECONDS, ClusterWatchdog, Evidence
from scraping.services import change_settings
from tests import children
from tests.process_tree import alive, below, command


def test_a_cluster_that_acknowledges_is_not_stuck():
    evidence = Evidence(silent_since=0.0)
    evidence.take(b"start 7\nend 7\nack\n", now=50.0)
    assert not evidence.is_stuck(limit=60, workers=2, longest_task=150, now=100.0)
    assert evidence.is_stuck(limit=60, workers=2, longest_task=150, now=111.0)


def test_a_cluster_whose_workers_are_all_inside_long_tasks_is_left_alone_until_their_time_is_over():
    evidence = Evidence(silent_since=0.0)
    evidence.take(b"start 7\nstart 8\n", now=10.0)
    assert not evidence.is_stuck(limit=60, workers=2, longest_task=150, now=120.0, exists=bool)
    assert evidence.is_stuck(limit=60, workers=2, longest_task=150, now=161.0, exists=bool)


def test_a_free_worker_beside_a_busy_one_must_still_let_the_canary_through():
    evidence = Evidence(silent_since=0.0)
    evidence.take(b"start 7\nstart 8\nend 8\n", now=10.0)
    assert evidence.is_stuck(limit=60, workers=2, longest_task=150, now=71.0, exists=bool)


def test_workers_that_were_killed_inside_their_tasks_do_not_count_as_busy():
    evidence = Evidence(silent_since=0.0)
    evidence.take(b"start 7\nstart 8\n", now=10.0)
    assert evidence.is_stuck(limit=60, workers=2, longest_task=150, now=71.0, exists=lambda pid: pid == 7)


def test_tasks_that_end_without_being_acknowledged_are_no_sign_of_life():
    evidence = Evidence(silent_since=0.0)
    for second in range(1, 70):
        evidence.take(b"start 7\nend 7\n", now=float(second))
    assert evidence.is_stuck(limit=60, workers=2, longest_task=150, now=70.0)


def test_a_slow_start_is_no_silence_and_the_clock_runs_from_the_first_canary_that_goes_in():
    evidence = Evidence(silent_since=0.0)
    limits = {"limit": 8, "workers": 2, "longest_task": 150}
    assert not evidence.is_stuck(**limits, now=START_SECONDS)
    assert evidence.is_stuck(**limits, now=START_SECONDS + 1)
    evidence.take(b"in\n", now=40.0)
    evidence.take(b"in\n", now=46.0)
    assert not evidence.is_stuck(**limits, now=48.0)
    assert evidence.is_stuck(**limits, now=49.0)


def test_a_line_that_arrives_in_two_parts_counts_once():
    evidence = Evidence(silent_since=0.0)
    assert evidence.take(b"start 12", now=1.0) == 0
    assert evidence.take(b"3\nac", now=2.0) == 0
    assert evidence.take(b"k\n", now=3.0) == 1
    assert evidence.busy == {123: 2.0}


def test_what_was_left_behind_is_looked_after_whenever_a_cluster_starts(monkeypatch):
    happened = []
    watchdog = ClusterWatchdog(
        canary_seconds=1, limit_seconds=1, stop_seconds=1, workers=1, task_seconds=1,
        on_start=lambda: happened.append("look round"),
    )  # fmt: skip

    def run_one(self):
        happened.append("cluster")
        if happened.count("cluster") == 2:
            self.stop()

    monkeypatch.setattr(ClusterWatchdog, "_run_one", run_one)
    watchdog.run()
    assert happened == ["look round", "cluster"] * 2


@contextmanager
def run_cluster(beat, *, limit_seconds):
    """run_cluster with short intervals; the scheduler paused, so that canaries are all there is."""
    change_settings(scheduler_paused=True)
    command = ["manage.py", "run_cluster", "--canary-seconds", "0.5", "--limit-seconds", limit_seconds,
               "--stop-seconds", "10", "--beat-file", beat]  # fmt: skip
    with children.python(*command, env=children.environment(), stdout=subprocess.DEVNULL) as process:
        yield process


@pytest.fixture
def cluster(transactional_db, tmp_path):
    """A cluster that is up, its first canary through. Yields (process, beat file)."""
    beat = tmp_path / "beat"
    with run_cluster(beat, limit_seconds=6) as process:
        assert processes.wait_until(beat.exists, seconds=120, process=process)
        # What every start enqueues is done as well: from here on the workers are idle between canaries.
        assert processes.wait_until(lambda: not OrmQ.objects.exists(), seconds=120, process=process)
        yield process, beat


def beats_after(beat, moment):
    return lambda: beat.exists() and beat.stat().st_mtime > moment


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("victim", ["main", "workers"])
def test_a_cluster_is_replaced_after_a_kill_and_leaves_no_orphan(cluster, victim):
    process, beat = cluster
    before = below(process.pid)
    (main,) = [pid for pid, parent in before.items() if parent == process.pid]
    (sentinel,) = [pid for pid, parent in before.items() if parent == main]
    # The sentinel forks the two workers first. One of them, idle, holds the lock of the task queue.
    workers = sorted(pid for pid, parent in before.items() if parent == sentinel)[:2]
    for pid in [main] if victim == "main" else workers:
        os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not any(alive(pid) for pid in before), seconds=120, process=process)
    moment = time.time()
    assert processes.wait_until(beats_after(beat, moment), seconds=120, process=process)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_cluster_that_takes_longer_to_start_than_it_may_be_silent_is_not_replaced(transactional_db, tmp_path):
    beat = tmp_path / "beat"
    with run_cluster(beat, limit_seconds=3) as process:
        # By its command: what a library forks for a moment while it is imported is below us too.
        found = []

        def started():
            found[:] = [pid for pid in below(process.pid) if "qcluster" in command(pid)]
            return len(found) == 1

        assert processes.wait_until(started, seconds=120, process=process)
        (main,) = found
        os.kill(main, signal.SIGSTOP)
        assert not processes.wait_until(lambda: not alive(main), seconds=5)
        os.kill(main, signal.SIGCONT)
        assert processes.wait_until(beat.exists, seconds=120, process=process)
        assert alive(main)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sigterm_stops_the_cluster_and_everything_below_it(cluster):
    process, beat = cluster
    everybody = below(process.pid)
    process.terminate()
    assert process.wait(60) == 0
    assert not any(alive(pid) for pid in everybody)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_nine_of_the_watchdog_takes_the_whole_cluster_along(cluster):
    process, beat = cluster
    everybody = below(process.pid)
    process.kill()
    assert processes.wait_until(lambda: not any(alive(pid) for pid in everybody), seconds=60)


@pytest.mark.slow
def test_canaries_leave_no_rows_behind(cluster):
    process, beat = cluster
    moment = time.time() + 1.5
    assert processes.wait_until(beats_after(beat, moment), seconds=60, process=process)
    assert not OrmQ.objects.exists()
    assert not Task.objects.exists()
