"""Events with their odds: a page of them, one of them, and who offers what."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from odds import queries
from odds.api import shapes
from odds.api.serializers import (
    CountrySerializer,
    CoverageQuery,
    CoverageSerializer,
    EventDetailSerializer,
    EventQuery,
    EventSerializer,
    TournamentQuery,
    TournamentSerializer,
    UnmatchedQuery,
    UnmatchedSerializer,
)
from odds.models import Bookmaker, Event, Tournament
from oddsproject.api.pagination import page_body, page_of, paginate
from oddsproject.api.views import APIView


def all_bookmakers():
    """{slug: Bookmaker} in their order."""
    return {bookmaker.slug: bookmaker for bookmaker in Bookmaker.objects.all()}


def event_filters(query):
    names = ("availability", "tournament_ids", "countries", "search", "kickoff_from", "kickoff_to", "min_bookmakers")
    given = {name: query[name] for name in (*names, "include_started") if name in query}
    return queries.EventFilters(**given)


class Events(APIView):
    query_class = EventQuery

    @extend_schema(parameters=[EventQuery], responses=page_of(EventSerializer), operation_id="events")
    def get(self, request):
        now = timezone.now()
        bookmakers = all_bookmakers()
        events, total = paginate(queries.events(event_filters(self.query), now=now), self.query)
        items = [self._item(row, bookmakers, now) for row in queries.with_odds(events)]
        return Response(page_body(EventSerializer(items, many=True).data, total, self.query))

    def _item(self, row, bookmakers, now):
        shown = shapes.event_base(row.event, now)
        started = shown["has_started"]
        shown["bookmakers"] = [
            {
                **shapes.bookmaker_of_event(row.links[slug], bookmakers, started=started),
                "inline_odds": shapes.inline_offers(row.inline.get(slug, {}), started=started),
            }
            for slug in bookmakers
            if slug in row.links
        ]
        return shown


class EventDetail(APIView):
    @extend_schema(responses=EventDetailSerializer, operation_id="event")
    def get(self, request, event_id):
        try:
            event, links, markets = queries.event_detail(event_id)
        except Event.DoesNotExist as error:
            raise NotFound from error
        bookmakers = all_bookmakers()
        shown = shapes.event_base(event, timezone.now())
        started = shown["has_started"]
        shown["markets_by_bookmaker"] = [
            {
                **shapes.bookmaker_of_event(links[slug], bookmakers, started=started),
                "markets": [shapes.market(row, started=started) for row in markets.get(slug, [])],
            }
            for slug in bookmakers
            if slug in links
        ]
        return Response(EventDetailSerializer(shown).data)


class Unmatched(APIView):
    query_class = UnmatchedQuery

    @extend_schema(parameters=[UnmatchedQuery], responses=page_of(UnmatchedSerializer), operation_id="events_unmatched")
    def get(self, request):
        bookmakers = all_bookmakers()
        missing = self.query.get("missing_platform")
        if missing is not None and missing not in bookmakers:
            raise serializers.ValidationError({"missingPlatform": ["There is no such bookmaker."]})
        events, total = paginate(queries.unmatched_events(missing_from=missing), self.query)
        items = []
        for event in events:
            on = {link.bookmaker_slug for link in event.links.all() if link.withdrawn_at is None}
            items.append(
                {
                    **shapes.named_event(event),
                    "platforms": [slug for slug in bookmakers if slug in on],
                    "missing_on": [slug for slug in bookmakers if slug not in on],
                }
            )
        return Response(page_body(UnmatchedSerializer(items, many=True).data, total, self.query))


class _OfTournaments(APIView):
    query_class = TournamentQuery

    def tournaments(self):
        found = Tournament.objects.all()
        if self.query["with_events_only"] or "availability" in self.query:
            scope = {name: self.query[name] for name in ("availability", "include_started") if name in self.query}
            events = queries.events(queries.EventFilters(**scope))
            found = found.filter(pk__in=events.order_by().values("tournament_id"))
        if text := self.query.get("search"):
            found = found.filter(name__icontains=text)
        return found


class Tournaments(_OfTournaments):
    @extend_schema(
        parameters=[TournamentQuery], responses=page_of(TournamentSerializer), operation_id="events_tournaments"
    )
    def get(self, request):
        return self.page(self.tournaments().order_by("country", "name", "id"), TournamentSerializer)


class Countries(_OfTournaments):
    """The search is of tournaments' names here too: the countries that have one."""

    @extend_schema(parameters=[TournamentQuery], responses=page_of(CountrySerializer), operation_id="events_countries")
    def get(self, request):
        countries = self.tournaments().exclude(country="").order_by("country").values("country").distinct()
        found, total = paginate(countries, self.query)
        return Response(page_body([{"name": row["country"]} for row in found], total, self.query))


class Coverage(APIView):
    query_class = CoverageQuery

    @extend_schema(parameters=[CoverageQuery], responses=CoverageSerializer, operation_id="coverage")
    def get(self, request):
        found = queries.coverage(include_started=self.query["include_started"])
        counts = {
            "total_events": found.total,
            "matched_count": found.matched,
            "betpawa_only_count": found.reference_only,
            "competitor_only_count": found.competitor_only,
            "match_rate": percent(found.matched, found.total),
            "by_platform": [],
        }
        for slug in all_bookmakers():
            events, matched = found.by_bookmaker.get(slug, (0, 0))
            counts["by_platform"].append(
                {
                    "platform": slug,
                    "total_events": events,
                    "matched_events": matched,
                    "unmatched_events": events - matched,
                    "match_rate": percent(matched, events),
                }
            )
        return Response(CoverageSerializer(counts).data)


def percent(part, whole):
    return round(100 * part / whole, 1) if whole else 0.0
