"""One process's part of a bookmaker's slots, and what its threads wait on. No locking of its own:
the limiter's mutex guards all of it."""

import threading
from collections import deque

from scraping.slot_store import CIRCUIT, pool_id_of


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


class Pause:
    __slots__ = ("changed", "claiming", "reason", "shared", "until")

    def __init__(self, until, reason, shared):
        self.until, self.reason, self.shared = until, reason, shared
        self.changed = threading.Event()
        self.claiming = False

    @property
    def is_circuit(self):
        return self.reason.startswith(CIRCUIT)
