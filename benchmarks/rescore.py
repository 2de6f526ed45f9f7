"""Re-scoring after a cycle that brought fixtures, in processor time and in memory.

400 rows of the queue, 200 price fixtures known to the process, and in every round 40 events that
were not fixtures before (they replace the 40 oldest); beside it the 40 newest ones sampled again at
the same prices, and nothing new. Time is the processor's, of this process: other work on the
machine is not what is measured. The floor reads and unpacks the new fixtures and does nothing with
them. Memory is of a process of its own, in MB: what it holds more after its first re-scoring than
before it, and its highest mark above that meanwhile; the floor is the fixtures' payloads, packed.
"""

import gc
import json
import subprocess
import sys
import time
from datetime import timedelta

from benchmarks.suggestions import _empty, _fill
from benchmarks.suggestions import _sample_again as sample_again

FIXTURES = 200
NEW = 40
ROUNDS = 3
SEED = 5


def run(report):
    from mappings.suggestions import datasets, engine

    dataset = datasets.load("demo", events=FIXTURES + NEW * ROUNDS, seed=SEED)
    _fill(dataset, FIXTURES)
    held = json.loads(subprocess.run([sys.executable, "-m", __name__], check=True, stdout=subprocess.PIPE).stdout)
    for name, value in held.items():
        report.add(name=f"rescore-memory-{name}", unit="MB", values=[value], floor_values=_packed())
    engine.rescore()
    states = {name: ([], []) for name in ("new", "again", "same")}
    for number in range(ROUNDS):
        start = FIXTURES + NEW * number
        _measure(states["new"], NEW, lambda start=start: _replace(dataset.fixtures[start : start + NEW]))
        _measure(states["again"], NEW, lambda: sample_again(NEW))
        _measure(states["same"], 0, lambda: None)
    for state, (values, floors) in states.items():
        report.add(name=f"rescore-{NEW}-of-{FIXTURES}-{state}", unit="s CPU", values=values, floor_values=floors)
    _empty()


def _measure(times, new, prepare):
    from mappings.suggestions import engine

    values, floors = times
    prepare()
    gc.collect()
    floors.append(_seconds(lambda: _read(new)))
    values.append(_seconds(engine.rescore))


def _seconds(do):
    started = time.process_time()
    do()
    return time.process_time() - started


def _read(count):
    from mappings.evidence.samples import readable
    from mappings.models import PriceFixture

    list(readable(PriceFixture.objects.order_by("-sampled_at", "-id")[:count]))


def _replace(fixtures):
    """So many events are fixtures for the first time, and the oldest ones are no longer."""
    from django.db.models import Max

    from mappings.evidence.samples import keys_of, pack
    from mappings.models import PriceFixture

    at = PriceFixture.objects.aggregate(at=Max("sampled_at"))["at"] + timedelta(minutes=5)
    oldest = PriceFixture.objects.order_by("sampled_at", "id").values_list("pk", flat=True)[: len(fixtures)]
    PriceFixture.objects.filter(pk__in=list(oldest)).delete()
    PriceFixture.objects.bulk_create(
        PriceFixture(
            event_key=fixture.event_key, event_id=number, home_team=fixture.home_team, away_team=fixture.away_team,
            kickoff_at=fixture.kickoff_at, sampled_at=at, books=sorted(fixture.books), keys=keys_of(fixture.books),
            payload=pack(fixture.books),
        )
        for number, fixture in enumerate(fixtures)
    )  # fmt: skip


def _packed():
    from django.db.models import Sum
    from django.db.models.functions import Length

    from mappings.models import PriceFixture

    return PriceFixture.objects.aggregate(size=Sum(Length("payload")))["size"] / 2**20


def _memory():
    """{held, peak} of this process, by its first re-scoring."""
    import django

    django.setup()
    from mappings.suggestions import engine

    before = _status("VmRSS")
    engine.rescore()
    return {"held": _status("VmRSS") - before, "peak": _status("VmHWM") - before}


def _status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(json.dumps(_memory()))
