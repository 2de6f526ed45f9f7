"""Small objects with sensible defaults, for tests."""

from datetime import timedelta

from django.utils import timezone

from odds.models import Event, EventLink, Tournament
from scraping.models import ScrapeBatch, ScrapeRun, ScrapeRunBookmaker

SLUGS = ["betpawa", "sportybet", "bet9ja"]


def make_event(sportradar_id="100", *, kickoff_in=timedelta(hours=3), slugs=SLUGS, **fields) -> Event:
    tournament, _ = Tournament.objects.get_or_create(name="Premier League", country="Nigeria")
    kickoff_at = timezone.now() + kickoff_in
    event = Event.objects.create(
        sportradar_id=sportradar_id,
        tournament=tournament,
        home_team=fields.get("home_team", "Enyimba"),
        away_team=fields.get("away_team", "Kano Pillars"),
        kickoff_at=kickoff_at,
    )
    for slug in slugs:
        EventLink.objects.create(
            event=event,
            bookmaker_slug=slug,
            external_id=f"{slug}-{sportradar_id}",
            home_team=event.home_team,
            away_team=event.away_team,
            kickoff_at=kickoff_at,
        )
    return event


def make_run(status="running", *, kind="cycle", shares=None, phase="scraping", **fields) -> ScrapeRun:
    """shares: {slug: {counter: value}}."""
    now = timezone.now()
    run = ScrapeRun.objects.create(
        kind=kind,
        trigger=fields.pop("trigger", "manual"),
        status=status,
        phase=phase,
        bookmakers=list(shares or SLUGS),
        started_at=fields.pop("started_at", now),
        heartbeat_at=fields.pop("heartbeat_at", now),
        **fields,
    )
    for slug in shares or SLUGS:
        ScrapeRunBookmaker.objects.create(run=run, bookmaker_slug=slug, **(shares or {}).get(slug, {}))
    return run


def make_batch(run, index=0, *, status="pending", **fields) -> ScrapeBatch:
    return ScrapeBatch.objects.create(run=run, index=index, status=status, **fields)
