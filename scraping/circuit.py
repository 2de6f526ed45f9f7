"""When a bookmaker answers nothing but errors, stop asking; one probe now and then finds the end."""

import threading

from scraping.slot_store import CIRCUIT

FAILURES_TO_OPEN = 10


class Circuit:
    """Counts failures in a row in this process; the pause it begins is everybody's.

    The limiter lets one probe through when the pause is over, and extends it at the same time.
    A probe that succeeds ends the pause; others wait for its outcome, but no longer than that.
    """

    def __init__(self, slug, limiter, *, failures_to_open=FAILURES_TO_OPEN):
        self._slug, self._limiter = slug, limiter
        self._failures_to_open = failures_to_open
        self._failures = 0
        self._lock = threading.Lock()

    def succeeded(self):
        self._failures = 0
        self._limiter.close_circuit(self._slug)

    def undecided(self):
        """The answer says nothing about the bookmaker's health; it asked for time, for instance."""
        self._limiter.end_probe(self._slug)

    def failed(self, reason: str):
        self._limiter.end_probe(self._slug)
        with self._lock:
            self._failures += 1
            opens = self._failures >= self._failures_to_open
        if opens and not self._limiter.paused_for(self._slug):
            self._limiter.pause(self._slug, self._limiter.probe_seconds, f"{CIRCUIT}: {reason}"[:300])
