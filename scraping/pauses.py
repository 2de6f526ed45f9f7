"""When a bookmaker may not be asked at all: a pause it asked for, or a circuit that its failures opened.
The limiter's part for that; the limiter itself hands out the slots."""

import time

import structlog
from django.conf import settings

from scraping.exceptions import Unavailable
from scraping.slot_pool import Pause
from scraping.slot_store import CIRCUIT, PROBING

log = structlog.get_logger(__name__)

CLAIM_POLL_SECONDS = 0.03  # between two looks at a probe that another thread is claiming


class Pauses:
    """Needs of the limiter: _mutex, _pools, _pauses {slug: Pause}, _commands for the background thread,
    _start() to wake it, _ask_store(question) for its answer."""

    @property
    def max_pause_wait(self) -> float:
        """A thread waits for the end of a pause at most so long; a longer one is an error at once."""
        own = self._max_pause_wait
        return getattr(settings, "BOOKMAKER_MAX_PAUSE_WAIT", 10.0) if own is None else own

    @property
    def probe_seconds(self) -> float:
        """One request per so many seconds goes to a bookmaker that has stopped answering."""
        own = self._probe_seconds
        return getattr(settings, "BOOKMAKER_PROBE_SECONDS", 30.0) if own is None else own

    def pause(self, slug: str, seconds: float, reason: str):
        """Nobody sends this bookmaker a request for so long. A longer pause in force stays."""
        until = time.monotonic() + seconds
        with self._mutex:
            current = self._pauses.get(slug)
            if current is not None and current.until >= until:
                return
            self._set_pause(slug, Pause(until, reason, shared=False))
            self._commands.append((lambda store: store.pause(slug, until - time.monotonic(), reason), None))
        log.warning("limits.paused", bookmaker=slug, seconds=round(seconds, 1), reason=reason)
        self._start()

    def close_circuit(self, slug: str):
        """The bookmaker answers again: end a pause that a circuit began. Cheap when there is none."""
        with self._mutex:
            pause = self._pauses.get(slug)
            if pause is None or not pause.is_circuit:
                return
            self._set_pause(slug, None)
            self._commands.append((lambda store: store.close_circuit(slug), None))
        log.info("limits.circuit_closed", bookmaker=slug)
        self._start()

    def end_probe(self, slug: str):
        """A probe came back without good news: whoever waits for it need not. Cheap when there is none."""
        with self._mutex:
            pause = self._pauses.get(slug)
            if pause is None or not pause.is_probing:
                return
            self._set_pause(slug, Pause(pause.until, pause.reason_as(CIRCUIT), shared=True))
            self._commands.append((lambda store: store.end_probe(slug), None))
        self._start()

    def paused_for(self, slug: str) -> float:
        """Seconds until this process may send the bookmaker a request; 0 when it may now."""
        pause = self._pauses.get(slug)
        return max(0.0, pause.until - time.monotonic()) if pause is not None else 0.0

    # --- for the limiter
    def _await_pause(self, slug, deadline) -> bool:
        """Wait for a pause to end. True: it goes on, and this thread may send the one probe of it."""
        while True:
            pause = self._pauses.get(slug)
            if pause is None:
                return False
            now = time.monotonic()
            left = pause.until - now
            if left > 0:
                worth = pause.seconds_worth_waiting(now, self.max_pause_wait, self.probe_seconds)
                if not worth or now + worth > deadline:
                    raise Unavailable("PAUSED", bookmaker=slug, detail=pause.reason, retry_after=left)
                pause.changed.wait(worth)
            elif not pause.is_circuit:
                with self._mutex:
                    if self._pauses.get(slug) is pause:
                        self._set_pause(slug, None)
            elif self._claim_probe(slug, pause):
                return True
            elif now > deadline:
                raise Unavailable("PAUSED", bookmaker=slug, detail=pause.reason, retry_after=self.probe_seconds)
            else:
                pause.changed.wait(CLAIM_POLL_SECONDS)

    def _claim_probe(self, slug, pause) -> bool:
        """Whether this thread may send the one request that finds out if the bookmaker is back."""
        with self._mutex:
            if self._pauses.get(slug) is not pause or pause.claiming:
                return False
            pause.claiming = True
        try:
            won = self._ask_store(lambda store: store.claim_probe(slug, self.probe_seconds))
        finally:
            pause.claiming = False
        with self._mutex:
            if self._pauses.get(slug) is pause:
                until = time.monotonic() + self.probe_seconds
                self._set_pause(slug, Pause(until, pause.reason_as(PROBING), shared=True))
        return won

    def _set_pause(self, slug, pause):
        """Under the mutex. Everybody who waits, for the end of the old pause or a slot, thinks again."""
        old = self._pauses.pop(slug, None)
        if pause is not None:
            self._pauses[slug] = pause
            for pool in self._pools.values():
                if pool.slug == slug:
                    while pool.waiters:
                        pool.waiters.popleft().grant(None)
        if old is not None:
            old.changed.set()
