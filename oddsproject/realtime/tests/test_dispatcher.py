"""Committed notices reach the layer in order, whatever is away in between."""

import asyncio
import contextlib

import pytest
from django.conf import settings as django_settings
from django.db import connection
from redis.exceptions import ConnectionError as RedisAway

from oddsproject.realtime import publish
from oddsproject.realtime.dispatcher import Dispatcher, database_connector
from oddsproject.realtime.models import Notice

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


class Layer:
    """Records what it is sent; can be away or frozen."""

    def __init__(self):
        self.sent = []
        self.away = self.frozen = False
        self.tries = 0

    async def group_send(self, group, message):
        self.tries += 1
        if self.away:
            raise RedisAway("away")
        if self.frozen:
            await asyncio.sleep(60)
        self.sent.append((group, message))

    @property
    def numbers(self):
        return [message["id"] for _, message in self.sent]


@contextlib.asynccontextmanager
async def dispatching(layer, **options):
    stop = asyncio.Event()
    dispatcher = Dispatcher(
        database_connector(), layer, **{"poll": 0.1, "send_limit": 0.2, "rest_after_failure": 0.2, **options}
    )
    task = asyncio.create_task(dispatcher.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def until(condition, seconds=10):
    async with asyncio.timeout(seconds):
        while True:
            result = condition()
            if await result if asyncio.iscoroutine(result) else result:
                return
            await asyncio.sleep(0.02)


def notice(topic="odds_updates"):
    return publish(topic, "odds_update", {"eventIds": [1]})


async def test_a_notice_goes_to_its_topic_with_what_came_before(in_thread):
    layer = Layer()
    first = await in_thread(notice)("unmapped_alerts")
    async with dispatching(layer):
        await until(lambda: len(layer.sent) == 1)
        second = await in_thread(notice)()
        await until(lambda: len(layer.sent) == 2)
    group, message = layer.sent[1]
    assert group == "topic.odds_updates"
    assert message["before"] == {"unmapped_alerts": first.id, "scrape_progress": 0, "odds_updates": 0}
    assert f'"seq": {second.id}' in message["text"]
    assert not await in_thread(Notice.objects.filter(sent_at=None).exists)()


async def test_a_notice_arrives_at_once_and_not_at_the_next_poll(in_thread):
    layer = Layer()
    async with dispatching(layer, poll=30):
        await until(lambda: in_thread(dispatcher_is_idle)())
        await in_thread(notice)()
        await until(lambda: layer.sent, seconds=5)
        await in_thread(notice)()  # rings again, so that the stop is seen
        await until(lambda: len(layer.sent) == 2, seconds=5)
        await in_thread(terminate)()


@pytest.mark.parametrize("fault", ["away", "frozen"])
async def test_redis_away_or_frozen_delays_and_loses_nothing(in_thread, fault):
    layer = Layer()
    setattr(layer, fault, True)
    numbers = [(await in_thread(notice)()).id for _ in range(3)]
    async with dispatching(layer, rest_after_failure=0.5):
        await until(lambda: layer.tries >= 2)
        assert layer.tries == 2  # one try per rest, not one per notice
        setattr(layer, fault, False)
        await until(lambda: layer.numbers == numbers)


async def test_the_database_closing_the_connection_is_survived(in_thread):
    layer = Layer()
    async with dispatching(layer):
        await until(lambda: in_thread(dispatcher_is_idle)())
        await in_thread(terminate)()
        number = (await in_thread(notice)()).id
        await until(lambda: layer.numbers == [number])


async def test_a_second_dispatcher_waits_and_takes_over(in_thread):
    first, second = Layer(), Layer()
    async with dispatching(second):
        await until(lambda: in_thread(dispatcher_is_idle)())
        async with dispatching(first):
            numbers = [(await in_thread(notice)()).id]
            await until(lambda: second.numbers == numbers)
            await in_thread(terminate)(only_holder=True)
            await until(lambda: in_thread(dispatcher_is_idle)())
            numbers.append((await in_thread(notice)()).id)
            await until(lambda: first.numbers + second.numbers and sorted(first.numbers + second.numbers) == numbers)


async def test_old_notices_are_pruned_each_topic_by_its_own_age(in_thread):
    old_hint, old_alert = await in_thread(notice)(), await in_thread(notice)("unmapped_alerts")

    def age():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE realtime_notice SET created_at = now() - interval '2 days'")

    await in_thread(age)()
    async with dispatching(Layer()):
        await until(lambda: in_thread(lambda: not Notice.objects.filter(pk=old_hint.pk).exists())())
    assert await in_thread(Notice.objects.filter(pk=old_alert.pk).exists)()


async def test_the_real_layer_delivers_to_the_hub(in_thread, connected):
    from channels.layers import get_channel_layer

    from oddsproject.realtime.tests.helpers import read

    assert "redis" in django_settings.CHANNEL_LAYERS["default"]["BACKEND"]
    communicator = await connected("/api/ws?topics=odds_updates")
    async with dispatching(get_channel_layer(), send_limit=2):
        numbers = [(await in_thread(notice)()).id for _ in range(20)]
        assert [(await read(communicator))["seq"] for _ in numbers] == numbers
        assert await communicator.receive_nothing(0.3)
    await get_channel_layer().flush()


def dispatcher_is_idle():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dispatch_notices'"
            " AND datname = current_database() AND state = 'idle' AND query LIKE %s",
            ["DELETE%"],
        )
        if cursor.fetchone()[0]:
            return True
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dispatch_notices'"
            " AND datname = current_database() AND state = 'idle' AND query LIKE %s",
            ["SELECT id, topic%"],
        )
        return bool(cursor.fetchone()[0])


def terminate(only_holder=False):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dispatch_notices'"
            " AND datname = current_database() AND (NOT %s OR pid IN (SELECT pid FROM pg_locks WHERE locktype ="
            " 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())))",
            [only_holder],
        )
