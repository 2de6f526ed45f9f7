"""bin/test: pytest against a private PostgreSQL and Redis; its exit code is ours."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from oddsproject.stack import processes
from oddsproject.stack.binaries import ServerUnavailable
from oddsproject.stack.private import private_stack

ROOT = Path(__file__).resolve().parents[2]
GOODBYE_SECONDS = 15
# Nobody listens there: a test or benchmark that forgets to name its own bookmakers asks nobody.
NO_BOOKMAKERS = dict.fromkeys(("BETPAWA_URL", "SPORTYBET_URL", "BET9JA_URL"), "http://127.0.0.1:9")
# Tests that start processes and wait for them. They run beside the others, which fill the processors meanwhile.
WAITING = sorted(
    f"tests/{path.name}"
    for pattern in ("test_stack_*.py", "test_workers.py", "test_circuit_recovery.py", "browser")
    for path in (ROOT / "tests").glob(pattern)
)
# What takes about as long as each other; each has its own servers, so that none notices the others.
PARTS = [
    ["mappings"],
    ["odds", "scraping", "oddsproject"],
    ["tests", *(f"--ignore={path}" for path in WAITING)],
]
POLITE = ["nice", "-n", "5"]  # who waits for processes gets its turn before those who compute
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to stop; the servers must be stopped on the way out."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def raise_stopped(number, frame):
    """Signal handler: unwind once. What follows is cleaning up, which further signals must not cut short."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def environment(stack):
    return (
        os.environ
        | stack.environment()
        | NO_BOOKMAKERS
        | {
            "DEBUG": "1",
            "SECRET_KEY": os.environ.get("SECRET_KEY") or "only-for-tests",
            "DB_POOL": "0",
            "PYTHONUNBUFFERED": "1",
        }
    )


def run_pytest(arguments, stack):
    """Run pytest to its end. When we are stopped it gets the chance to tear its tests down."""
    child = processes.spawn(
        [sys.executable, "-m", "pytest", *arguments],
        death_signal=signal.SIGKILL,
        new_session=False,  # the terminal stays its own: --pdb works
        env=environment(stack),
    )
    try:
        return child.wait()
    except Stopped as stopped:
        if stopped.number != signal.SIGINT or not _terminal_told_the_child():
            child.send_signal(signal.SIGINT)
        try:
            child.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def _terminal_told_the_child():
    """Whether Ctrl-C came from a terminal, which tells the whole foreground group."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


@contextmanager
def _beside(paths):
    """Another of us runs these tests meanwhile, on servers of its own. Yields a function that waits for
    it, prints what it said and returns its exit code."""
    with tempfile.TemporaryFile() as said:
        child = processes.spawn(
            [*POLITE, sys.executable, "-m", "oddsproject.stack.testing", *paths],
            death_signal=signal.SIGTERM,
            new_session=True,
            stdout=said,
            stderr=subprocess.STDOUT,
        )

        def finish():
            code = child.wait()
            said.seek(0)
            print(f"\n{' '.join(path for path in paths if not path.startswith('--'))}:", flush=True)
            shutil.copyfileobj(said, sys.stdout.buffer)
            sys.stdout.flush()
            return code

        try:
            yield finish
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
                child.wait()


def _everything():
    """The whole suite in parts side by side; the first exit code that is not 0."""
    with ExitStack() as beside:
        finishes = [beside.enter_context(_beside(paths)) for paths in PARTS]
        with private_stack() as stack:
            code = run_pytest(WAITING, stack)
        others = [finish() for finish in finishes]
        return next((each for each in (code, *others) if each), 0)


def main(arguments):
    processes.catch_stop_signals(raise_stopped)
    own_servers = not (os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"))
    try:
        if not arguments and own_servers and (os.cpu_count() or 1) > 1:
            return _everything()
        with private_stack() as stack:
            return run_pytest(arguments, stack)
    except ServerUnavailable as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
