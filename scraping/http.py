"""Asking a bookmaker over HTTP: politely, within bounds, and every failure told apart by what to do.

What leaves here as bytes is a whole JSON answer with status 200. Everything else is a FetchError;
`bookmakers/<slug>` then looks inside.
"""

import os
import random
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import requests
import structlog
from django.conf import settings
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError as TransportError

from scraping.addresses import checked_base_url
from scraping.circuit import FAILURES_TO_OPEN, Circuit
from scraping.exceptions import MAX_SAMPLE_BYTES, AddressRefused, Blocked, FetchError, PayloadChanged, Unavailable
from scraping.limits import Limiter, get_limiter
from scraping.wire import BodyBroken, BodyTooLarge, Exchange, OneHostAdapter, UnknownEncoding, read_body, read_sample

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 20.0
MAX_BYTES = 16 * 1024 * 1024
ATTEMPTS = 3
BACKOFF_SECONDS = (1.0, 2.0, 4.0)
SECOND_LOOK_SECONDS = 2.0
MAX_RETRY_AFTER = 3600.0  # a bookmaker that asks for more is asked again after an hour
TRY_AGAIN = frozenset({408, 425, 429, *range(500, 600)})
REFUSED = frozenset({401, 403, 407, 451})
POOL_SIZE = 200


class _Session(requests.Session):
    def get_redirect_target(self, resp):
        """Nowhere: requests would read the whole answer, without a cap, to prepare the next request."""
        return None


class BookmakerClient:
    """One bookmaker's address with all the manners; shared by all threads of a process.

    headers: sent with every request. limiter: None for the process's own. backoff_factor scales
    the waits between attempts and before a second look; None for BOOKMAKER_BACKOFF_FACTOR (1).
    An address that is not on the deployment's allow-list makes every request raise
    AddressRefused; nothing is sent.
    """

    def __init__(
        self,
        slug: str,
        base_url: str,
        limiter: Limiter | None = None,
        *,
        headers: dict[str, str] | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        max_bytes: int = MAX_BYTES,
        backoff_factor: float | None = None,
        failures_to_open: int = FAILURES_TO_OPEN,
    ):
        self.slug = slug
        self._address_error = None
        try:
            self.base_url = checked_base_url(slug, base_url)
        except AddressRefused as error:
            # Told at the first request, like every other reason why this bookmaker cannot be asked.
            self.base_url, self._address_error = base_url.rstrip("/"), error
        self.limiter = limiter or get_limiter()
        self.requests_sent = 0
        self._timeout = (min(connect_seconds, total_seconds), total_seconds)
        self._total_seconds = total_seconds
        self._max_bytes = max_bytes
        self._own_backoff_factor = backoff_factor
        self._circuit = Circuit(slug, self.limiter, failures_to_open=failures_to_open)
        shared = {"accept": "application/json", **(headers or {}), "accept-encoding": "gzip"}
        self._get_headers = CaseInsensitiveDict(shared)
        self._post_headers = {**shared, "content-type": "application/json"}
        self._adapter = OneHostAdapter(POOL_SIZE)
        self._threads = threading.local()
        self._count_lock = threading.Lock()

    # --- asking
    def get(self, path: str, *, kind: str = "details") -> bytes:
        """The JSON bytes at base address + path (with its query). Raises FetchError."""
        return self._ask("GET", path, None, kind)

    def post(self, path: str, body: bytes, *, kind: str = "details") -> bytes:
        """The JSON bytes that answer a JSON body. Only for requests that change nothing there."""
        return self._ask("POST", path, body, kind)

    def list_width(self) -> int:
        """How many lists may be read at once."""
        return self.limiter.limit(self.slug, "lists")

    @property
    def _backoff_factor(self):
        own = self._own_backoff_factor
        return getattr(settings, "BOOKMAKER_BACKOFF_FACTOR", 1.0) if own is None else own

    def second_look_delay(self) -> float:
        """Seconds before asking again about an event that is said not to exist."""
        return SECOND_LOOK_SECONDS * self._backoff_factor * random.uniform(1.0, 2.0)

    def close(self):
        self._adapter.close()

    def _ask(self, method, path, body, kind) -> bytes:
        if self._address_error is not None:
            raise self._address_error
        request = self._prepare(method, path, body)
        for attempt in range(1, ATTEMPTS + 1):
            with self.limiter.slot(self.slug, kind):
                payload, error, retryable = self._attempt(request)
            if error is None:
                self._circuit.succeeded()
                return payload
            self._note(error, retryable)
            too_long = (error.retry_after or 0) > self.limiter.max_pause_wait
            if not retryable or too_long or attempt == ATTEMPTS:
                raise error
            self._wait(attempt, error)
        raise AssertionError("the last attempt returns or raises")

    def _note(self, error, retryable):
        """For the circuit, a bookmaker that refuses or fails is away; one that asks for time has said how much."""
        if error.retry_after is None and (retryable or isinstance(error, Blocked)):
            self._circuit.failed(error.code)
        elif not retryable:
            self._circuit.succeeded()
        else:
            self._circuit.undecided()

    def _wait(self, attempt, error):
        """Between attempts, without a slot. A pause is waited for where slots are given out."""
        log.debug("http.retry", bookmaker=self.slug, attempt=attempt, code=error.code)
        time.sleep(BACKOFF_SECONDS[attempt - 1] * self._backoff_factor * random.uniform(1.0, 1.25))

    def _prepare(self, method, path, body):
        """A request ready to send, without the session's merging: headers and address are known."""
        request = requests.PreparedRequest()
        request.method = method
        request.url = self.base_url + path
        request.hooks = {"response": []}
        request.body = body
        if body is None:
            request.headers = self._get_headers
        else:
            request.headers = CaseInsensitiveDict(self._post_headers)
            request.headers["content-length"] = str(len(body))
        return request

    def _session(self) -> requests.Session:
        session = getattr(self._threads, "session", None)
        if session is None:
            session = _Session()
            session.trust_env = False
            session.adapters.clear()
            session.mount(self.base_url, self._adapter)
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            self._threads.session = session
        return session

    # --- one attempt
    def _attempt(self, request) -> tuple[bytes, FetchError | None, bool]:
        """(payload, None, False) or (b"", error, whether trying again may help)."""
        with self._count_lock:
            self.requests_sent += 1
        with Exchange(self._total_seconds) as exchange:
            try:
                response = self._session().send(
                    request, stream=True, allow_redirects=False, timeout=self._timeout, verify=True, proxies={}
                )
            except (requests.RequestException, TransportError, OSError) as error:
                return b"", self._transport_error(error, exchange), True
            try:
                outcome = self._read(response, exchange)
            finally:
                response.raw.close()  # an answer read to its end has given its connection back already
            # Cut off in its headers, an answer looks like a short one; only the clock knows better.
            return (b"", self._transport_error(TimeoutError(), exchange), True) if exchange.expired else outcome

    def _read(self, response, exchange):
        status = response.status_code
        if status != 200:
            return b"", *self._status_error(response, status)
        kind = response.headers.get("content-type", "")
        encoding = response.headers.get("content-encoding", "")
        if not _is_json(kind):
            code = "CHALLENGE" if "html" in kind.lower() or not kind else "CONTENT_TYPE"
            return b"", self._refusal(response, code, f"Content type {kind[:100]!r} instead of JSON."), False
        try:
            payload = read_body(response.raw, encoding, self._max_bytes)
        except BodyTooLarge as error:
            return b"", PayloadChanged("TOO_LARGE", bookmaker=self.slug, detail=str(error)), False
        except UnknownEncoding as error:
            return b"", PayloadChanged("CONTENT_ENCODING", bookmaker=self.slug, detail=str(error)), False
        except (BodyBroken, TransportError, OSError) as error:
            return b"", self._transport_error(error, exchange, "BODY_CUT"), True
        if not payload.strip()[:1]:
            return b"", self._refusal(response, "CHALLENGE", "An empty body."), False
        return payload, None, False

    def _status_error(self, response, status):
        """(error, whether trying again may help) of an answer that is not 200."""
        if status in TRY_AGAIN:
            retry_after = retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC))
            if retry_after is not None:
                self.limiter.pause(self.slug, min(retry_after, MAX_RETRY_AFTER), f"HTTP {status} with Retry-After")
            came = self._what_came(response, f"HTTP {status}")
            return Unavailable(f"HTTP_{status}", retry_after=retry_after, **came), True
        if 300 <= status < 400:
            target = response.headers.get("location", "")[:300]
            log.warning("security.redirect_refused", bookmaker=self.slug, status=status, target=target)
            return self._refusal(response, "REDIRECT", f"HTTP {status} to {target!r}, not followed."), False
        if status in REFUSED:
            return self._refusal(response, "FORBIDDEN", f"HTTP {status}"), False
        if 200 < status < 300:
            return self._refusal(response, "CHALLENGE", f"HTTP {status} instead of 200."), False
        return PayloadChanged(f"HTTP_{status}", **self._what_came(response, f"HTTP {status}")), False

    def _refusal(self, response, code, detail):
        return Blocked(code, **self._what_came(response, detail))

    def _what_came(self, response, detail):
        encoding = response.headers.get("content-encoding", "")
        sample = read_sample(response.raw, encoding, MAX_SAMPLE_BYTES)
        return {"bookmaker": self.slug, "detail": detail, "status": response.status_code, "sample": sample}

    def _transport_error(self, error, exchange, code="CONNECTION"):
        if exchange.expired or isinstance(error, requests.Timeout | TimeoutError):
            code = "TIMEOUT"
        return Unavailable(code, bookmaker=self.slug, detail=f"{type(error).__name__}: {str(error)[:300]}")


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or (kind.startswith("application/") and kind.endswith("+json"))


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Retry-After as seconds from now: a number of seconds or an HTTP date. None when it says nothing usable."""
    if value is None:
        return None
    text = value.strip()[:100]
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return max(0.0, (at - now).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


_clients: dict[tuple[int, str], BookmakerClient] = {}
_clients_lock = threading.Lock()


def client_for(slug: str) -> BookmakerClient:
    """This process's client of a registered bookmaker, at the deployment's address."""
    from scraping.bookmakers import REGISTRY

    address = settings.BOOKMAKER_URLS[slug]
    identity = (os.getpid(), slug)
    with _clients_lock:
        client = _clients.get(identity)
        limiter = get_limiter()
        if client is None or client.base_url != address.rstrip("/") or client.limiter is not limiter:
            client = _clients[identity] = BookmakerClient(slug, address, limiter, headers=REGISTRY[slug].headers)
        return client


def _renew_lock_after_fork():
    global _clients_lock
    _clients_lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock_after_fork)
