"""The first page of the admin: where everything stands, with the age of every number."""

from django.db.models import Count
from django.utils import timezone

from mappings.models import UnmappedMarketLog
from odds.models import Bookmaker, Event, EventLink, MarketOddsCurrent
from oddsproject.desk.paginator import bounded_count
from scraping.admin_freshness import freshness, last_cycle
from scraping.admin_runs import status_badge
from scraping.models import ScrapeRun, Settings

NEWEST = 8


def fill(request, context):
    """The theme's dashboard callback: adds what desk/index.html shows."""
    now = timezone.now()
    upcoming = Event.objects.filter(kickoff_at__gt=now)
    matched = (
        EventLink.objects.filter(event__kickoff_at__gt=now, withdrawn_at=None)
        .order_by()
        .values("event")
        .annotate(bookmakers=Count("id"))
        .filter(bookmakers__gt=1)
    )
    odds_count, odds_estimated = bounded_count(MarketOddsCurrent.objects.filter(unavailable_at=None))
    waiting = dict(
        UnmappedMarketLog.objects.filter(status="NEW").order_by().values_list("source").annotate(n=Count("id"))
    )
    cycle = last_cycle()
    return {
        **context,
        "title": "Overview",
        "is_fullwidth": "1",
        "now": now,
        "events_count": upcoming.count(),
        "matched_count": matched.count(),
        "odds_count": odds_count,
        "odds_estimated": odds_estimated,
        "waiting_total": sum(waiting.values()),
        "waiting": [(book, waiting.get(book.slug, 0)) for book in Bookmaker.objects.all()],
        "last_cycle": cycle,
        "last_cycle_status": status_badge(cycle.status) if cycle else "",
        "active_run": ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first(),
        "bookmakers": freshness(now),
        "settings": Settings.load(),
        "newest": UnmappedMarketLog.objects.filter(status="NEW").order_by("-first_seen_at", "-id")[:NEWEST],
    }
