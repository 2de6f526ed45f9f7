"""Several writers, lost connections: each effect once, and the same end as without them."""

import threading

import pytest
from django.db import OperationalError, connection, connections

from odds.models import EventLink, MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, WriteQueue, handle_market_write_batch
from odds.storage.checks import run_checks
from odds.storage.write_queue import WriteQueueFailed
from odds.tests.builders import at, make_event, make_market

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stored_state_is_sound(transactional_db):
    yield
    assert run_checks() == []


def answers(events, minute, price="2.1"):
    markets = tuple(make_market(str(100 + number), (price, "3", "3")) for number in range(20))
    return tuple(ObservedMarkets(event.pk, "betpawa", at(minute), True, markets) for event in events)


def run_together(*actions):
    """Each action in a thread with a connection of its own; returns their results, raises their errors."""
    barrier, results = threading.Barrier(len(actions)), [None] * len(actions)

    def run(number, action):
        try:
            barrier.wait(60)
            results[number] = action()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def test_two_writers_of_one_batch_leave_one_history_row_a_market():
    events = [make_event(links={"betpawa": f"b{number}"}) for number in range(5)]
    batch = MarketWriteBatch(answers(events, 0))
    results = run_together(*[lambda: handle_market_write_batch(batch)] * 2)
    assert MarketOddsHistory.objects.count() == MarketOddsCurrent.objects.count() == 100
    assert sorted(result.skipped_stale for result in results) == [0, 5]


def test_writers_of_the_same_pairs_in_opposite_order_do_not_deadlock():
    events = [make_event(links={"betpawa": f"b{number}"}) for number in range(20)]
    forwards = [MarketWriteBatch(answers(events, minute, f"2.{minute}")) for minute in (1, 3, 5)]
    backwards = [MarketWriteBatch(answers(events[::-1], minute, f"2.{minute}")) for minute in (2, 4, 6)]
    run_together(
        lambda: [handle_market_write_batch(batch) for batch in forwards],
        lambda: [handle_market_write_batch(batch) for batch in backwards],
    )
    assert set(MarketOddsCurrent.objects.values_list("outcomes__0__odds", flat=True)) == {"2.6"}


def kill_backend(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.parametrize("statement", ["LOCK_LINKS", "PACKED_STATE", "UPSERT_CURRENT", "UPDATE_LINKS"])
def test_a_writer_whose_backend_is_killed_before_any_statement_ends_as_if_it_had_not_been(monkeypatch, statement):
    """The backend dies in the middle of the transaction; the queue writes the batch again."""
    import psycopg

    from odds.storage import sql

    event = make_event(links={"betpawa": "b1"})
    killed = []
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

    def maybe_kill(cursor, query):
        if query == getattr(sql, statement) and not killed:
            killed.append(cursor.connection.info.backend_pid)
            run_together(lambda: kill_backend(killed[0]))

    def killing_execute(cursor, query, *args, **kwargs):
        maybe_kill(cursor, query)
        return execute(cursor, query, *args, **kwargs)

    def killing_copy(cursor, query, *args, **kwargs):
        maybe_kill(cursor, query)
        return copy(cursor, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", killing_execute)
    monkeypatch.setattr(psycopg.Cursor, "copy", killing_copy)
    results = []
    with WriteQueue(on_result=results.append) as queue:
        queue.put(MarketWriteBatch(answers([event], 0)))
        queue.drain()
    assert killed
    assert [result.inserted_history for result in results] == [20]
    assert MarketOddsHistory.objects.count() == 20
    assert EventLink.objects.get().observed_at == at(0)


def test_an_answer_that_committed_but_was_not_acknowledged_is_written_once():
    event = make_event(links={"betpawa": "b1"})
    attempts = []

    def write(batch):
        result = handle_market_write_batch(batch)
        attempts.append(result)
        if len(attempts) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return result

    with WriteQueue(write=write) as queue:
        queue.put(MarketWriteBatch(answers([event], 0)))
    assert [result.skipped_stale for result in attempts] == [0, 1]
    assert MarketOddsHistory.objects.count() == 20


def test_batches_are_written_in_the_order_they_were_put():
    event = make_event(links={"betpawa": "b1"})
    with WriteQueue(max_batches=2) as queue:
        for minute in range(6):
            queue.put(MarketWriteBatch(answers([event], minute, f"2.{minute}")))
    prices = MarketOddsHistory.objects.filter(betpawa_market_id="100").order_by("id")
    assert [row.outcomes[0]["odds"] for row in prices] == [f"2.{minute}" for minute in range(6)]


def test_a_batch_that_cannot_be_written_is_kept_and_told_never_dropped():
    def write(batch):
        if batch.batch_index == 1:
            raise OperationalError("the database is away")
        return handle_market_write_batch(batch)

    event = make_event(links={"betpawa": "b1"})
    queue = WriteQueue(patience_seconds=0.2, write=write)
    for index in range(3):
        queue.put(MarketWriteBatch(answers([event], index, f"2.{index}"), batch_index=index))
    with pytest.raises(WriteQueueFailed) as failure:
        queue.close()
    assert [batch.batch_index for batch in failure.value.unwritten] == [1, 2]
    assert isinstance(failure.value.__cause__, OperationalError)
    with pytest.raises(WriteQueueFailed):
        queue.put(MarketWriteBatch(()))


def test_put_waits_while_the_queue_is_full():
    go, started = threading.Event(), threading.Event()

    def write(batch):
        started.set()
        assert go.wait(60)
        return handle_market_write_batch(batch)

    queue = WriteQueue(max_batches=1, write=write)
    queue.put(MarketWriteBatch(()))
    assert started.wait(60)
    queue.put(MarketWriteBatch(()))
    third = threading.Thread(target=queue.put, args=(MarketWriteBatch(()),))
    third.start()
    third.join(0.3)
    assert third.is_alive()
    go.set()
    third.join(30)
    assert not third.is_alive()
    queue.close()
