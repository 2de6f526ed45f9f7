"""How fresh the odds of each bookmaker are: the page that tells when something stopped."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin
from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from odds.models import Bookmaker, EventLink
from oddsproject.desk.formats import badge
from oddsproject.desk.pages import page, require
from scraping.models import BookmakerHealth, ScrapeRun, ScrapeRunBookmaker, Settings

FRESH_FOR = timedelta(minutes=10)
STATES = {
    BookmakerHealth.State.UP: ("Up", "check_circle", "good"),
    BookmakerHealth.State.DEGRADED: ("Degraded", "warning", "warn"),
    BookmakerHealth.State.BLOCKED: ("Blocked", "block", "bad"),
    BookmakerHealth.State.DOWN: ("Down", "cancel", "bad"),
    BookmakerHealth.State.UNKNOWN: ("Unknown", "help", "calm"),
}


def state_badge(state):
    """A bookmaker's state, by icon and word."""
    text, icon, tone = STATES.get(state, STATES[BookmakerHealth.State.UNKNOWN])
    return badge(text, icon, tone)


@dataclass(frozen=True)
class Freshness:
    """One bookmaker now. links: counts and times over its upcoming events."""

    bookmaker: Bookmaker
    health: BookmakerHealth
    enabled: bool
    linked: int
    fresh: int
    never: int
    newest_at: object
    oldest_at: object
    last_error: str
    last_error_run: int | None
    now: object

    @property
    def badge(self):
        return state_badge(self.health.state)

    @property
    def is_paused(self):
        return self.health.paused_until is not None and self.health.paused_until > self.now

    @property
    def markets_mapped(self):
        return max(self.health.markets_seen - self.health.markets_unmapped, 0)


def freshness(now=None):
    """A Freshness per bookmaker, in their order. Four queries, whatever the number of bookmakers."""
    now = now or timezone.now()
    health = {row.bookmaker_slug: row for row in BookmakerHealth.objects.all()}
    links = {
        row["bookmaker_slug"]: row
        for row in EventLink.objects.filter(event__kickoff_at__gt=now, withdrawn_at=None)
        .order_by()
        .values("bookmaker_slug")
        .annotate(
            linked=Count("id"),
            fresh=Count("id", filter=Q(confirmed_at__gte=now - FRESH_FOR)),
            never=Count("id", filter=Q(confirmed_at=None)),
            newest_at=Max("confirmed_at"),
            oldest_at=Min("confirmed_at"),
        )
    }
    errors = {
        share.bookmaker_slug: share
        for share in ScrapeRunBookmaker.objects.exclude(last_error="")
        .order_by("bookmaker_slug", "-id")
        .distinct("bookmaker_slug")
    }
    disabled = set(Settings.load().disabled_bookmakers)
    return [
        _row(book, health.get(book.slug), links.get(book.slug), errors.get(book.slug), disabled, now)
        for book in Bookmaker.objects.all()
    ]


def _row(bookmaker, health, links, share, disabled, now):
    links = links or {"linked": 0, "fresh": 0, "never": 0, "newest_at": None, "oldest_at": None}
    return Freshness(
        bookmaker=bookmaker,
        # Before its first cycle a bookmaker has no row: unknown, not up.
        health=health or BookmakerHealth(bookmaker_slug=bookmaker.slug, state_since=None),
        enabled=bookmaker.slug not in disabled,
        linked=links["linked"],
        fresh=links["fresh"],
        never=links["never"],
        newest_at=links["newest_at"],
        oldest_at=links["oldest_at"],
        last_error=share.last_error if share else "",
        last_error_run=share.run_id if share else None,
        now=now,
    )


def last_cycle():
    """The newest finished cycle, None when there was none."""
    return ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, finished_at__isnull=False).first()


@require()
def freshness_page(request):
    return page(
        request,
        "desk/freshness.html",
        title="Freshness",
        rows=freshness(),
        fresh_minutes=int(FRESH_FOR.total_seconds() // 60),
        last_cycle=last_cycle(),
        settings=Settings.load(),
        active_run=ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first(),
    )


admin.site.add_page("freshness/", freshness_page, "freshness")
