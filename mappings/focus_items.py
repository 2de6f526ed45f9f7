"""One row of the queue as focus mode shows it: JSON-ready, camelCase, times as ISO text."""

from collections.abc import Iterable

from django.db.models import F

from mappings.actors import name_of
from mappings.cache import mapping_cache
from mappings.errors import MappingErrorCode
from mappings.evidence.samples import recent_fixtures
from mappings.focus_offers import all_outcomes, own_prices, unpaired
from mappings.models import MarketSuggestion, Tab, UnmappedMarketLog
from mappings.pairing import sample_texts
from mappings.queue_filter import siblings
from mappings.queue_lines import earlier_words, priority_parts, row_remark
from mappings.suggestions.observations import views_of
from mappings.suggestions.price_evidence import compare
from mappings.why_words import FLAGS, reason_words, why_words
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import confidence_text

FIXTURES = 3
LINES = 2
SIBLINGS = 30


def items(ids: Iterable[int], user, page_url) -> list[dict]:
    """The rows in the order of ids; those that are gone are left out. page_url: id → address."""
    rows = UnmappedMarketLog.objects.select_related("mapped_to").in_bulk(list(ids))
    suggestions: dict[int, list] = {}
    for suggestion in MarketSuggestion.objects.filter(unmapped_id__in=rows).order_by("unmapped_id", "rank"):
        suggestions.setdefault(suggestion.unmapped_id, []).append(suggestion)
    names = bookmaker_names()
    return [
        _item(rows[id], suggestions.get(id, []), names, name_of(user)) | {"pageUrl": page_url(id)}
        for id in ids
        if id in rows
    ]


def _item(row, suggestions, names, user_name):
    views = views_of(recent_fixtures(keys=[f"{row.source}:{row.external_market_id}"], limit=FIXTURES))
    claimed = row.claimed_by if row.claim_is_live else None
    outcomes = all_outcomes(row, views)
    others = list(siblings(row).only("pk", "version", "market_name", "external_market_id")[: SIBLINGS + 1])
    return {
        "id": row.pk,
        "version": row.version,
        "source": row.source,
        "bookmaker": names.get(row.source, row.source),
        "name": row.market_name or "",
        "key": row.external_market_id,
        "rulesText": row.rules_text,
        "tab": row.tab,
        "why": "" if row.error_code in ("", MappingErrorCode.UNKNOWN_MARKET) else why_words(row.error_code),
        "family": row.family,
        "period": row.period,
        "events": row.event_count,
        "nextKickoffAt": _iso(row.next_kickoff_at),
        "firstSeenAt": _iso(row.first_seen_at),
        "priority": row.priority,
        "priorityParts": priority_parts(row),
        "notes": row.notes or "",
        "claimedBy": claimed,
        "isMine": claimed == user_name,
        "remark": "" if row.tab in (Tab.NEW, Tab.REVIEW) else row_remark(row),
        "reopenedReason": row.reopened_reason or "",
        "earlierDecision": earlier_words(row.earlier_decision),
        "review": row.review,
        "suggestedAt": _iso(row.suggested_at),
        "outcomes": [
            {"text": text, "label": label, "price": price} for text, label, price in sample_texts(row.sample_outcomes)
        ],
        "outcomeCount": len(outcomes),
        "ownPrices": own_prices(row, views),
        "siblings": [
            {"id": one.pk, "version": one.version, "name": one.market_name or "", "key": one.external_market_id}
            for one in others[:SIBLINGS]
        ],
        "hasMoreSiblings": len(others) > SIBLINGS,
        "candidates": [_candidate(row, suggestion, views, outcomes) for suggestion in suggestions],
    }


def _candidate(row, suggestion, views, outcomes):
    return {
        "rank": suggestion.rank,
        "betpawaId": suggestion.betpawa_id,
        "canonicalId": suggestion.canonical_id,
        "name": suggestion.name,
        "confidence": confidence_text(suggestion.confidence),
        "band": suggestion.band,
        "reasons": [reason | {"title": reason_words(str(reason.get("family", "")))} for reason in suggestion.reasons],
        "pairing": [pair | {"flagged": FLAGS.get(pair.get("flag"))} for pair in suggestion.pairing],
        "unpaired": unpaired(outcomes, row.source, suggestion.pairing),
        "servedKeys": _served_keys(row, suggestion),
        "prices": side_by_side(row, suggestion, views),
        "rulesText": _rules_of(suggestion.betpawa_id, views),
    }


def _served_keys(row, suggestion):
    """The bookmaker's other keys that are mapped to this market of BetPawa already."""
    named = (found for found in mapping_cache.snapshot.definitions if found.betpawa_id == suggestion.betpawa_id)
    keys = (key for definition in named for key in definition.keys.get(row.source, ()))
    return [key for key in dict.fromkeys(keys) if key != row.external_market_id]


def _rules_of(betpawa_id, views):
    """BetPawa's own rules text of a market, as a kept event has it; "" where BetPawa sends none."""
    return next((view.offered[betpawa_id].rules_text for view in views if betpawa_id in view.offered), "")


def side_by_side(row, suggestion, views) -> list[dict]:
    """Up to three events, two lines each: what BetPawa and the rival pay for the same outcome, as the
    suggestion pairs them."""
    events: dict[str, dict] = {}
    pairing = {pair["text"]: pair["betpawaName"] for pair in suggestion.pairing if pair.get("text")} or None
    for found in compare(views, row.source, row.external_market_id, suggestion.betpawa_id, pairing).rows:
        event = events.get(found.event_key)
        if event is None:
            if len(events) == FIXTURES:
                continue
            event = events[found.event_key] = {
                "eventKey": found.event_key,
                "home": found.fixture.home_team,
                "away": found.fixture.away_team,
                "kickoffAt": _iso(found.fixture.kickoff_at),
                "sampledAt": _iso(found.fixture.sampled_at),
                "lines": 0,
                "rows": [],
            }
        if event["lines"] == LINES:
            continue
        event["lines"] += 1
        line = "" if found.line is None else str(found.line)
        event["rows"] += [
            {"line": line, "outcome": name, "text": text, "betpawa": theirs, "rival": ours}
            for text, name, ours, theirs, *_ in found.outcomes
        ]
    return list(events.values())


def _iso(at):
    return at.isoformat() if at else None


def queue_order(rows):
    """The queue's order: the most worth deciding first."""
    return rows.order_by(F("priority").desc(), F("id").desc())
