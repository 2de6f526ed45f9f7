"""How one market of one event changed, ending with when its newest state was last seen."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from odds import queries
from odds.api.serializers import HistoryQuery, HistorySerializer, MarginHistorySerializer
from odds.models import Bookmaker, Event, MarketOddsCurrent
from oddsproject.api.views import APIView

DEFAULT_PERIOD = timedelta(days=14)
MOST_POINTS = 10_000


class _History(APIView):
    query_class = HistoryQuery
    serializer_class = HistorySerializer

    def get(self, request, event_id, market_id):
        event = Event.objects.filter(pk=event_id).first()
        if event is None:
            raise NotFound("There is no such event.")
        slug = self.query.get("bookmaker_slug")
        if slug is not None and not Bookmaker.objects.filter(slug=slug).exists():
            raise ValidationError({"bookmakerSlug": ["There is no such bookmaker."]})
        current = self._current(event, market_id)
        line = self.query.get("line")
        rows, truncated = self._rows(event, market_id, line)
        points = [self._point(row, row.captured_at) for row in rows]
        body = {
            "event_id": event.pk,
            "market_id": market_id,
            "market_name": current[0].betpawa_market_name,
            "line": current[0].line,
            "truncated": truncated,
            "history": points + self._stability_points(current, rows),
        }
        return Response(self.serializer_class(body).data)

    def _rows(self, event, market_id, line):
        """(the newest MOST_POINTS changes, oldest first; whether there are older ones)."""
        changes = queries.market_history(
            event.pk,
            market_id,
            line=line,
            bookmaker_slug=self.query.get("bookmaker_slug"),
            from_time=self.query.get("from_time") or timezone.now() - DEFAULT_PERIOD,
            to_time=self.query.get("to_time"),
        )
        newest = list(changes.reverse()[: MOST_POINTS + 1])
        return newest[:MOST_POINTS][::-1], len(newest) > MOST_POINTS

    def _current(self, event, market_id):
        """The current rows of the market at the asked line; what is unknown or unclear is said."""
        rows = list(MarketOddsCurrent.objects.filter(event=event, betpawa_market_id=market_id).with_confirmed_at())
        if not rows:
            raise NotFound("This event never had that market.")
        line = self.query.get("line")
        at_line = [row for row in rows if row.line == line]
        if not at_line:
            lines = sorted({row.line for row in rows if row.line is not None})
            known = f"the lines {', '.join(format(line, 'f') for line in lines)}" if lines else "no line"
            raise ValidationError({"line": [f"This market has {known}."]})
        return at_line

    def _stability_points(self, current, rows):
        """One more point per bookmaker: the newest state still held when it was last confirmed."""
        newest = {row.bookmaker_slug: row.captured_at for row in rows}
        end = self.query.get("to_time")
        return [
            self._point(row, row.last_confirmed_at, confirmed=True)
            for row in current
            if row.is_available
            and row.bookmaker_slug in newest
            and row.last_confirmed_at is not None
            and row.last_confirmed_at > newest[row.bookmaker_slug]
            and (end is None or row.last_confirmed_at <= end)
        ]

    def _point(self, row, at, *, confirmed=False):
        return {
            "bookmaker_slug": row.bookmaker_slug,
            "captured_at": at,
            "outcomes": row.outcomes,
            "margin": queries.margin_percent(row),
            "available": row.is_available,
            "unavailable_at": row.unavailable_at,
            "confirmed": confirmed,
        }


class History(_History):
    @extend_schema(parameters=[HistoryQuery], responses=HistorySerializer, operation_id="market_history")
    def get(self, request, event_id, market_id):
        return super().get(request, event_id, market_id)


class MarginHistory(_History):
    serializer_class = MarginHistorySerializer

    @extend_schema(parameters=[HistoryQuery], responses=MarginHistorySerializer, operation_id="market_margin_history")
    def get(self, request, event_id, market_id):
        return super().get(request, event_id, market_id)
