"""People signed in to the admin, and rows for its lists, for the tests of the desk."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from mappings.models import UnmappedMarketLog
from odds.models import Event, EventLink, MarketOddsCurrent, MarketOddsHistory, Tournament
from scraping.models import BookmakerHealth, ScrapeError, ScrapeRun, ScrapeRunBookmaker, SetAsideItem

HOSTILE = "\"><script>alert('x')</script>{{7*7}}\u202e"
ESCAPED = "&lt;script&gt;"


def sign_in(role, username=None):
    """A client of somebody with this role; "none" is staff without a role, "plain" not staff at all."""
    user = User.objects.create_user(username or f"a-{role}", password="not-used-here", is_staff=role != "plain")
    if role == "superuser":
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    elif role not in ("none", "plain"):
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def make_unmapped(number=1, **fields):
    defaults = {
        "source": "sportybet",
        "external_market_id": f"9003{number:03d}",
        "market_name": f"Corner range {number}",
        "sample_outcomes": [{"text": "Over 8.5", "key": "Over 8.5", "price": "1.85", "specifier": "total=8.5"}],
        "error_code": "UNKNOWN_MARKET",
        "next_kickoff_at": timezone.now() + timedelta(hours=2),
    }
    return UnmappedMarketLog.objects.create(**{**defaults, **fields})


def make_event(number=1, *, kickoff_in=timedelta(hours=3), **fields):
    tournament, _ = Tournament.objects.get_or_create(name=fields.pop("tournament", "Premier League"), country="Nigeria")
    kickoff_at = timezone.now() + kickoff_in
    teams = {"home_team": f"Home {number}", "away_team": f"Away {number}", **fields}
    event = Event.objects.create(
        sportradar_id=str(1000 + number), tournament=tournament, kickoff_at=kickoff_at, **teams
    )
    for slug in ("betpawa", "sportybet", "bet9ja"):
        EventLink.objects.create(
            event=event,
            bookmaker_slug=slug,
            external_id=f"{slug}-{number}",
            kickoff_at=kickoff_at,
            confirmed_at=timezone.now(),
            **teams,
        )
    return event


def make_odds(event, slug="betpawa", prices=("2.1", "3.3", "3.6"), **fields):
    defaults = {
        "betpawa_market_id": "3743",
        "betpawa_market_name": "1X2 - Full Time",
        "line": None,
        "outcomes": [{"name": name, "odds": odds, "is_active": True} for name, odds in zip("1X2", prices, strict=True)],
        "market_groups": ["popular"],
        "fingerprint": 1,
        "last_updated_at": timezone.now(),
    }
    return MarketOddsCurrent.objects.create(event=event, bookmaker_slug=slug, **{**defaults, **fields})


def make_change(row, *, captured_at=None, is_available=True):
    return MarketOddsHistory.objects.create(
        event=row.event,
        bookmaker_slug=row.bookmaker_slug,
        betpawa_market_id=row.betpawa_market_id,
        line=row.line,
        outcomes=row.outcomes,
        is_available=is_available,
        captured_at=captured_at or timezone.now(),
    )


def make_run(number=1, **fields):
    run = ScrapeRun.objects.create(
        **{
            "trigger": "manual",
            "status": "completed",
            "phase": "done",
            "bookmakers": ["betpawa"],
            "started_at": timezone.now(),
            "finished_at": timezone.now(),
            **fields,
        }
    )
    ScrapeRunBookmaker.objects.create(run=run, bookmaker_slug="betpawa", last_error=fields.get("summary", ""))
    ScrapeError.objects.create(run=run, bookmaker_slug="betpawa", phase="fetch", code="TIMEOUT", detail=f"{number}")
    SetAsideItem.objects.create(
        run=run, bookmaker_slug="betpawa", external_id=str(number), market_key="5000", reason="BAD_PRICE"
    )
    return run


def make_everything(number):
    """One more row in every list of the admin."""
    event = make_event(number)
    row = make_odds(event, line=Decimal(number))
    make_change(row)
    make_unmapped(number)
    make_run(number)
    BookmakerHealth.objects.get_or_create(bookmaker_slug="betpawa", defaults={"state": "up"})
    return event
