"""bin/bench [name …] [--json]: each benchmark on a fresh stack that commits to disk, as production does.

The benchmarks write and drop data, so DATABASE_URL and REDIS_URL are deliberately not used.
"""

import argparse
import json
import os
import signal
import subprocess
import sys

from benchmarks import harness
from oddsproject.stack import processes
from oddsproject.stack.binaries import ServerUnavailable
from oddsproject.stack.private import private_stack
from oddsproject.stack.testing import Stopped, environment, raise_stopped

SETTINGS = ("shared_buffers=256MB", "max_wal_size=4GB")
COLUMNS = ("name", "median", "unit", "floor", "ratio", "runs")


def run(name, *, as_json):
    """Run one benchmark; return (exit code, results)."""
    results = []
    with private_stack(durable=True, settings=SETTINGS, given=False) as stack:
        child = processes.spawn(
            [sys.executable, "-m", "benchmarks.harness", name],
            death_signal=signal.SIGKILL,
            env=environment(stack) | {"LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING")},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            for line in child.stdout:
                results.append(json.loads(line))
                if as_json:
                    print(line, end="", flush=True)
            return child.wait(), results
        finally:
            processes.stop(child)


def print_table(results):
    rows = [[_text(result[column]) for column in COLUMNS] for result in results]
    widths = [max(len(row[i]) for row in [list(COLUMNS), *rows]) for i in range(len(COLUMNS))]
    for row in [list(COLUMNS), *rows]:
        padded = zip(COLUMNS, row, widths, strict=True)
        cells = [
            cell.ljust(width) if column in ("name", "unit") else cell.rjust(width) for column, cell, width in padded
        ]
        print("  ".join(cells).rstrip())


def _text(value):
    """A number for people: four figures are as exact as a measurement on shared cores gets."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value)


def main(arguments):
    parser = argparse.ArgumentParser(prog="bin/bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(harness.names())}; none means all")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in harness.names()]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(harness.names())}")
    processes.catch_stop_signals(raise_stopped)
    failed, results = [], []
    try:
        for name in options.names or harness.names():
            print(f"running {name}", file=sys.stderr, flush=True)
            code, found = run(name, as_json=options.json)
            results += found
            if code != 0:
                failed.append(name)
    except ServerUnavailable as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return 128 + stopped.number
    if not options.json:
        print_table(results)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
