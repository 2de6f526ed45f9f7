"""The first page of the admin: how the mappings stand, what to map next, and whether odds arrive."""

from django.utils import timezone

from mappings import standing
from mappings.batch_words import decided_about
from mappings.clashes import undecided_count
from mappings.models import Tab
from mappings.suggestions import calibration
from odds.queries import coverage
from scraping.admin_freshness import bookmaker_states, last_cycle
from scraping.admin_runs import status_badge
from scraping.models import ScrapeRun, Settings

TABS = (Tab.NEW, Tab.ACKNOWLEDGED, Tab.SNOOZED, Tab.REVIEW, Tab.IGNORED, Tab.MAPPED)


def fill(request, context):
    """The theme's dashboard callback: adds what desk/index.html shows."""
    now = timezone.now()
    books = bookmaker_states(now)
    names = {book.bookmaker.slug: book.bookmaker.name for book in books}
    covered = standing.coverage()
    by_tab = standing.queue_by_tab()
    cycle = last_cycle()
    curve = standing.coverage_curve(now)
    decisions = standing.recent_decisions()
    return {
        **context,
        "title": "Overview",
        "is_fullwidth": "1",
        "now": now,
        "names": names,
        # Mappings
        "waiting_total": sum(tabs.get(Tab.NEW, 0) for tabs in by_tab.values()),
        "review_total": sum(tabs.get(Tab.REVIEW, 0) for tabs in by_tab.values()),
        "strong_waiting": standing.strong_waiting(),
        "totals": standing.totals(),
        "covered": covered,
        "curve": {"books": [{"name": names.get(slug, slug), "points": points} for slug, points in curve.items()]},
        "curve_is_a_curve": any(len(points) > 1 for points in curve.values()),
        "gains": standing.next_to_map({book.slug: book.markets_seen for book in covered}),
        "clash_count": undecided_count(),
        "tab_names": [tab.label for tab in TABS],
        "queue_rows": [
            (slug, names.get(slug, slug), [(tab.value, tabs.get(tab.value, 0)) for tab in TABS])
            for slug, tabs in sorted(by_tab.items())
        ],
        "decisions": decisions,
        "decided_about": decided_about(decisions),
        "precision": calibration.report(),
        # Odds
        "coverage": coverage(now=now),
        "markets_count": sum(book.odds.markets for book in books),
        "withdrawn_count": sum(book.odds.withdrawn_markets for book in books),
        "last_cycle": cycle,
        "last_cycle_status": status_badge(cycle.status) if cycle else "",
        "active_run": ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first(),
        "bookmakers": books,
        "settings": Settings.load(),
    }
