"""Reads of the notice table, for the consumer and the alerts endpoint."""

from datetime import timedelta

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from .models import Notice
from .topics import SCRAPE_PROGRESS, TOPICS

RUN_IS_SILENT_AFTER = timedelta(minutes=10)
FINAL_PHASES = frozenset({"completed", "partial", "failed"})


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


def after(position, topics, limit):
    """At most `limit` notices of these topics with a number above `position`, oldest first."""
    return list(Notice.objects.filter(topic__in=topics, id__gt=position).order_by("id")[:limit])


def progress_image(up_to):
    """Where the active run stands: its newest notice per bookmaker, oldest first, numbers <= up_to.

    Empty when no run is active: its last word was final, or it has been silent for ten minutes.
    """
    recent = Notice.objects.filter(topic=SCRAPE_PROGRESS, created_at__gt=timezone.now() - RUN_IS_SILENT_AFTER)
    newest = recent.order_by("-id").first()
    if newest is None or newest.data.get("scrapeRunId") is None:
        return []
    of_run = recent.filter(data__scrapeRunId=newest.data["scrapeRunId"])
    latest = {}
    for notice in of_run.order_by("id").iterator():
        latest[notice.data.get("platform")] = notice
    whole_run = latest.get(None)
    if whole_run is not None and whole_run.data.get("phase") in FINAL_PHASES:
        return []
    return sorted((notice for notice in latest.values() if notice.id <= up_to), key=lambda notice: notice.id)
