"""Rows as text for COPY, made once for the current table and once for the history."""

from functools import lru_cache

import msgspec

from odds.fields import normalised

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = r"\N"
MAX_ID = 50
MAX_NAME = 255
MAX_OUTCOMES = 1000


def refusal(market) -> tuple[str, str] | None:
    """(reason, detail) when a market cannot be stored, before the database has to say so."""
    if not market.betpawa_market_id or len(market.betpawa_market_id) > MAX_ID:
        return "BAD_MARKET_ID", f"A market id has 1 to {MAX_ID} characters, this one {len(market.betpawa_market_id)}."
    if len(market.betpawa_market_name) > MAX_NAME or len(market.handicap_type) > MAX_ID:
        return "NAME_TOO_LONG", f"Names have at most {MAX_NAME} characters."
    for number in (market.line, market.handicap_home, market.handicap_away):
        if number is not None and not (number.is_finite() and abs(number) < 1_000_000):
            return "BAD_LINE", f"{number} is not a line."
    if len(market.outcomes) > MAX_OUTCOMES:
        return "TOO_MANY_OUTCOMES", f"{len(market.outcomes)} outcomes; at most {MAX_OUTCOMES} are stored."
    return None


def copy_rows(event_id: int, bookmaker_slug: str, market, captured_at: str) -> tuple[bytes, bytes]:
    """A changed market as a line of incoming_odds and a line of market_odds_history.

    captured_at: as text with its offset. Raises ValueError for text that the database cannot hold.
    """
    line = _number(market.line)
    outcomes = _outcomes(market.outcomes)
    market_id = _text(market.betpawa_market_id)
    current = (
        f"{event_id}\t{bookmaker_slug}\t{market_id}\t{_text(market.betpawa_market_name)}\t{line}"
        f"\t{_text(market.handicap_type)}\t{_number(market.handicap_home)}\t{_number(market.handicap_away)}"
        f"\t{outcomes}\t{_groups(market.market_groups)}\t{market.fingerprint}\t{captured_at}\n"
    )
    history = f"{event_id}\t{bookmaker_slug}\t{market_id}\t{line}\t{outcomes}\t{captured_at}\n"
    if "\x00" in current or "\\u0000" in current:
        raise ValueError("The text holds a NUL character.")
    return current.encode(), history.encode()


@lru_cache(maxsize=20_000)
def _text(value: str) -> str:
    return value.translate(_ESCAPES)


@lru_cache(maxsize=20_000)
def _number(value) -> str:
    return _NULL if value is None else str(normalised(value))


@lru_cache(maxsize=5_000)
def _groups(groups: tuple) -> str:
    return _json(list(groups))


@lru_cache(maxsize=20_000)
def _name(name: str) -> str:
    return f'{{"name":{_json(name)},"odds":'


@lru_cache(maxsize=20_000)
def _odds(odds) -> str:
    return _json(str(odds))


def _outcomes(outcomes) -> str:
    return (
        "["
        + ",".join(
            f'{_name(name)}{_odds(odds)},"is_active":{"true" if is_active else "false"}}}'
            for name, odds, is_active in outcomes
        )
        + "]"
    )


def _json(value) -> str:
    return msgspec.json.encode(value).decode().translate(_ESCAPES)
