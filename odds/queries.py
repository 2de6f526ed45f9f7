"""The reads that admin and API share. Every function takes a fixed number of queries, each on an
index, whatever the number of events and markets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from odds.models import Event, EventLink, MarketOddsCurrent, MarketOddsHistory, Tournament
from odds.pricing import margin_of

# Shown on one line of the events page: 1X2, over/under 2.5, both teams to score, double chance.
INLINE_MARKETS: tuple[tuple[str, Decimal | None], ...] = (
    ("3743", None),
    ("5000", Decimal("2.5")),
    ("3795", None),
    ("4693", None),
)
ANY_LINE = object()


@dataclass(frozen=True, slots=True)
class EventFilters:
    """Which events a list shows. None and empty mean "all".

    availability: "betpawa" (the reference offers it), "competitor" (it does not), "alerts" (some
    market is withdrawn), "matched" (two bookmakers or more). search: in team names. bookmakers:
    slugs, any of which offers it. include_started: also events that have kicked off.
    """

    availability: str = ""
    tournament_ids: Sequence[int] = ()
    countries: Sequence[str] = ()
    search: str = ""
    kickoff_from: datetime | None = None
    kickoff_to: datetime | None = None
    include_started: bool = False
    bookmakers: Sequence[str] = ()
    min_bookmakers: int = 0
    reference_slug: str = "betpawa"


@dataclass(slots=True)
class EventOdds:
    """An event of a page: its links and its inline markets by slug and (market id, line)."""

    event: Event
    links: dict[str, EventLink] = field(default_factory=dict)
    inline: dict[str, dict[tuple[str, Decimal | None], MarketOddsCurrent]] = field(default_factory=dict)


def events(filters: EventFilters | None = None, *, now: datetime | None = None) -> QuerySet[Event]:
    """Events that at least one bookmaker lists, soonest kick-off first, tournament joined."""
    filters = filters or EventFilters()
    links = EventLink.objects.filter(event_id=OuterRef("pk"), withdrawn_at__isnull=True)
    found = Event.objects.select_related("tournament").filter(Exists(EventLink.objects.filter(event_id=OuterRef("pk"))))
    if not filters.include_started:
        found = found.filter(kickoff_at__gt=now or timezone.now())
    if filters.kickoff_from:
        found = found.filter(kickoff_at__gte=filters.kickoff_from)
    if filters.kickoff_to:
        found = found.filter(kickoff_at__lte=filters.kickoff_to)
    if filters.tournament_ids:
        found = found.filter(tournament_id__in=filters.tournament_ids)
    if filters.countries:
        found = found.filter(tournament__country__in=filters.countries)
    if filters.search:
        found = found.filter(Q(home_team__icontains=filters.search) | Q(away_team__icontains=filters.search))
    if filters.bookmakers:
        found = found.filter(Exists(links.filter(bookmaker_slug__in=filters.bookmakers)))
    if filters.min_bookmakers > 1:
        found = found.alias(offered_by=_offered_by()).filter(offered_by__gte=filters.min_bookmakers)
    reference = Exists(links.filter(bookmaker_slug=filters.reference_slug))
    match filters.availability:
        case "betpawa":
            found = found.filter(reference)
        case "competitor":
            found = found.exclude(reference)
        case "matched":
            found = found.alias(offered_by=_offered_by()).filter(offered_by__gte=2)
        case "alerts":
            found = found.filter(Exists(links.filter(withdrawn_count__gt=0)))
    return found.order_by("kickoff_at", "pk")


def _offered_by():
    return Count("links", filter=Q(links__withdrawn_at__isnull=True))


def with_odds(page: Iterable[Event], markets=INLINE_MARKETS) -> list[EventOdds]:
    """Links and the given markets of a page of events: two queries, one on the unique key of odds."""
    rows = {event.pk: EventOdds(event) for event in page}
    for link in EventLink.objects.filter(event_id__in=rows):
        rows[link.event_id].links[link.bookmaker_slug] = link
    for market in markets_of(list(rows), markets):
        by_key = rows[market.event_id].inline.setdefault(market.bookmaker_slug, {})
        by_key[market.betpawa_market_id, market.line] = market
    return list(rows.values())


def markets_of(event_ids: Sequence[int], markets) -> list[MarketOddsCurrent]:
    """The given (market id, line)s of the events at all bookmakers, with last_confirmed_at."""
    wanted = set(markets)
    if not event_ids or not wanted:
        return []
    found = MarketOddsCurrent.objects.with_confirmed_at().filter(
        event_id__in=event_ids, betpawa_market_id__in={market_id for market_id, _ in wanted}
    )
    return [market for market in found.order_by() if (market.betpawa_market_id, market.line) in wanted]


def event_detail(event_id: int) -> tuple[Event, dict[str, EventLink], dict[str, list[MarketOddsCurrent]]]:
    """(event, {slug: link}, {slug: markets by id and line}), withdrawn markets included. Three queries.

    Raises Event.DoesNotExist.
    """
    event = Event.objects.select_related("tournament").get(pk=event_id)
    links = {link.bookmaker_slug: link for link in EventLink.objects.filter(event_id=event_id)}
    markets = defaultdict(list)
    found = MarketOddsCurrent.objects.with_confirmed_at().filter(event_id=event_id)
    for market in found.order_by("betpawa_market_id", "line", "bookmaker_slug"):
        markets[market.bookmaker_slug].append(market)
    return event, links, dict(markets)


def market_history(
    event_id: int,
    betpawa_market_id: str,
    *,
    line=ANY_LINE,
    bookmaker_slug: str | None = None,
    from_time: datetime | None = None,
    to_time: datetime | None = None,
) -> QuerySet[MarketOddsHistory]:
    """A market's changes, oldest first. line: a Decimal, None for "no line", ANY_LINE for all.

    Lines are different markets: a chart asks for one. from_time spares the partitions before it.
    """
    found = MarketOddsHistory.objects.filter(event_id=event_id, betpawa_market_id=betpawa_market_id)
    if line is None:
        found = found.filter(line__isnull=True)
    elif line is not ANY_LINE:
        found = found.filter(line=line)
    if bookmaker_slug:
        found = found.filter(bookmaker_slug=bookmaker_slug)
    if from_time:
        found = found.filter(captured_at__gte=from_time)
    if to_time:
        found = found.filter(captured_at__lte=to_time)
    return found.order_by("captured_at", "id")


def margin_percent(row: MarketOddsCurrent | MarketOddsHistory) -> Decimal | None:
    """The margin of a row in percent with two places, None where the word has no meaning."""
    ratio = margin_of(row)
    return None if ratio is None else (ratio * 100).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Events by who offers them. by_bookmaker: {slug: (events, of them matched)}."""

    total: int
    matched: int
    reference_only: int
    competitor_only: int
    by_bookmaker: dict[str, tuple[int, int]]


def coverage(
    *, include_started: bool = False, now: datetime | None = None, reference_slug: str = "betpawa"
) -> Coverage:
    """How the bookmakers' events overlap; matched: at the reference and at a rival. One query."""
    links = EventLink.objects.filter(withdrawn_at__isnull=True)
    if not include_started:
        links = links.filter(event__kickoff_at__gt=now or timezone.now())
    slugs_of = defaultdict(set)
    for event_id, slug in links.values_list("event_id", "bookmaker_slug"):
        slugs_of[event_id].add(slug)
    matched = {pk for pk, slugs in slugs_of.items() if reference_slug in slugs and len(slugs) > 1}
    by_bookmaker = defaultdict(lambda: [0, 0])
    for slugs in slugs_of.values():
        for slug in slugs:
            by_bookmaker[slug][0] += 1
            by_bookmaker[slug][1] += len(slugs) > 1
    return Coverage(
        total=len(slugs_of),
        matched=len(matched),
        reference_only=sum(slugs == {reference_slug} for slugs in slugs_of.values()),
        competitor_only=sum(reference_slug not in slugs for slugs in slugs_of.values()),
        by_bookmaker={slug: tuple(counts) for slug, counts in sorted(by_bookmaker.items())},
    )


def unmatched_events(*, missing_from: str | None = None, now: datetime | None = None) -> QuerySet[Event]:
    """Upcoming events that one bookmaker alone offers, or with missing_from those that it lacks."""
    found = events(now=now)
    if missing_from:
        offered = EventLink.objects.filter(
            event_id=OuterRef("pk"), bookmaker_slug=missing_from, withdrawn_at__isnull=True
        )
        return found.exclude(Exists(offered)).prefetch_related("links")
    return found.alias(offered_by=_offered_by()).filter(offered_by=1).prefetch_related("links")


@dataclass(frozen=True, slots=True)
class Freshness:
    """One bookmaker's upcoming events: how many are offered, how many were scraped whole in the
    last minutes, never, and the oldest and newest time of those that were; odds on offer and withdrawn."""

    bookmaker_slug: str
    links: int
    fresh: int
    never: int
    oldest: datetime | None
    newest: datetime | None
    markets: int
    withdrawn_markets: int


def freshness(*, minutes: int = 10, now: datetime | None = None) -> dict[str, Freshness]:
    """{slug: Freshness} of upcoming events that are not withdrawn. One query."""
    now = now or timezone.now()
    upcoming = EventLink.objects.filter(event__kickoff_at__gt=now, withdrawn_at__isnull=True)
    rows = (
        upcoming.order_by()
        .values("bookmaker_slug")
        .annotate(
            link_count=Count("pk"),
            fresh=Count("pk", filter=Q(confirmed_at__gte=now - timedelta(minutes=minutes))),
            never=Count("pk", filter=Q(confirmed_at__isnull=True)),
            oldest=Min("confirmed_at"),
            newest=Max("confirmed_at"),
            known_markets=Sum("market_count"),
            withdrawn_markets=Sum("withdrawn_count"),
        )
    )
    return {
        row["bookmaker_slug"]: Freshness(
            bookmaker_slug=row["bookmaker_slug"],
            links=row["link_count"],
            fresh=row["fresh"],
            never=row["never"],
            oldest=row["oldest"],
            newest=row["newest"],
            markets=row["known_markets"] - row["withdrawn_markets"],
            withdrawn_markets=row["withdrawn_markets"],
        )
        for row in rows
    }


def countries(*, with_events_only: bool = True, now: datetime | None = None) -> list[str]:
    """Countries of tournaments, in order of name."""
    found = _tournaments(with_events_only, now)
    return list(found.exclude(country="").order_by("country").values_list("country", flat=True).distinct())


def tournaments(*, with_events_only: bool = True, now: datetime | None = None) -> QuerySet[Tournament]:
    """Tournaments, with_events_only: those with an upcoming event."""
    return _tournaments(with_events_only, now).order_by("country", "name")


def _tournaments(with_events_only, now):
    found = Tournament.objects.all()
    if with_events_only:
        upcoming = Event.objects.filter(tournament_id=OuterRef("pk"), kickoff_at__gt=now or timezone.now())
        found = found.filter(Exists(upcoming))
    return found
