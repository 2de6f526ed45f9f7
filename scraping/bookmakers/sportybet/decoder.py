"""SportyBet answers as records. A market is one entry per id and specifier, already ours in shape,
so msgspec builds the records that the mapper reads straight from the bytes."""

from collections.abc import Iterable

import msgspec

from mappings.shapes import ScrapedEvent, ScrapedMarket, ScrapedOutcome
from scraping.bookmakers.base import MAX_MARKETS, MAX_OUTCOMES
from scraping.bookmakers.decoding import (
    Unusable,
    bounded,
    decode_in_steps,
    dict_of,
    each_market,
    event_record,
    finished,
    list_value,
    object_value,
    open_list,
    open_object,
    price_value,
    text_value,
    too_many_outcomes,
    value_of,
)
from scraping.bookmakers.text import clean_name, clean_text, from_epoch_ms, sample
from scraping.exceptions import EventGone

SLUG = "sportybet"
SUCCESS = 10000
EVENT_PREFIX = "sr:match:"


class Outcome(msgspec.Struct, frozen=True, gc=False, rename={"text": "desc", "price": "odds", "is_active": "isActive"}):
    """A ScrapedOutcome by its attributes. isActive travels as 0 or 1."""

    text: str
    price: str
    is_active: bool = False


class Market(msgspec.Struct, frozen=True, gc=False, rename={"key": "id"}):
    """A ScrapedMarket by its attributes; names and guides are read by `describe` only."""

    key: str
    outcomes: tuple[Outcome, ...]
    specifier: str = ""
    status: int = 0

    line = None
    name = ""
    rules_text = ""
    groups = ()
    handicap_type = ""


class _Tournament(msgspec.Struct):
    name: str = ""


class _Category(msgspec.Struct):
    name: str = ""
    tournament: _Tournament = msgspec.field(default_factory=_Tournament)


class _Sport(msgspec.Struct):
    category: _Category = msgspec.field(default_factory=_Category)


class _Event(msgspec.Struct):
    eventId: str
    estimateStartTime: int
    homeTeamName: str
    awayTeamName: str
    markets: list[Market]
    sport: _Sport = msgspec.field(default_factory=_Sport)


class _Answer(msgspec.Struct):
    bizCode: int
    data: _Event


_WHOLE = msgspec.json.Decoder(_Answer, strict=False)
_MARKET = msgspec.json.Decoder(Market, strict=False)


def decode_event(payload: bytes, external_id: str | None = None) -> ScrapedEvent:
    """The detail answer. Raises EventGone (business error), PayloadChanged."""
    event, markets, dropped = decode_in_steps(SLUG, payload, _decode_whole, _decode_by_part)
    return finished(event, markets, dropped, external_id)


def _decode_whole(payload):
    answer = _WHOLE.decode(payload)
    check_success(answer.bizCode, payload)
    event = answer.data
    dropped = []
    markets = bounded(event.markets, "data.markets", dropped)
    for index, market in enumerate(markets):
        if market.status or len(market.outcomes) > MAX_OUTCOMES:
            markets[index] = _closed_or_none(market, index, dropped)
    markets = [market for market in markets if market is not None] if dropped else markets
    category = event.sport.category
    header = _event(
        event.eventId,
        event.homeTeamName,
        event.awayTeamName,
        event.estimateStartTime,
        category.tournament.name,
        category.name,
    )
    return header, markets, dropped


def _closed_or_none(market, index, dropped):
    """A market whose status is not 0 is closed whatever its outcomes say; an absurd one is dropped."""
    if len(market.outcomes) > MAX_OUTCOMES:
        dropped.append(too_many_outcomes(f"data.markets[{index}] {market.key[:100]}", len(market.outcomes), market.key))
        return None
    closed = tuple(ScrapedOutcome(outcome.text, outcome.price, False) for outcome in market.outcomes)
    return ScrapedMarket(market.key, market.specifier, closed)


def _decode_by_part(payload):
    answer = open_object(SLUG, payload, "the answer")
    check_success(value_of(answer.get("bizCode")), payload)
    data = open_object(SLUG, answer.get("data", b"null"), "data")
    raws = open_list(SLUG, data.get("markets"), "data.markets")
    markets, dropped = each_market(raws, "data.markets", _decode_market, _key_of, _tolerate_market)
    return event_header(data), markets, dropped


def event_header(data: dict) -> ScrapedEvent:
    """Names, ids and kick-off of an event opened with `open_object`; detail and list share it."""
    category = dict_of(data.get("sport")).get("category")
    category = category if isinstance(category, dict) else {}
    tournament = category.get("tournament")
    return _event(
        *(value_of(data.get(name)) for name in ("eventId", "homeTeamName", "awayTeamName", "estimateStartTime")),
        tournament.get("name") if isinstance(tournament, dict) else "",
        category.get("name"),
    )


def _decode_market(raw):
    market = _MARKET.decode(raw)
    if len(market.outcomes) > MAX_OUTCOMES:
        raise ValueError("too many outcomes")
    return market if not market.status else _closed_or_none(market, 0, [])


def _key_of(market: dict) -> str:
    return text_value(market.get("id"), "NO_MARKET_ID")


def _tolerate_market(key: str, market: dict) -> ScrapedMarket:
    specifier = market.get("specifier")
    if specifier is not None and not isinstance(specifier, str):
        raise Unusable("INVALID_SPECIFIER")
    market_open = str(market.get("status") or 0) == "0"
    outcomes = []
    for item in list_value(market.get("outcomes"), "NO_OUTCOMES"):
        outcome = object_value(item, "OUTCOME_NOT_AN_OBJECT")
        outcomes.append(
            ScrapedOutcome(
                text_value(outcome.get("desc"), "OUTCOME_WITHOUT_TEXT"),
                price_value(outcome.get("odds")),
                market_open and str(outcome.get("isActive")) in ("1", "True", "true"),
            )
        )
    return ScrapedMarket(key, specifier or "", tuple(outcomes))


def _event(event_id, home, away, start_ms, tournament, country) -> ScrapedEvent:
    """The event id is the SportRadar id behind a prefix. start_ms: epoch milliseconds, number or text."""
    prefixed = isinstance(event_id, str) and event_id.startswith(EVENT_PREFIX)
    radar = event_id[len(EVENT_PREFIX) :] if prefixed else None
    try:
        kickoff_at = from_epoch_ms(int(start_ms))
    except (TypeError, ValueError, OverflowError, OSError):
        kickoff_at = None
    return event_record(SLUG, event_id, radar, home, away, kickoff_at, tournament, country)


def check_success(biz_code, payload: bytes):
    """Raises EventGone for every business code but success: on a detail it means no such event."""
    if str(biz_code) != str(SUCCESS):
        raise EventGone("BIZ_CODE", bookmaker=SLUG, detail=f"bizCode {sample(biz_code)[:100]}", sample=payload)


def describe(payload: bytes, keys: Iterable[str]) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Names and guides of the asked market ids. Outcome texts are their own labels."""
    wanted, found = set(keys), {}
    if not wanted:
        return found

    def read(text):
        data = open_object(SLUG, open_object(SLUG, text, "the answer").get("data", b"null"), "data")
        return [dict_of(raw) for raw in open_list(SLUG, data.get("markets"), "data.markets")[:MAX_MARKETS]]

    for market in decode_in_steps(SLUG, payload, read, read):
        key = market.get("id") if isinstance(market.get("id"), str) else str(market.get("id"))
        if key in wanted and key not in found:
            name = clean_name_of(market)
            found[key] = (name, clean_text(market.get("marketGuide"), limit=2000), {})
    return found


def clean_name_of(market: dict) -> str:
    """The generic name; where it is empty, the description (with team names and line in it)."""
    for field in ("name", "desc", "title"):
        text = market.get(field)
        if isinstance(text, str) and text.strip():
            return clean_name(text[:4000])
    return ""
