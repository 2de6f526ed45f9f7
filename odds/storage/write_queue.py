"""A bounded queue between fetching and writing, with one writer thread that does not give up."""

import contextlib
import queue
import random
import threading
import time
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connection

from odds.storage.records import MarketWriteBatch, WriteResult
from odds.storage.write_handler import handle_market_write_batch

log = structlog.get_logger(__name__)

# A lost connection, a deadlock, a serialisation failure, a server that restarts: all of them may
# succeed when tried again. What the data is to blame for never gets here (see poison.py).
RETRIED = (OperationalError, InterfaceError)
PATIENCE_SECONDS = 600
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
# What the writer is woken with when there is nothing left to write.
WAKE = None


class WriteQueueFailed(Exception):
    """Writing ended for good; `unwritten` holds the batches that are not stored."""

    def __init__(self, unwritten):
        super().__init__(f"{len(unwritten)} write batches are not stored.")
        self.unwritten = unwritten


class WriteQueue:
    """Writes batches in the order they were put, while the caller fetches the next.

    max_batches: put() blocks while so many wait. on_result: called with each WriteResult, in the
    writer's thread, after the commit. A batch is tried again for up to `patience_seconds` and
    never dropped: when writing fails for good, the next put() or drain() raises WriteQueueFailed
    with the cause and every batch that is not stored.
    """

    def __init__(
        self,
        max_batches: int = 8,
        on_result: Callable[[WriteResult], None] | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        write: Callable[[MarketWriteBatch], WriteResult] = handle_market_write_batch,
    ):
        self._batches: queue.Queue = queue.Queue(maxsize=max_batches)
        self._on_result = on_result
        self._patience_seconds = patience_seconds
        self._write = write
        self._failure: BaseException | None = None
        self._unwritten: list[MarketWriteBatch] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="odds-writer", daemon=True)
        self._thread.start()

    def put(self, batch: MarketWriteBatch):
        """Hand a batch over; blocks while the queue is full. Raises WriteQueueFailed."""
        while True:
            self._raise_failure()
            try:
                self._batches.put(batch, timeout=0.5)
                return
            except queue.Full:
                continue

    def drain(self):
        """Wait until everything put is stored. Raises WriteQueueFailed."""
        self._batches.join()
        self._raise_failure()

    def close(self):
        """Store what is left and end the thread. Raises WriteQueueFailed."""
        if not self._thread.is_alive():
            self._raise_failure()
            return
        try:
            self.drain()
        finally:
            self._closing.set()
            with contextlib.suppress(queue.Full):  # then it has no need to be woken
                self._batches.put_nowait(WAKE)
            self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, traceback):
        try:
            self.close()
        except WriteQueueFailed as failure:
            if exc is None:
                raise
            # The block's own error goes on; this one is not lost with it.
            log.error("odds.write_queue_failed", unwritten=len(failure.unwritten), error=str(failure.__cause__))

    def _raise_failure(self):
        if self._failure is not None:
            raise WriteQueueFailed(list(self._unwritten)) from self._failure

    def _run(self):
        try:
            while not self._closing.is_set():
                batch = self._batches.get()
                try:
                    if batch is not WAKE:
                        self._write_or_keep(batch)
                finally:
                    self._batches.task_done()
        finally:
            connection.close()

    def _write_or_keep(self, batch):
        if self._failure is not None:
            self._unwritten.append(batch)
            return
        try:
            result = self._write_patiently(batch)
        except Exception as error:
            log.exception("odds.write_failed", scrape_run_id=batch.scrape_run_id, batch_index=batch.batch_index)
            self._unwritten.append(batch)
            self._failure = error
            return
        if self._on_result is not None:
            try:
                self._on_result(result)
            except Exception as error:
                log.exception("odds.on_result_failed", scrape_run_id=batch.scrape_run_id)
                self._failure = error

    def _write_patiently(self, batch) -> WriteResult:
        deadline = time.monotonic() + self._patience_seconds
        pause, attempt = FIRST_PAUSE, 1
        while True:
            try:
                return self._write(batch)
            except RETRIED as error:
                connection.close()
                if time.monotonic() + pause > deadline:
                    raise
                log.warning(
                    "odds.write_retried",
                    scrape_run_id=batch.scrape_run_id,
                    batch_index=batch.batch_index,
                    attempt=attempt,
                    pause=round(pause, 2),
                    error=str(error)[:300],
                )
                # Jitter, so that writers who met once do not meet again.
                time.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE)
                attempt += 1
