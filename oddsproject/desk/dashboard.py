"""The first page of the admin: where everything stands, with the age of every number."""

from django.db.models import Count
from django.utils import timezone

from mappings.models import UnmappedMarketLog
from odds.queries import coverage
from scraping.admin_freshness import bookmaker_states, last_cycle
from scraping.admin_runs import status_badge
from scraping.models import ScrapeRun, Settings

NEWEST = 8


def fill(request, context):
    """The theme's dashboard callback: adds what desk/index.html shows."""
    now = timezone.now()
    books = bookmaker_states(now)
    waiting = dict(
        UnmappedMarketLog.objects.filter(status="NEW").order_by().values_list("source").annotate(n=Count("id"))
    )
    cycle = last_cycle()
    return {
        **context,
        "title": "Overview",
        "is_fullwidth": "1",
        "now": now,
        "coverage": coverage(now=now),
        "markets_count": sum(book.odds.markets for book in books),
        "withdrawn_count": sum(book.odds.withdrawn_markets for book in books),
        "waiting_total": sum(waiting.values()),
        "waiting": [(book.bookmaker, waiting.get(book.bookmaker.slug, 0)) for book in books],
        "last_cycle": cycle,
        "last_cycle_status": status_badge(cycle.status) if cycle else "",
        "active_run": ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first(),
        "bookmakers": books,
        "settings": Settings.load(),
        "names": {book.bookmaker.slug: book.bookmaker.name for book in books},
        "newest": UnmappedMarketLog.objects.filter(status="NEW").order_by("-first_seen_at", "-id")[:NEWEST],
    }
