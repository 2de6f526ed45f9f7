"""The canary of the task queue: proof that a task goes all the way through this very cluster.

Every few seconds the broker slips a canary in among the tasks. It passes through the cluster's own
queues, a worker and the monitor, and never through the database: other hosts cannot take it, no
table grows, and a database that is away does not look like a cluster that is stuck.
What happens is told to the watchdog (oddsproject.stack.cluster) over a pipe that every process of
the cluster inherits: b"in", b"ack", b"start <pid>", b"end <pid>", a line each.
"""

import os
import time
import uuid

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.signing import SignedPackage

PIPE_VARIABLE = "ODDSPROJECT_CANARY_PIPE"
SECONDS_VARIABLE = "ODDSPROJECT_CANARY_SECONDS"
NAME = "canary"

_pipe = int(os.environ[PIPE_VARIABLE]) if PIPE_VARIABLE in os.environ else None
_seconds = float(os.environ.get(SECONDS_VARIABLE, "15"))


def beat():
    """The canary itself; also what `doctor` sends through the queue."""
    return os.getpid()


def tell(line):
    """One line to the watchdog. A full pipe means it is not reading; a task must not wait for that."""
    if _pipe is None:
        return
    try:
        os.write(_pipe, line + b"\n")
    except (BlockingIOError, BrokenPipeError):
        return


class CanaryBroker(ORM):
    """The database broker; when a watchdog listens, it sends canaries through as well."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._next_canary = 0.0

    def dequeue(self):
        if _pipe is not None and time.monotonic() >= self._next_canary:
            self._next_canary = time.monotonic() + _seconds
            tell(b"in")
            return [(NAME, SignedPackage.dumps(_package()))]
        return super().dequeue()

    def acknowledge(self, task_id):
        if task_id != NAME:
            super().acknowledge(task_id)
        tell(b"ack")

    def fail(self, task_id):
        if task_id != NAME:
            super().fail(task_id)


def _package():
    return {
        "id": uuid.uuid4().hex,
        "name": NAME,
        "func": f"{__name__}.beat",
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
        "ack_failure": True,
    }


def _worker_starts(**kwargs):
    tell(b"start %d" % os.getpid())


def _worker_ends(**kwargs):
    tell(b"end %d" % os.getpid())


if _pipe is not None:
    pre_execute.connect(_worker_starts, dispatch_uid="canary")
    post_execute_in_worker.connect(_worker_ends, dispatch_uid="canary")
