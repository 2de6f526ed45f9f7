"""Rows as text for COPY, made once for the current table and once for the history."""

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
    line = _numbers[market.line]
    market_id = _texts[market.betpawa_market_id]
    outcomes = ",".join(
        [f"{_names[name]}{_odds[odds]}{_ENDINGS[is_active]}" for name, odds, is_active in market.outcomes]
    )
    current = (
        f"{event_id}\t{bookmaker_slug}\t{market_id}\t{_texts[market.betpawa_market_name]}\t{line}"
        f"\t{_texts[market.handicap_type]}\t{_numbers[market.handicap_home]}\t{_numbers[market.handicap_away]}"
        f"\t[{outcomes}]\t{_groups[market.market_groups]}\t{market.fingerprint}\t{captured_at}\n"
    )
    history = f"{event_id}\t{bookmaker_slug}\t{market_id}\t{line}\t[{outcomes}]\t{captured_at}\n"
    if "\x00" in current or "\\u0000" in current:
        raise ValueError("The text holds a NUL character.")
    return current.encode(), history.encode()


class _Memo(dict):
    """Texts made once per distinct value: names, prices and lines repeat by the thousand."""

    LIMIT = 20_000

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, value):
        text = self.make(value)
        if len(self) >= self.LIMIT:
            self.clear()
        self[value] = text
        return text


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)


def _json(value) -> str:
    return _escaped(msgspec.json.encode(value).decode())


_texts = _Memo(_escaped)
_numbers = _Memo(lambda value: _NULL if value is None else str(normalised(value)))
_groups = _Memo(lambda groups: _json(list(groups)))
_names = _Memo(lambda name: f'{{"name":{_json(name)},"odds":')
_odds = _Memo(lambda odds: _json(str(odds)))
_ENDINGS = {True: ',"is_active":true}', False: ',"is_active":false}'}
