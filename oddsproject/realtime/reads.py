"""Reads of the notice table, for the consumer and the alerts endpoint."""

from datetime import timedelta

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from .models import Notice
from .topics import SCRAPE_PROGRESS, TOPICS

RUN_IS_SILENT_AFTER = timedelta(minutes=10)
FINAL_STATUSES = frozenset({"completed", "partial", "failed"})


def head():
    """The newest notice's number, 0 when there is none."""
    return Notice.objects.aggregate(newest=Max("id"))["newest"] or 0


def heads():
    """{topic: number of its newest notice}, 0 for none. Uses index: idx_notice_topic."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT topic, (SELECT max(id) FROM realtime_notice AS notice WHERE notice.topic = asked.topic)"
            "  FROM unnest(%s::text[]) AS asked (topic)",
            [list(TOPICS)],
        )
        return {topic: newest or 0 for topic, newest in cursor.fetchall()}


def missed(position, topics, up_to=None):
    """What these topics hold above `position`: (notices oldest first, topics with too many, up_to).

    up_to: the last number looked at, the newest one when not given. A topic that holds more than
    its catch_up bound is named and its notices are left out.
    """
    up_to = head() if up_to is None else up_to
    notices, overflowing = [], []
    for name in topics:
        bound = TOPICS[name].catch_up
        found = list(Notice.objects.filter(topic=name, id__gt=position, id__lte=up_to).order_by("id")[: bound + 1])
        if len(found) > bound:
            overflowing.append(name)
        else:
            notices += found
    return sorted(notices, key=lambda notice: notice.id), overflowing, max(position, up_to)


def progress_image(up_to):
    """Where the active runs stand: the newest notice of each that is not over, numbers <= up_to.

    A run is over when its last word was final, or when it has been silent for ten minutes.
    """
    recent = Notice.objects.filter(
        topic=SCRAPE_PROGRESS, type=SCRAPE_PROGRESS, created_at__gt=timezone.now() - RUN_IS_SILENT_AFTER
    )
    newest_of_run = {}
    for notice in recent.order_by("-id").iterator():
        newest_of_run.setdefault(notice.data.get("scrapeRunId"), notice)
    active = [notice for notice in newest_of_run.values() if notice.data.get("status") not in FINAL_STATUSES]
    return sorted((notice for notice in active if notice.id <= up_to), key=lambda notice: notice.id)
