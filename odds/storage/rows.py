"""Changed markets as the columns of one statement, which writes both current odds and history."""

import msgspec

from odds.fields import normalised
from odds.storage.arrays import NULL, Int8Array, JsonbArray, TextArray, TimestamptzArray, jsonb_element, text_element

MAX_ID = 50
MAX_NAME = 255
MAX_OUTCOMES = 1000


class Refused(ValueError):
    """A market that cannot be stored, known before the database has to say so. args: (reason, detail)."""


def outcomes_json(outcomes) -> str:
    """[{"name", "odds", "is_active"}] of (name, odds, is_active). ValueError: PostgreSQL cannot hold it."""
    inner = ",".join([f"{_names[name]}{_odds[odds]}{_ENDINGS[is_active]}" for name, odds, is_active in outcomes])
    return f"[{inner}]"


class IncomingRows:
    """Rows of changed markets, a list per column, in the order of `sql.UPSERT_CURRENT`."""

    __slots__ = ("_columns", "_fingerprints", "_pairs", "_versions")

    def __init__(self):
        self._pairs: list[int] = []
        self._fingerprints: list[int] = []
        self._versions: list[int | None] = []
        self._columns: list[tuple[bytes, ...]] = []

    def __len__(self):
        return len(self._columns)

    def add(self, event_id: int, slug: bytes, market, captured_at: bytes, mapping_version: int | None):
        """slug, captured_at: elements, made once for many rows; captured_at NULL: when it is written.
        Raises Refused, or ValueError for text that the database cannot hold, and then adds nothing."""
        outcomes = market.outcomes
        if len(outcomes) > MAX_OUTCOMES:
            raise Refused("TOO_MANY_OUTCOMES", f"{len(outcomes)} outcomes; at most {MAX_OUTCOMES} are stored.")
        numbers = _numbers
        row = (
            slug,
            _market_ids[market.betpawa_market_id],
            _market_names[market.betpawa_market_name],
            numbers[market.line],
            _types[market.handicap_type],
            numbers[market.handicap_home],
            numbers[market.handicap_away],
            jsonb_element(outcomes_json(outcomes).encode()),
            _groups[market.market_groups],
            captured_at,
        )
        self._columns.append(row)
        self._pairs.append(event_id)
        self._fingerprints.append(market.fingerprint)
        self._versions.append(mapping_version)

    def parameters(self) -> list:
        *texts, outcomes, groups, captured_at = zip(*self._columns, strict=True)
        return [
            Int8Array.of_numbers(self._pairs),
            *map(TextArray.of, texts),
            JsonbArray.of(outcomes),
            JsonbArray.of(groups),
            Int8Array.of_numbers(self._fingerprints),
            TimestamptzArray.of(captured_at),
            Int8Array.of_numbers(self._versions),
        ]


class _Memo(dict):
    """Made once per distinct value: names, prices and lines repeat by the thousand."""

    LIMIT = 20_000

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, value):
        made = self.make(value)
        if len(self) >= self.LIMIT:
            self.clear()
        self[value] = made
        return made


def _text(value: str) -> bytes:
    if "\x00" in value:
        raise ValueError("The text holds a NUL character.")
    return text_element(value)


def _json(value) -> str:
    text = msgspec.json.encode(value).decode()
    if "\\u0000" in text:
        raise ValueError("The text holds a NUL character.")
    return text


def _market_id(value: str) -> bytes:
    if not 1 <= len(value) <= MAX_ID:
        raise Refused("BAD_MARKET_ID", f"A market id has 1 to {MAX_ID} characters, this one {len(value)}.")
    return _text(value)


def _name(value: str, limit: int) -> bytes:
    if len(value) > limit:
        raise Refused("NAME_TOO_LONG", f"At most {limit} characters are stored, this has {len(value)}.")
    return _text(value)


def _number(value) -> bytes:
    if value is None:
        return NULL
    if not (value.is_finite() and abs(value) < 1_000_000):
        raise Refused("BAD_LINE", f"{value} is not a line.")
    return text_element(str(normalised(value)))


_market_ids = _Memo(_market_id)
_market_names = _Memo(lambda name: _name(name, MAX_NAME))
_types = _Memo(lambda name: _name(name, MAX_ID))
_numbers = _Memo(_number)
_groups = _Memo(lambda groups: jsonb_element(_json(list(groups)).encode()))
_names = _Memo(lambda name: f'{{"name":{_json(name)},"odds":')
_odds = _Memo(lambda odds: _json(str(odds)))
_ENDINGS = {True: ',"is_active":true}', False: ',"is_active":false}'}
