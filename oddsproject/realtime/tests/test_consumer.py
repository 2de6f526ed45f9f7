"""What browsers get: everything, in order, once; and what they cannot do to us."""

import asyncio
import json

import pytest

from oddsproject.realtime import consumer as consumer_module
from oddsproject.realtime import publish, reads
from oddsproject.realtime.hub import Hub
from oddsproject.realtime.models import Notice
from oddsproject.realtime.tests.helpers import close_code, read, socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def alert(number):
    return publish("unmapped_alerts", "unmapped_alert", {"count": number, "markets": []})


async def look(in_thread):
    heads = await in_thread(reads.heads)()
    for listener in tuple(Hub.current()._listeners):
        listener.look(heads)


def live(notice, before):
    envelope = {"type": notice.type, "timestamp": "", "data": notice.data, "seq": notice.id}
    return {"type": "notice", "id": notice.id, "topic": notice.topic, "before": before, "text": json.dumps(envelope)}


async def test_the_acknowledgement_names_topics_and_position(connected):
    communicator = await connected("/api/ws?topics=unmapped_alerts,odds_updates")
    assert communicator.ack["data"] == {"topics": ["odds_updates", "unmapped_alerts"], "seq": 0}
    assert communicator.ack["timestamp"].endswith("Z") and len(communicator.ack["timestamp"]) == 24


async def test_ping_subscribe_and_unsubscribe_are_answered(connected):
    communicator = await connected("/api/ws")
    await communicator.send_to(json.dumps({"type": "ping"}))
    assert (await read(communicator))["type"] == "pong"
    await communicator.send_to(json.dumps({"type": "subscribe", "topics": ["odds_updates"]}))
    assert (await read(communicator, "subscription_update"))["data"] == {"topics": ["odds_updates"]}
    await communicator.send_to(json.dumps({"type": "unsubscribe", "topics": ["odds_updates"]}))
    assert (await read(communicator, "subscription_update"))["data"] == {"topics": []}


async def test_what_was_missed_arrives_in_order_and_once(connected, in_thread):
    first = await in_thread(alert)(1)
    missed = [await in_thread(alert)(n) for n in (2, 3, 4)]
    communicator = await connected(f"/api/ws?topics=unmapped_alerts&since={first.id}")
    assert [(await read(communicator))["seq"] for _ in missed] == [notice.id for notice in missed]
    await look(in_thread)
    assert await communicator.receive_nothing(0.3)


async def test_resume_hands_over_what_came_after(connected, in_thread):
    communicator = await connected()
    notices = [await in_thread(alert)(n) for n in (1, 2)]
    await look(in_thread)
    assert [(await read(communicator))["seq"] for _ in notices] == [notice.id for notice in notices]
    await communicator.send_to(json.dumps({"type": "resume", "since": notices[0].id}))
    assert (await read(communicator))["seq"] == notices[1].id
    assert await communicator.receive_nothing(0.3)


async def test_a_live_notice_that_skips_one_makes_the_table_be_read(connected, in_thread):
    await connected()
    communicator = await connected()
    lost, arrived = await in_thread(alert)(1), await in_thread(alert)(2)
    for listener in tuple(Hub.current()._listeners):
        listener.hear(live(arrived, {"unmapped_alerts": lost.id}))
        listener.hear(live(lost, {"unmapped_alerts": 0}))  # late: must not come twice
    assert [(await read(communicator))["seq"] for _ in range(2)] == [lost.id, arrived.id]
    assert await communicator.receive_nothing(0.3)


async def test_other_topics_numbers_are_not_a_gap(connected, in_thread):
    communicator = await connected()
    await in_thread(publish)("odds_updates", "odds_update", {"eventIds": [1]})
    notice = await in_thread(alert)(1)
    for listener in tuple(Hub.current()._listeners):
        listener.hear(live(notice, {"unmapped_alerts": 0, "odds_updates": notice.id - 1}))
    assert (await read(communicator))["seq"] == notice.id


async def test_more_messages_than_the_inbox_holds_lose_nothing(connected, in_thread):
    communicator = await connected()
    notices = [await in_thread(alert)(n) for n in range(300)]
    before = 0
    for notice in notices:
        for listener in tuple(Hub.current()._listeners):
            listener.hear(live(notice, {"unmapped_alerts": before}))
        before = notice.id
    assert [(await read(communicator))["seq"] for _ in notices] == [notice.id for notice in notices]


async def test_too_much_of_one_topic_is_said_and_the_others_still_arrive(connected, in_thread):
    first = await in_thread(alert)(0)
    await in_thread(Notice.objects.bulk_create)(
        [Notice(topic="odds_updates", type="odds_update", data={}) for _ in range(201)]
    )
    last = await in_thread(alert)(1)
    communicator = await connected(f"/api/ws?topics=unmapped_alerts,odds_updates&since={first.id}")
    assert (await read(communicator))["data"]["code"] == "catch_up_incomplete"
    assert (await read(communicator))["seq"] == last.id


async def test_a_position_from_another_database_does_not_silence_the_socket(connected, in_thread):
    communicator = await connected("/api/ws?topics=unmapped_alerts&since=999999")
    assert communicator.ack["data"]["seq"] == 0
    notice = await in_thread(alert)(1)
    await look(in_thread)
    assert (await read(communicator))["seq"] == notice.id


async def test_the_progress_of_an_active_run_is_shown_on_connect(connected, in_thread):
    await in_thread(progress)(7, "running")
    latest = await in_thread(progress)(7, "running")
    await in_thread(progress)(8, "completed")
    communicator = await connected("/api/ws?topics=scrape_progress")
    assert (await read(communicator))["seq"] == latest.id
    assert await communicator.receive_nothing(0.3)


def progress(run, status):
    return publish("scrape_progress", "scrape_progress", {"scrapeRunId": run, "status": status, "phase": "scraping"})


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "invalid_json"),
        ("[1]", "invalid_message"),
        ("7", "invalid_message"),
        ("[" * 8000, "invalid_json"),
        ('{"type": "shout"}', "unknown_type"),
        ('{"type": ["ping"]}', "unknown_type"),
        ('{"type": "subscribe", "topics": "odds_updates"}', "invalid_topics"),
        ('{"type": "subscribe", "topics": [{}]}', "invalid_topics"),
        ('{"type": "subscribe", "topics": ["secrets"]}', "unknown_topic"),
        ('{"type": "resume", "since": true}', "invalid_since"),
        ('{"type": "resume", "since": 1e400}', "invalid_since"),
        ('{"type": "resume", "since": 99999999999999999999999}', "invalid_since"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_socket_lives(connected, frame, code):
    communicator = await connected("/api/ws")
    await communicator.send_to(frame)
    answer = await read(communicator)
    assert answer["type"] == "error" and answer["data"]["code"] == code and answer["data"]["detail"]
    await communicator.send_to('{"type": "ping"}')
    assert (await read(communicator, "pong"))["type"] == "pong"


async def test_a_binary_frame_closes_with_1003(connected):
    communicator = await connected()
    await communicator.send_to(bytes_data=b"\x00\x01")
    assert await close_code(communicator) == 1003


async def test_a_frame_beyond_8_kilobytes_closes_with_1009(connected):
    communicator = await connected()
    await communicator.send_to('{"type": "ping", "pad": "' + "é" * 5000 + '"}')
    assert await close_code(communicator) == 1009


async def test_a_flood_of_frames_closes_with_1008(connected):
    communicator = await connected()
    for _ in range(60):
        await communicator.send_to('{"type": "ping"}')
    assert await close_code(communicator) == 1008


async def test_endless_nonsense_closes_with_1008(connected):
    communicator = await connected()
    for _ in range(12):
        await communicator.send_to("nonsense")
    assert await close_code(communicator) == 1008


async def test_one_user_has_a_bounded_number_of_sockets(connected, cookie, monkeypatch):
    monkeypatch.setattr(consumer_module, "SOCKETS_PER_USER", 2)
    first, _ = await connected(), await connected()
    third = socket("/api/ws", cookie)
    await third.connect()
    assert (await read(third))["data"]["code"] == "too_many_sockets"
    assert await close_code(third) == 1008
    await third.wait()
    await first.disconnect()
    assert await connected()


async def test_leaving_frees_everything_the_socket_held(connected):
    communicator = await connected()
    hub = Hub.current()
    assert len(hub._listeners) == 1
    await communicator.disconnect()
    assert not hub._listeners and not hub._tasks and not consumer_module._sockets_of_user


@pytest.mark.parametrize("how", ["role", "off", "logout", "password"])
async def test_a_revoked_right_closes_the_socket(connected, viewer, in_thread, monkeypatch, how):
    monkeypatch.setattr(consumer_module, "RECHECK_SECONDS", 0.2)

    def revoke():
        if how == "role":
            viewer.groups.clear()
        elif how == "off":
            viewer.is_active = False
            viewer.save(update_fields=["is_active"])
        elif how == "logout":
            from django.contrib.sessions.models import Session

            Session.objects.all().delete()
        else:
            viewer.set_password("another")
            viewer.save(update_fields=["password"])

    communicator = await connected()
    await in_thread(revoke)()
    assert await close_code(communicator) == (4403 if how == "role" else 4401)


async def test_the_channel_layer_being_away_delays_and_loses_nothing(connected, in_thread, settings, monkeypatch):
    from channels.layers import channel_layers

    from oddsproject.realtime import hub as hub_module

    monkeypatch.setattr(hub_module, "TABLE_POLL_SECONDS", 0.2)
    nowhere = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
    settings.CHANNEL_LAYERS = nowhere
    channel_layers.backends.clear()
    try:
        communicator = await connected()
        notice = await in_thread(alert)(1)
        assert (await read(communicator))["seq"] == notice.id
    finally:
        await communicator.disconnect()
        await asyncio.sleep(0)
        channel_layers.backends.clear()
