"""From rows to what the serializers show: states, margins, names. No queries here."""

from odds.queries import INLINE_MARKETS, margin_percent

INLINE_NAMES = {
    "3743": "1X2 - FT",
    "5000": "Total Score Over/Under - FT",
    "3795": "Both Teams To Score - FT",
    "4693": "Double Chance - FT",
}


def offer(row, *, started):
    """The common part of one market at one bookmaker."""
    gone = row.unavailable_at is not None
    if started:
        state = "closed"
    elif gone:
        state = "withdrawn"
    elif not any(outcome["is_active"] for outcome in row.outcomes):
        state = "suspended"
    else:
        state = "offered"
    return {
        "state": state,
        "line": row.line,
        "outcomes": row.outcomes,
        "margin": margin_percent(row) if state == "offered" else None,
        "available": not gone,
        "unavailable_since": row.unavailable_at,
        "last_updated_at": row.last_updated_at,
        "last_confirmed_at": row.last_confirmed_at,
    }


def inline_offers(rows, *, started):
    """The markets that a list shows, in its order. rows: {(market id, line): row} of a bookmaker."""
    return [
        {
            **(offer(rows[key], started=started) if key in rows else nothing_offered(key[1])),
            "market_id": key[0],
            "market_name": rows[key].betpawa_market_name if key in rows else INLINE_NAMES[key[0]],
        }
        for key in INLINE_MARKETS
    ]


def nothing_offered(line):
    unknown = ("margin", "unavailable_since", "last_updated_at", "last_confirmed_at")
    return {
        **dict.fromkeys(unknown),
        "state": "never_offered",
        "line": line,
        "outcomes": [],
        "available": False,
    }


def market(row, *, started):
    return {
        **offer(row, started=started),
        "betpawa_market_id": row.betpawa_market_id,
        "betpawa_market_name": row.betpawa_market_name,
        "handicap_type": row.handicap_type,
        "market_groups": row.market_groups,
    }


def named_event(event):
    return {
        "id": event.pk,
        "sportradar_id": event.sportradar_id,
        "name": str(event),
        "kickoff": event.kickoff_at,
    }


def event_base(event, now):
    return {
        **named_event(event),
        "home_team": event.home_team,
        "away_team": event.away_team,
        "has_started": event.kickoff_at <= now,
        "tournament_id": event.tournament_id,
        "tournament_name": event.tournament.name,
        "tournament_country": event.tournament.country,
        "sport_name": event.sport,
    }


def bookmaker_of_event(link, bookmakers, *, started):
    on_offer = "withdrawn" if link.withdrawn_at else "offered"
    return {
        "bookmaker_slug": link.bookmaker_slug,
        "bookmaker_name": bookmakers[link.bookmaker_slug].name,
        "external_event_id": link.external_id,
        "state": "closed" if started else on_offer,
        "has_odds": link.market_count > 0,
        "snapshot_time": link.confirmed_at,
        "withdrawn_at": link.withdrawn_at,
    }
