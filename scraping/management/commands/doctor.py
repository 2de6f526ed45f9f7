"""Checks every part of the desk and says in words what is wrong."""

import asyncio
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
import requests
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task
from redis.exceptions import RedisError

from oddsproject.realtime.models import Notice
from oddsproject.stack.reports import last_beats
from scraping.models import ScrapeRun, Settings
from scraping.schedules import SCHEDULES

OK, WARN, FAIL = "ok", "warn", "fail"
OLDEST_POSTGRES = 15
SKEW_WARN, SKEW_FAIL = 2.0, 30.0  # seconds
CANARY_LATE = timedelta(seconds=90)
PROBE_SECONDS = 5.0
OVERDUE = timedelta(minutes=5)
NOTICE_LATE = timedelta(seconds=30)
DAYS_AHEAD = 2
LITTLE_DISK, NO_DISK = 2 * 1024**3, 200 * 1024**2
HISTORY = "market_odds_history"


@dataclass(frozen=True)
class Finding:
    level: str
    words: str


class Command(BaseCommand):
    help = "Check every part; one line each. Exit code 1 when one of them fails."
    requires_system_checks = []  # they are one of the parts

    def handle(self, **options):
        failed, down = False, set()
        for name, check, needs in CHECKS:
            finding = Finding(FAIL, f"not checked: {needs} first") if needs in down else examine(check)
            if finding.level == FAIL:
                failed = True
                down.add(name)
            style = {OK: self.style.SUCCESS, WARN: self.style.WARNING, FAIL: self.style.ERROR}[finding.level]
            self.stdout.write(f"{style(f'{finding.level:4}')}  {name:14}  {finding.words}")
        if failed:
            sys.exit(1)


def examine(check):
    """Run one check; an error of the part that it talks to is its finding."""
    try:
        return check()
    except (DatabaseError, RedisError, OSError) as error:
        return Finding(FAIL, f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}")


def check_settings():
    found = checks.run_checks(include_deployment_checks=not settings.LAPTOP)
    serious = [message for message in found if message.level >= checks.ERROR]
    if serious:
        return Finding(FAIL, "; ".join(f"{message.id}: {message.msg}" for message in serious))
    if settings.LAPTOP:
        return Finding(WARN, "DEBUG=1: right for a laptop, not for a server that others reach")
    if found:
        return Finding(WARN, "; ".join(f"{message.id}: {message.msg}" for message in found))
    return Finding(OK, "production settings, no remarks")


def check_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),"
            " current_setting('server_encoding'), current_setting('TimeZone')"
        )
        major, version, encoding, zone = cursor.fetchone()
    about = f"PostgreSQL {version}, {encoding}, session in {zone}"
    if major < OLDEST_POSTGRES:
        return Finding(FAIL, f"{about}; version {OLDEST_POSTGRES} or newer is needed")
    if encoding != "UTF8" or zone != "UTC":
        return Finding(FAIL, f"{about}; encoding UTF8 and time zone UTC are needed")
    return Finding(OK, about)


def check_migrations():
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:5])
        return Finding(FAIL, f"{len(plan)} not applied ({names}…): run manage.py migrate")
    return Finding(OK, "all applied")


def check_clock():
    """The difference between this host's clock and the database's, taken from the quickest of three looks."""
    looks = []
    for _ in range(3):
        with connection.cursor() as cursor:
            began = time.monotonic()
            before = datetime.now(UTC)
            cursor.execute("SELECT clock_timestamp()")
            (there,) = cursor.fetchone()
            took = time.monotonic() - began
        looks.append((took, (there - before).total_seconds() - took / 2))
    skew = min(looks)[1]
    words = f"this host is {abs(skew):.2f} s {'behind' if skew > 0 else 'ahead of'} the database"
    if abs(skew) >= SKEW_FAIL:
        return Finding(FAIL, f"{words}: set up time synchronisation")
    return Finding(WARN if abs(skew) >= SKEW_WARN else OK, words)


def check_partitions():
    """Days of history that have a partition already, from the bounds that the database knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(substring(pg_get_expr(child.relpartbound, child.oid) FROM $$TO \\('([^']+)'$$)::timestamptz)"
            " FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = %s::regclass",
            [HISTORY],
        )
        (until,) = cursor.fetchone()
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {HISTORY}_default)")
        (strays,) = cursor.fetchone()
    if until is None or until < timezone.now():
        return Finding(FAIL, "history has no partition for now: its rows collect in the default one; is the queue up?")
    days = (until - timezone.now()).days
    if strays:
        return Finding(WARN, f"rows in {HISTORY}_default: a day was without its partition; housekeeping moves them")
    return Finding(OK if days >= DAYS_AHEAD else WARN, f"history has partitions for {days} more days")


def check_schedules():
    known = dict(Schedule.objects.filter(name__in=SCHEDULES).values_list("name", "next_run"))
    missing = [name for name in SCHEDULES if name not in known]
    if missing:
        return Finding(FAIL, f"missing: {', '.join(missing)}; manage.py migrate puts them back")
    overdue = [name for name, next_run in known.items() if next_run and timezone.now() - next_run > OVERDUE]
    if overdue:
        return Finding(FAIL, f"overdue: {', '.join(overdue)}; no cluster runs the schedules")
    if Settings.load().scheduler_paused:
        return Finding(WARN, "present, but cycles are paused in the settings")
    return Finding(OK, f"{len(SCHEDULES)} present, none overdue")


def check_redis():
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        about = client.info("server")
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "unknown")
    version = about.get("valkey_version") or about["redis_version"]
    if policy != "noeviction":
        return Finding(WARN, f"version {version}, but maxmemory-policy is {policy}: it may drop messages")
    return Finding(OK, f"version {version}")


def check_channel_layer():
    """A message to a group of our own, and back."""

    async def round_trip():
        layer = get_channel_layer()
        name = await layer.new_channel()
        await layer.group_add("doctor", name)
        began = time.monotonic()
        await layer.group_send("doctor", {"type": "doctor.probe"})
        await asyncio.wait_for(layer.receive(name), PROBE_SECONDS)
        took = time.monotonic() - began
        await layer.group_discard("doctor", name)
        return took

    try:
        return Finding(OK, f"a message went round in {async_to_sync(round_trip)() * 1000:.0f} ms")
    except TimeoutError:
        return Finding(FAIL, f"a message did not come back within {PROBE_SECONDS:g} s")


def check_dispatcher():
    late = Notice.objects.filter(sent_at__isnull=True, created_at__lt=timezone.now() - NOTICE_LATE).count()
    if late:
        return Finding(FAIL, f"{late} notices wait to be sent: is manage.py dispatch_notices running?")
    return Finding(OK, "no notice waits to be sent")


def check_queue():
    """A task of ours through the queue; when it does not come out in time, what the watchdogs last said."""
    probe = _Probe()
    async_task("oddsproject.stack.canary.beat", task_name="doctor", save=False, ack_failure=True, broker=probe)
    began = time.monotonic()
    while time.monotonic() - began < PROBE_SECONDS:
        if not OrmQ.objects.filter(pk=probe.row).exists():
            return Finding(OK, f"a task went through in {time.monotonic() - began:.1f} s{_hosts()}")
        time.sleep(0.05)
    waiting = OrmQ.objects.exclude(pk=probe.row).count()
    OrmQ.objects.filter(pk=probe.row).delete()
    beats = last_beats()
    if beats and timezone.now() - max(beats.values()) < CANARY_LATE:
        return Finding(WARN, f"busy: {waiting} tasks are queued or running{_hosts()}")
    return Finding(FAIL, f"no task comes through ({waiting} queued): is manage.py run_cluster running?")


class _Probe:
    """A broker that remembers the row it made; async_task does not tell."""

    def __init__(self):
        self._broker = get_broker()
        self.list_key = self._broker.list_key
        self.row = None

    def enqueue(self, package):
        self.row = self._broker.enqueue(package)
        return self.row


def _hosts():
    beats = last_beats()
    ages = (f"{host} {(timezone.now() - at).total_seconds():.0f} s ago" for host, at in sorted(beats.items()))
    return f"; clusters last heard: {', '.join(ages)}" if beats else ""


def check_bookmakers():
    """Whether each bookmaker's server answers at all; what it answers is the scraper's to judge."""
    away, refusing = [], []
    wanted = Settings.load().enabled_bookmakers
    if not wanted:
        return Finding(WARN, "all bookmakers are switched off in the settings")
    for slug in wanted:
        try:
            answer = requests.get(settings.BOOKMAKER_URLS[slug], timeout=(3, 5), allow_redirects=False, stream=True)
        except requests.RequestException as error:
            away.append(f"{slug} ({type(error).__name__})")
            continue
        answer.close()
        if answer.status_code in (202, 403, 429) or answer.status_code >= 500:
            refusing.append(f"{slug} (HTTP {answer.status_code})")
    if away:
        return Finding(FAIL, f"no answer from {', '.join(away)}")
    if refusing:
        return Finding(WARN, f"refusing: {', '.join(refusing)}")
    return Finding(OK, f"{', '.join(wanted)} answer")


def check_cycles():
    finished = ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE).exclude(status__in=ScrapeRun.ACTIVE)
    last = finished.order_by("-id").first()
    if last is None:
        return Finding(WARN, "no cycle has finished yet")
    age = timezone.now() - last.finished_at
    words = f"run {last.pk} {last.status}, {age.total_seconds() / 60:.0f} min ago"
    late = age > timedelta(minutes=3 * Settings.load().interval_minutes)
    return Finding(WARN if late or last.status != ScrapeRun.Status.COMPLETED else OK, words)


def check_disk():
    free = shutil.disk_usage(settings.BASE_DIR).free
    words = f"{free / 1024**3:.1f} GB free beside the program"
    return Finding(FAIL if free < NO_DISK else WARN if free < LITTLE_DISK else OK, words)


# name, check, the part without which it makes no sense
CHECKS = (
    ("settings", check_settings, None),
    ("database", check_database, None),
    ("migrations", check_migrations, "database"),
    ("clock", check_clock, "database"),
    ("partitions", check_partitions, "migrations"),
    ("redis", check_redis, None),
    ("channel layer", check_channel_layer, "redis"),
    ("queue", check_queue, "migrations"),
    ("schedules", check_schedules, "migrations"),
    ("dispatcher", check_dispatcher, "migrations"),
    ("bookmakers", check_bookmakers, "migrations"),
    ("cycles", check_cycles, "migrations"),
    ("disk", check_disk, None),
)
