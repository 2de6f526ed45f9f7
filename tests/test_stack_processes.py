"""Children of the stack: ports, sessions, and that nobody outlives whom they depend on."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from oddsproject.stack import lifeline, processes
from tests.process_tree import alive

ROOT = Path(__file__).resolve().parents[1]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_taken_port_is_seen_and_another_one_found():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not processes.is_port_free(port)
        other = processes.free_port()
        assert other != port
        assert processes.is_port_free(other)


def test_stop_kills_what_an_unwilling_child_leaves_in_its_session(tmp_path):
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $! > '{pids}'; wait; sleep 60"
    child = processes.spawn(["sh", "-c", script])
    assert processes.wait_until(lambda: pids.exists() and pids.read_text().strip(), seconds=60)
    grandchild = int(pids.read_text())
    assert processes.stop(child, seconds=0.2) == -signal.SIGKILL
    assert processes.wait_until(lambda: not alive(grandchild), seconds=60)


def test_what_a_crashed_child_leaves_behind_is_killed_too(tmp_path):
    pids = tmp_path / "pids"
    child = processes.spawn(["sh", "-c", f"sleep 60 & echo $! > '{pids}'; exit 3"])
    assert processes.wait_until(lambda: processes.has_ended(child), seconds=60)
    assert processes.stop(child) == 3
    assert processes.wait_until(lambda: not alive(int(pids.read_text())), seconds=60)


FORKING = """
import os, sys, time
sys.path.insert(0, {root!r})
from oddsproject.stack import lifeline
lifeline.hold_if_asked()
if os.fork() == 0:
    if os.fork() == 0:
        os.write(1, b"%d\\n" % os.getpid())  # in one piece
        time.sleep(60)
    os.write(1, b"%d\\n" % os.getpid())  # in one piece
    time.sleep(60)
time.sleep(60)
"""


@linux_only
@pytest.mark.parametrize("asked", [True, False])
def test_forks_of_forks_die_with_the_first_process_when_asked(asked):
    environment = os.environ | {lifeline.VARIABLE: "1" if asked else "0"}
    child = subprocess.Popen(
        [sys.executable, "-c", FORKING.format(root=str(ROOT))],
        stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip
    forks = [int(child.stdout.readline()) for _ in range(2)]
    child.kill()
    try:
        if asked:
            assert processes.wait_until(lambda: not any(alive(pid) for pid in forks), seconds=60)
        else:
            assert all(alive(pid) for pid in forks)
    finally:
        processes.kill_group(child)
        child.wait()
        child.stdout.close()


@linux_only
def test_a_wrapped_program_gets_its_signal_when_the_wrapper_loses_its_parent(tmp_path):
    """The way of systems without a parent-death signal; the wrapper itself works anywhere."""
    pids = tmp_path / "pids"
    program = f"sh -c 'echo $$ > \"{pids}\"; exec sleep 60'"
    wrapper = f"'{sys.executable}' '{lifeline.__file__}' {int(signal.SIGTERM)} {program}"
    parent = subprocess.Popen(["sh", "-c", f"{wrapper} & wait"], start_new_session=True)
    try:
        assert processes.wait_until(lambda: pids.exists() and pids.read_text().strip(), seconds=60)
        program = int(pids.read_text())
        parent.kill()
        assert processes.wait_until(lambda: not alive(program), seconds=60)
    finally:
        processes.kill_group(parent)
        parent.wait()
