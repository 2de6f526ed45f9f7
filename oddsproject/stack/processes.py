"""Children that run in their own session and never outlive the process that started them."""

import os
import signal
import socket
import subprocess
import sys
import time

from oddsproject.stack import lifeline


def free_port():
    """A loopback port that nobody listens on. Another process may take it before we do: retry."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_port_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def spawn(arguments, *, death_signal=signal.SIGTERM, new_session=True, account=None, **options):
    """Start a child that gets death_signal when this process dies, however it dies.

    Call it from the main thread: the kernel watches the thread that forked. account: a pwd entry
    to run as (root only); options go to subprocess.Popen.
    """
    arguments = [str(argument) for argument in arguments]
    if account is not None:
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    if sys.platform == "linux":
        parent = os.getpid()
        options["preexec_fn"] = lambda: lifeline.die_with(parent, death_signal)
    elif arguments[0] != sys.executable:  # our own Python processes look after themselves
        arguments = [sys.executable, lifeline.__file__, str(int(death_signal)), *arguments]
    return subprocess.Popen(arguments, start_new_session=new_session, **options)


def catch_stop_signals(handler):
    """Have handler called for Ctrl-C, SIGTERM and a closed terminal; under nohup the last stays ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def exists(pid):
    """Whether a process of that number exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it exists, and is somebody else's
    return True


def has_ended(process):
    """Whether the child has ended, without reaping it: until stop() its number is nobody else's."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_until(condition, *, seconds, process=None, every=0.02):
    """Wait for condition() to be true; return whether it came true in time.

    Gives up at once when `process` has ended: nothing more will come of it.
    """
    deadline = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if process is not None and has_ended(process):
            return False
        if time.monotonic() >= deadline:
            return False
        time.sleep(every)


def kill_group(process):
    """SIGKILL every process of the child's session. Only before the child is reaped."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return


def stop(process, *, first=signal.SIGTERM, seconds=10):
    """Ask the main process of a child to end; after `seconds`, or when it has ended, kill its session.

    The group, because a main process that crashed or was killed may have left workers behind.
    Returns the exit code (negative: the signal that ended it).
    """
    if process.returncode is None:
        process.send_signal(first)
        wait_until(lambda: has_ended(process), seconds=seconds)
        kill_group(process)
    return process.wait()
