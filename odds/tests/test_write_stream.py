"""Whatever the order of observations, misses, repeats and withdrawals: the tables say what a
dictionary would."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odds.models import MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, withdraw_due
from odds.storage.checks import run_checks
from odds.tests.builders import at, make_event, make_market

MARKETS = ("3743", "3795", "5000")

observations = st.tuples(
    st.just("observe"),
    # Mostly newer than the one before; sometimes the same again, or late.
    st.sampled_from([1, 1, 1, 1, 0, -1]),
    st.dictionaries(st.sampled_from(MARKETS), st.sampled_from(["2", "2.5"]), max_size=3),
    st.sampled_from([True, True, True, False]),
)
steps = st.lists(st.one_of(observations, observations, st.just(("withdraw",))), min_size=4, max_size=16)


class Model:
    """The same, in a dictionary: {market: [price, misses, withdrawn]} and the history as a list."""

    def __init__(self):
        self.observed_at = None
        self.markets = {}
        self.history = []

    def observe(self, minute, answer, complete):
        if self.observed_at is not None and minute <= self.observed_at:
            return
        self.observed_at = minute
        for market, price in answer.items():
            known = self.markets.get(market)
            if known is None or known[0] != price or known[2]:
                self.history.append((market, price, True))
            self.markets[market] = [price, 0, False]
        if complete:
            for market in self.markets.keys() - answer.keys():
                self.markets[market][1] += 1

    def withdraw(self):
        due = [market for market, (_, misses, gone) in self.markets.items() if misses >= 2 and not gone]
        for market in due:
            self.markets[market][2] = True
            self.history.append((market, self.markets[market][0], False))


class Undo(Exception):
    pass


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_a_stream_of_observations_ends_as_a_dictionary_would(steps):
    with pytest.raises(Undo), transaction.atomic():
        event, model = make_event(links={"betpawa": "1"}), Model()
        for step in steps:
            if step[0] == "withdraw":
                model.withdraw()
                withdraw_due("betpawa", at((model.observed_at or 0) + 0.5), hold_share=1)
                continue
            _, step_forward, answer, complete = step
            minute = (model.observed_at or 0) + step_forward
            model.observe(minute, answer, complete)
            markets = tuple(make_market(market, (price, "3", "3")) for market, price in answer.items())
            observed = ObservedMarkets(event.pk, "betpawa", at(minute), complete, markets)
            handle_market_write_batch(MarketWriteBatch((observed,)))
        current = {
            row.betpawa_market_id: [row.outcomes[0]["odds"], min(row.missed_count, 2), not row.is_available]
            for row in MarketOddsCurrent.objects.all()
        }
        assert current == {
            market: [price, min(misses, 2), gone] for market, (price, misses, gone) in model.markets.items()
        }
        history = [
            (row.betpawa_market_id, row.outcomes[0]["odds"], row.is_available)
            for row in MarketOddsHistory.objects.order_by("id")
        ]
        assert sorted(history) == sorted(model.history)
        for market in MARKETS:
            assert [row for row in history if row[0] == market] == [row for row in model.history if row[0] == market]
        assert run_checks() == []
        raise Undo
