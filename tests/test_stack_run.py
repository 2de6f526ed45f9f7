"""bin/run's servers, from a path with spaces: one owner, private secrets, nothing left after kill -9."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from oddsproject.stack import processes
from tests.process_tree import alive, below

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def state_directory():
    """A place that an unprivileged server can reach also when the tests run as root."""
    parent = Path(tempfile.mkdtemp(prefix="odds desk ", dir="/var/tmp"))
    if os.geteuid() == 0:
        parent.chmod(0o711)
    yield parent / "the state"
    shutil.rmtree(parent)


class Run:
    """bin/run --servers on a state directory, as a process of its own."""

    def __init__(self, state_directory):
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.output = state_directory.parent / "output"
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [ROOT / "bin" / "run", "--servers"], stdout=output, stderr=output, start_new_session=True,
                env=environment | {"STATE_DIR": str(state_directory)},
            )  # fmt: skip

    def wait_until_ready(self):
        found = processes.wait_until(lambda: "\nready " in self.text(), seconds=180, process=self.process)
        assert found, self.text()
        return re.search(r"^ready DATABASE_URL=(\S+) REDIS_URL=(\S+)$", self.text(), re.M).group(1)

    def text(self):
        return "\n" + self.output.read_text()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(120)


@pytest.fixture
def run(state_directory):
    started = Run(state_directory)
    yield started
    started.end()


@pytest.mark.slow
def test_secrets_are_readable_by_nobody_else_and_a_second_owner_is_refused_in_words(run, state_directory):
    run.wait_until_ready()
    for name in ("secrets.json", "environment.json", "lock"):
        assert stat.S_IMODE((state_directory / name).stat().st_mode) == 0o600
    for log in (state_directory / "logs").iterdir():
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
    second = subprocess.run(
        [ROOT / "bin" / "run", "--servers"], capture_output=True, text=True, timeout=120,
        env=os.environ | {"STATE_DIR": str(state_directory)},
    )  # fmt: skip
    assert second.returncode == 1
    assert f"in use by another bin/run (process {run.process.pid})" in second.stderr
    assert run.end() == 0
    assert not (state_directory / "environment.json").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_nine_of_the_supervisor_leaves_no_process_and_loses_no_committed_row(run, state_directory):
    url = run.wait_until_ready()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    everybody = below(run.process.pid)
    assert len(everybody) > 3
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    assert processes.wait_until(lambda: not any(alive(pid) for pid in everybody), seconds=60)

    run.output.unlink()
    again = Run(state_directory)
    try:
        with psycopg.connect(again.wait_until_ready()) as connection:
            assert connection.execute("SELECT id FROM kept").fetchall() == [(42,)]
    finally:
        assert again.end() == 0


def test_manage_without_a_running_desk_says_so_in_one_line(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    answer = subprocess.run(
        [ROOT / "bin" / "manage", "doctor"], capture_output=True, text=True, timeout=120,
        env=environment | {"STATE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"no bin/run is up on {tmp_path}") and answer.stderr.count("\n") == 1
