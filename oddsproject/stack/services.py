"""One child of the supervisor: start it, look after it, start it again, stop it."""

import http.client
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from oddsproject.stack import processes

LARGEST_LOG = 20 * 1024 * 1024
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # up for so long, the next restart comes without a pause
LOOK_EVERY = 10.0
PATIENCE = 6  # health checks in a row that may fail before the child is replaced

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy


def answers_http(url, *, seconds=3.0):
    """Whether a web server answers at all; which status it gives is its own affair below 500."""
    try:
        with _direct.open(url, timeout=seconds):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, http.client.HTTPException):
        return False


@dataclass
class Service:
    """A child process and how to tell that it is well.

    is_up: asked until true after each start, and every few seconds after that when check_always.
    stop_seconds: how long it may take to end after SIGTERM (to its main process).
    """

    name: str
    command: list
    environment: dict
    log_path: Path
    is_up: Callable[[], bool] | None = None
    check_always: bool = False
    stop_seconds: float = 10.0
    process: subprocess.Popen | None = None
    restarts: int = 0
    _started_at: float = 0.0
    _start_again_at: float | None = None
    _pause: float = 0.5
    _next_look: float = 0.0
    _missed: int = field(default=0)

    def start(self):
        self.rotate_log()
        with open(os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self.process = processes.spawn(
                self.command, death_signal=signal.SIGKILL, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._started_at = time.monotonic()
        self._start_again_at, self._missed = None, 0
        self._next_look = self._started_at + LOOK_EVERY

    def look(self, say):
        """Called a few times a second: restart the child when it has ended or does not answer."""
        now = time.monotonic()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.restarts += 1
                self.start()
            return
        if processes.has_ended(self.process):
            code = processes.stop(self.process)
            self._plan_restart(now)
            say(f"{self.name} ended ({describe(code)}); starting it again in {self._pause:g} s, see {self.log_path}")
        elif self.check_always and now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            self._missed = 0 if self.is_up() else self._missed + 1
            if self._missed >= PATIENCE:
                processes.stop(self.process, seconds=self.stop_seconds)
                self._plan_restart(now)
                say(f"{self.name} has not answered for {PATIENCE * LOOK_EVERY:g} s; starting it again")
            self.rotate_log()

    def _plan_restart(self, now):
        steady = now - self._started_at > STEADY_SECONDS
        self._pause = 0.5 if steady else min(self._pause * 2, LONGEST_PAUSE)
        self._start_again_at = now + self._pause

    def is_running(self):
        return self.process is not None and not processes.has_ended(self.process)

    def log_tail(self, lines=15):
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def rotate_log(self):
        """Keep one older part. The child keeps its descriptor: it appends, so emptying the file is enough."""
        if self.log_path.exists() and self.log_path.stat().st_size > LARGEST_LOG:
            older = self.log_path.with_suffix(".log.1")
            older.write_bytes(self.log_path.read_bytes()[-LARGEST_LOG:])
            os.truncate(self.log_path, 0)


def describe(code):
    """An exit code in words."""
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"exit code {code}"


def stop_together(services):
    """SIGTERM to every main process at once, then each gets its time; what is left of a session is killed."""
    running = [service for service in services if service.process is not None]
    for service in running:
        if service.is_running():
            service.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    for service in running:
        left = service.stop_seconds - (time.monotonic() - began)
        processes.wait_until(lambda service=service: not service.is_running(), seconds=max(left, 0))
        if service.process.returncode is None:
            processes.kill_group(service.process)
            service.process.wait()
