"""Events that a bookmaker's lists do not show, asked for directly, where it can be addressed by SportRadar id.

A list may be cut, late or missing while the event itself is on offer. What is found becomes a link
like any other and is scraped from then on; what is refused is not asked for again for some hours,
and is no error: most of these events are simply not offered.
"""

import time

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from odds.models import Event
from odds.storage import EventRecord, LinkRecord, upsert_events
from scraping.bookmakers import REGISTRY
from scraping.bookmakers.base import FindsBySportradarId
from scraping.bookmakers.lists import read_lists
from scraping.clock import DatabaseClock
from scraping.http import client_for
from scraping.models import ScrapeRun

log = structlog.get_logger(__name__)

MAX_QUESTIONS = 30  # of one bookmaker in a cycle
MAX_CANDIDATES = 1000
MAX_SECONDS = 20  # a question that has begun is finished
ASK_AGAIN_AFTER = 6 * 3600


def give_second_chances(run: ScrapeRun) -> int:
    """Ask the run's bookmakers for events that only others list; returns how many were found.

    Raises what the database raises. Without Redis nothing is asked: refusals would be forgotten.
    """
    now = DatabaseClock().now()
    found = 0
    for slug in run.bookmakers:
        if isinstance(REGISTRY[slug], FindsBySportradarId):
            try:
                found += _give(slug, now)
            except RedisError as error:
                log.warning("second_chance.not_asked", bookmaker=slug, error=str(error))
    return found


def _give(slug, now) -> int:
    events = _to_ask(slug, now)
    if not events:
        return 0
    client, deadline = client_for(slug), time.monotonic() + MAX_SECONDS

    def ask(event):
        if time.monotonic() > deadline:
            return event, None, False
        return event, REGISTRY[slug].find_event(client, event.sportradar_id), True

    answers, errors = read_lists(client, events, ask)
    hits = [(event, scraped) for event, scraped, _ in answers if scraped is not None]
    refused = [event for event, scraped, asked in answers if asked and scraped is None]
    cache.set_many({_memory_key(slug, event): 1 for event in refused}, ASK_AGAIN_AFTER)
    upsert_events([_record(slug, event, scraped) for event, scraped in hits])
    log.info(
        "second_chance.asked",
        bookmaker=slug,
        found=len(hits),
        refused=len(refused),
        failed=len(errors),
        error=str(errors[0]) if errors else "",
    )
    return len(hits)


def _to_ask(slug, now) -> list[Event]:
    """Events to come that others offer and this bookmaker was never seen to, soonest kick-off first."""
    candidates = list(
        Event.objects.filter(kickoff_at__gt=now, sportradar_id__isnull=False, links__withdrawn_at__isnull=True)
        .exclude(links__bookmaker_slug=slug)
        .select_related("tournament")
        .order_by("kickoff_at", "pk")
        .distinct()[:MAX_CANDIDATES]
    )
    refused = cache.get_many([_memory_key(slug, event) for event in candidates])
    return [event for event in candidates if _memory_key(slug, event) not in refused][:MAX_QUESTIONS]


def _memory_key(slug, event):
    return f"not-offered:{slug}:{event.sportradar_id}"


def _record(slug, event, scraped) -> EventRecord:
    """Our event as it stands, with the bookmaker's link."""
    return EventRecord(
        sportradar_id=event.sportradar_id,
        sport=event.sport,
        tournament_name=event.tournament.name,
        country=event.tournament.country,
        home_team=event.home_team,
        away_team=event.away_team,
        kickoff_at=event.kickoff_at,
        links=(LinkRecord(slug, scraped.external_id, scraped.home_team, scraped.away_team, scraped.kickoff_at),),
    )
