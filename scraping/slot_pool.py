"""One process's part of a bookmaker's slots, and what its threads wait on. No locking of its own:
the limiter's mutex guards all of it."""

import threading
from collections import deque

from scraping.slot_store import CIRCUIT, PROBING, pool_id_of

LINGER_SECONDS = 0.15  # an unused slot is kept this long for the process's next thread
MAX_LIMIT = 1000
MAX_DELAY_MS = 60_000


def whole_limit(value, low, high) -> int:
    """A limit as stored by whoever wrote the row; the politest one when it is none."""
    return min(max(value, low), high) if type(value) is int else low


class Held:
    """A slot this process has in the store."""

    __slots__ = ("generation", "idle_since", "number", "ready_at", "since")

    def __init__(self, number, generation, now):
        self.number, self.generation, self.since = number, generation, now
        self.ready_at = self.idle_since = now


class Waiter:
    """A thread that waits; `turn` is released once `held` says what it got (None: think again)."""

    __slots__ = ("held", "turn")

    def __init__(self):
        self.held = None
        self.turn = threading.Lock()
        self.turn.acquire()

    def grant(self, held):
        self.held = held
        self.turn.release()


class Pool:
    """This process's part of one bookmaker's slots of one kind."""

    def __init__(self, slug, kind):
        self.slug, self.kind, self.id = slug, kind, pool_id_of(slug, kind)
        self.limit, self.delay = 1, 0.0
        self.numbers: set[int] = set()  # held in the store, by this connection
        self.idle: list[Held] = []
        self.returning: list[Held] = []
        self.lost_in_flight = 0  # requests still running whose slot died with the connection
        self.waiters: deque[Waiter] = deque()
        self.waiting_elsewhere = 0
        self.flag_raised = False
        self.rest_until = 0.0

    def has_too_many(self):
        """More than this process's share while others wait."""
        return self.waiting_elsewhere and len(self.numbers) > self.limit // (1 + self.waiting_elsewhere)

    def wanted(self):
        return min(len(self.waiters), self.limit - len(self.numbers) - self.lost_in_flight)

    def apply(self, limits: dict):
        """Take over the bookmaker's limits: {"details": n, "lists": n, "delay_ms": n}."""
        self.limit = whole_limit(limits.get(self.kind), 1, MAX_LIMIT)
        self.delay = whole_limit(limits.get("delay_ms"), 0, MAX_DELAY_MS) / 1000

    def to_give_back(self, now: float, generation: int) -> list[int]:
        """Numbers this process has no more use for: idle too long, above the limit, or handed over."""
        linger = 0.0 if self.waiting_elsewhere else LINGER_SECONDS
        for held in list(self.idle):
            if held.number >= self.limit or now - held.idle_since >= linger:
                self.idle.remove(held)
                self.numbers.discard(held.number)
                self.returning.append(held)
        ready = [held for held in self.returning if held.ready_at <= now]
        self.returning = [held for held in self.returning if held.ready_at > now]
        return [held.number for held in ready if held.generation == generation]


class Slot:
    """The right to send one request; a context manager that gives the slot back."""

    __slots__ = ("_held", "_limiter", "_pool")

    def __init__(self, limiter, pool, held):
        self._limiter, self._pool, self._held = limiter, pool, held

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.release()

    def release(self):
        held, self._held = self._held, None
        if held is not None:
            self._limiter.give_back(self._pool, held, rest=self._pool.delay)


class Pause:
    """No requests to a bookmaker until then. shared: the database knows it, and may end it."""

    __slots__ = ("changed", "claiming", "reason", "shared", "until")

    def __init__(self, until, reason, shared):
        self.until, self.reason, self.shared = until, reason, shared
        self.changed = threading.Event()
        self.claiming = False

    @property
    def is_circuit(self):
        return self.reason.startswith(CIRCUIT)

    @property
    def is_probing(self):
        """Whether one request is out to learn if the bookmaker is back."""
        return self.reason.startswith(PROBING)

    def seconds_worth_waiting(self, now, longest, probe_seconds) -> float:
        """How long a thread should wait for this pause; 0: not at all, it takes longer than `longest`.
        A probe that is out may end it any moment, and is waited for up to `longest` from its start."""
        left = self.until - now
        if self.is_probing:
            return max(0.0, min(left, longest - (probe_seconds - left)))
        return left if left <= longest else 0.0

    def differs_from(self, until, reason):
        return abs(self.until - until) > 0.5 or self.reason != reason

    def reason_as(self, state):
        """The reason of a circuit's pause with another state (CIRCUIT, PROBING)."""
        return f"{state}:{self.reason.partition(':')[2]}"
