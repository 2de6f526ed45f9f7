"""Benchmark (g): re-scoring the whole queue after a cycle.

400 rows of the queue, and 60 or 200 price fixtures of the demo world's events; every row is ranked
against every BetPawa market and stored where its suggestions changed. Four states of the process:

    cold     its first re-scoring: every fixture is read, nothing is stored yet
    cycle    a cycle later: every fixture was sampled again
    tenth    one fixture in ten was sampled again
    same     nothing is new

The floor reads and unpacks the fixtures that are new, and does nothing with them. suggest-one is
what focus mode asks for when nothing is stored: one row, all fixtures known.
"""

import sys
import time
from datetime import timedelta

from benchmarks.harness import timed

ROWS = 400
SIZES = (60, 200)
ROUNDS = 3
SEED = 5


def run(report):
    from mappings.suggestions import engine
    from mappings.suggestions.observations import Views

    dataset = _dataset(SIZES[-1])
    for size in SIZES:
        rows = _fill(dataset, size)
        print(f"suggestions: {len(rows)} rows, {size} fixtures", file=sys.stderr)
        times = {name: ([], []) for name in ("cold", "cycle", "tenth", "same")}
        for _ in range(ROUNDS):
            engine._views = Views()
            _forget()
            _measure(times["cold"], size)
            _sample_again(size)
            _measure(times["cycle"], size)
            _sample_again(size // 10)
            _measure(times["tenth"], size // 10)
            _measure(times["same"], 0)
        for state, (values, floors) in times.items():
            report.add(name=f"rescore-{size}-fixtures-{state}", unit="s", values=values, floor_values=floors)
        one = []
        for row in rows[:30]:
            with timed(one):
                engine.suggest_now(row)
        report.add(name=f"suggest-one-{size}-fixtures", unit="s", values=one)
        _empty()


def _measure(times, new):
    from mappings.suggestions import engine

    values, floors = times
    started = time.perf_counter()
    _read_only(new)
    floors.append(time.perf_counter() - started)
    with timed(values):
        engine.rescore()


def _read_only(count):
    from mappings.evidence.samples import readable
    from mappings.models import PriceFixture

    list(readable(PriceFixture.objects.order_by("-sampled_at", "-id")[:count]))


def _dataset(events):
    from mappings.suggestions import datasets

    return datasets.load("demo", events=events, seed=SEED)


def _fill(dataset, size):
    """Fixtures and queue rows as the pipeline leaves them."""
    from mappings.definitions import REFERENCE
    from mappings.evidence.samples import keys_of, pack
    from mappings.models import PriceFixture, UnmappedMarketLog

    PriceFixture.objects.bulk_create(
        PriceFixture(
            event_key=fixture.event_key, event_id=number, home_team=fixture.home_team, away_team=fixture.away_team,
            kickoff_at=fixture.kickoff_at, sampled_at=fixture.sampled_at, books=sorted(fixture.books),
            keys=keys_of(fixture.books), payload=pack(fixture.books),
        )
        for number, fixture in enumerate(dataset.fixtures[:size])
    )  # fmt: skip
    rows, seen = [], set()
    for fixture in dataset.fixtures[:size]:
        for slug, book in fixture.books.items():
            for market in book.markets if slug != REFERENCE else ():
                if (slug, market.key) in seen:
                    continue
                seen.add((slug, market.key))
                name, rules, labels = dataset.names[slug, market.key]
                sample = [{"text": labels.get(o.text, o.text), "key": o.text, "price": str(o.price),
                           "specifier": market.specifier} for o in market.outcomes[:12]]  # fmt: skip
                rows.append(
                    UnmappedMarketLog(
                        source=slug, external_market_id=market.key, market_name=name, rules_text=rules,
                        sample_outcomes=sample,
                    )
                )  # fmt: skip
    return UnmappedMarketLog.objects.bulk_create(rows[:: max(1, len(rows) // ROWS)][:ROWS])


def _sample_again(count):
    """The newest so many fixtures have been sampled a moment later."""
    from django.db.models import Max

    from mappings.models import PriceFixture

    at = PriceFixture.objects.aggregate(at=Max("sampled_at"))["at"] + timedelta(minutes=5)
    newest = PriceFixture.objects.order_by("-sampled_at", "-id").values_list("pk", flat=True)[:count]
    PriceFixture.objects.filter(pk__in=list(newest)).update(sampled_at=at)


def _forget():
    from mappings.models import MarketSuggestion, UnmappedMarketLog

    MarketSuggestion.objects.all().delete()
    UnmappedMarketLog.objects.update(suggested_at=None)


def _empty():
    from mappings.models import MarketSuggestion, PriceFixture, UnmappedMarketLog

    for model in (MarketSuggestion, UnmappedMarketLog, PriceFixture):
        model.objects.all().delete()
