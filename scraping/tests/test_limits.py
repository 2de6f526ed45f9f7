"""Slots and pauses: never more requests at once than allowed, whoever asks, and none in a pause."""

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection

from scraping.exceptions import Unavailable
from scraping.limits import Limiter
from scraping.models import BookmakerHealth, Settings
from tests import children

SLUG = "bet9ja"


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@contextmanager
def closing(*limiters):
    try:
        yield limiters if len(limiters) > 1 else limiters[0]
    finally:
        for limiter in limiters:
            limiter.close()


def alone(details=3, delay_ms=0, **kwargs):
    return Limiter({SLUG: {"details": details, "lists": 2, "delay_ms": delay_ms}}, **kwargs)


class Meter:
    """The largest number of threads inside at once."""

    def __init__(self):
        self.lock, self.inside, self.largest = threading.Lock(), 0, 0

    def __enter__(self):
        with self.lock:
            self.inside += 1
            self.largest = max(self.largest, self.inside)

    def __exit__(self, *exc_info):
        with self.lock:
            self.inside -= 1


def test_threads_of_one_process_fill_the_limit_and_never_exceed_it():
    with closing(alone(details=3)) as limiter:
        meter = Meter()

        def request(_):
            with limiter.slot(SLUG), meter:
                time.sleep(0.005)

        with ThreadPoolExecutor(20) as pool:
            list(pool.map(request, range(60)))
        assert meter.largest == 3


def test_lists_and_details_have_limits_of_their_own():
    with closing(alone(details=1)) as limiter, limiter.slot(SLUG):
        with limiter.slot(SLUG, "lists"), limiter.slot(SLUG, "lists"), pytest.raises(Unavailable) as caught:
            limiter.slot(SLUG, "lists", timeout=0.05)
        assert caught.value.code == "NO_SLOT"


def test_the_delay_passes_before_a_slot_is_used_again():
    with closing(alone(details=1, delay_ms=40)) as limiter:
        ends = []
        for _ in range(3):
            with limiter.slot(SLUG):
                ends.append([time.monotonic()])
            ends[-1].append(time.monotonic())
        assert all(later[0] - earlier[1] >= 0.039 for earlier, later in zip(ends, ends[1:], strict=False))


def test_a_slot_is_given_back_when_its_request_raises():
    with closing(alone(details=1)) as limiter:
        with pytest.raises(RuntimeError), limiter.slot(SLUG):
            raise RuntimeError
        with limiter.slot(SLUG, timeout=60):
            pass


def test_a_long_pause_is_an_error_at_once_and_a_short_one_is_waited_for():
    with closing(alone(max_pause_wait=2.0)) as limiter:
        limiter.pause(SLUG, 60, "asked for it")
        with pytest.raises(Unavailable) as caught:
            limiter.slot(SLUG)
        assert caught.value.code == "PAUSED" and 50 < caught.value.retry_after <= 60
    with closing(alone(max_pause_wait=2.0)) as limiter:
        until = time.monotonic() + 0.2
        limiter.pause(SLUG, 0.2, "asked for it")
        with limiter.slot(SLUG):
            assert time.monotonic() >= until


def test_threads_that_wait_for_a_slot_learn_of_a_pause():
    with closing(alone(details=1, max_pause_wait=1.0)) as limiter:
        held = limiter.slot(SLUG)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(limiter.slot, SLUG)
            wait_until(lambda: limiter._pools[SLUG, "details"].waiters)
            limiter.pause(SLUG, 60, "asked for it")
            with pytest.raises(Unavailable):
                waiting.result(timeout=60)
        held.release()


def test_after_a_circuit_pause_one_probe_goes_and_its_success_lets_all_go():
    with closing(alone(details=5, max_pause_wait=0.1, probe_seconds=30.0)) as limiter:
        limiter.pause(SLUG, 0.05, "circuit: HTTP_503")
        wait_until(lambda: limiter.paused_for(SLUG) == 0)
        with limiter.slot(SLUG):
            with pytest.raises(Unavailable):
                limiter.slot(SLUG)
            limiter.close_circuit(SLUG)
            with limiter.slot(SLUG):
                pass


def test_a_probe_that_fails_leaves_the_pause_to_its_interval():
    with closing(alone(details=5, max_pause_wait=0.1, probe_seconds=30.0)) as limiter:
        limiter.pause(SLUG, 0.05, "circuit: HTTP_503")
        wait_until(lambda: limiter.paused_for(SLUG) == 0)
        limiter.slot(SLUG).release()
        with pytest.raises(Unavailable) as caught:
            limiter.slot(SLUG)
        assert caught.value.retry_after > 20


def test_threads_wait_for_the_probe_and_go_on_when_it_succeeded():
    with closing(alone(details=5, max_pause_wait=20.0, probe_seconds=300.0)) as limiter:
        limiter.pause(SLUG, 0.05, "circuit: HTTP_503")
        probe = limiter.slot(SLUG)
        assert limiter.paused_for(SLUG) > 200
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(limiter.slot, SLUG) for _ in range(4)]
            probe.release()
            assert not any(slot.done() for slot in waiting)
            limiter.close_circuit(SLUG)
            for slot in waiting:
                slot.result(timeout=60).release()


def test_threads_that_wait_for_a_probe_stop_waiting_when_it_failed():
    with closing(alone(details=5, max_pause_wait=200.0, probe_seconds=300.0)) as limiter:
        limiter.pause(SLUG, 0.05, "circuit: HTTP_503")
        limiter.slot(SLUG).release()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(limiter.slot, SLUG, timeout=250)
            limiter.end_probe(SLUG)
            with pytest.raises(Unavailable) as caught:
                waiting.result(timeout=60)
        assert caught.value.code == "PAUSED" and caught.value.detail == "circuit: HTTP_503"


# --- Shared through PostgreSQL: two limiters are two processes' worth -----------------------------
shared = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three_at_once(transactional_db):
    Settings.objects.update_or_create(
        pk=1, defaults={"bookmaker_limits": {SLUG: {"details": 3, "lists": 2, "delay_ms": 0}}}
    )


@shared
def test_two_limiters_share_one_limit(three_at_once):
    with closing(Limiter(), Limiter()) as (one, two):
        held = [one.slot(SLUG), one.slot(SLUG), two.slot(SLUG)]
        for limiter in (one, two):
            with pytest.raises(Unavailable):
                limiter.slot(SLUG, timeout=0.3)
        held.pop(0).release()
        with two.slot(SLUG, timeout=60):
            pass
        for slot in held:
            slot.release()


@shared
def test_a_process_that_holds_all_slots_hands_some_over_while_another_waits(three_at_once):
    with closing(Limiter(), Limiter()) as (one, two):
        stop = threading.Event()

        def keep_busy():
            while not stop.is_set():
                with one.slot(SLUG):
                    time.sleep(0.01)

        with ThreadPoolExecutor(8) as pool:
            busy = [pool.submit(keep_busy) for _ in range(8)]
            try:
                wait_until(lambda: len(one._pools[SLUG, "details"].numbers) == 3 if one._pools else False)
                with two.slot(SLUG, timeout=60):
                    pass
            finally:
                stop.set()
            for future in busy:
                future.result()


@shared
def test_a_pause_of_one_process_holds_in_the_other_and_is_a_row(three_at_once):
    with closing(Limiter(max_pause_wait=0.5), Limiter(max_pause_wait=0.5)) as (one, two):
        two.slot(SLUG).release()
        one.pause(SLUG, 120, "HTTP 429 with Retry-After")
        wait_until(lambda: two.paused_for(SLUG) > 100)
        with pytest.raises(Unavailable):
            two.slot(SLUG)
        row = BookmakerHealth.objects.get(bookmaker_slug=SLUG)
        assert row.paused_until is not None and row.pause_reason.startswith("HTTP 429")
        assert two.paused_for("betpawa") == 0


@shared
def test_only_one_of_two_processes_sends_the_probe(three_at_once):
    with closing(Limiter(max_pause_wait=0.5), Limiter(max_pause_wait=0.5)) as (one, two):
        one.pause(SLUG, 0.2, "circuit: HTTP_503")
        wait_until(lambda: BookmakerHealth.objects.filter(bookmaker_slug=SLUG, paused_until__isnull=False).exists())
        two.slot("betpawa").release()
        wait_until(lambda: two._pauses.get(SLUG) is not None)
        wait_until(lambda: one.paused_for(SLUG) == 0 and two.paused_for(SLUG) == 0)
        probe = one.slot(SLUG)
        with pytest.raises(Unavailable):
            two.slot(SLUG)
        probe.release()
        one.close_circuit(SLUG)
        wait_until(lambda: two.paused_for(SLUG) == 0)
        with two.slot(SLUG):
            pass


@shared
@pytest.mark.parametrize("succeeds", [True, False])
def test_one_process_waits_for_the_probe_of_another(three_at_once, succeeds):
    patience = {"max_pause_wait": 60.0, "probe_seconds": 120.0}
    with closing(Limiter(**patience), Limiter(**patience)) as (one, two):
        one.pause(SLUG, 0.2, "circuit: HTTP_503")
        probe = one.slot(SLUG)
        two.slot("betpawa").release()
        wait_until(lambda: two.paused_for(SLUG) > 100)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(two.slot, SLUG, timeout=100)
            probe.release()
            (one.close_circuit if succeeds else one.end_probe)(SLUG)
            if succeeds:
                waiting.result(timeout=60).release()
            else:
                with pytest.raises(Unavailable):
                    waiting.result(timeout=60)


@shared
def test_a_changed_limit_acts_without_a_restart(three_at_once):
    with closing(Limiter()) as limiter:
        held = [limiter.slot(SLUG) for _ in range(3)]
        Settings.objects.filter(pk=1).update(bookmaker_limits={SLUG: {"details": 4}})
        held.append(limiter.slot(SLUG, timeout=60))
        Settings.objects.filter(pk=1).update(bookmaker_limits={SLUG: {"details": 1}})
        wait_until(lambda: limiter.limit(SLUG) == 1)
        for slot in held:
            slot.release()
        with limiter.slot(SLUG, timeout=60), pytest.raises(Unavailable):
            limiter.slot(SLUG, timeout=0.3)


@shared
def test_after_a_lost_connection_slots_are_taken_anew(three_at_once):
    with closing(Limiter()) as limiter:
        held = [limiter.slot(SLUG) for _ in range(3)]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scraping limiter'"
            )
        with pytest.raises(Unavailable):
            limiter.slot(SLUG, timeout=1.5)  # three requests still run, though their slots are gone
        for slot in held:
            slot.release()
        with limiter.slot(SLUG, timeout=60):
            pass


# --- Real processes ------------------------------------------------------------------------------
WORKER = """
import json, sys, threading, time
import django
django.setup()
from scraping.limits import Limiter
seconds, threads = float(sys.argv[1]), int(sys.argv[2])
limiter, spans, lock = Limiter(), [], threading.Lock()
print("ready", flush=True)
sys.stdin.readline()
end = time.monotonic() + seconds
def work():
    while time.monotonic() < end:
        with limiter.slot("bet9ja"):
            began = time.monotonic()
            time.sleep(0.05)
            spanned = [began, time.monotonic()]
        with lock:
            spans.append(spanned)
pool = [threading.Thread(target=work) for _ in range(threads)]
[thread.start() for thread in pool]
[thread.join() for thread in pool]
print(json.dumps(spans), flush=True)
limiter.close()
"""


@contextmanager
def worker(*arguments):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with children.python("-c", WORKER, *arguments, env=children.environment(), **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        yield process


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


@shared
@pytest.mark.slow
def test_two_processes_together_never_exceed_the_limit_and_keep_it_busy(three_at_once):
    Settings.objects.filter(pk=1).update(bookmaker_limits={SLUG: {"details": 6, "delay_ms": 0}})
    with worker(4, 12) as one, worker(4, 12) as two:
        go(one)
        go(two)
        spans = {process: json.loads(process.stdout.readline()) for process in (one, two)}
    every = [span for of_process in spans.values() for span in of_process]
    changes = sorted([(start, 1) for start, _ in every] + [(end, -1) for _, end in every])
    running = largest = 0
    for _, change in changes:
        running += change
        largest = max(largest, running)
    assert largest == 6
    busy = sum(end - start for start, end in every)
    whole = max(end for _, end in every) - min(start for start, _ in every)
    print(f"utilisation {busy / (6 * whole):.0%}, shares {[len(of_process) for of_process in spans.values()]}")
    assert busy / (6 * whole) > 0.7
    assert all(len(of_process) > len(every) * 0.15 for of_process in spans.values())


@shared
@pytest.mark.slow
def test_a_killed_process_frees_its_slots(three_at_once):
    with worker(60, 3) as other, closing(Limiter()) as limiter:
        go(other)
        with connection.cursor() as cursor:

            def held():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid < 3 AND granted")
                return cursor.fetchone()[0]

            wait_until(lambda: held() == 3)
            other.kill()
            slots = [limiter.slot(SLUG, timeout=60) for _ in range(3)]
        for slot in slots:
            slot.release()


@shared
def test_a_row_of_nonsense_limits_makes_requests_slow_not_impossible(three_at_once):
    Settings.objects.filter(pk=1).update(bookmaker_limits={SLUG: {"details": "many", "delay_ms": None}})
    with closing(Limiter()) as limiter, limiter.slot(SLUG, timeout=60):
        assert limiter.limit(SLUG) == 1
