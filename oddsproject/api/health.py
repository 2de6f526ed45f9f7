"""Alive, ready, and what is wrong. Alive asks nothing; ready asks each part, for a second at most."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Now
from django.http import JsonResponse
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema, inline_serializer
from redis import Redis
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.response import Response

from oddsproject.realtime.models import Notice

from .roles import VIEWER, has_role
from .views import APIView

log = structlog.get_logger(__name__)

PART_SECONDS = 1.0
UNSENT_IS_LATE_AFTER = timedelta(seconds=30)

# What the apps add, by dotted path: this package imports none of them.
APP_PARTS = {"feeds": "scraping.api.health.feeds", "queue": "scraping.api.health.queue"}

READY, DEGRADED, UNAVAILABLE = "ready", "degraded", "unavailable"


class AliveMiddleware:
    """Answers /healthz: the process answers, and nothing else is asked. Before all other middleware,
    for those read the session of whoever sends a cookie, and with it the database."""

    PATH = "/healthz"

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info == self.PATH:
            return JsonResponse({"status": "alive"})
        return self.get_response(request)


def readyz(request):
    """One word for anybody, 503 when the database is away; viewers get the parts too."""
    status, parts = readiness()
    body = {"status": status}
    if parts["database"]["ok"] and has_role(request.user, VIEWER):
        body["parts"] = parts
    return JsonResponse(body, status=503 if status == UNAVAILABLE else 200)


def readiness():
    """(word, {part: {"ok": bool, …}}). Only the database being away makes it unavailable."""
    parts = {"database": _database()}
    if parts["database"]["ok"]:
        parts["notices"] = _notices()
        parts |= {name: import_string(path)() for name, path in APP_PARTS.items()}
    parts["redis"] = _redis()
    if not parts["database"]["ok"]:
        return UNAVAILABLE, parts
    return (READY if all(part["ok"] for part in parts.values()) else DEGRADED), parts


def _database():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("api.database_away", error=str(error).split("\n")[0])
        return {"ok": False}
    return {"ok": True}


def _redis():
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_timeout=PART_SECONDS, socket_connect_timeout=PART_SECONDS
        ) as client:
            client.ping()
    except RedisError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


def _notices():
    """Notices that nobody sends mean that no dispatcher works, or that it cannot reach Redis."""
    late = Notice.objects.filter(sent_at__isnull=True, created_at__lt=Now() - UNSENT_IS_LATE_AFTER)
    return {"ok": not late.exists()}


PLATFORM = inline_serializer(
    "PlatformHealth",
    {
        "platform": serializers.CharField(),
        "status": serializers.CharField(),
        "since": serializers.DateTimeField(),
        "reason": serializers.CharField(),
        "lastAttemptAt": serializers.DateTimeField(allow_null=True),
        "lastCompleteAt": serializers.DateTimeField(allow_null=True),
        "pausedUntil": serializers.DateTimeField(allow_null=True),
    },
)


class Health(APIView):
    """status: healthy, degraded or unhealthy; parts by name; platforms as the scraper judges them
    (nothing is asked of a bookmaker here)."""

    WORDS = {READY: "healthy", DEGRADED: "degraded", UNAVAILABLE: "unhealthy"}

    @extend_schema(
        responses=inline_serializer(
            "Health",
            {
                "status": serializers.ChoiceField(list(WORDS.values())),
                "database": serializers.BooleanField(),
                "redis": serializers.BooleanField(),
                "notices": serializers.BooleanField(),
                "queue": serializers.BooleanField(),
                "platforms": serializers.ListField(child=PLATFORM),
            },
        ),
        operation_id="health",
    )
    def get(self, request):
        word, parts = readiness()
        body = {"status": self.WORDS[word]}
        body |= {name: parts[name]["ok"] for name in ("database", "redis", "notices", "queue") if name in parts}
        body["platforms"] = parts.get("feeds", {}).get("platforms", [])
        return Response(body)
