"""Children that run in their own session and never outlive the process that started them."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


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


def _die_with(parent, death_signal):
    """For the child, between fork and exec: ask the kernel for a signal when its parent dies.

    The parent may already be dead by then; nobody would tell, so the child looks.
    """

    def in_child():
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return in_child


def spawn(arguments, *, death_signal=signal.SIGTERM, new_session=True, account=None, **options):
    """Start a child that gets death_signal when this process dies, however it dies (Linux).

    Call it from the main thread: the kernel watches the thread that forked. account: a pwd entry
    to run as (root only); options go to subprocess.Popen.
    """
    if account is not None:
        options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    if _libc is not None:
        options["preexec_fn"] = _die_with(os.getpid(), death_signal)
    return subprocess.Popen(arguments, start_new_session=new_session, **options)


def wait_until(condition, *, seconds, process=None, every=0.02):
    """Wait for condition() to be true; return whether it came true in time.

    Gives up at once when `process` has ended: nothing more will come of it.
    """
    deadline = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if process is not None and process.poll() is not None:
            return False
        if time.monotonic() >= deadline:
            return False
        time.sleep(every)


def signal_group(process, number):
    """Send a signal to every process of the child's session; those already gone are no error."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def stop(process, *, first=signal.SIGTERM, seconds=10):
    """Ask the main process of a child to end; after `seconds` kill its whole group. Returns the exit code."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
    signal_group(process, signal.SIGKILL)  # what the main process left behind
    return process.wait()
