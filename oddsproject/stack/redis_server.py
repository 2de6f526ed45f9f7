"""One Redis-protocol server on a loopback port."""

import os
import signal
import subprocess
import time
from pathlib import Path

import redis

from oddsproject.stack import processes
from oddsproject.stack.binaries import ServerUnavailable

START_ATTEMPTS = 3
LOADING_SECONDS = 60  # a long append-only file is read before the first answer


class RedisServer:
    """A server and its directory, which must exist and belong to `account` when that is given.

    keep: whether data survives a restart (append-only file).
    """

    def __init__(
        self,
        program,
        directory,
        *,
        password,
        port=None,
        number=0,
        account=None,
        keep=False,
        log_path=None,
        inherit=(),
    ):
        self.program = Path(program)
        self.directory = Path(directory)
        self.password = password
        self.port = port
        self.number = number  # of the database within the server
        self.account = account
        self.keep = keep
        self.log_path = Path(log_path or self.directory / "redis.log")
        self.inherit = tuple(inherit)  # file descriptors to hold open, such as a lock
        self.process = None

    @property
    def url(self):
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{self.number}"

    def start(self, *, keep_port=False):
        """Start and wait until it answers. Takes another port when its own is taken, unless keep_port."""
        for attempt in range(START_ATTEMPTS):
            if attempt:
                time.sleep(attempt)  # what is left of a killed server needs a moment to go
            if not self.port or (attempt and not keep_port):
                self.port = processes.free_port()
            self._launch()
            if processes.wait_until(self.answers, seconds=LOADING_SECONDS, process=self.process):
                return
            self.stop()
        tail = self.log_path.read_text(errors="replace")[-1500:]
        raise ServerUnavailable(f"Redis does not start. Its log, {self.log_path}, ends with:\n{tail}")

    def stop(self):
        if self.process is not None:
            processes.stop(self.process, first=signal.SIGTERM, seconds=15)

    def answers(self):
        client = redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)
        try:
            return client.ping()
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _launch(self):
        # The password goes through a file, not the command line, where every user could read it.
        configuration = self.directory / "redis.conf"
        with open(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(self._configuration())
        if self.account is not None:
            os.chown(configuration, self.account.pw_uid, self.account.pw_gid)
        with open(os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self.process = processes.spawn(
                [str(self.program), str(configuration)], death_signal=signal.SIGTERM, account=self.account,
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=self.inherit,
            )  # fmt: skip

    def _configuration(self):
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            "protected-mode yes",
            f"requirepass {self.password}",
            f"dir {_quoted(self.directory)}",
            'save ""',
            f"appendonly {'yes' if self.keep else 'no'}",
            "daemonize no",
        ]
        return "\n".join(lines) + "\n"


def _quoted(path):
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
