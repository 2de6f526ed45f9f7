"""The schedule and the settings: everybody sees them, leads change them."""

from datetime import timedelta

from django.core.exceptions import ValidationError as ModelError
from django.utils import timezone
from django_q.models import Schedule
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from oddsproject.api.errors import Conflict
from oddsproject.api.roles import LEAD
from oddsproject.api.views import APIView
from scraping import services
from scraping.api.serializers import ReasonBody, SchedulerSerializer, SettingsSerializer
from scraping.bookmakers import REGISTRY
from scraping.models import ScrapeRun, Settings

# The tick comes every minute; one that is this late has nobody to run it.
TICK_IS_LATE_AFTER = timedelta(minutes=3)


def scheduler_state():
    settings = Settings.load()
    tick = Schedule.objects.filter(name="scrape tick").first()
    newest = ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, trigger=ScrapeRun.Trigger.SCHEDULE).first()
    now = timezone.now()
    next_run = None
    if not settings.scheduler_paused:
        due = newest.created_at + timedelta(minutes=settings.interval_minutes) if newest else now
        next_run = max(due, now)
    active = services.active_cycle()
    return {
        "running": tick is not None and tick.next_run > now - TICK_IS_LATE_AFTER,
        "paused": settings.scheduler_paused,
        "active_run_id": active.pk if active else None,
        "jobs": [
            {
                "id": "cycle",
                "next_run": next_run,
                "trigger_type": "interval",
                "interval_minutes": settings.interval_minutes,
            }
        ],
    }


class SchedulerStatus(APIView):
    write_role = LEAD

    @extend_schema(responses=SchedulerSerializer, operation_id="scheduler_status")
    def get(self, request):
        return Response(SchedulerSerializer(scheduler_state()).data)


class _SetPaused(APIView):
    write_role = LEAD
    paused = True

    @extend_schema(request=ReasonBody, responses=SchedulerSerializer)
    def post(self, request):
        body = self.read_body(ReasonBody)
        services.set_scheduler_paused(paused=self.paused, user=request.user, reason=body["reason"])
        return Response(SchedulerSerializer(scheduler_state()).data)


class PauseScheduler(_SetPaused):
    paused = True


class ResumeScheduler(_SetPaused):
    paused = False


class SettingsView(APIView):
    write_role = LEAD

    @extend_schema(responses=SettingsSerializer, operation_id="settings_read")
    def get(self, request):
        return Response(SettingsSerializer(Settings.load()).data)

    @extend_schema(request=SettingsSerializer, responses=SettingsSerializer, operation_id="settings_change")
    def put(self, request):
        body = dict(self.read_body(SettingsSerializer))
        reason, version = body.pop("reason"), body.pop("version", None)
        if not body:
            raise ValidationError({"body": ["Name at least one setting to change."]})
        if "enabled_bookmakers" in body:
            enabled = body.pop("enabled_bookmakers")
            body["disabled_bookmakers"] = [slug for slug in REGISTRY if slug not in enabled]
        if "limits" in body:
            body["bookmaker_limits"] = body.pop("limits")
        try:
            settings = services.change_settings(user=request.user, reason=reason, expected_version=version, **body)
        except ModelError as error:
            if getattr(error, "code", None) == "conflict":
                raise Conflict(error.message) from error
            raise ValidationError(getattr(error, "message_dict", {"body": error.messages})) from error
        return Response(SettingsSerializer(settings).data)
