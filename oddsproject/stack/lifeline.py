"""Processes that die with their parent, also when the parent was killed and could say nothing.

The kernel's parent-death signal (Linux) covers a child that we start, but a fork forgets it, and the
task queue forks: without its main process its workers go on pulling and running tasks, unguarded.
hold(), which manage.py calls when ODDSPROJECT_LIFELINE=1, renews the promise in every fork.
Elsewhere a thread looks whether the parent is still the same.

Standard library only. As a script it wraps a foreign program for systems without that signal:
    lifeline.py SIGNAL program [argument …]
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

VARIABLE = "ODDSPROJECT_LIFELINE"
LOOK_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent, death_signal):
    """Make this process receive death_signal when `parent`, its parent now, dies (Linux).

    The parent may already be dead by then, and nobody would tell: then the process ends at once.
    """
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def hold():
    """From now on every process forked from this one is killed when its own parent dies."""
    parent_of_fork = None

    def before():
        nonlocal parent_of_fork
        parent_of_fork = os.getpid()

    def in_child():
        _follow(parent_of_fork)

    os.register_at_fork(before=before, after_in_child=in_child)
    if _libc is None:
        _watch(os.getppid())  # on Linux whoever started us has asked the kernel already


def hold_if_asked():
    if os.environ.get(VARIABLE) == "1":
        hold()


def _follow(parent):
    if _libc is not None:
        die_with(parent, signal.SIGKILL)
    else:
        _watch(parent)


def _watch(parent):
    def look():
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=look, name="lifeline", daemon=True).start()


def wrap(death_signal, command):
    """Run a program; pass signals on; when our parent dies send it death_signal. Returns its exit code."""
    parent = os.getppid()
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, lambda received, frame: child.send_signal(received))
    while True:
        try:
            return child.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                child.send_signal(death_signal)
                return child.wait()


if __name__ == "__main__":
    sys.exit(wrap(int(sys.argv[1]), sys.argv[2:]))
