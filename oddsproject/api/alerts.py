"""Notices by REST: what a page reads when it opens, and what a program polls instead of a socket."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from oddsproject.realtime.models import Notice
from oddsproject.realtime.topics import TOPICS, UNMAPPED_ALERTS

from .pagination import page_of
from .query import CommaList, PagedQuery
from .serializers import ModelSerializer, UtcDateTimeField
from .views import APIView


class AlertQuery(PagedQuery):
    """since: the last seq already known; answers start after it, oldest first."""

    since = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    topics = CommaList(child=serializers.ChoiceField(list(TOPICS)), default=[UNMAPPED_ALERTS])


class NoticeSerializer(ModelSerializer):
    seq = serializers.IntegerField(source="id")
    timestamp = UtcDateTimeField(source="created_at")

    class Meta:
        model = Notice
        fields = ["seq", "topic", "type", "timestamp", "data"]


class Alerts(APIView):
    query_class = AlertQuery

    @extend_schema(parameters=[AlertQuery], responses=page_of(NoticeSerializer), operation_id="alerts")
    def get(self, request):
        notices = Notice.objects.filter(topic__in=self.query["topics"], id__gt=self.query["since"]).order_by("id")
        return self.page(notices, NoticeSerializer)
