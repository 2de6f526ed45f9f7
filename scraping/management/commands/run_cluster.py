"""The task cluster of this host under its watchdog. One per host, in the foreground."""

import signal
import socket
import time
from pathlib import Path

import structlog
from django.core.cache import cache
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.conf import Conf
from redis.exceptions import RedisError

from oddsproject.stack.cluster import ClusterWatchdog
from oddsproject.stack.reports import CANARY_KEPT_SECONDS, CANARY_KEY
from scraping.queueing import enqueue_look_round

PUBLISH_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Run the task queue's workers, and replace them when no task comes through any more."

    def add_arguments(self, parser):
        parser.add_argument("--canary-seconds", type=float, default=15, help="a canary task every so often (15)")
        parser.add_argument("--limit-seconds", type=float, default=60, help="longest time without one coming out (60)")
        parser.add_argument("--stop-seconds", type=float, default=30, help="time to finish on SIGTERM (30)")
        parser.add_argument("--beat-file", type=Path, help="touched whenever a task has gone all the way")

    def handle(self, *, canary_seconds, limit_seconds, stop_seconds, beat_file, **options):
        published_at = 0.0

        def acknowledged():
            nonlocal published_at
            if beat_file is not None:
                beat_file.touch()
            if time.monotonic() - published_at > PUBLISH_SECONDS:
                publish_beat()
                published_at = time.monotonic()

        watchdog = ClusterWatchdog(
            canary_seconds=canary_seconds,
            limit_seconds=limit_seconds,
            stop_seconds=stop_seconds,
            workers=Conf.WORKERS,
            task_seconds=Conf.TIMEOUT,
            on_start=look_round,
            on_acknowledged=acknowledged,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watchdog.stop())
        watchdog.run()


def look_round():
    """Put right what was left behind and start a due cycle at once; with the database away, the
    schedule does it later."""
    try:
        enqueue_look_round()
    except OperationalError as error:
        log.warning("cluster.look_round_later", error=str(error))
        connection.close()


def publish_beat():
    """Tell `doctor` and the health pages; without Redis the cluster goes on all the same."""
    try:
        beats = cache.get(CANARY_KEY) or {}
        beats[socket.gethostname()] = timezone.now()
        cache.set(CANARY_KEY, beats, CANARY_KEPT_SECONDS)
    except RedisError as error:
        log.warning("cluster.beat_not_published", error=str(error))
