"""One PostgreSQL server on a loopback port: made once, started, waited for, stopped."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from oddsproject.stack import processes
from oddsproject.stack.binaries import ServerUnavailable, as_account

USER = "app"
DATABASE = "oddsproject"
START_ATTEMPTS = 3
RECOVERY_SECONDS = 300  # after a crash the log is replayed before the first connection
SMALL_SHARED_MEMORY = 256 * 1024 * 1024
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres:
    """A server and its data directory.

    programs: directory with bin/postgres. directory: where data and log live; it must exist and,
    when account is given, belong to it. password: of the role that owns everything.
    settings: extra "name=value" server settings. durable: whether what was committed survives a
    crash; False is for throw-away data only.
    """

    def __init__(
        self,
        programs,
        directory,
        *,
        password,
        port=None,
        database=DATABASE,
        account=None,
        durable=True,
        settings=(),
        log_path=None,
        inherit=(),
    ):
        self.programs = Path(programs)
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.password = password
        self.port = port
        self.database = database
        self.account = account
        self.durable = durable
        self.settings = (*settings, *(() if durable else FORGETFUL))
        self.log_path = Path(log_path or self.directory / "postgres.log")
        self.inherit = tuple(inherit)  # file descriptors to hold open, such as a lock
        self.process = None

    @property
    def url(self):
        return f"postgres://{USER}:{self.password}@127.0.0.1:{self.port}/{self.database}"

    def is_prepared(self):
        return (self.data / "PG_VERSION").exists()

    def prepare(self):
        """Make the data directory, unless it is already there. An initdb cut short starts afresh."""
        if self.is_prepared():
            self._check_version()
            return
        password_file = self.directory / "initdb-password"
        with open(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(self.password)
        if self.account is not None:
            os.chown(password_file, self.account.pw_uid, self.account.pw_gid)
        fresh = self.directory / "data.new"
        subprocess.run(["rm", "-rf", "--", str(fresh)], check=True)
        command = [self.programs / "bin" / "initdb", "-D", fresh, "-U", USER, "-A", "scram-sha-256"]
        command += ["--pwfile", password_file, "-E", "UTF8", *self._locale_flags(), "--no-sync"]
        answer = subprocess.run(
            command, cwd="/", env=self._environment(), capture_output=True, text=True, **as_account(self.account)
        )
        password_file.unlink()
        if answer.returncode != 0:
            raise ServerUnavailable(f"initdb failed:\n{answer.stdout}{answer.stderr}")
        if self.durable:
            os.sync()  # --no-sync leaves it to us; one call is faster than one per file
        fresh.rename(self.data)

    def start(self, *, keep_port=False):
        """Start and wait until it answers. Takes another port when its own is taken, unless keep_port."""
        for attempt in range(START_ATTEMPTS):
            if attempt:
                time.sleep(attempt)  # what is left of a killed server needs a moment to go
            if not self.port or (attempt and not keep_port):
                self.port = processes.free_port()
            self._launch()
            if processes.wait_until(self.answers, seconds=RECOVERY_SECONDS, process=self.process):
                self._ensure_database()
                return
            self.stop()
        raise ServerUnavailable(f"PostgreSQL does not start. Its log, {self.log_path}, ends with:\n{self.log_tail()}")

    def stop(self):
        """Fast shutdown: sessions are cut, everything committed is on disk."""
        if self.process is not None:
            processes.stop(self.process, first=signal.SIGINT, seconds=30)

    def answers(self):
        try:
            with self.connect("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    def connect(self, database):
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, dbname=database,
            autocommit=True, connect_timeout=3,
        )  # fmt: skip

    def log_tail(self, lines=15):
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _launch(self):
        command = [self.programs / "bin" / "postgres", "-D", self.data, "-p", str(self.port), "-k", ""]
        settings = ["listen_addresses=127.0.0.1", *self.settings]
        if _shared_memory_is_small():
            settings.append("dynamic_shared_memory_type=mmap")
        for setting in settings:
            command += ["-c", setting]
        with open(os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self.process = processes.spawn(
                command, death_signal=signal.SIGINT, account=self.account, pass_fds=self.inherit,
                cwd="/", env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def _ensure_database(self):
        with self.connect("postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))

    def _environment(self):
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

    def _program_version(self):
        """The major version of the programs, e.g. 18."""
        answer = subprocess.run(
            [self.programs / "bin" / "postgres", "--version"], cwd="/", capture_output=True, text=True, check=True,
            **as_account(self.account),
        )  # fmt: skip
        return int(answer.stdout.split()[2].split(".")[0])

    def _locale_flags(self):
        """Code-point order, but upper() and icontains that know accents."""
        if self._program_version() >= 17:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]

    def _check_version(self):
        made_by, ours = int((self.data / "PG_VERSION").read_text().split(".")[0]), self._program_version()
        if made_by != ours:
            raise ServerUnavailable(
                f"The data in {self.data} was made by PostgreSQL {made_by}; this is PostgreSQL {ours}. "
                "Move the directory away to start afresh, or dump and restore it (docs/operations.md)."
            )


def _shared_memory_is_small():
    """Whether /dev/shm is too small for parallel queries, as in a container's 64 MB."""
    try:
        about = os.statvfs("/dev/shm")
    except OSError:
        return False
    return about.f_blocks * about.f_frsize < SMALL_SHARED_MEMORY
