"""Events, links and mapped markets with sensible defaults, for tests and benchmarks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import xxhash

from mappings.shapes import MappedMarket, MappedOutcome
from odds.models import Event, EventLink, Tournament

T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KICKOFF = datetime(2036, 1, 1, 15, 0, tzinfo=UTC)
_numbers = count(1)


def at(minutes):
    """A time some minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def make_event(*, links=None, sportradar_id="", kickoff_at=KICKOFF, home="Home FC", away="Away FC", tournament=None):
    """An event with `links` {bookmaker slug: external id}. sportradar_id: "" makes one up, None leaves it out."""
    number = next(_numbers)
    event = Event.objects.create(
        sportradar_id=f"9{number:07}" if sportradar_id == "" else sportradar_id,
        tournament=tournament or Tournament.objects.get_or_create(name="Premier League", country="Nigeria")[0],
        home_team=home,
        away_team=away,
        kickoff_at=kickoff_at,
    )
    for slug, external_id in (links or {}).items():
        EventLink.objects.create(
            event=event,
            bookmaker_slug=slug,
            external_id=external_id,
            home_team=home,
            away_team=away,
            kickoff_at=kickoff_at,
        )
    return event


def fingerprint(outcomes):
    """As the mapper's: a signed 64-bit hash of the outcomes, whatever their order."""
    text = repr(sorted(tuple(outcome) for outcome in outcomes))
    return xxhash.xxh3_64_intdigest(text) - (1 << 63)


def make_market(
    betpawa_market_id="3743", prices=("2.1", "3.2", "3.5"), *, line=None, name=None, active=True, names=None
):
    """A mapped market whose outcomes carry `prices` in order."""
    names = names or ("1", "X", "2", "4", "5")[: len(prices)]
    outcomes = tuple(MappedOutcome(name, price, active) for name, price in zip(names, prices, strict=True))
    return MappedMarket(
        canonical_id=f"canonical_{betpawa_market_id}",
        betpawa_market_id=betpawa_market_id,
        betpawa_market_name=name or f"Market {betpawa_market_id}",
        line=None if line is None else Decimal(line),
        handicap_type="",
        handicap_home=None,
        handicap_away=None,
        outcomes=outcomes,
        market_groups=("popular",),
        fingerprint=fingerprint(outcomes),
    )
