"""What a person or the scheduler asks of the scraper. Admin, API, commands and tasks call these."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from odds.models import Event
from scraping.models import ScrapeRun, ScrapeRunBookmaker, Settings, SettingsChange
from scraping.queueing import enqueue_discovery, enqueue_refresh


class CycleRefused(Exception):
    """No run was started. str() is a sentence for people; run: the one in the way, when there is one."""

    def __init__(self, reason, run=None):
        super().__init__(reason)
        self.run = run


def start_cycle(
    *, trigger, user=None, bookmakers=None, retry_of=None, include_started=False, enqueue=True
) -> ScrapeRun:
    """Make a pending cycle and enqueue its discovery, in one transaction.

    trigger: a ScrapeRun.Trigger. user: who asked, None for the scheduler. bookmakers: slugs to
    ask, default all enabled. include_started: also events that have kicked off, for replays.
    enqueue=False leaves the run to the caller (manage.py scrape).
    Raises CycleRefused while another cycle is active or when every bookmaker is switched off.
    """
    slugs = _enabled(bookmakers)
    try:
        with transaction.atomic():
            run = ScrapeRun.objects.create(
                kind=ScrapeRun.Kind.CYCLE,
                trigger=trigger,
                requested_by=_name(user),
                bookmakers=slugs,
                retry_of=retry_of,
                include_started=include_started,
                heartbeat_at=timezone.now(),
            )
            _open_shares(run, slugs)
            if enqueue:
                enqueue_discovery(run.pk)
    except IntegrityError as error:
        active = active_cycle()
        if active is None:
            raise
        raise CycleRefused(f"Run {active.pk} is still {active.status}; one cycle goes at a time.", active) from error
    return run


def active_cycle() -> ScrapeRun | None:
    return ScrapeRun.objects.filter(kind=ScrapeRun.Kind.CYCLE, status__in=ScrapeRun.ACTIVE).first()


def refresh_event(*, sportradar_id, user=None, bookmakers=None, enqueue=True) -> ScrapeRun:
    """Make a run that scrapes one event now, through the same path as a cycle.

    A refresh of the same event that is still going is returned instead of a second one.
    Raises Event.DoesNotExist for an unknown id, CycleRefused when nobody can be asked or the
    event has kicked off.
    """
    event = Event.objects.get(sportradar_id=sportradar_id)
    if event.kickoff_at <= timezone.now():
        raise CycleRefused(f"{event} has kicked off; its pre-match odds are closed.")
    slugs = _enabled(bookmakers)
    linked = set(event.links.values_list("bookmaker_slug", flat=True))
    slugs = [slug for slug in slugs if slug in linked]
    if not slugs:
        raise CycleRefused("No enabled bookmaker offers this event.")
    try:
        with transaction.atomic():
            run = ScrapeRun.objects.create(
                kind=ScrapeRun.Kind.EVENT,
                trigger=ScrapeRun.Trigger.ON_DEMAND,
                requested_by=_name(user),
                event_sr_id=event.sportradar_id,
                bookmakers=slugs,
                heartbeat_at=timezone.now(),
            )
            _open_shares(run, slugs)
            if enqueue:
                enqueue_refresh(run.pk)
    except IntegrityError:
        run = ScrapeRun.objects.filter(event_sr_id=event.sportradar_id, status__in=ScrapeRun.ACTIVE).first()
        if run is None:
            raise
    return run


def retry_run(*, run_id, user=None) -> ScrapeRun:
    """Start what a finished run left undone: its event again, or a cycle over the bookmakers that
    were incomplete (all of them when every one was)."""
    run = ScrapeRun.objects.get(pk=run_id)
    if run.is_active:
        raise CycleRefused(f"Run {run.pk} is still {run.status}.", run)
    if run.kind == ScrapeRun.Kind.EVENT:
        return refresh_event(sportradar_id=run.event_sr_id, user=user)
    incomplete = [
        share.bookmaker_slug
        for share in run.by_bookmaker.all()
        if share.events_failed or not share.discovery_complete or share.events_stored == 0
    ]
    return start_cycle(
        trigger=ScrapeRun.Trigger.MANUAL, user=user, bookmakers=incomplete or run.bookmakers, retry_of=run
    )


def set_scheduler_paused(*, paused: bool, user=None, reason="") -> Settings:
    """Stop or resume scheduled cycles. A running one goes on to its end."""
    return change_settings(user=user, reason=reason, scheduler_paused=paused)


def change_settings(*, user=None, reason="", expected_version=None, **fields) -> Settings:
    """Change settings, leaving a SettingsChange with both values. Raises ValidationError with
    every field that is out of range; nothing changes then."""
    with transaction.atomic():
        Settings.load()
        settings = Settings.objects.select_for_update().get(pk=1)
        if expected_version is not None and expected_version != settings.version:
            raise ValidationError(
                f"{settings.updated_by or 'Somebody'} changed the settings since you opened them.", code="conflict"
            )
        unknown = set(fields) - CHANGEABLE
        if unknown:
            raise ValidationError(dict.fromkeys(unknown, "There is no such setting."))
        old = {name: getattr(settings, name) for name in fields}
        changed = {name: value for name, value in fields.items() if old[name] != value}
        if not changed:
            return settings
        for name, value in changed.items():
            setattr(settings, name, value)
        settings.full_clean()
        settings.version = F("version") + 1
        settings.updated_at = timezone.now()
        settings.updated_by = _name(user)
        settings.save(update_fields=[*changed, "version", "updated_at", "updated_by"])
        SettingsChange.objects.create(
            created_by=_name(user),
            reason=reason,
            old_value={name: old[name] for name in changed},
            new_value=changed,
        )
        settings.refresh_from_db()
        return settings


CHANGEABLE = {
    "interval_minutes",
    "scheduler_paused",
    "disabled_bookmakers",
    "bookmaker_limits",
    "batch_size",
    "max_concurrent_events",
    "cycle_deadline_seconds",
    "odds_retention_days",
    "run_retention_days",
}


def _enabled(bookmakers):
    enabled = Settings.load().enabled_bookmakers
    if bookmakers is not None:
        unknown = set(bookmakers) - set(enabled)
        if unknown:
            raise CycleRefused(f"Not enabled: {', '.join(sorted(unknown))}. Enabled: {', '.join(enabled) or 'none'}.")
        enabled = [slug for slug in enabled if slug in bookmakers]
    if not enabled:
        raise CycleRefused("Every bookmaker is switched off in the settings; nothing is scraped or withdrawn.")
    return enabled


def _open_shares(run, slugs):
    ScrapeRunBookmaker.objects.bulk_create([ScrapeRunBookmaker(run=run, bookmaker_slug=slug) for slug in slugs])


def _name(user):
    return "" if user is None else (user if isinstance(user, str) else user.get_username())
