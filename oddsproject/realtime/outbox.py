"""The only way in: a notice becomes a row in the transaction that caused it."""

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from oddsproject.locks import AdvisoryLock

from .topics import TOPICS

NOTIFY_CHANNEL = "realtime_notice"
# Held from before a notice gets its number until its transaction ends: numbers commit in order,
# and a reader who skips nothing misses nothing. Publish last, so that it is held briefly.


def publish(topic, type, data):
    """Store a notice in the caller's transaction and return it; it is sent when that commits.

    data: JSON-able, camelCase keys; texts lose NUL characters, which the database refuses.
    Raises ValueError for an unknown topic or for numbers that JSON does not have (NaN).
    """
    return publish_all(topic, type, [data])[0]


def publish_all(topic, type, all_data):
    """As publish, for several of a kind, numbered in this order; two statements, however many."""
    # Models cannot be imported while Django is still loading the apps, and this package is one.
    from .models import Notice

    if topic not in TOPICS:
        raise ValueError(f"Unknown topic {topic!r}; known: {', '.join(TOPICS)}")
    payloads = [_payload(data) for data in all_data]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s), pg_notify(%s, '')", [AdvisoryLock.PUBLISH_NOTICE, NOTIFY_CHANNEL]
        )
        # The clock and not the transaction's start: a long transaction's notice is new when it ends.
        cursor.execute(
            "INSERT INTO realtime_notice (topic, type, data, created_at) "
            "SELECT %s, %s, data::jsonb, clock_timestamp() "
            "FROM unnest(%s::text[]) WITH ORDINALITY AS sent(data, place) ORDER BY place RETURNING id, created_at",
            [topic, type, payloads],
        )
        stored = sorted(cursor.fetchall())
    return [
        Notice(id=id, topic=topic, type=type, data=json.loads(payload), created_at=created_at)
        for (id, created_at), payload in zip(stored, payloads, strict=True)
    ]


def _payload(data):
    payload = json.dumps(data, cls=DjangoJSONEncoder, allow_nan=False)
    return json.dumps(_without_nul(json.loads(payload))) if "\\u0000" in payload else payload


def _without_nul(value):
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
