"""The socket at /api/ws: listens for people, and never changes anything on their behalf."""

import asyncio
import contextlib
import json
import random
from collections import Counter, deque
from urllib.parse import parse_qs

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError

from . import reads
from .envelopes import build_envelope
from .frames import MAX_FRAME_BYTES, MAX_SEQ, Allowance, BadFrame, parse_frame, sort_topics
from .gate import visitor_of
from .hub import Hub
from .topics import SCRAPE_PROGRESS

log = structlog.get_logger(__name__)

SOCKETS_PER_USER = 20
BAD_FRAMES_ALLOWED = 10
INBOX = 256
SEND_SECONDS = 10.0
RECHECK_SECONDS = 30.0
RETRY_SECONDS = 2.0

WRONG_KIND, REFUSED, TOO_BIG, FAILED, TRY_LATER = 1003, 1008, 1009, 1011, 1013

_sockets_of_user = Counter()


class NoticeConsumer(AsyncWebsocketConsumer):
    """One browser (or program).

    `_position` is the number up to which everything of the subscribed topics has been handed
    over. A live notice below it is dropped; one that shows something missing between makes the
    table be read instead. So nothing is missed and nothing comes twice, whatever the channel
    layer loses, repeats or delivers late.
    """

    channel_layer_alias = None  # the hub listens for all sockets of the process

    # --- Coming and going -----------------------------------------------------------------------

    async def __call__(self, scope, receive, send):
        self._user_id = None
        self._hub = None
        self._pump_task = None
        self._closed = False
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def connect(self):
        visitor = visitor_of(self.scope)
        try:
            if visitor is None or await visitor.refusal() is not None:
                await self.close()  # before accept: HTTP 403
                return
        except DatabaseError as error:
            log.warning("realtime.socket_refused_database_away", error=str(error).split("\n")[0])
            await self.close()
            return
        self._visitor = visitor
        self._user_id = visitor.user_id
        _sockets_of_user[self._user_id] += 1
        self._bad_frames = 0
        self._frames = Allowance(burst=40, per_second=5)
        self._inbox = deque(maxlen=INBOX)
        self._bell = asyncio.Event()
        self._talking = asyncio.Lock()
        self._topics = set()
        self._position = 0
        await self.accept()
        if _sockets_of_user[self._user_id] > SOCKETS_PER_USER:
            await self._refuse("too_many_sockets", f"At most {SOCKETS_PER_USER} connections per user.")
            return
        self._hub = Hub.current()
        self._hub.join(self)  # first, so that what commits from here on is heard
        async with self._database_or_goodbye():
            await self._begin()
        if not self._closed:
            self._pump_task = asyncio.create_task(self._pump())

    async def _leave(self):
        if self._user_id is not None:  # first: a socket cut off while it waits below must not count for ever
            _sockets_of_user[self._user_id] -= 1
            if _sockets_of_user[self._user_id] <= 0:
                del _sockets_of_user[self._user_id]
        if self._pump_task is not None:
            self._pump_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump_task
        if self._hub is not None:
            await self._hub.leave(self)

    async def close(self, code=None, reason=None):
        if not self._closed:
            self._closed = True
            await super().close(code=code, reason=reason)

    @contextlib.asynccontextmanager
    async def _database_or_goodbye(self):
        try:
            yield
        except DatabaseError as error:
            log.warning("realtime.socket_closed_database_away", error=str(error).split("\n")[0])
            await self.close(TRY_LATER)
        except OSError:
            # The client went, or reads too slowly and was closed; its disconnect follows.
            log.info("realtime.socket_lost", user=self._user_id)

    async def _begin(self):
        """Acknowledge, then the image, then what was missed since the client was last here."""
        query = parse_qs(self.scope.get("query_string", b"").decode("latin1")[:MAX_FRAME_BYTES])
        asked = [name for text in query.get("topics", []) for name in text.split(",") if name]
        known, unknown = sort_topics(asked)
        since_text = query.get("since", [""])[0]
        # isdigit alone would let other scripts' digits through; a longer number is no position.
        since = int(since_text) if since_text.isascii() and since_text.isdigit() and len(since_text) < 20 else None
        newest = await database_sync_to_async(reads.head)()
        # A position from before a restored or emptied database means nothing here.
        self._position = newest if since is None else min(since, newest)
        self._topics = set(known)
        async with self._talking:
            await self._say("connection_ack", {"topics": sorted(self._topics), "seq": self._position})
            if since_text and since is None:
                await self._error("invalid_since", "since must be a whole number, zero or more.")
            await self._name_unknown(unknown)
            if since is None:
                await self._send_image(known)
            await self._catch_up()

    # --- What the client says -------------------------------------------------------------------

    async def receive(self, text_data=None, bytes_data=None):
        if self._closed or self._hub is None:
            return
        if text_data is None:
            await self.close(WRONG_KIND)
            return
        if len(text_data) > MAX_FRAME_BYTES or len(text_data.encode(errors="replace")) > MAX_FRAME_BYTES:
            await self.close(TOO_BIG)
            return
        async with self._database_or_goodbye():
            if not self._frames.spend():
                await self._refuse("rate_limited", "Too many messages.")
                return
            try:
                await self._obey(parse_frame(text_data))
            except BadFrame as bad:
                self._bad_frames += 1
                if self._bad_frames > BAD_FRAMES_ALLOWED:
                    await self._refuse("too_many_errors", "Too many frames that make no sense.")
                else:
                    await self._error(bad.code, bad.detail)

    async def _obey(self, command):
        if command.type == "ping":
            await self._say("pong", {})
            return
        async with self._talking:
            if command.type == "resume":
                self._position = min(self._position, command.since)
                await self._catch_up()
                return
            await self._name_unknown(command.unknown)
            if command.type == "unsubscribe":
                self._topics -= set(command.topics)
                await self._say("subscription_update", {"topics": sorted(self._topics)})
                return
            new = tuple(name for name in command.topics if name not in self._topics)
            await self._catch_up()  # the old topics first, so that the position holds for all
            self._topics |= set(new)
            await self._say("subscription_update", {"topics": sorted(self._topics)})
            if not new:
                return
            if command.since is not None and command.since < self._position:
                await self._send_rows(command.since, new, up_to=self._position)
            else:
                await self._send_image(new)
            await self._catch_up()

    # --- What the hub says ----------------------------------------------------------------------

    def hear(self, message):
        self._inbox.append(message)  # the oldest falls out when full, and is noticed as missing
        self._bell.set()

    def look(self, heads):
        self.hear({"id": None, "before": heads})

    async def _pump(self):
        loop = asyncio.get_running_loop()
        recheck_at = loop.time() + RECHECK_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(recheck_at):
                    await self._bell.wait()
            try:
                if loop.time() >= recheck_at:
                    # Some jitter, or all browsers of a restarted server ask at once.
                    recheck_at = loop.time() + RECHECK_SECONDS * random.uniform(0.8, 1.2)
                    refusal = await self._visitor.refusal()
                    if refusal is not None:
                        await self.close(refusal)
                        return
                self._bell.clear()
                async with self._talking:
                    while self._inbox:
                        await self._deliver(self._inbox.popleft())
            except DatabaseError as error:
                log.warning("realtime.catch_up_postponed", error=str(error).split("\n")[0])
                await asyncio.sleep(RETRY_SECONDS)
                self.look(dict.fromkeys(self._topics, MAX_SEQ))
            except OSError:
                log.info("realtime.socket_lost", user=self._user_id)
                return
            except Exception:
                log.exception("realtime.socket_failed", user=self._user_id)
                await self.close(FAILED)
                return

    async def _deliver(self, message):
        before = message["before"]
        if any(before.get(topic, 0) > self._position for topic in self._topics):
            await self._catch_up()
        notice_id = message["id"]
        if notice_id is None or notice_id <= self._position:
            return
        if message["topic"] in self._topics:
            await self._send_text(message["text"])
        self._position = notice_id

    # --- Talking --------------------------------------------------------------------------------

    async def _catch_up(self):
        """Hand over every stored notice above the position."""
        if self._topics:
            self._position = await self._send_rows(self._position, tuple(self._topics))

    async def _send_rows(self, position, topics, up_to=None):
        """Send the notices in (position, up_to]; returns the last number looked at."""
        notices, overflowing, position = await database_sync_to_async(reads.missed)(position, topics, up_to)
        if overflowing:
            detail = f"Too much was missed of {', '.join(sorted(overflowing))}: read the API instead."
            await self._error("catch_up_incomplete", detail)
        for notice in notices:
            await self._send_notice(notice)
        return position

    async def _send_image(self, topics):
        if SCRAPE_PROGRESS in topics:
            for notice in await database_sync_to_async(reads.progress_image)(self._position):
                await self._send_notice(notice)

    async def _send_notice(self, notice):
        envelope = build_envelope(notice.type, notice.data, at=notice.created_at, seq=notice.id)
        await self._send_text(json.dumps(envelope))

    async def _name_unknown(self, names):
        if names:
            shown = ", ".join(name[:50] for name in names[:5])
            await self._error("unknown_topic", f"Unknown topic: {shown}")

    async def _error(self, code, detail):
        await self._say("error", {"code": code, "detail": detail})

    async def _refuse(self, code, detail):
        await self._error(code, detail)
        await self.close(REFUSED)

    async def _say(self, type, data):
        await self._send_text(json.dumps(build_envelope(type, data)))

    async def _send_text(self, text):
        if self._closed:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.send(text_data=text)
        except TimeoutError:
            await self.close(REFUSED)
            raise
