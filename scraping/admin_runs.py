"""Runs, what went wrong in them and what was set aside; the lead's buttons to start and retry."""

from collections import defaultdict

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from odds.models import Event
from oddsproject.api.roles import LEAD, TRADER
from oddsproject.desk.base import BookmakerColumn, ReadOnlyAdmin
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import age, badge, count_text, duration_text, foreign, lagos_text
from oddsproject.desk.pages import page, require
from scraping import services
from scraping.models import ScrapeBatch, ScrapeError, ScrapeRun, SetAsideItem
from scraping.trying_again import try_again

STATUSES = {
    ScrapeRun.Status.PENDING: ("Pending", "hourglass_empty", "calm"),
    ScrapeRun.Status.RUNNING: ("Running", "sync", "info"),
    ScrapeRun.Status.COMPLETED: ("Completed", "check_circle", "good"),
    ScrapeRun.Status.PARTIAL: ("Partial", "warning", "warn"),
    ScrapeRun.Status.FAILED: ("Failed", "cancel", "bad"),
}
SHOWN = 100


def status_badge(status):
    """A run's status, by icon and word."""
    return badge(*STATUSES[status])


@admin.register(ScrapeRun)
class ScrapeRunAdmin(ReadOnlyAdmin):
    list_display = [
        "number",
        "status_text",
        "what",
        "started",
        "took",
        "events",
        "markets_changed",
        "new_unmapped",
        "error_count",
        "summary",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
    ]
    search_fields = ["=event_sr_id", "requested_by", "summary"]
    list_before_template = "desk/runs_head.html"

    def get_queryset(self, request):
        errors = ScrapeError.objects.filter(run=OuterRef("pk")).order_by().values("run").annotate(n=Count("id"))
        return super().get_queryset(request).annotate(error_rows=Coalesce(Subquery(errors.values("n")), 0))

    def changelist_view(self, request, extra_context=None):
        active = ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first()
        return super().changelist_view(request, {**(extra_context or {}), "active_run": active})

    def get_urls(self):
        return [
            path("start/", self.admin_site.admin_view(start_cycle), name="scraping_start_cycle"),
            path("<int:run_id>/retry/", self.admin_site.admin_view(retry_run), name="scraping_retry_run"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return run_page(request, object_id)

    @display(description="Run", ordering="id")
    def number(self, run):
        return f"#{run.pk}"

    @display(description="Status", ordering="status")
    def status_text(self, run):
        return status_badge(run.status)

    @display(description="Trigger", ordering="trigger")
    def what(self, run):
        words = run.get_trigger_display() + (f" · event {run.event_sr_id}" if run.event_sr_id else "")
        return f"{words} · {run.requested_by}" if run.requested_by else words

    @display(description="Started", ordering="created_at")
    def started(self, run):
        return age(run.started_at or run.created_at)

    @display(description="Took")
    def took(self, run):
        if run.is_active and run.started_at:
            return f"{duration_text((timezone.now() - run.started_at).total_seconds())} so far"
        return duration_text(run.duration_seconds)

    @display(description="Events", ordering="events_total")
    def events(self, run):
        return f"{count_text(run.events_done)} of {count_text(run.events_total)}"

    @display(description="Errors", ordering="error_rows")
    def error_count(self, run):
        return badge(count_text(run.error_rows), "error", "warn") if run.error_rows else "0"


@require()
def run_page(request, object_id):
    run = get_object_or_404(ScrapeRun, pk=object_id) if str(object_id).isdigit() else get_object_or_404(ScrapeRun, pk=0)
    shares = list(run.by_bookmaker.all())
    errors = list(run.errors.all()[: SHOWN + 1])
    event = Event.objects.filter(sportradar_id=run.event_sr_id).first() if run.event_sr_id else None
    return page(
        request,
        "desk/run.html",
        title=f"Run #{run.pk}",
        run=run,
        event=event,
        status=status_badge(run.status),
        names=bookmaker_names(),
        shares=shares,
        batches=[(batch, _batch_badge(batch)) for batch in run.batches.defer("event_ids")[:SHOWN]],
        open_batches=run.batches.filter(status__in=ScrapeBatch.OPEN).count(),
        errors=errors[:SHOWN],
        more_errors=len(errors) > SHOWN,
        error_codes=run.errors.order_by().values("bookmaker_slug", "code").annotate(n=Count("id")).order_by("-n"),
        set_aside=run.set_aside.all()[:SHOWN],
        timings=sorted(run.timings.items()) if isinstance(run.timings, dict) else [],
        elapsed=(timezone.now() - run.started_at).total_seconds() if run.is_active and run.started_at else None,
    )


def _batch_badge(batch):
    tones = {
        ScrapeBatch.Status.PENDING: ("hourglass_empty", "calm"),
        ScrapeBatch.Status.RUNNING: ("sync", "info"),
        ScrapeBatch.Status.STORED: ("check_circle", "good"),
        ScrapeBatch.Status.FAILED: ("cancel", "bad"),
    }
    return badge(batch.get_status_display(), *tones[batch.status])


def _go(request, run, sentence):
    messages.success(request, sentence)
    return HttpResponseRedirect(reverse("admin:scraping_scraperun_change", args=[run.pk]))


def _refused(request, refusal, back):
    messages.warning(request, str(refusal))
    if refusal.run is not None:
        return HttpResponseRedirect(reverse("admin:scraping_scraperun_change", args=[refusal.run.pk]))
    return HttpResponseRedirect(back)


@require(LEAD, methods=("POST",))
def start_cycle(request):
    try:
        run = services.start_cycle(trigger=ScrapeRun.Trigger.MANUAL, user=request.user)
    except services.CycleRefused as refusal:
        return _refused(request, refusal, reverse("admin:scraping_scraperun_changelist"))
    return _go(request, run, f"Run #{run.pk} is on its way.")


@require(LEAD, methods=("POST",))
def retry_run(request, run_id):
    get_object_or_404(ScrapeRun, pk=run_id)
    try:
        run = services.retry_run(run_id=run_id, user=request.user)
    except services.CycleRefused as refusal:
        return _refused(request, refusal, reverse("admin:scraping_scraperun_change", args=[run_id]))
    except Event.DoesNotExist:
        messages.warning(request, "The event of this run is not known any more.")
        return HttpResponseRedirect(reverse("admin:scraping_scraperun_change", args=[run_id]))
    return _go(request, run, f"Run #{run.pk} repeats what run #{run_id} left undone.")


@require(TRADER, methods=("POST",))
def refresh_event(request, event_id):
    """Scrape one event now. The page that shows it hears of new prices by the socket."""
    event = get_object_or_404(Event, pk=event_id)
    back = reverse("admin:odds_event_change", args=[event.pk])
    if event.sportradar_id is None:
        messages.warning(request, "This event has no SportRadar id, so it is refreshed by cycles only.")
        return HttpResponseRedirect(back)
    try:
        run = services.refresh_event(sportradar_id=event.sportradar_id, user=request.user)
    except services.CycleRefused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(back)
    link = reverse("admin:scraping_scraperun_change", args=[run.pk])
    messages.success(request, format_html('Refreshing now, as <a href="{}">run #{}</a>.', link, run.pk))
    return HttpResponseRedirect(back)


admin.site.add_page("refresh-event/<int:event_id>/", refresh_event, "refresh_event")


@admin.register(ScrapeError)
class ScrapeErrorAdmin(BookmakerColumn, ReadOnlyAdmin):
    list_display = ["when", "bookmaker", "phase", "code", "words", "external_id", "run_link"]
    list_display_links = ["when"]
    list_filter = [("phase", ChoicesDropdownFilter), "bookmaker_slug", "code"]
    search_fields = ["=external_id", "=code"]
    list_select_related = ["run"]

    @display(description="When", ordering="id")
    def when(self, error):
        return age(error.created_at)

    @display(description="What happened")
    def words(self, error):
        return foreign(error.detail[:300])

    @display(description="Run", ordering="run")
    def run_link(self, error):
        return format_html(
            '<a href="{}">#{}</a>', reverse("admin:scraping_scraperun_change", args=[error.run_id]), error.run_id
        )


class DismissedFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("open", "Open"), ("dismissed", "Dismissed")]

    def queryset(self, request, queryset):
        if self.value() in ("open", "dismissed"):
            return queryset.filter(Q(dismissed_at__isnull=self.value() == "open"))
        return queryset


@admin.register(SetAsideItem)
class SetAsideItemAdmin(BookmakerColumn, ReadOnlyAdmin):
    list_display = ["reason", "bookmaker", "market", "words", "seen_count", "last_seen", "state"]
    list_filter = [DismissedFilter, "bookmaker_slug", "reason"]
    search_fields = ["=market_key", "=external_id", "=reason"]
    actions = ["try_again", "dismiss"]

    def has_refresh_permission(self, request):
        return self._allows(request, TRADER)

    @admin.action(description="Try again: ask for their events now", permissions=["refresh"])
    def try_again(self, request, queryset):
        items = list(queryset[: SHOWN + 1])
        by_words = defaultdict(list)
        for tried in try_again(items[:SHOWN], user=request.user):
            by_words[tried.run, tried.words].append(tried.item)
        names = bookmaker_names()
        for (run, words), of_words in by_words.items():
            told = [(names.get(i.bookmaker_slug), foreign(i.external_id), foreign(i.market_key)) for i in of_words]
            sentence = format_html("{} {}", words, format_html_join(", ", "{} {} {}", told))
            messages.add_message(request, messages.WARNING if run is None else messages.SUCCESS, sentence)
        if len(items) > SHOWN:
            messages.warning(request, f"Only the first {SHOWN} were tried.")

    def has_dismiss_permission(self, request):
        return self._allows(request, LEAD)

    @admin.action(description="Dismiss: seen, nothing to do", permissions=["dismiss"])
    def dismiss(self, request, queryset):
        done = queryset.filter(dismissed_at=None).update(
            dismissed_at=timezone.now(), dismissed_by=request.user.get_username()
        )
        messages.success(request, f"{done} dismissed.")

    @display(description="Market", ordering="market_key")
    def market(self, item):
        return foreign(item.market_key)

    @display(description="Why")
    def words(self, item):
        return foreign(item.detail[:300])

    @display(description="Last seen", ordering="last_seen_at")
    def last_seen(self, item):
        return age(item.last_seen_at)

    @display(description="State", ordering="dismissed_at")
    def state(self, item):
        if item.dismissed_at is None:
            return badge("Open", "radio_button_unchecked", "info")
        return badge("Dismissed", "check", "calm", f"{item.dismissed_by}, {lagos_text(item.dismissed_at)}")
