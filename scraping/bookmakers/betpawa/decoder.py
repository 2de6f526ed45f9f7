"""BetPawa answers as records. Rows are layout: all rows of one (market type, handicap) are one market."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from mappings.shapes import ScrapedEvent, ScrapedMarket, ScrapedOutcome
from scraping.bookmakers.base import MAX_MARKETS, MAX_OUTCOMES
from scraping.bookmakers.decoding import (
    UNDECODABLE,
    Dropped,
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
from scraping.bookmakers.text import clean_text, sample

SLUG = "betpawa"
MAX_HANDICAP = 1_000_000
LONGEST_RULES = 2_000


class Price(msgspec.Struct, frozen=True, gc=False, rename={"text": "name"}):
    """A ScrapedOutcome by its attributes."""

    text: str
    price: float
    suspended: bool = False

    @property
    def is_active(self) -> bool:
        return not self.suspended


class _Row(msgspec.Struct, gc=False):
    prices: tuple[Price, ...]
    handicap: int | None = None


class _Type(msgspec.Struct, gc=False):
    id: str
    name: str = ""
    tabs: tuple[str, ...] = ()
    handicapType: str = ""
    explainer: str | None = None


class _Market(msgspec.Struct, gc=False):
    marketType: _Type
    row: tuple[_Row, ...]


class _Named(msgspec.Struct):
    name: str = ""


class _Participant(msgspec.Struct):
    name: str
    position: int


class _Widget(msgspec.Struct):
    type: str = ""
    id: str | int | None = None


class _Event(msgspec.Struct):
    id: str
    startTime: datetime
    participants: list[_Participant]
    markets: list[_Market]
    widgets: list[_Widget] = []
    competition: _Named = msgspec.field(default_factory=_Named)
    region: _Named = msgspec.field(default_factory=_Named)


_WHOLE = msgspec.json.Decoder(_Event)
_MARKET = msgspec.json.Decoder(_Market)  # strict: the lax mode would read the text "NaN" as a price


def decode_event(payload: bytes, external_id: str | None = None) -> ScrapedEvent:
    """The detail answer, a bare event object. Raises PayloadChanged."""
    event, market_types, dropped = decode_in_steps(SLUG, payload, _decode_whole, _decode_by_part)
    markets = bounded(_merge_rows(market_types, dropped), "markets", dropped)
    return finished(event, markets, dropped, external_id)


def _decode_whole(payload):
    answer = _WHOLE.decode(payload)
    event = _event(
        answer.id,
        answer.startTime,
        {participant.position: participant.name for participant in answer.participants},
        ((widget.type, widget.id) for widget in answer.widgets),
        answer.competition.name,
        answer.region.name,
    )
    dropped = []
    return event, bounded(answer.markets, "markets", dropped), dropped


def _decode_by_part(payload):
    answer = open_object(SLUG, payload, "the answer")
    event = event_header(answer)
    raws = open_list(SLUG, answer.get("markets"), "markets")
    markets, dropped = each_market(raws, "markets", _MARKET.decode, _key_of, _tolerate_market)
    return event, markets, dropped


def event_header(answer: dict) -> ScrapedEvent:
    """Names, ids and kick-off out of an event opened with `open_object`; detail and list share it."""
    start = value_of(answer.get("startTime"))
    try:
        starts_at = msgspec.convert(start, datetime)
    except (msgspec.ValidationError, OverflowError):
        starts_at = None
    return _event(
        value_of(answer.get("id")),
        starts_at,
        dict(_participants(value_of(answer.get("participants"), []))),
        _widgets(value_of(answer.get("widgets"), [])),
        dict_of(answer.get("competition")).get("name"),
        dict_of(answer.get("region")).get("name"),
    )


def _participants(items):
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield str(item.get("position")) == "2" and 2 or str(item.get("position")) == "1" and 1, item.get("name")


def _widgets(items):
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield item.get("type"), item.get("id")


def _event(event_id, starts_at, names, widgets, tournament, country) -> ScrapedEvent:
    radar = next((value for kind, value in widgets if kind == "SPORTRADAR"), None)
    return event_record(SLUG, event_id, radar, names.get(1), names.get(2), starts_at, tournament, country)


# --- Markets -----------------------------------------------------------------------------------
def _key_of(market: dict) -> str:
    return text_value(object_value(market.get("marketType"), "NO_MARKET_TYPE").get("id"), "NO_MARKET_ID")


def _tolerate_market(key: str, market: dict) -> _Market:
    kind = market["marketType"]
    tabs = kind.get("tabs")
    name, handicap_type, explainer = kind.get("name"), kind.get("handicapType"), kind.get("explainer")
    return _Market(
        _Type(
            key,
            name if isinstance(name, str) else "",
            tuple(tab for tab in tabs if isinstance(tab, str)) if isinstance(tabs, list) else (),
            handicap_type if isinstance(handicap_type, str) else "",
            explainer if isinstance(explainer, str) else None,
        ),
        tuple(_tolerate_row(row) for row in list_value(market.get("row"), "NO_ROWS")),
    )


def _tolerate_row(row) -> _Row:
    row = object_value(row, "ROW_NOT_AN_OBJECT")
    prices = []
    for item in list_value(row.get("prices"), "NO_PRICES"):
        price = object_value(item, "PRICE_NOT_AN_OBJECT")
        prices.append(
            ScrapedOutcome(
                text_value(price.get("name"), "OUTCOME_WITHOUT_TEXT"),
                price_value(price.get("price")),
                str(price.get("suspended", False)) in ("False", "false", "0", "None"),
            )
        )
    return _Row(tuple(prices), _tolerate_handicap(row.get("handicap")))


def _tolerate_handicap(value) -> int | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
        if isinstance(value, bool) or not number.is_finite() or number != int(number):
            raise Unusable("INVALID_HANDICAP")
    except ArithmeticError as error:
        raise Unusable("INVALID_HANDICAP") from error
    return int(number)


def _merge_rows(market_types, dropped: list) -> list[ScrapedMarket]:
    """One market per (type, handicap), in the order of the answer."""
    markets, seen = [], set()
    repeated = False
    for market in market_types:
        kind, rows = market.marketType, market.row
        groups = _groups(kind.tabs)
        rules = _rules(kind.explainer)
        repeated = repeated or kind.id in seen
        seen.add(kind.id)
        if len(rows) == 1:
            units = ((rows[0].handicap, rows[0].prices),)
        else:
            by_handicap = {}
            for row in rows:
                if row.handicap in by_handicap:
                    by_handicap[row.handicap].extend(row.prices)
                else:
                    by_handicap[row.handicap] = list(row.prices)
            units = by_handicap.items()
        for handicap, prices in units:
            if len(prices) > MAX_OUTCOMES:
                dropped.append(too_many_outcomes(f"{kind.id[:100]}@{handicap}", len(prices), kind.id))
            elif handicap is not None and not -MAX_HANDICAP <= handicap <= MAX_HANDICAP:
                dropped.append(Dropped(kind.id[:100], "INVALID_HANDICAP", sample(handicap), kind.id))
            else:
                specifier, line = _line(handicap)
                markets.append(
                    ScrapedMarket(kind.id, specifier, tuple(prices), line, kind.name, rules, groups, kind.handicapType)
                )
    return _merge_repeated(markets, dropped) if repeated else markets


def _merge_repeated(markets, dropped):
    """The same type listed twice in one answer: still one market per (type, handicap)."""
    merged: dict[tuple, ScrapedMarket] = {}
    for market in markets:
        identity = (market.key, market.specifier)
        known = merged.get(identity)
        if known is None:
            merged[identity] = market
        elif len(known.outcomes) + len(market.outcomes) > MAX_OUTCOMES:
            count = len(known.outcomes) + len(market.outcomes)
            dropped.append(too_many_outcomes(f"{market.key[:100]}@{market.specifier}", count, market.key))
        else:
            merged[identity] = msgspec.structs.replace(known, outcomes=known.outcomes + market.outcomes)
    return list(merged.values())


@lru_cache(maxsize=4096)
def _line(handicap: int | None) -> tuple[str, Decimal | None]:
    """Handicaps are quarters whatever their type: 2 is line 0.5, -8 is -2, and 0 is a line."""
    return ("", None) if handicap is None else (str(handicap), Decimal(handicap) / 4)


@lru_cache(maxsize=1024)
def _rules(explainer: str | None) -> str:
    return clean_text(explainer, limit=LONGEST_RULES)


@lru_cache(maxsize=1024)
def _groups(tabs: tuple) -> tuple:
    return tuple(clean_text(tab, limit=50) for tab in tabs[:20] if tab != "all")


# --- Names -------------------------------------------------------------------------------------
def describe(payload: bytes, keys: Iterable[str]) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Names (templates unfilled), explainers and outcome labels of the asked market types."""
    wanted, found = set(keys), {}
    if not wanted:
        return found

    def read(text):
        raws = open_list(SLUG, open_object(SLUG, text, "the answer").get("markets"), "markets")
        return [raw for raw in raws[:MAX_MARKETS] if _type_id(raw) in wanted]

    for raw in decode_in_steps(SLUG, payload, read, read):
        market = dict_of(raw)
        kind = market.get("marketType")
        key = str(kind.get("id"))
        name = clean_text(kind.get("displayName")) or clean_text(kind.get("name"))
        labels = found[key][2] if key in found else {}
        labels.update(_labels(market))
        found[key] = (name, clean_text(kind.get("explainer"), limit=LONGEST_RULES), labels)
    return found


class _TypeId(msgspec.Struct):
    id: str | int


class _OnlyType(msgspec.Struct):
    marketType: _TypeId


_ONLY_TYPE = msgspec.json.Decoder(_OnlyType)


def _type_id(raw):
    try:
        return str(_ONLY_TYPE.decode(raw).marketType.id)
    except UNDECODABLE:
        return None


def _labels(market):
    for row in market.get("row") or () if isinstance(market.get("row"), list) else ():
        prices = row.get("prices") if isinstance(row, dict) else None
        for price in prices if isinstance(prices, list) else ():
            if isinstance(price, dict) and isinstance(price.get("name"), str):
                yield price["name"], clean_text(price.get("displayName")) or clean_text(price["name"])
