"""Starting and watching runs. Starting answers at once: the work is the queue's."""

from datetime import timedelta

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from odds.models import Event
from oddsproject.api.errors import Conflict
from oddsproject.api.pagination import page_of
from oddsproject.api.roles import LEAD, TRADER
from oddsproject.api.serializers import EmptyBody, Serializer, UtcDateTimeField
from oddsproject.api.views import APIView
from scraping import services
from scraping.api.serializers import RunDetailSerializer, RunQuery, RunSerializer, StartBody, StatsQuery
from scraping.models import ScrapeRun

RUNS = ScrapeRun.objects.prefetch_related("by_bookmaker")


def accepted(start):
    """202 with the run that `start()` made; 409 with the one in the way when it was refused."""
    try:
        run = start()
    except services.CycleRefused as refused:
        problem = Conflict(str(refused), code="refused")
        problem.extra = {"runId": refused.run.pk if refused.run else None}
        raise problem from refused
    run = RUNS.get(pk=run.pk)
    return Response(
        RunSerializer(run).data, status=202, headers={"Location": reverse("api:scrape-run", kwargs={"run_id": run.pk})}
    )


class StartCycle(APIView):
    write_role = LEAD

    @extend_schema(request=StartBody, responses={202: RunSerializer}, operation_id="scrape_start")
    def post(self, request):
        body = self.read_body(StartBody)
        return accepted(
            lambda: services.start_cycle(
                trigger=ScrapeRun.Trigger.MANUAL, user=request.user, bookmakers=body.get("platforms")
            )
        )


class RefreshEvent(APIView):
    write_role = TRADER
    write_limit = ("refresh", 10, 0.2)  # each one asks three bookmakers

    @extend_schema(request=None, responses={202: RunSerializer}, operation_id="scrape_event")
    def post(self, request, sportradar_id):
        self.read_body(EmptyBody)
        try:
            return accepted(lambda: services.refresh_event(sportradar_id=sportradar_id, user=request.user))
        except Event.DoesNotExist as error:
            raise NotFound("There is no event with this SportRadar id.") from error


class RetryRun(APIView):
    write_role = LEAD

    @extend_schema(request=None, responses={202: RunSerializer}, operation_id="scrape_retry")
    def post(self, request, run_id):
        self.read_body(EmptyBody)
        try:
            return accepted(lambda: services.retry_run(run_id=run_id, user=request.user))
        except (ScrapeRun.DoesNotExist, Event.DoesNotExist) as error:
            raise NotFound("There is no such run, or its event is gone.") from error


class Runs(APIView):
    query_class = RunQuery

    @extend_schema(parameters=[RunQuery], responses=page_of(RunSerializer), operation_id="scrape_runs")
    def get(self, request):
        runs = RUNS.order_by("-id")
        if statuses := self.query.get("status"):
            runs = runs.filter(status__in=statuses)
        for name in ("trigger", "kind"):
            if name in self.query:
                runs = runs.filter(**{name: self.query[name]})
        return self.page(runs, RunSerializer)


class ActiveRuns(APIView):
    @extend_schema(responses=RunSerializer(many=True), operation_id="scrape_runs_active")
    def get(self, request):
        runs = RUNS.filter(status__in=ScrapeRun.ACTIVE).order_by("-id")[:100]
        return Response(RunSerializer(runs, many=True).data)


class Run(APIView):
    @extend_schema(responses=RunDetailSerializer, operation_id="scrape_run")
    def get(self, request, run_id):
        run = RUNS.prefetch_related("batches").filter(pk=run_id).first()
        if run is None:
            raise NotFound
        return Response(RunDetailSerializer(run).data)


class ScrapeStatsSerializer(Serializer):
    """Cycles of the last `days` days; mean_duration_seconds over those that ended."""

    days = serializers.IntegerField()
    total_runs = serializers.IntegerField()
    completed = serializers.IntegerField()
    partial = serializers.IntegerField()
    failed = serializers.IntegerField()
    runs_24h = serializers.IntegerField()
    mean_duration_seconds = serializers.FloatField(allow_null=True)
    last_completed_at = UtcDateTimeField(allow_null=True)


class Stats(APIView):
    query_class = StatsQuery

    @extend_schema(parameters=[StatsQuery], responses=ScrapeStatsSerializer, operation_id="scrape_stats")
    def get(self, request):
        now = timezone.now()
        cycles = ScrapeRun.objects.filter(
            kind=ScrapeRun.Kind.CYCLE, created_at__gt=now - timedelta(days=self.query["days"])
        )
        took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
        found = cycles.aggregate(
            total_runs=Count("id"),
            completed=Count("id", filter=Q(status=ScrapeRun.Status.COMPLETED)),
            partial=Count("id", filter=Q(status=ScrapeRun.Status.PARTIAL)),
            failed=Count("id", filter=Q(status=ScrapeRun.Status.FAILED)),
            runs_24h=Count("id", filter=Q(created_at__gt=now - timedelta(hours=24))),
            mean=Avg(took),
        )
        last = cycles.filter(status=ScrapeRun.Status.COMPLETED).order_by("-id").values_list("finished_at", flat=True)
        mean = found.pop("mean")
        return Response(
            ScrapeStatsSerializer(
                {
                    **found,
                    "days": self.query["days"],
                    "mean_duration_seconds": mean.total_seconds() if mean else None,
                    "last_completed_at": last.first(),
                }
            ).data
        )
