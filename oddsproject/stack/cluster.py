"""The watchdog of a task cluster: what qcluster cannot see about itself.

A worker that is killed while it holds a queue's lock freezes its cluster for ever, all processes
looking alive; a killed main process leaves orphans that go on working. So the cluster runs as a
child in its own session, canaries pass through it, and when none comes out for too long the whole
session is killed and a fresh cluster started. Tasks may then run twice; they are written for that.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import structlog
from django.db import connection

from oddsproject.stack import canary, lifeline, processes

log = structlog.get_logger(__name__)

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
LOOK_SECONDS = 0.25
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 300.0  # a cluster that lived so long starts without a pause the next time
START_SECONDS = 60.0  # until the first canary goes in
DATABASE_SECONDS = 5.0
OVERRUN_SECONDS = 30.0  # beyond a task's time limit; by then the cluster itself should have killed it


@dataclass
class Evidence:
    """What the pipe has told about one cluster. Times are monotonic seconds.

    silent_since: when the last task or canary went all the way; before that when the first canary went
    in, and before that when the cluster was started. busy: worker pid → when its present task began.
    """

    silent_since: float
    is_starting: bool = True
    acknowledgements: int = 0
    busy: dict = field(default_factory=dict)
    _rest: bytes = b""

    def take(self, chunk, now):
        """Read what came through the pipe; a line may arrive in two parts. Returns the acks in it."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        acks = 0
        if lines and self.is_starting:
            self.is_starting, self.silent_since = False, now
        for line in lines:
            word, _, pid = line.partition(b" ")
            if word == b"ack":
                self.silent_since = now
                acks += 1
            elif word == b"start":
                self.busy[int(pid)] = now
            elif word == b"end":
                self.busy.pop(int(pid), None)
        self.acknowledgements += acks
        return acks

    def all_workers_busy(self, workers, longest_task, now, exists):
        """Whether every worker is inside a task that may still be running: then the canary has to wait."""
        self.busy = {pid: began for pid, began in self.busy.items() if now - began < longest_task and exists(pid)}
        return len(self.busy) >= workers

    def is_stuck(self, *, limit, workers, longest_task, now, exists=processes.exists):
        """Whether nothing has come through for `limit` seconds, and not for being at work.

        Nothing can come through a cluster that nothing has gone into: on a loaded machine the start alone
        may take longer than the limit, and to kill it for that is to start it again for ever.
        longest_task: seconds after which no task can still be running. exists: asked of a worker's pid.
        """
        if self.is_starting:
            limit = max(limit, START_SECONDS)
        return now - self.silent_since > limit and not self.all_workers_busy(workers, longest_task, now, exists)


def database_answers():
    """Whether the database answers within a few seconds; from a thread, for a frozen one never does."""
    parameters = connection.get_connection_params()
    known = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters}
    answered = threading.Event()

    def ask():
        try:
            with psycopg.connect(**known, connect_timeout=3) as probe:
                probe.execute("SELECT 1")
        except psycopg.Error as error:
            log.info("cluster.database_away", error=str(error))
            return
        answered.set()

    threading.Thread(target=ask, daemon=True).start()
    return answered.wait(DATABASE_SECONDS)


class ClusterWatchdog:
    """Runs one qcluster until stop() is called, replacing it when it is stuck or gone.

    workers, task_seconds: as in Q_CLUSTER. on_start: called before each cluster; on_acknowledged:
    after every acknowledged task.
    """

    def __init__(
        self, *, canary_seconds, limit_seconds, stop_seconds, workers, task_seconds, on_start=None, on_acknowledged=None
    ):
        self.canary_seconds = canary_seconds
        self.limit_seconds = limit_seconds
        self.stop_seconds = stop_seconds
        self.workers = workers
        self.longest_task = task_seconds + OVERRUN_SECONDS
        self.on_start = on_start
        self.on_acknowledged = on_acknowledged
        self.replaced = 0
        self._stopping = False

    def stop(self):
        """Ask the loop to end; may be called from a signal handler."""
        self._stopping = True

    def run(self):
        """Keep a cluster running until stop(). Returns when the last of its processes is gone."""
        pause = 1.0
        while not self._stopping:
            born = time.monotonic()
            if self.on_start:
                self.on_start()
            self._run_one()
            if self._stopping:
                break
            self.replaced += 1
            pause = 1.0 if time.monotonic() - born > HEALTHY_SECONDS else min(pause * 2, LONGEST_PAUSE)
            log.warning("cluster.replacing", pause_seconds=pause)
            processes.wait_until(lambda: self._stopping, seconds=pause, every=LOOK_SECONDS)

    def _run_one(self):
        """Run one cluster to its end: stopped, stuck, or dead."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        environment = os.environ | {
            lifeline.VARIABLE: "1",
            canary.PIPE_VARIABLE: str(writing),
            canary.SECONDS_VARIABLE: str(self.canary_seconds),
            "DB_POOL": "0",
        }
        child = processes.spawn(
            [sys.executable, MANAGE, "qcluster"], death_signal=signal.SIGKILL, env=environment, pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        log.info("cluster.started", pid=child.pid)
        first, seconds = signal.SIGTERM, self.stop_seconds
        try:
            if self._watch(child, reading) == "stuck":
                first, seconds = signal.SIGKILL, 1
        finally:
            code = processes.stop(child, first=first, seconds=seconds)  # SIGTERM to the main process only
            os.close(reading)
            log.info("cluster.ended", pid=child.pid, exit_code=code)

    def _watch(self, child, reading):
        """Listen to the pipe until the cluster must not go on; returns why."""
        evidence = Evidence(silent_since=time.monotonic())
        while not self._stopping:
            readable, _, _ = select.select([reading], [], [], LOOK_SECONDS)
            now = time.monotonic()
            if readable and evidence.take(os.read(reading, 65536), now) and self.on_acknowledged:
                self.on_acknowledged()
            if processes.has_ended(child):
                log.error("cluster.main_process_ended", pid=child.pid)
                return "ended"
            if evidence.is_stuck(
                limit=self.limit_seconds, workers=self.workers, longest_task=self.longest_task, now=now
            ):
                silent = round(now - evidence.silent_since)
                if not database_answers():
                    evidence.silent_since = time.monotonic()  # it waits for the database, and is given time after
                    continue
                log.error("cluster.stuck", pid=child.pid, silent_seconds=silent)
                return "stuck"
        return "stopping"
