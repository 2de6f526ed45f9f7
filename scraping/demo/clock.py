"""The demo world's own time: the wall clock until somebody freezes, moves or speeds it."""

import time


class DemoClock:
    """Seconds since 1970 (UTC) as the world sees them."""

    def __init__(self, start: float | None = None, speed: float = 1.0):
        self._world = time.time() if start is None else float(start)
        self._real = time.monotonic()
        self._speed = speed

    def now(self) -> float:
        return self._world + (time.monotonic() - self._real) * self._speed

    def set(self, *, at: float | None = None, advance_seconds: float = 0.0, speed: float | None = None) -> None:
        """Move to `at` (or stay), then by advance_seconds, and go on at `speed` (0 = frozen)."""
        world = self.now() if at is None else float(at)
        self._real = time.monotonic()
        self._world = world + advance_seconds
        if speed is not None:
            self._speed = float(speed)

    @property
    def speed(self) -> float:
        return self._speed
