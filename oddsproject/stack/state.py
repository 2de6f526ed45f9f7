"""The state directory of bin/run: who owns it, its secrets, where the servers keep their data."""

import fcntl
import hashlib
import json
import os
import secrets
from pathlib import Path

from oddsproject.stack import binaries, processes

SECRETS = ("postgres_password", "redis_password", "secret_key", "demo_password")
WAIT_FOR_OLD_SERVERS = 60


class StateInUse(Exception):
    """Another bin/run works on this state directory; the message says which."""


def _take(handle):
    """Take an exclusive lock if nobody has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class StateDirectory:
    """An opened, locked state directory.

    Two locks: `lock` is ours alone and tells a second bin/run at once. `servers.lock` is inherited by
    PostgreSQL and Redis, so that after a kill -9 of ours nobody starts a second server on data that
    the first is still closing. Raises StateInUse, PermissionError.
    """

    def __init__(self, path, *, say):
        self.path = Path(path).resolve()
        self.account = binaries.service_account()
        # 0711 as root: the service account has to get through to its own directory, nothing more.
        self.path.mkdir(mode=0o711 if self.account else 0o700, parents=True, exist_ok=True)
        self._own = self._lock_own()
        self.servers_lock = self._lock_servers(say)
        self.logs = self._directory("logs")
        self.secrets = self._load_secrets()

    def _directory(self, name):
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def _lock_own(self):
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        # A moment's patience: bin/manage takes the lock for an instant, to see whether we run.
        if not processes.wait_until(lambda: _take(handle), seconds=0.5):
            owner = os.read(handle, 200).decode(errors="replace").strip()
            os.close(handle)
            raise StateInUse(
                f"{self.path} is in use by another bin/run (process {owner or 'unknown'}). "
                "Stop that one first, or give this one a directory of its own with STATE_DIR."
            )
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        return handle

    def _lock_servers(self, say):
        handle = os.open(self.path / "servers.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _take(handle):
            say("waiting for the servers of an earlier bin/run to finish")
            if not processes.wait_until(lambda: _take(handle), seconds=WAIT_FOR_OLD_SERVERS, every=0.1):
                raise StateInUse(f"Servers of an earlier bin/run on {self.path} do not end.")
        return handle

    def _load_secrets(self):
        """Random ones, made at the first start and kept, readable by nobody else."""
        path = self.path / "secrets.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in SECRETS if name not in known]
        if missing:
            known |= {name: secrets.token_urlsafe(12 if name == "demo_password" else 32) for name in missing}
            self.write_private(path.name, json.dumps(known))
        return known

    def write_private(self, name, text):
        """Replace a file of the directory, whole or not at all, readable by nobody else."""
        fresh = self.path / f"{name}.new"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(self.path / name)

    def server_home(self, say):
        """Where the servers' data goes: here, unless the service account cannot get through to here.

        Below somebody's private home it cannot, and the permissions of parents are not ours to change.
        """
        if self.account is None or binaries.may(self.account, "-x", self.path):
            return self.path
        home = Path("/var/lib") / f"oddsproject-{hashlib.sha256(str(self.path).encode()).hexdigest()[:12]}"
        home.mkdir(mode=0o711, exist_ok=True)
        if home.stat().st_uid != os.geteuid():
            raise PermissionError(f"{home} belongs to somebody else.")
        (self.path / "data-is-in").write_text(f"{home}\n")
        say(f"user {self.account.pw_name} cannot reach {self.path}; the servers keep their data in {home}")
        return home

    def release(self):
        os.close(self.servers_lock)
        os.close(self._own)
