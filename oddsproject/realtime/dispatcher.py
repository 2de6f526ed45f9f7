"""Sends committed notices to the channel layer, in order, at least once.

One dispatcher works at a time: it holds an advisory lock on the one connection that it does
everything with, so when it dies the lock is free and a waiting one goes on. Redis being away or
frozen costs nothing but time: rows stay unsent, each send is limited, and after a failed one
nothing is tried for a while.
"""

import asyncio
import contextlib
import json
import time

import psycopg
import structlog
from redis.exceptions import RedisError

from oddsproject.locks import AdvisoryLock

from .envelopes import build_envelope
from .outbox import NOTIFY_CHANNEL
from .topics import TOPICS

log = structlog.get_logger(__name__)

BATCH = 200
STATEMENT_SECONDS = 30

# Uses index: idx_notice_unsent.
UNSENT = (
    "SELECT id, topic, type, data, created_at FROM realtime_notice WHERE sent_at IS NULL ORDER BY id LIMIT %(limit)s"
)
MARK_SENT = "UPDATE realtime_notice SET sent_at = clock_timestamp() WHERE id = ANY(%(ids)s)"
# Uses index: idx_notice_topic.
HEADS_BEFORE = (
    "SELECT topic, (SELECT max(id) FROM realtime_notice AS notice WHERE notice.topic = asked.topic AND id < %(id)s)"
    "  FROM unnest(%(topics)s::text[]) AS asked (topic)"
)
PRUNE = "DELETE FROM realtime_notice WHERE topic = %(topic)s AND created_at < clock_timestamp() - %(keep)s"


class Dispatcher:
    """connect: coroutine function returning a new autocommit psycopg.AsyncConnection.
    layer: the channel layer. The rest are seconds."""

    def __init__(self, connect, layer, *, poll=1.0, send_limit=2.0, rest_after_failure=5.0, prune_every=600.0):
        self._connect = connect
        self._layer = layer
        self._poll = poll
        self._send_limit = send_limit
        self._rest_after_failure = rest_after_failure
        self._prune_every = prune_every
        self._heads = None
        self._layer_away_since = None
        self._resting_until = 0.0
        self._prune_at = 0.0

    async def run(self, stop):
        """Work until `stop` (an asyncio.Event) is set; a lost database is waited for."""
        pause = 0.5
        while not stop.is_set():
            try:
                async with await self._connect() as connection:
                    if await self._become_the_one(connection, stop):
                        pause = 0.5
                        await self._serve(connection, stop)
            except (psycopg.Error, OSError) as error:
                log.warning("realtime.dispatcher_database_away", error=str(error).split("\n")[0], retry_in=pause)
                await _wait(stop, pause)
                pause = min(pause * 2, 10.0)

    async def _become_the_one(self, connection, stop):
        """True once the lock is held; False when asked to stop while waiting for it."""
        waiting = False
        while not stop.is_set():
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [AdvisoryLock.DISPATCH_NOTICES])
            if (await cursor.fetchone())[0]:
                log.info("realtime.dispatcher_started")
                return True
            if not waiting:
                log.info("realtime.dispatcher_waits_for_another")
                waiting = True
            await _wait(stop, self._poll)
        return False

    async def _serve(self, connection, stop):
        self._heads = None  # another dispatcher may have worked in between
        await connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
        while not stop.is_set():
            async with asyncio.timeout(STATEMENT_SECONDS):
                full_batch = await self.send_unsent(connection)
                await self._prune_when_due(connection)
            if not full_batch:
                # A bell that is missed costs one poll, nothing more.
                async for _ in connection.notifies(timeout=self._poll, stop_after=1):
                    break

    async def send_unsent(self, connection):
        """Send what waits, oldest first; returns whether there may be more to send at once."""
        if time.monotonic() < self._resting_until:
            return False
        cursor = await connection.execute(UNSENT, {"limit": BATCH})
        rows = await cursor.fetchall()
        if not rows:
            return False
        if self._heads is None:
            cursor = await connection.execute(HEADS_BEFORE, {"id": rows[0][0], "topics": list(TOPICS)})
            self._heads = {topic: newest or 0 for topic, newest in await cursor.fetchall()}
        sent = []
        for notice_id, topic, type, data, created_at in rows:
            envelope = build_envelope(type, data, at=created_at, seq=notice_id)
            message = {
                "type": "notice",
                "id": notice_id,
                "topic": topic,
                # The newest of each topic before this one: a reader who has less has missed some.
                "before": dict(self._heads),
                "text": json.dumps(envelope),
            }
            if topic in TOPICS and not await self._send(TOPICS[topic].group, message):
                break
            self._heads[topic] = notice_id
            sent.append(notice_id)
        if sent:
            await connection.execute(MARK_SENT, {"ids": sent})
        return len(sent) == BATCH

    async def _send(self, group, message):
        try:
            async with asyncio.timeout(self._send_limit):
                await self._layer.group_send(group, message)
        except (RedisError, OSError) as error:
            if self._layer_away_since is None:
                self._layer_away_since = time.monotonic()
                log.warning("realtime.channel_layer_away", error=str(error) or type(error).__name__)
            self._resting_until = time.monotonic() + self._rest_after_failure
            return False
        if self._layer_away_since is not None:
            log.info("realtime.channel_layer_back", away_seconds=round(time.monotonic() - self._layer_away_since))
            self._layer_away_since = None
        return True

    async def _prune_when_due(self, connection):
        if time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + self._prune_every
        for topic in TOPICS.values():
            cursor = await connection.execute(PRUNE, {"topic": topic.name, "keep": topic.keep})
            if cursor.rowcount:
                log.info("realtime.pruned", topic=topic.name, notices=cursor.rowcount)


async def _wait(stop, seconds):
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def database_connector():
    """A coroutine function that opens a connection of its own to Django's default database.

    Not from the pool: it is held for ever, and LISTEN belongs to one connection.
    """
    from django.db import connection

    params = connection.get_connection_params()
    for of_django in ("cursor_factory", "context", "prepare_threshold"):
        params.pop(of_django, None)

    async def connect():
        return await psycopg.AsyncConnection.connect(
            **params, autocommit=True, application_name="dispatch_notices", keepalives_idle=15, keepalives_interval=5
        )

    return connect
