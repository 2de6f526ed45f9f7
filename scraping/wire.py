"""The lowest layer of fetching: a total time limit that is enforced, and bodies of bounded size.

requests knows a limit between two bytes, none for the whole; it inflates without bound. Here a
watchdog thread shuts the socket of an exchange whose time is up, whatever it was waiting for,
and bodies are inflated piece by piece up to a cap.
"""

import os
import socket
import threading
import time
import zlib

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

READ_SIZE = 256 * 1024
WATCH_SECONDS = 0.25
GZIP = ("gzip", "x-gzip")


class BodyTooLarge(Exception):
    """More than the cap, before or after inflating; the rest was not read."""


class BodyBroken(Exception):
    """The body ends too early or is not in the encoding that its header names."""


class UnknownEncoding(Exception):
    """A content encoding nobody asked for."""


class Exchange:
    """One request and its answer, with a deadline. Use as a context manager around both."""

    __slots__ = ("deadline", "expired", "socket")

    def __init__(self, seconds: float):
        self.deadline = time.monotonic() + seconds
        self.expired = False
        self.socket = None

    def __enter__(self):
        _current.exchange = self
        _watchdog().add(self)
        return self

    def __exit__(self, *exc_info):
        _current.exchange = None
        _watchdog().discard(self)

    def cut(self):
        """Called by the watchdog: whoever reads from the socket gets an end or an error at once."""
        self.expired = True
        if self.socket is not None:
            try:
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                # Closed meanwhile by its reader: there is nothing left to interrupt.
                self.socket = None


class _Watchdog:
    def __init__(self):
        self._lock = threading.Lock()
        self._running: set[Exchange] = set()
        self._busy = threading.Event()
        threading.Thread(target=self._watch, name="http-deadlines", daemon=True).start()

    def add(self, exchange):
        with self._lock:
            self._running.add(exchange)
        if not self._busy.is_set():
            self._busy.set()

    def discard(self, exchange):
        with self._lock:
            self._running.discard(exchange)

    def _watch(self):
        while True:
            self._busy.wait()
            time.sleep(WATCH_SECONDS)
            now = time.monotonic()
            with self._lock:
                for exchange in self._running:
                    # Cut again while it lasts: it may have connected only after its time was up.
                    if exchange.deadline <= now:
                        exchange.cut()
                if not self._running:
                    self._busy.clear()


_current = threading.local()
_watchdogs: dict[int, _Watchdog] = {}
_watchdogs_lock = threading.Lock()


def _watchdog() -> _Watchdog:
    """This process's watchdog; threads do not survive a fork, so a child starts its own."""
    watchdog = _watchdogs.get(os.getpid())
    if watchdog is None:
        with _watchdogs_lock:
            watchdog = _watchdogs.get(os.getpid())
            if watchdog is None:
                watchdog = _watchdogs[os.getpid()] = _Watchdog()
    return watchdog


def _renew_lock_after_fork():
    global _watchdogs_lock
    _watchdogs_lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock_after_fork)


class _Watched:
    """A connection that tells the current exchange which socket it uses."""

    def connect(self):
        super().connect()
        self._tell()

    def request(self, *args, **kwargs):
        self._tell()
        return super().request(*args, **kwargs)

    def _tell(self):
        exchange = getattr(_current, "exchange", None)
        if exchange is not None:
            exchange.socket = self.sock


class _WatchedHTTPConnection(_Watched, HTTPConnection):
    """Plain, for loopback."""


class _WatchedHTTPSConnection(_Watched, HTTPSConnection):
    """With TLS."""


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection


class OneHostAdapter(HTTPAdapter):
    """An adapter for a single host, shared by the sessions of all threads: one pool of connections,
    looked up and checked once instead of at every request."""

    def __init__(self, pool_size: int):
        self._pool = None
        super().__init__(pool_connections=1, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        if self._pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies=None, cert=cert)
            super().cert_verify(pool, request.url, verify, cert)
            self._pool = pool
        return self._pool

    def cert_verify(self, conn, url, verify, cert):
        """Done when the pool was made: always the default, verified against the CA bundle."""

    def request_url(self, request, proxies):
        return request.path_url


def read_body(raw, encoding: str, cap: int) -> bytes:
    """The whole body of a urllib3 response, inflated, at most `cap` bytes.

    Raises BodyTooLarge, BodyBroken, UnknownEncoding, and urllib3's errors for a body that is
    shorter than announced.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return _read_plain(raw, cap)
    if encoding not in GZIP:
        raise UnknownEncoding(encoding[:100])
    inflater = zlib.decompressobj(wbits=31)
    pieces, size = [], 0
    while chunk := raw.read(READ_SIZE, decode_content=False):
        while chunk:
            try:
                piece = inflater.decompress(chunk, cap - size + 1)
            except zlib.error as error:
                raise BodyBroken(f"not gzip: {error}") from error
            size += len(piece)
            if size > cap:
                raise BodyTooLarge(f"more than {cap} bytes after inflating")
            pieces.append(piece)
            chunk = inflater.unconsumed_tail
        if inflater.unused_data:
            raise BodyBroken("bytes after the end of the gzip stream")
    if not inflater.eof:
        raise BodyBroken("the gzip stream ends too early")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _read_plain(raw, cap) -> bytes:
    pieces, size = [], 0
    while chunk := raw.read(READ_SIZE, decode_content=False):
        size += len(chunk)
        if size > cap:
            raise BodyTooLarge(f"more than {cap} bytes")
        pieces.append(chunk)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_sample(raw, encoding: str, limit: int) -> bytes:
    """The first bytes of a body that will not be used: as much as can be had, never an error."""
    try:
        chunk = raw.read(limit, decode_content=False)
        return zlib.decompressobj(wbits=31).decompress(chunk, limit) if encoding.strip().lower() in GZIP else chunk
    except Exception as error:
        # Whatever breaks here, the answer is refused already; say what broke instead of the body.
        return f"(no sample: {error!r})".encode()[:limit]
