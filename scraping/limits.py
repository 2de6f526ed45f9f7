"""How many requests a bookmaker gets at once, and when none: across threads, processes and hosts.

A thread asks for a slot. Its process keeps the slots that it has taken from the store and hands
them from thread to thread; it gives them back when it has no use for them, or when it holds more
than its share while another process waits. One background thread per process talks to the store,
so waiting threads cost nothing. Times are of the monotonic clock.
"""

import os
import threading
import time
from collections import deque

import psycopg
import structlog
from django.db import Error as DjangoDatabaseError

from scraping.exceptions import Unavailable
from scraping.pauses import Pauses
from scraping.slot_pool import LINGER_SECONDS, MAX_LIMIT, Held, Pause, Pool, Slot, Waiter, whole_limit
from scraping.slot_store import LocalStore, PostgresStore

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.03  # between two tries for slots that other processes hold
MIN_HOLD_SECONDS = 1.0  # a contended slot is kept at least this long
REFRESH_SECONDS = 1.0  # pauses, limits and other processes' waiting are at most this old
IDLE_CLOSE_SECONDS = 5.0  # without any use for so long the connection is closed
SLOT_TIMEOUT_SECONDS = 60.0
DATABASE_ERRORS = (psycopg.Error, DjangoDatabaseError, OSError)


class Limiter(Pauses):
    """limits: {slug: {"details": n, "lists": n, "delay_ms": n}} for a process on its own; None means
    the database's settings, shared with all other processes. max_pause_wait, probe_seconds: None for
    BOOKMAKER_MAX_PAUSE_WAIT (10) and BOOKMAKER_PROBE_SECONDS (30)."""

    def __init__(self, limits=None, *, open_store=None, max_pause_wait=None, probe_seconds=None):
        self._open_store = open_store or (PostgresStore if limits is None else lambda: LocalStore(limits))
        self._max_pause_wait = max_pause_wait
        self._probe_seconds = probe_seconds
        self._mutex = threading.Lock()
        self._pools: dict[tuple[str, str], Pool] = {}
        self._limits: dict[str, dict] = {}
        self._pauses: dict[str, Pause] = {}
        self._commands: deque = deque()
        self._wake = threading.Event()
        self._store = None
        self._generation = 0
        self._refreshed_at = self._used_at = -1e9
        self._thread = None
        self._closed = False

    # --- for callers
    def slot(self, slug: str, kind: str = "details", *, timeout: float = SLOT_TIMEOUT_SECONDS) -> Slot:
        """Wait for the right to send one request. Raises Unavailable: PAUSED, NO_SLOT."""
        deadline = time.monotonic() + timeout
        probe = False
        while True:
            probe = probe or self._await_pause(slug, deadline)
            try:
                pool, held = self._take(slug, kind, deadline)
            except Unavailable:
                if probe:
                    self.end_probe(slug)
                raise
            if held is None:
                continue
            pause = self._pauses.get(slug)
            if pause is not None and pause.until > time.monotonic() and not (probe and pause.is_circuit):
                self.give_back(pool, held, rest=0.0)
                probe = False
                continue
            wait = held.ready_at - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            return Slot(self, pool, held)

    def limit(self, slug: str, kind: str = "details") -> int:
        """How many requests of that kind the bookmaker gets at once, of all processes together."""
        if slug not in self._limits:
            self._ask_store(lambda store: None)
        return whole_limit(self._limits.get(slug, {}).get(kind), 1, MAX_LIMIT)

    def close(self):
        """Give everything back and end the background thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=10)

    # --- taking and handing over
    def _pool(self, slug, kind):
        pool = self._pools.get((slug, kind))
        if pool is None:
            pool = self._pools[slug, kind] = Pool(slug, kind)
            pool.apply(self._limits.get(pool.slug, {}))
        return pool

    def _take(self, slug, kind, deadline):
        with self._mutex:
            pool = self._pool(slug, kind)
            self._used_at = time.monotonic()
            if pool.idle and not pool.waiters:
                return pool, pool.idle.pop()
            waiter = Waiter()
            pool.waiters.append(waiter)
        self._start()
        waiter.turn.acquire(timeout=max(0.0, deadline - time.monotonic()))
        with self._mutex:
            if waiter.held is None and waiter in pool.waiters:
                pool.waiters.remove(waiter)
                raise Unavailable("NO_SLOT", bookmaker=slug, detail="No slot came free in time.", retry_after=1.0)
        return pool, waiter.held

    def give_back(self, pool, held, *, rest):
        """For `Slot`: hand a slot to the next thread, which may use it after `rest` seconds."""
        now = time.monotonic()
        with self._mutex:
            if held.generation != self._generation:
                pool.lost_in_flight = max(0, pool.lost_in_flight - 1)
                wake = True
            else:
                held.ready_at = held.idle_since = now + rest
                must_go = held.number >= pool.limit or (pool.has_too_many() and now - held.since >= MIN_HOLD_SECONDS)
                wake = must_go
                if must_go:
                    pool.returning.append(held)
                    pool.numbers.discard(held.number)
                    pool.rest_until = now + 2 * POLL_SECONDS
                elif pool.waiters:
                    pool.waiters.popleft().grant(held)
                else:
                    pool.idle.append(held)
                    wake = pool.waiting_elsewhere > 0
        if wake:
            self._wake.set()

    # --- the background thread
    def _start(self):
        if self._thread is None or not self._thread.is_alive():
            with self._mutex:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="limiter", daemon=True)
                    self._thread.start()
        self._wake.set()

    def _ask_store(self, question):
        """Run question(store) in the background thread and return its answer. Raises Unavailable."""
        answer = []
        done = threading.Event()
        self._commands.append((question, lambda value: (answer.append(value), done.set())))
        self._start()
        if not done.wait(SLOT_TIMEOUT_SECONDS):
            raise Unavailable("NO_SLOT", detail="The limits' database did not answer.", retry_after=1.0)
        return answer[0]

    def _run(self):
        backoff = 0.1
        while not self._closed:
            self._wake.wait(self._tick_seconds())
            self._wake.clear()
            try:
                self._tick()
                backoff = 0.1
            except DATABASE_ERRORS as error:
                self._lose_connection(error)
                time.sleep(backoff)
                backoff = min(backoff * 2, 2.0)
                self._wake.set()
            except Exception:
                # Without this thread nobody gets a slot: it says what is wrong and goes on.
                log.exception("limits.bug")
                time.sleep(backoff)
                backoff = min(backoff * 2, 2.0)
        self._close_store()

    def _tick_seconds(self):
        """How long nothing can happen unless a caller says so."""
        pools = self._pools.values()
        if any(pool.returning or pool.wanted() > 0 for pool in pools):
            return POLL_SECONDS
        if any(pool.idle or pool.waiters for pool in pools):
            return LINGER_SECONDS / 2
        return REFRESH_SECONDS if self._store is not None else None

    def _tick(self):
        now = time.monotonic()
        if self._store is None:
            if not self._commands and not any(pool.waiters for pool in self._pools.values()):
                return
            self._store = self._open_store()
            self._refreshed_at = -1e9
        store = self._store
        if now - self._refreshed_at >= REFRESH_SECONDS or store.notified:
            self._refresh(store)
            self._refreshed_at = now
        self._run_commands(store)
        for pool in list(self._pools.values()):
            self._return_spare(store, pool)
            self._take_more(store, pool)
        if now - self._used_at > IDLE_CLOSE_SECONDS and not any(
            pool.numbers or pool.waiters or pool.returning for pool in self._pools.values()
        ):
            self._close_store()

    def _run_commands(self, store):
        while self._commands:
            question, answer = self._commands[0]
            try:
                value = question(store)
            except psycopg.errors.LockNotAvailable as error:
                # Somebody edits the row: what this process knows holds here, the others learn by themselves.
                log.warning("limits.row_locked", error=str(error)[:200])
                value = None
            self._commands.popleft()
            if answer is not None:
                answer(value)

    def _refresh(self, store):
        limits, waiting, pauses = store.limits(), store.waiting_elsewhere(), store.pauses()
        now = time.monotonic()
        with self._mutex:
            self._limits = limits
            for pool in self._pools.values():
                pool.apply(self._limits.get(pool.slug, {}))
                pool.waiting_elsewhere = waiting.get(pool.id, 0)
            if pauses is None:
                return
            for slug, (left, reason) in pauses.items():
                current = self._pauses.get(slug)
                if current is None or not current.shared or current.differs_from(now + left, reason):
                    self._set_pause(slug, Pause(now + left, reason, shared=True))
            for slug, pause in list(self._pauses.items()):
                if slug not in pauses and pause.shared:
                    self._set_pause(slug, None)

    def _return_spare(self, store, pool):
        now = time.monotonic()
        with self._mutex:
            numbers = pool.to_give_back(now, self._generation)
        if numbers:
            store.give(pool.id, numbers)

    def _take_more(self, store, pool):
        now = time.monotonic()
        wanted = pool.wanted() if now >= pool.rest_until else 0
        if wanted > 0:
            resting = {held.number for held in pool.returning}
            free = [n for n in range(pool.limit) if n not in pool.numbers and n not in resting]
            taken = store.take(pool.id, free, wanted)
            with self._mutex:
                for number in taken:
                    pool.numbers.add(number)
                    held = Held(number, self._generation, now)
                    if pool.waiters:
                        pool.waiters.popleft().grant(held)
                    else:
                        pool.idle.append(held)
        starved = bool(pool.waiters) and len(pool.numbers) < pool.limit
        if starved != pool.flag_raised:
            (store.raise_flag if starved else store.lower_flag)(pool.id)
            pool.flag_raised = starved

    def _lose_connection(self, error):
        """The session is gone, and its slots with it: what runs on runs without, nothing new starts."""
        log.warning("limits.connection_lost", error=str(error)[:200])
        self._close_store()

    def _close_store(self):
        store, self._store = self._store, None
        with self._mutex:
            self._generation += 1
            for pool in self._pools.values():
                pool.lost_in_flight += len(pool.numbers) - len(pool.idle)
                pool.numbers.clear()
                pool.idle.clear()
                pool.returning.clear()
                pool.flag_raised = False
        if store is not None:
            try:
                store.close()
            except DATABASE_ERRORS as error:
                log.debug("limits.close_failed", error=str(error)[:200])


_shared: dict[int, Limiter] = {}
_shared_lock = threading.Lock()


def get_limiter() -> Limiter:
    """This process's limiter; a forked child makes its own."""
    limiter = _shared.get(os.getpid())
    if limiter is None:
        with _shared_lock:
            limiter = _shared.setdefault(os.getpid(), Limiter())
    return limiter


def close_limiter():
    """Give this process's slots and connection back, at the end of a command or of a test run."""
    limiter = _shared.pop(os.getpid(), None)
    if limiter is not None:
        limiter.close()


def _renew_lock_after_fork():
    global _shared_lock
    _shared_lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock_after_fork)
