"""Answers mapped with what version of the mappings, and the same answer mapped once more."""

import threading
import time

import pytest
from django.db import connection, transaction

from odds.models import EventLink, MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, withdraw_due
from odds.storage.checks import run_checks
from odds.tests.builders import at, make_event, make_market
from odds.tests.test_write_races import run_together

OLD, NEW = ("2.1", "3", "3"), ("2.5", "3", "3")


@pytest.fixture
def event(db):
    return make_event(links={"betpawa": "b1"})


@pytest.fixture
def stored_state_is_sound(db):
    yield
    assert run_checks() == []


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stored_state_is_sound")]


def observed(event, minute, *markets, version=1, **options):
    return ObservedMarkets(
        event.pk, "betpawa", at(minute), options.pop("complete", True), markets, mapping_version=version, **options
    )


def store(*answers):
    return handle_market_write_batch(MarketWriteBatch(answers))


def link_state(event):
    return EventLink.objects.filter(event=event).values("observed_at", "confirmed_at", "last_error").get()


def history(market_id="3743"):
    return list(MarketOddsHistory.objects.filter(betpawa_market_id=market_id).order_by("captured_at", "id"))


# --- Mapping versions ---------------------------------------------------------------------------


def test_a_row_and_its_history_say_which_mappings_made_them(event):
    store(observed(event, 0, make_market("3743", OLD), make_market("3795"), version=7))
    store(observed(event, 1, make_market("3743", NEW), make_market("3795"), version=8))
    assert dict(MarketOddsCurrent.objects.values_list("betpawa_market_id", "mapping_version")) == {
        "3743": 8,
        "3795": 7,
    }
    assert [row.mapping_version for row in history()] == [7, 8]
    assert EventLink.objects.get(event=event).mapping_version == 8


def test_without_a_version_there_is_none(event):
    store(observed(event, 0, make_market(), version=None))
    assert (MarketOddsCurrent.objects.get().mapping_version, history()[0].mapping_version) == (None, None)


def test_a_withdrawal_keeps_the_version_that_its_outcomes_were_mapped_with(event):
    rest = [make_market(str(number)) for number in range(5)]
    store(observed(event, 0, *rest, make_market(), version=7))
    for minute in (1, 2):
        store(observed(event, minute, *rest, version=8))
    assert withdraw_due("betpawa", at(3)).withdrawn == 1
    assert [(row.is_available, row.mapping_version) for row in history()] == [(True, 7), (False, 7)]


# --- The same answer once more ------------------------------------------------------------------


def test_an_answer_mapped_once_more_writes_what_differs_and_leaves_the_rest(event):
    store(observed(event, 0, make_market("3743", OLD), make_market("3795"), make_market("99")))
    EventLink.objects.update(last_error="timed out", last_attempt_at=at(0.5))
    before = link_state(event)
    # "99" is not in it: what newer mappings lack was there all the same.
    again = (make_market("3743", NEW), make_market("3795"), make_market("5000", ("1.9", "1.8"), line="2.5"))
    result = store(observed(event, 0, *again, version=2, reapplied=True))
    assert (result.upserted_current, result.inserted_history, result.unchanged) == (2, 2, 1)
    assert (result.missed_once, result.skipped_stale) == (0, 0)
    versions = dict(MarketOddsCurrent.objects.values_list("betpawa_market_id", "mapping_version"))
    assert versions == {"3743": 2, "3795": 1, "99": 1, "5000": 2}
    assert link_state(event) == before
    assert EventLink.objects.get().last_attempt_at == at(0.5)


def test_what_it_changes_is_dated_when_it_is_written(event, transactional_now):
    store(observed(event, 0, make_market("3743", OLD)))
    store(observed(event, 0, make_market("3743", NEW), version=2, reapplied=True))
    first, second = history()
    assert first.captured_at == at(0)
    assert second.captured_at >= transactional_now
    assert MarketOddsCurrent.objects.get().last_updated_at == second.captured_at


@pytest.fixture
def transactional_now(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("minute", [-1, 1], ids=["older", "not stored yet"])
def test_only_the_newest_stored_answer_is_taken_once_more(event, minute):
    store(observed(event, 0, make_market("3743", OLD)))
    result = store(observed(event, minute, make_market("3743", NEW), version=2, reapplied=True))
    assert (result.skipped_stale, result.inserted_history) == (1, 0)
    # The fence did not move: the answer itself, when it comes, is newer.
    assert store(observed(event, 2, make_market("3743", OLD))).skipped_stale == 0


def test_an_answer_that_was_never_stored_is_not_taken_once_more(event):
    assert store(observed(event, 0, make_market(), reapplied=True)).skipped_stale == 1


def test_older_mappings_do_not_undo_newer_ones(event):
    store(observed(event, 0, make_market("3743", OLD), version=5))
    store(observed(event, 0, make_market("3743", NEW), version=7, reapplied=True))
    result = store(observed(event, 0, make_market("3743", OLD), version=6, reapplied=True))
    assert result.skipped_stale == 1
    assert [row.mapping_version for row in history()] == [5, 7]


def test_twice_once_more_is_once(event):
    store(observed(event, 0, make_market("3743", OLD)))
    again = observed(event, 0, make_market("3743", NEW), version=2, reapplied=True)
    assert [store(again).inserted_history for _ in range(2)] == [1, 0]


def test_an_answer_and_itself_once_more_in_one_batch_are_stored_in_that_order(event):
    answer = observed(event, 0, make_market("3743", OLD))
    again = observed(event, 0, make_market("3743", NEW), version=2, reapplied=True)
    assert store(again, answer).inserted_history == 2
    assert [row.outcomes[0]["odds"] for row in history()] == ["2.1", "2.5"]


def test_a_market_that_the_older_mappings_missed_is_missed_no_more(event):
    store(observed(event, 0, make_market("3743"), make_market("3795")))
    store(observed(event, 1, make_market("3795")))
    store(observed(event, 1, make_market("3743"), version=2, reapplied=True))
    row = MarketOddsCurrent.objects.get(betpawa_market_id="3743")
    assert (row.missed_count, row.missed_at, len(history())) == (0, None, 1)


def test_a_later_answer_that_was_taken_before_is_dated_after_what_was_written_meanwhile(event):
    """The answers of minutes 1 and 2 arrive after the one of minute 0 was mapped once more, at a
    time that lies behind them all."""
    store(observed(event, 0, make_market("3743", OLD), make_market("3795", OLD)))
    store(observed(event, 0, make_market("3743", NEW), make_market("3795", OLD), version=2, reapplied=True))
    written_at = history()[-1].captured_at
    for minute, price in ((1, "2.6"), (2, "2.7")):
        moved = (price, "3", "3")
        store(observed(event, minute, make_market("3743", moved), make_market("3795", moved), version=2))
    times = [row.captured_at for row in history()]
    assert times == sorted(set(times))
    assert [row.outcomes[0]["odds"] for row in history()] == ["2.1", "2.5", "2.6", "2.7"]
    assert (written_at > at(2)) == (times[2] > at(2))
    # A market that was left alone keeps the times of its answers.
    assert [row.captured_at for row in history("3795")] == [at(0), at(1), at(2)]


def test_a_market_that_only_newer_mappings_know_can_go_like_any_other(event):
    rest = [make_market(str(number)) for number in range(5)]
    store(observed(event, 0, *rest, complete=False))
    store(observed(event, 0, *rest, make_market(), version=2, complete=False, reapplied=True))
    for minute in (1, 2):
        store(observed(event, minute, *rest, version=2))
    withdrawn = withdraw_due("betpawa", at(3))
    assert (withdrawn.withdrawn, len(history())) == (1, 2)


def test_a_market_that_the_database_refuses_costs_only_itself(event, monkeypatch):
    store(observed(event, 0, make_market("3743", OLD)))
    monkeypatch.setattr("odds.storage.rows.MAX_NAME", 1000)
    result = store(
        observed(event, 0, make_market("3743", NEW), make_market("77", name="x" * 300), version=2, reapplied=True)
    )
    assert (result.inserted_history, [item.market_key for item in result.set_aside]) == (1, ["77|"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("newer_first", [True, False])
def test_it_waits_for_a_newer_answer_that_is_being_stored_and_then_stands_back(transactional_db, newer_first):
    """Whoever of the two has the link first, the newer answer's prices are what is left."""
    event = make_event(links={"betpawa": "b1"})
    store(observed(event, 0, make_market("3743", OLD)))
    newer = observed(event, 1, make_market("3743", ("2.9", "3", "3")), version=2)
    again = observed(event, 0, make_market("3743", NEW), version=2, reapplied=True)
    first, second = (newer, again) if newer_first else (again, newer)
    stored = threading.Event()

    def hold():
        with transaction.atomic():
            result = store(first)
            stored.set()
            # The other one is in the database's queue for the link before this one commits.
            wait_until_somebody_waits()
            return result

    def follow():
        assert stored.wait(60)
        return store(second)

    results = run_together(hold, follow)
    assert [result.skipped_stale for result in results] == [0, 1 if newer_first else 0]
    prices = ["2.1", "2.9"] if newer_first else ["2.1", "2.5", "2.9"]
    assert [row.outcomes[0]["odds"] for row in history()] == prices
    assert MarketOddsCurrent.objects.get().outcomes[0]["odds"] == "2.9"


def wait_until_somebody_waits():
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # Its own snapshot of the activity is renewed by name only.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("Nobody waited for the link.")


@pytest.mark.django_db(transaction=True)
def test_many_writers_of_answers_and_of_the_same_once_more_leave_one_order(transactional_db):
    events = [make_event(links={"betpawa": f"b{number}"}) for number in range(6)]

    def answers(minute, price, **options):
        return [observed(event, minute, make_market("3743", (price, "3", "3")), **options) for event in events]

    store(*answers(0, "2.0"))

    def scrape():
        return [store(*answers(minute, f"3.{minute}", version=2)) for minute in range(1, 7)]

    def reapply(order):
        return [store(*answers(minute, f"4.{minute}", version=3, reapplied=True)[::order]) for minute in range(7)]

    run_together(scrape, lambda: reapply(1), lambda: reapply(-1))
    assert EventLink.objects.filter(observed_at=at(6)).count() == 6
    assert set(MarketOddsCurrent.objects.values_list("outcomes__0__odds", flat=True)) <= {"3.6", "4.6"}
