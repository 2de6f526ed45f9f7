"""Shared steps of the decoders: from a payload that is not quite right to the parts that are.

A decoder first decodes the whole payload into its typed structs. When that fails it comes here:
the payload's syntax is repaired if need be, objects are opened one level at a time as
`msgspec.Raw`, and each market is tried alone, so that a bad one costs itself only.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import structlog

from mappings.shapes import ScrapedEvent
from scraping.bookmakers.base import MAX_MARKETS, MAX_NESTING, MAX_OUTCOMES
from scraping.bookmakers.text import aware_utc, clean_text, plausible_kickoff, sample, sportradar_id
from scraping.exceptions import EventGone, PayloadChanged

log = structlog.get_logger(__name__)

MAX_REPAIR_BYTES = 4 * 1024 * 1024  # the repairing parser builds every object; real answers stay below 1.5 MB
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError)

_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ANY = msgspec.json.Decoder()


class Dropped(NamedTuple):
    """A piece of a payload that could not be used: where it was, why, and a bounded sample.

    key: the market's, as ScrapedMarket.key; "" where it could not be read.
    """

    path: str
    reason: str
    sample: str
    key: str = ""


class Unusable(Exception):
    """This one market cannot be used; its siblings can. Never leaves a decoder."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def decode_in_steps(slug: str, payload: bytes, whole: Callable, by_part: Callable):
    """`whole(payload)`, or `by_part(payload)` when the types differ, on a repaired copy when the
    syntax is broken. Raises PayloadChanged when nothing helps."""
    try:
        return whole(payload)
    except msgspec.ValidationError as error:
        log.debug("decode.by_part", bookmaker=slug, reason=str(error))
    except RecursionError:
        raise _too_deep(slug, payload) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        payload = repaired(slug, payload, error)
    try:
        return by_part(payload)
    except RecursionError:
        raise _too_deep(slug, payload) from None
    except UnicodeDecodeError as error:
        return _by_part_repaired(slug, payload, by_part, error)
    except msgspec.ValidationError as error:
        raise changed(slug, f"The answer's shape is unknown: {error}.", payload) from error
    except msgspec.DecodeError as error:
        return _by_part_repaired(slug, payload, by_part, error)


def _by_part_repaired(slug, payload, by_part, cause):
    try:
        return by_part(repaired(slug, payload, cause))
    except (msgspec.DecodeError, RecursionError) as error:
        raise changed(slug, f"The answer's shape is unknown: {error}.", payload) from error


def repaired(slug: str, payload: bytes, cause: Exception) -> bytes:
    """The same answer as valid JSON: NaN and infinities as text, broken characters replaced.

    What was not a number stays recognisably none, so that only its own market is set aside.
    """
    if len(payload) > MAX_REPAIR_BYTES:
        raise changed(slug, f"Not valid JSON, and too large to repair: {cause}.", payload)
    try:
        value = json.loads(
            payload.decode("utf-8-sig", "replace"),
            strict=False,
            parse_constant=str,
            parse_float=_finite_or_text,
            parse_int=_bounded_int_or_text,
        )
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    except RecursionError:
        raise _too_deep(slug, payload) from None
    except ValueError as error:
        raise changed(slug, f"Not valid JSON: {error}.", payload, code="NOT_JSON") from error


def _finite_or_text(text):
    number = float(text)
    return number if math.isfinite(number) else text[:100]


def _bounded_int_or_text(text):
    return int(text) if len(text) <= 19 else text[:100]


def changed(slug: str, detail: str, payload: bytes = b"", *, code: str = "PAYLOAD_CHANGED") -> PayloadChanged:
    return PayloadChanged(code, bookmaker=slug, detail=detail, sample=payload)


def check_event_id(slug: str, pattern: re.Pattern, external_id: str) -> None:
    """Raises EventGone, before anything is asked, for what is no event id of this bookmaker."""
    if not pattern.fullmatch(external_id):
        raise EventGone("INVALID_ID", bookmaker=slug, detail=f"{external_id[:100]!r} is no event id.")


def _too_deep(slug, payload):
    return changed(slug, "The answer is nested deeper than any real one.", payload, code="TOO_DEEP")


def open_object(slug: str, raw, path: str) -> dict[str, msgspec.Raw]:
    """One level of an object. Raises PayloadChanged when it is none."""
    try:
        return _RAW_OBJECT.decode(raw)
    except msgspec.ValidationError as error:
        raise changed(slug, f"{path} is not an object: {error}.", bytes(raw)) from error


def open_list(slug: str, raw, path: str) -> list[msgspec.Raw]:
    """One level of a list. Raises PayloadChanged when it is none."""
    if raw is None:
        raise changed(slug, f"{path} is missing.")
    try:
        return _RAW_LIST.decode(raw)
    except msgspec.ValidationError as error:
        raise changed(slug, f"{path} is not a list: {error}.", bytes(raw)) from error


def value_of(raw, default: Any = None) -> Any:
    """A small optional value out of a Raw; default when absent, undecodable or too deep."""
    if raw is None:
        return default
    try:
        value = _ANY.decode(raw)
    except UNDECODABLE:
        return default
    return default if deeper_than(value, MAX_NESTING) else value


def dict_of(raw) -> dict:
    """value_of, and {} for everything that is not an object."""
    value = value_of(raw)
    return value if isinstance(value, dict) else {}


def deeper_than(value, limit: int) -> bool:
    """Whether containers nest more than `limit` levels; walks level by level, without recursion."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def each_market(
    raws: list, path: str, decode_one: Callable, key_of: Callable, tolerate: Callable
) -> tuple[list, list[Dropped]]:
    """Decode raw markets one by one: typed, else tolerantly, else set aside.

    decode_one(raw) -> market, raises a DecodeError. key_of(object) -> its key and
    tolerate(key, object) -> market raise Unusable.
    """
    dropped = []
    raws, markets = bounded(raws, path, dropped), []
    for index, raw in enumerate(raws):
        try:
            markets.append(decode_one(raw))
        except UNDECODABLE:
            key = ""
            try:
                market = _market_object(raw)
                key = key_of(market)
                if deeper_than(market, MAX_NESTING):
                    raise Unusable("TOO_DEEP") from None
                markets.append(tolerate(key, market))
            except Unusable as error:
                dropped.append(Dropped(f"{path}[{index}]", error.reason, sample(raw), key))
    return markets, dropped


def _market_object(raw) -> dict:
    try:
        value = _ANY.decode(raw)
    except UNDECODABLE as error:
        raise Unusable("NOT_JSON") from error
    return object_value(value, "NOT_AN_OBJECT")


def bounded(markets: list, path: str, dropped: list) -> list:
    """As many markets as are believed; that there were more is noted in `dropped`."""
    if len(markets) > MAX_MARKETS:
        dropped.append(Dropped(path, "TOO_MANY_MARKETS", f"{len(markets)} markets; {MAX_MARKETS} were read."))
    return markets[:MAX_MARKETS]


def too_many_outcomes(path: str, count: int, key: str) -> Dropped:
    return Dropped(path[:200], "TOO_MANY_OUTCOMES", f"{count} outcomes; at most {MAX_OUTCOMES} are believed.", key)


def finished(event: ScrapedEvent, markets: list, dropped: list[Dropped], external_id: str | None) -> ScrapedEvent:
    """The event with its markets. external_id: refuse an answer about another event.

    It is complete unless it was cut, or holds a market that may be any: what was dropped with its
    key is known not to be missing, and a key out of the bookmaker's grammar never was a market.
    When more kinds of market broke than could be read, it is another layout and nothing is believed.
    """
    if external_id is not None and event.external_id != external_id:
        detail = f"Asked for {external_id}, the answer is about {event.external_id}."
        raise changed(event.bookmaker_slug, detail, code="OTHER_EVENT")
    broken = {piece.key for piece in dropped if piece.reason != "INVALID_KEY_FORMAT"}
    complete = "" not in broken and len(broken) <= len(markets)
    return msgspec.structs.replace(event, markets=tuple(markets), dropped=tuple(dropped), complete=complete)


def event_record(
    slug: str, event_id, radar, home, away, kickoff_at: datetime | None, tournament, country
) -> ScrapedEvent:
    """An event without its markets, from what was sent. radar: its SportRadar id.

    kickoff_at: None when it is no time. Raises PayloadChanged: neither names nor kick-off are guessed.
    """
    event_id = str(event_id) if isinstance(event_id, str | int) and not isinstance(event_id, bool) else ""
    home, away = clean_text(home), clean_text(away)
    if not event_id or len(event_id) > 100 or not home or not away:
        raise changed(slug, f"Event {event_id[:100]!r} lacks its id or a team name.", code="EVENT_INCOMPLETE")
    if kickoff_at is None or not plausible_kickoff(kickoff_at):
        raise changed(slug, f"Event {event_id} has no usable kick-off.", code="KICKOFF_MISSING")
    return ScrapedEvent(
        bookmaker_slug=slug,
        external_id=event_id,
        sportradar_id=sportradar_id(radar),
        home_team=home,
        away_team=away,
        kickoff_at=aware_utc(kickoff_at),
        tournament_name=clean_text(tournament),
        country=clean_text(country),
    )


# --- Tolerant readers of single values: right for what drifts between text and number ----------
def text_value(value, reason: str) -> str:
    """Text, or a whole number as text. Raises Unusable."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unusable(reason)


def price_value(value) -> str | float | int:
    """A price as sent, text or finite number; whether it is a sensible one is the mapper's question."""
    if isinstance(value, str) and value:
        return value[:100]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Unusable("INVALID_ODDS")


def list_value(value, reason: str) -> list:
    if not isinstance(value, list):
        raise Unusable(reason)
    if len(value) > MAX_OUTCOMES:
        raise Unusable("TOO_MANY_OUTCOMES")
    return value


def object_value(value, reason: str) -> dict:
    if not isinstance(value, dict):
        raise Unusable(reason)
    return value
