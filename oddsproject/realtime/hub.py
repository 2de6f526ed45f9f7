"""One ear per web process: hears the topic groups and passes what it hears to the local sockets.

Sockets never talk to Redis themselves, so Redis being away cannot close one. Every few seconds
the hub also reads the newest numbers from the table: whatever the channel layer lost is noticed
then, and with Redis gone altogether browsers still get everything, only later.
"""

import asyncio
import contextlib
import weakref

import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from . import reads
from .topics import TOPICS

log = structlog.get_logger(__name__)

LAYER_SECONDS = 5.0
RETRY_SECONDS = 2.0
TABLE_POLL_SECONDS = 10.0


class Hub:
    """Listeners have two methods, neither of which may wait: hear(message) for a live notice,
    and look(heads) with the newest number per topic."""

    _of_loop = weakref.WeakKeyDictionary()

    def __init__(self):
        self._listeners = set()
        self._tasks = []

    @classmethod
    def current(cls):
        """The hub of the running event loop."""
        return cls._of_loop.setdefault(asyncio.get_running_loop(), cls())

    def join(self, listener):
        self._listeners.add(listener)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._watch_table())]

    async def leave(self, listener):
        self._listeners.discard(listener)
        if not self._listeners:
            tasks, self._tasks = self._tasks, []
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self):
        layer = get_channel_layer()
        away = False
        while True:
            channel = None
            try:
                async with asyncio.timeout(LAYER_SECONDS):
                    channel = await layer.new_channel()
                    for topic in TOPICS.values():
                        await layer.group_add(topic.group, channel)
                if away:
                    log.info("realtime.hub_hears_again")
                    away = False
                await self._tell_heads()  # what was sent before the groups were joined
                while True:
                    message = await layer.receive(channel)
                    for listener in tuple(self._listeners):
                        listener.hear(message)
            except Exception as error:
                # Whatever it is, the hub must go on: every socket of the process depends on it.
                if not away:
                    expected = isinstance(error, (RedisError, OSError))
                    log.warning("realtime.hub_deaf", error=str(error) or type(error).__name__, exc_info=not expected)
                    away = True
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                await self._let_go(layer, channel)

    async def _let_go(self, layer, channel):
        if channel is None:
            return
        with contextlib.suppress(RedisError, OSError):
            async with asyncio.timeout(LAYER_SECONDS):
                for topic in TOPICS.values():
                    await layer.group_discard(topic.group, channel)

    async def _watch_table(self):
        while True:
            await asyncio.sleep(TABLE_POLL_SECONDS)
            await self._tell_heads()

    async def _tell_heads(self):
        try:
            heads = await database_sync_to_async(reads.heads)()
        except DatabaseError as error:
            log.warning("realtime.hub_database_away", error=str(error).split("\n")[0])
            return
        for listener in tuple(self._listeners):
            listener.look(heads)
