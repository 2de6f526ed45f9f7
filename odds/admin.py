"""Events, current odds and their history in the admin: read-only, the scraper writes them."""

from django.contrib import admin
from django.db.models import Prefetch
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from odds.admin_event import event_page
from odds.admin_filters import (
    CountryFilter,
    KickoffFilter,
    OddsKickoffFilter,
    OfferedByFilter,
    OfferedFilter,
    SlugFilter,
    named_events,
)
from odds.admin_history import history_page
from odds.models import Event, EventLink, MarketOddsCurrent, MarketOddsHistory
from oddsproject.desk.base import BookmakerColumn, ReadOnlyAdmin
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import DASH, age, age_text, badge, chips, foreign, lagos, lagos_short, price_text


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["teams", "kickoff", "starts", "competition", "offered_by"]
    list_filter = [KickoffFilter, OfferedByFilter, CountryFilter]
    list_select_related = ["tournament"]
    search_fields = ["home_team", "away_team", "tournament__name", "=sportradar_id"]
    search_help_text = "Team, tournament or SportRadar id"
    ordering = ["kickoff_at", "id"]

    def get_queryset(self, request):
        # The names of the columns' bookmakers, once per page rather than once per row.
        self.book_names = bookmaker_names()
        links = EventLink.objects.order_by("bookmaker_slug")
        return super().get_queryset(request).prefetch_related(Prefetch("links", links))

    def get_urls(self):
        view = self.admin_site.admin_view(history_page)
        return [
            path("<int:event_id>/market/<str:market_id>/", view, name="odds_market_history"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return event_page(request, object_id)

    @display(description="Event", ordering="home_team")
    def teams(self, event):
        if event.sportradar_id is None:
            note = badge("Unmatched", "link_off", "warn", "No SportRadar id: one bookmaker's event")
            return format_html("<bdi>{}</bdi> – <bdi>{}</bdi> {}", event.home_team, event.away_team, note)
        return format_html("<bdi>{}</bdi> – <bdi>{}</bdi>", event.home_team, event.away_team)

    @display(description="Kick-off", ordering="kickoff_at")
    def kickoff(self, event):
        return lagos_short(event.kickoff_at)

    @display(description="Starts")
    def starts(self, event):
        return age(event.kickoff_at)

    @display(description="Tournament", ordering="tournament__name")
    def competition(self, event):
        return format_html(
            '<bdi>{}</bdi> <span class="desk-sub"><bdi>{}</bdi></span>',
            event.tournament.name,
            event.tournament.country or DASH,
        )

    @display(description="Offered by, confirmed")
    def offered_by(self, event):
        return format_html(
            '<span class="desk-chips">{}</span>',
            format_html_join("", "{}", ((self._link_chip(link),) for link in self._in_order(event.links.all()))),
        )

    def _in_order(self, links):
        places = {slug: place for place, slug in enumerate(self.book_names)}
        return sorted(links, key=lambda link: places.get(link.bookmaker_slug, len(places)))

    def _link_chip(self, link):
        name = self.book_names.get(link.bookmaker_slug, link.bookmaker_slug)
        if link.withdrawn_at is not None:
            return badge(f"{name} withdrawn {age_text(link.withdrawn_at)}", "event_busy", "calm")
        if link.confirmed_at is None:
            return badge(f"{name} not read yet", "schedule", "calm")
        return format_html('<span class="desk-chip">{} {}</span>', name, age(link.confirmed_at))


class OddsRowAdmin(BookmakerColumn, ReadOnlyAdmin):
    """What the two odds tables share."""

    list_select_related = ["event"]
    search_fields = ["=event__sportradar_id", "=betpawa_market_id"]
    search_help_text = "SportRadar id or BetPawa market id, exactly"
    linked_lookups = ("event__id__exact", "betpawa_market_id__exact")

    def get_search_results(self, request, queryset, search_term):
        # One or the other, each equal to an indexed column; an "or" over two tables would read both.
        events, asked = named_events(request), search_term.strip()
        if not asked:
            return queryset, False
        if events:
            return queryset.filter(event__in=events), False
        return queryset.filter(betpawa_market_id=asked), False

    @display(description="Event", ordering="event")
    def event_link(self, row):
        return format_html(
            '<a href="{}"><bdi>{}</bdi></a>', reverse("admin:odds_event_change", args=[row.event_id]), row.event
        )

    @display(description="Line", ordering="line")
    def line_text(self, row):
        return DASH if row.line is None else str(row.line)

    @display(description="Outcomes")
    def outcome_chips(self, row):
        suspended = {True: "", False: " suspended"}
        return chips(
            [(o["name"], price_text(o["odds"]) + suspended[bool(o.get("is_active", True))]) for o in row.outcomes]
        )


@admin.register(MarketOddsCurrent)
class MarketOddsCurrentAdmin(OddsRowAdmin):
    list_display = [
        "market", "line_text", "event_link", "kickoff", "bookmaker", "outcome_chips", "state", "changed", "confirmed",
    ]  # fmt: skip
    list_filter = [OddsKickoffFilter, SlugFilter, OfferedFilter]
    # Every other order would sort the table before it shows the first page.
    sortable_by = ["kickoff"]
    fields = readonly_fields = [
        "event_link", "bookmaker", "market", "betpawa_market_id", "line_text", "handicap_type", "handicap_home",
        "handicap_away", "outcome_chips", "market_groups", "state", "changed", "confirmed",
    ]  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).with_confirmed_at()

    def get_ordering(self, request):
        newest_first = request.GET.get(OddsKickoffFilter.parameter_name) in OddsKickoffFilter.NEWEST_FIRST
        return ["-event" if newest_first else "event", "betpawa_market_id", "line", "bookmaker_slug"]

    @display(description="Market")
    def market(self, row):
        return foreign(row.betpawa_market_name)

    @display(description="Kick-off", ordering="event")
    def kickoff(self, row):
        return lagos_short(row.event.kickoff_at)

    @display(description="State")
    def state(self, row):
        if row.unavailable_at is not None:
            return badge(f"Withdrawn {age_text(row.unavailable_at)}", "event_busy", "calm")
        if row.event.kickoff_at <= timezone.now():
            return badge("Kicked off", "sports_soccer", "calm", "Pre-match prices end here; these are the last ones")
        if row.missed_count:
            return badge("Missing once", "hourglass_empty", "warn", "Not in the last complete answer")
        return badge("On offer", "check_circle", "good")

    @display(description="Changed")
    def changed(self, row):
        return age(row.last_updated_at)

    @display(description="Confirmed")
    def confirmed(self, row):
        return age(row.last_confirmed_at)


@admin.register(MarketOddsHistory)
class MarketOddsHistoryAdmin(OddsRowAdmin):
    list_display = [
        "captured", "event_link", "bookmaker", "betpawa_market_id", "line_text", "outcome_chips", "state",
    ]  # fmt: skip
    list_filter = [SlugFilter]
    # The primary key is the one order that every partition has an index for.
    ordering = ["-id"]
    sortable_by = ()
    fields = readonly_fields = [
        "captured", "event_link", "bookmaker", "betpawa_market_id", "line_text", "outcome_chips", "state",
    ]  # fmt: skip

    @display(description="Captured")
    def captured(self, row):
        return lagos(row.captured_at)

    @display(description="State")
    def state(self, row):
        if row.is_available:
            return badge("On offer", "check_circle", "good")
        return badge("Withdrawn", "event_busy", "calm")
