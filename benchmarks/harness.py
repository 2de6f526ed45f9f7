"""What a benchmark reports, and how one is run.

A benchmark is a module of this package with `run(report)`. It measures, calls report.add once per
claim, and prints nothing on standard output. bin/bench gives each module a fresh PostgreSQL (which
commits to disk) and Redis, Django set up and all migrations applied.
"""

import importlib
import json
import os
import pkgutil
import statistics
import sys
import time
from contextlib import contextmanager
from pathlib import Path

NOT_BENCHMARKS = ("harness",)


class Report:
    """Collects results; each is written as one JSON object a line the moment it is known."""

    def __init__(self, stream=None):
        self.stream = stream or sys.stdout
        self.results = []

    def add(self, *, name, unit, values, floor_values=None):
        """Record one claim.

        values: one measured number per round, in `unit`. floor_values: what the least possible work
        takes, in the same unit: one number per round, taken in turn with the values, or a single
        number when the floor is calculated. ratio = median(values) / median(floor_values).
        """
        if isinstance(floor_values, int | float):
            floor_values = [floor_values]
        median = statistics.median(values)
        floor = statistics.median(floor_values) if floor_values else None
        result = {
            "name": name,
            "median": round(median, 6),
            "unit": unit,
            "floor": None if floor is None else round(floor, 6),
            "ratio": round(median / floor, 3) if floor else None,
            "runs": len(values),
        }
        self.results.append(result)
        print(json.dumps(result), file=self.stream, flush=True)
        return result


@contextmanager
def timed(values):
    """Append the seconds that the block took to `values`."""
    started = time.perf_counter()
    yield
    values.append(time.perf_counter() - started)


def names():
    """The benchmarks there are, in order."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in NOT_BENCHMARKS and not name.startswith("_"))


def run_one(name):
    """Run one benchmark in this process against the servers of DATABASE_URL and REDIS_URL."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oddsproject.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    importlib.import_module(f"benchmarks.{name}").run(Report())


if __name__ == "__main__":
    run_one(sys.argv[1])
