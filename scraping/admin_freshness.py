"""How fresh the odds of each bookmaker are: the page that tells when something stopped."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.utils import timezone

from odds.models import Bookmaker
from odds.queries import Freshness, freshness
from oddsproject.desk.formats import badge
from oddsproject.desk.pages import page, require
from scraping.models import BookmakerHealth, ScrapeRun, ScrapeRunBookmaker, Settings

FRESH_MINUTES = 10
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
class BookmakerState:
    """One bookmaker now: its health as a source, and how fresh its upcoming events are."""

    bookmaker: Bookmaker
    health: BookmakerHealth
    odds: Freshness
    enabled: bool
    last_error: str
    last_error_run: int | None
    now: datetime

    @property
    def badge(self):
        return state_badge(self.health.state)

    @property
    def is_paused(self):
        return self.health.paused_until is not None and self.health.paused_until > self.now

    @property
    def markets_mapped(self):
        return max(self.health.markets_seen - self.health.markets_unmapped, 0)


def bookmaker_states(now=None):
    """A BookmakerState per bookmaker, in their order. Six queries, whatever their number."""
    now = now or timezone.now()
    health = {row.bookmaker_slug: row for row in BookmakerHealth.objects.all()}
    odds = freshness(minutes=FRESH_MINUTES, now=now)
    shares = ScrapeRunBookmaker.objects.exclude(last_error="").order_by("bookmaker_slug", "-id")
    errors = {share.bookmaker_slug: share for share in shares.distinct("bookmaker_slug")}
    disabled = set(Settings.load().disabled_bookmakers)
    states = []
    for book in Bookmaker.objects.all():
        error = errors.get(book.slug)
        states.append(
            BookmakerState(
                bookmaker=book,
                # Before its first cycle a bookmaker has no row: unknown, not up.
                health=health.get(book.slug) or BookmakerHealth(bookmaker_slug=book.slug, state_since=None),
                odds=odds.get(book.slug) or Freshness(book.slug, 0, 0, 0, None, None, 0, 0),
                enabled=book.slug not in disabled,
                last_error=error.last_error if error else "",
                last_error_run=error.run_id if error else None,
                now=now,
            )
        )
    return states


def last_cycle():
    """The newest finished cycle, None when there was none."""
    return ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, finished_at__isnull=False).first()


@require()
def freshness_page(request):
    return page(
        request,
        "desk/freshness.html",
        title="Freshness",
        rows=bookmaker_states(),
        fresh_minutes=FRESH_MINUTES,
        last_cycle=last_cycle(),
        settings=Settings.load(),
        active_run=ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first(),
    )


admin.site.add_page("freshness/", freshness_page, "freshness")
