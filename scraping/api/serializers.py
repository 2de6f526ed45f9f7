"""Runs, their shares and errors, schedule and settings as the API shows and takes them."""

from rest_framework import serializers

from oddsproject.api.query import CommaList, PagedQuery, Query
from oddsproject.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictInput,
    StrictInteger,
    StrictText,
    UtcDateTimeField,
)
from scraping.bookmakers import REGISTRY
from scraping.models import ScrapeBatch, ScrapeError, ScrapeRun, ScrapeRunBookmaker
from scraping.models.settings import LIMIT_RANGES

SLUGS = tuple(REGISTRY)


class RunQuery(PagedQuery):
    status = CommaList(child=serializers.ChoiceField(ScrapeRun.Status.choices), required=False)
    trigger = serializers.ChoiceField(ScrapeRun.Trigger.choices, required=False)
    kind = serializers.ChoiceField(ScrapeRun.Kind.choices, required=False)


class StatsQuery(Query):
    days = serializers.IntegerField(min_value=1, max_value=30, default=7)


class ShareSerializer(ModelSerializer):
    """One bookmaker's share of a run."""

    platform = serializers.CharField(source="bookmaker_slug")

    class Meta:
        model = ScrapeRunBookmaker
        exclude = ["id", "run", "bookmaker_slug"]


class RunSerializer(ModelSerializer):
    sportradar_id = serializers.CharField(source="event_sr_id")
    retry_of = serializers.IntegerField(source="retry_of_id", allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)
    platforms = ShareSerializer(source="by_bookmaker", many=True)

    class Meta:
        model = ScrapeRun
        fields = [
            "id",
            "kind",
            "trigger",
            "status",
            "phase",
            "requested_by",
            "sportradar_id",
            "retry_of",
            "created_at",
            "started_at",
            "heartbeat_at",
            "finished_at",
            "duration_seconds",
            "events_total",
            "events_done",
            "batches_total",
            "markets_changed",
            "new_unmapped",
            "timings",
            "summary",
            "platforms",
        ]


class ErrorSerializer(ModelSerializer):
    platform = serializers.CharField(source="bookmaker_slug")

    class Meta:
        model = ScrapeError
        fields = ["id", "platform", "event_id", "external_id", "phase", "code", "detail", "created_at"]


class BatchSerializer(ModelSerializer):
    event_count = serializers.SerializerMethodField()

    class Meta:
        model = ScrapeBatch
        fields = ["index", "status", "attempts", "event_count", "enqueued_at", "finished_at", "timings", "error"]

    def get_event_count(self, batch) -> int:
        return len(batch.event_ids)


class RunDetailSerializer(RunSerializer):
    """errors: the newest hundred; errors_total: all of them."""

    batches = BatchSerializer(many=True)
    errors = serializers.SerializerMethodField()
    errors_total = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "batches", "errors", "errors_total"]

    def get_errors(self, run) -> ErrorSerializer(many=True):
        return ErrorSerializer(run.errors.order_by("-id")[:100], many=True).data

    def get_errors_total(self, run) -> int:
        return run.errors.count()


class StartBody(StrictInput, Serializer):
    """platforms: whom to ask; all enabled ones when it is not given."""

    platforms = serializers.ListField(
        child=serializers.ChoiceField(SLUGS), required=False, allow_empty=False, max_length=len(SLUGS)
    )


class ReasonBody(StrictInput, Serializer):
    reason = StrictText(required=False, allow_blank=True, max_length=1000, default="")


class JobSerializer(Serializer):
    id = serializers.CharField()
    next_run = UtcDateTimeField(allow_null=True)
    trigger_type = serializers.CharField()
    interval_minutes = serializers.IntegerField()


class SchedulerSerializer(Serializer):
    """running: the queue has shown a sign of life. paused: no scheduled cycle starts."""

    running = serializers.BooleanField()
    paused = serializers.BooleanField()
    active_run_id = serializers.IntegerField(allow_null=True)
    jobs = JobSerializer(many=True)


class LimitsSerializer(StrictInput, Serializer):
    """How politely one bookmaker is asked. details, lists: requests at a time."""

    details = StrictInteger(min_value=LIMIT_RANGES["details"][0], max_value=LIMIT_RANGES["details"][1], required=False)
    lists = StrictInteger(min_value=LIMIT_RANGES["lists"][0], max_value=LIMIT_RANGES["lists"][1], required=False)
    delay_ms = StrictInteger(
        min_value=LIMIT_RANGES["delay_ms"][0], max_value=LIMIT_RANGES["delay_ms"][1], required=False
    )


class PlatformLimits(serializers.DictField):
    """{slug: limits}. Slugs are data, not names of ours, and stay as they are."""

    child = LimitsSerializer()

    def to_internal_value(self, data):
        if isinstance(data, dict):
            unknown = {str(slug)[:50]: ["There is no such bookmaker."] for slug in data if slug not in SLUGS}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class SettingsSerializer(StrictInput, Serializer):
    """All settings; PUT takes any of them, with the version that was read."""

    scrape_interval_minutes = StrictInteger(source="interval_minutes", min_value=1, max_value=60, required=False)
    enabled_platforms = serializers.ListField(
        source="enabled_bookmakers", child=serializers.ChoiceField(SLUGS), required=False, max_length=len(SLUGS)
    )
    platform_limits = PlatformLimits(source="limits", required=False)
    batch_size = StrictInteger(min_value=10, max_value=200, required=False)
    max_concurrent_events = StrictInteger(min_value=1, max_value=100, required=False)
    cycle_deadline_seconds = StrictInteger(min_value=30, max_value=3600, required=False)
    odds_retention_days = StrictInteger(min_value=1, max_value=365, required=False)
    run_retention_days = StrictInteger(min_value=1, max_value=365, required=False)
    version = StrictInteger(min_value=1, max_value=2**31 - 1, required=False)
    reason = StrictText(write_only=True, required=False, allow_blank=True, max_length=1000, default="")
    scheduler_paused = serializers.BooleanField(read_only=True)
    updated_at = UtcDateTimeField(read_only=True)
    updated_by = serializers.CharField(read_only=True)
