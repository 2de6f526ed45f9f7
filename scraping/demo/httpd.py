"""The HTTP server: one asyncio loop, HTTP/1.1 with keep-alive, latency, limits and misbehaving deliveries."""

import asyncio
import json
import time
from http import HTTPStatus
from random import Random

import structlog

from scraping.demo import faults
from scraping.demo.answers import JSON, Answer
from scraping.demo.control import BadControl, Control
from scraping.demo.faults import Delivery
from scraping.demo.request import Request
from scraping.demo.templates import dumps
from scraping.demo.world import SLUGS

log = structlog.get_logger(__name__)
_MAX_HEAD, _MAX_BODY = 32_768, 2_097_152
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class DemoApp:
    """Requests in, answers out; knows nothing of sockets."""

    def __init__(self, sites: dict, control: Control, seed: int):
        self.sites = sites
        self.control = control
        self.stats = control.stats
        self._random = Random(seed)

    def site_of(self, path: str) -> tuple[str, str]:
        """(bookmaker or "", rest of the path)."""
        slug, _, rest = path[1:].partition("/")
        return (slug, "/" + rest) if slug in SLUGS else ("", path)

    def delay(self, slug: str) -> float:
        """Seconds that this request takes at the bookmaker."""
        mean, spread = self.control.latency[slug], self.control.jitter
        return mean / 1000.0 * (1.0 + spread * (2.0 * self._random.random() - 1.0))

    def refusal(self, slug: str, in_flight: int) -> Answer | None:
        """What comes back when more requests run at once than the bookmaker bears."""
        limit = self.control.limits[slug]
        if limit is None or in_flight <= limit:
            return None
        self.stats.refused[slug] += 1
        if slug == "bet9ja":
            if self.stats.refused[slug] % 2:
                return Answer(403, b"", faults.HTML)
            return Answer(200, b'{"R":"E","D":null}')
        return Answer(429, b'{"error":"Too Many Requests"}', headers={"Retry-After": "1"})

    def answer(self, slug: str, request: Request) -> tuple[Answer, Delivery]:
        started = time.perf_counter()
        site, now = self.sites[slug], self.control.clock.now()
        answer = site.answer(request, now)
        self.stats.making_seconds[slug, answer.kind] += time.perf_counter() - started
        self.stats.seen(slug, answer.kind)
        fault = self.control.faults.draw(slug, answer.kind, answer.event_id)
        if fault is None:
            return answer, Delivery()
        self.stats.fault_hits[slug, fault.name] += 1
        return faults.apply(fault, slug, answer, lambda: site.answer(_first_page(request), now))

    def steer(self, request: Request) -> Answer:
        """GET and POST /control."""
        if request.method == "GET":
            return Answer(200, dumps(self.control.state()))
        try:
            return Answer(200, dumps(self.control.change(json.loads(request.body))))
        except (BadControl, ValueError) as error:
            return Answer(400, dumps({"error": str(error)}))


def _first_page(request: Request) -> Request:
    """The same request asking for the beginning again: a list that never ends."""
    query = request.query.replace("%22skip%22%3A", "%22skipped%22%3A").replace('"skip":', '"skipped":')
    return Request(request.method, request.path, query, request.headers, request.body)


class DemoProtocol(asyncio.Protocol):
    """One connection: requests one after the other."""

    def __init__(self, app: DemoApp, loop: asyncio.AbstractEventLoop):
        self.app = app
        self.loop = loop
        self.buffer = b""
        self.busy = False
        self.transport: asyncio.Transport | None = None
        self.running: str = ""
        self.timers: list[asyncio.TimerHandle] = []

    def connection_made(self, transport) -> None:
        self.transport = transport

    def connection_lost(self, error) -> None:
        for timer in self.timers:
            timer.cancel()
        self._finish()
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self._next()

    def _next(self) -> None:
        """Takes the next whole request out of the buffer and starts it."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > _MAX_HEAD:
                self._send(Answer(431, b""), False, close=True)
            return
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        parts = lines[0].split(" ")
        length = headers.get("content-length", "0")
        if len(parts) != 3 or not length.isdigit() or int(length) > _MAX_BODY:
            self._send(Answer(400, b""), False, close=True)
            return
        whole = end + 4 + int(length)
        if len(self.buffer) < whole:
            return
        path, _, query = parts[1].partition("?")
        request = Request(parts[0], path, query, headers, self.buffer[end + 4 : whole])
        self.buffer = self.buffer[whole:]
        self._start(request)

    def _start(self, request: Request) -> None:
        self.busy = True
        slug, path = self.app.site_of(request.path)
        if not slug:
            answer = self.app.steer(request) if request.path.rstrip("/") == "/control" else Answer(404, b"{}")
            self._send(answer, request.wants_gzip)
            return
        request.path = path
        self.running = slug
        refused = self.app.refusal(slug, self.app.stats.began(slug))
        self._later(self.app.delay(slug), self._answer, slug, request, refused)

    def _later(self, seconds: float, call, *arguments) -> None:
        self.timers = [timer for timer in self.timers if not timer.cancelled() and timer.when() > self.loop.time()]
        self.timers.append(self.loop.call_later(seconds, call, *arguments))

    def _answer(self, slug: str, request: Request, refused: Answer | None) -> None:
        if self.transport is None:
            return
        try:
            answer, delivery = (refused, Delivery()) if refused else self.app.answer(slug, request)
        except Exception:
            log.exception("demo.answer_failed", bookmaker=slug, path=request.path)
            answer, delivery = Answer(500, b'{"error":"the demo server failed, see its log"}'), Delivery()
        self.app.stats.statuses[slug, answer.status] += 1
        if delivery.name:
            self._misbehave(answer, delivery, request.wants_gzip)
        else:
            self._send(answer, request.wants_gzip, close=request.headers.get("connection", "").lower() == "close")

    def _head(self, answer: Answer, body: bytes, packed: bool, length: int | None = None) -> bytes:
        lines = [
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(body) if length is None else length}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        if packed:
            lines.append("Content-Encoding: gzip")
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def _bytes(self, answer: Answer, gzip: bool) -> tuple[bytes, bool]:
        packed = gzip and (answer.packed is not None or len(answer.body) > 1000)
        return (answer.compressed() if packed else answer.plain()), packed

    def _send(self, answer: Answer, gzip: bool, close: bool = False) -> None:
        if self.transport is None:
            return
        body, packed = self._bytes(answer, gzip)
        self.app.stats.bytes_sent[self.running or "control"] += len(body)
        self.transport.write(self._head(answer, body, packed) + body)
        self._finish()
        if close:
            self.transport.close()
        elif self.buffer:
            self._next()

    def _finish(self) -> None:
        """The request is over, whichever way: its place at the bookmaker is free."""
        self.busy = False
        if self.running:
            self.app.stats.ended(self.running)
            self.running = ""

    # -- misbehaving -----------------------------------------------------------------------------------------

    def _misbehave(self, answer: Answer, delivery: Delivery, gzip: bool) -> None:
        name, options = delivery.name, delivery.options
        if name == "stall":
            self._later(float(options.get("seconds", 3600)), self._abort)
            return
        if name == "refuse":
            self._abort()
            return
        body, packed = self._bytes(answer, gzip)
        if name == "gzip_bomb":
            body, packed = faults.bomb(int(options.get("megabytes", 200))), True
            self.transport.write(self._head(answer, body, packed) + body)
            self._finish()
            return
        if name == "truncated_gzip":
            body = answer.compressed()
            part = body[: len(body) // 2]
            self.transport.write(self._head(answer, part, True) + part)
            self._finish()
            return
        if name == "content_length":
            more = int(options.get("extra", 1000))
            self.transport.write(self._head(answer, body, packed, len(body) + more) + body)
            self._later(float(options.get("seconds", 0.2)), self._close)
            return
        if name == "reset":
            self.transport.write(self._head(answer, body, packed) + body[: len(body) // 2])
            self._later(0.02, self._abort)
            return
        if name == "endless_body":
            self.transport.write(self._head(Answer(200, b"", JSON), b"", False, 1 << 40))
            self._pour()
            return
        self.transport.write(self._head(answer, body, packed))
        self._drip(body, float(options.get("seconds", 1.0)))

    def _drip(self, rest: bytes, seconds: float) -> None:
        if self.transport is None:
            return
        self.transport.write(rest[:1])
        if len(rest) > 1:
            self._later(seconds, self._drip, rest[1:], seconds)
        else:
            self._finish()

    def _pour(self) -> None:
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size() < 1_000_000:
            self.transport.write(b" " * 65_536)
        self._later(0.002, self._pour)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()
