"""A throw-away PostgreSQL and Redis of one's own, for one run of the tests or the benchmarks.

Any number may run at once: each has its own directory and its own ports.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oddsproject.stack import binaries
from oddsproject.stack.postgres import Postgres
from oddsproject.stack.redis_server import RedisServer

PREFIX = "oddsproject-private-"


@dataclass
class PrivateStack:
    """Addresses to use, and the servers behind them (None where the caller gave an address)."""

    database_url: str
    redis_url: str
    postgres: Postgres | None = None
    redis: RedisServer | None = None

    def environment(self):
        """What a process needs in its environment to use these servers."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def private_stack(*, durable=False, settings=(), given=True):
    """Start what DATABASE_URL and REDIS_URL do not name; stop and remove it afterwards.

    given: whether those two variables are looked at.

    durable: commit to disk as production does (benchmarks); tests do without.
    settings: extra "name=value" settings of PostgreSQL.
    """
    addresses = os.environ if given else {}
    stack = PrivateStack(addresses.get("DATABASE_URL", ""), addresses.get("REDIS_URL", ""))
    remove_abandoned()
    with private_directory() as directory:
        account = binaries.service_account()
        try:
            if not stack.database_url:
                stack.postgres = Postgres(
                    binaries.runnable_postgres(account, directory / "programs"),
                    owned_directory(directory / "postgres", account),
                    password=secrets.token_urlsafe(18),
                    account=account,
                    durable=durable,
                    settings=settings,
                )
                stack.postgres.prepare()
                stack.postgres.start()
                stack.database_url = stack.postgres.url
            if not stack.redis_url:
                stack.redis = RedisServer(
                    binaries.runnable_redis(account, directory / "programs"),
                    owned_directory(directory / "redis", account),
                    password=secrets.token_urlsafe(18),
                    account=account,
                    keep=durable,
                )
                stack.redis.start()
                stack.redis_url = stack.redis.url
            yield stack
        finally:
            for server in (stack.redis, stack.postgres):
                if server is not None:
                    server.stop()


def owned_directory(path, account):
    """Make a directory that only the account (or we) can open."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def _base():
    """Where private directories go: open to the service account, and not a small memory disk."""
    return Path("/var/tmp") if os.geteuid() == 0 and os.path.isdir("/var/tmp") else Path(tempfile.gettempdir())


@contextmanager
def private_directory():
    """A directory that is removed at the end, and recognisable as abandoned if we are killed."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_base()))
    if os.geteuid() == 0:
        directory.chmod(0o711)  # ours, and the service account must get through to its own
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def remove_abandoned():
    """Remove private directories of ours whose owner was killed: nobody holds their lock."""
    for directory in _base().glob(f"{PREFIX}*"):
        lock = directory / "lock"
        try:
            if directory.lstat().st_uid != os.geteuid() or directory.is_symlink():
                continue
            handle = os.open(lock, os.O_RDWR)
        except (FileNotFoundError, PermissionError):
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except BlockingIOError:
            continue  # in use
        finally:
            os.close(handle)
