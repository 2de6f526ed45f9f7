"""What is known of a batch's pairs before it is compared: loaded under the lock of their links."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import structlog

from odds.caching.pair_comparison import KnownKeys, text_of_key
from odds.storage import arrays, sql

log = structlog.get_logger(__name__)

Pair = tuple[int, str]


class Absence(msgspec.Struct, array_like=True, frozen=True):
    """A market that its event's last complete answer did not hold.

    withdrawn_at: when its withdrawal was written, None while it is only missed.
    """

    missed_count: int
    withdrawn_at: datetime | None = None

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def is_due(self) -> bool:
        return self.missed_count >= 2 and self.withdrawn_at is None


_encode = msgspec.msgpack.encode
unpack_keys = msgspec.msgpack.Decoder(list[str]).decode
_decode_missing = msgspec.msgpack.Decoder(dict[str, Absence]).decode
_NOTHING_MISSING = _encode({})


@dataclass(slots=True)
class KnownPair:
    """One event at one bookmaker. keys and fingerprints: of its markets, in one order; missed:
    {key_text: Absence}.

    is_packed: the packed state in the database is there and in the order of `fingerprints`.
    """

    link_id: int
    external_id: str
    observed_at: datetime | None
    confirmed_at: datetime | None
    mapping_version: int | None = None
    keys: KnownKeys = KnownKeys([], [], [])
    fingerprints: array = field(default_factory=lambda: array("q"))
    missed: dict[str, Absence] = field(default_factory=dict)
    is_packed: bool = False

    def replace(self, fingerprints: dict[str, int]):
        """Take other markets, or the same in another order."""
        self.keys = KnownKeys.of(fingerprints)
        self.fingerprints = array("q", fingerprints.values())

    def by_text(self) -> dict[str, int]:
        return dict(zip(self.keys.texts, self.fingerprints, strict=True))

    @property
    def packed_keys(self) -> bytes:
        return pack_keys(self.keys.texts)

    @property
    def packed_fingerprints(self) -> bytes:
        return self.fingerprints.tobytes()

    @property
    def packed_missing(self) -> bytes:
        return pack_missing(self.missed)

    @property
    def withdrawn_count(self) -> int:
        return sum(absence.withdrawn_at is not None for absence in self.missed.values()) if self.missed else 0

    @property
    def due_count(self) -> int:
        return sum(absence.is_due for absence in self.missed.values()) if self.missed else 0


def pack_keys(texts: Iterable[str]) -> bytes:
    return _encode(list(texts))


def pack_missing(missed: dict[str, Absence]) -> bytes:
    return _encode(missed) if missed else _NOTHING_MISSING


def unpack(keys: bytes, fingerprints: bytes) -> dict[str, int]:
    """Raises ValueError when the two do not belong together."""
    return dict(zip(unpack_keys(keys), array("q", fingerprints), strict=True))


def unpack_missing(missing: bytes) -> dict[str, Absence]:
    return {} if missing == _NOTHING_MISSING else _decode_missing(missing)


class _ParsedKeys(dict):
    """{packed keys: KnownKeys}: what bytes say does not change, and most links say the same as a minute ago.

    Equal texts and lines are one object in all of them: a link costs 24 bytes a market.
    """

    LIMIT = 8192

    def __init__(self):
        super().__init__()
        self._same: dict = {}

    def __missing__(self, packed: bytes) -> KnownKeys:
        if len(self) >= self.LIMIT:
            self.clear()
            self._same.clear()
        same = self._same.setdefault
        texts, market_ids, lines = KnownKeys.of(unpack_keys(packed))
        keys = self[packed] = KnownKeys(
            [same(text, text) for text in texts],
            [same(market_id, market_id) for market_id in market_ids],
            [same(line, line) for line in lines],
        )
        return keys


_parsed_keys = _ParsedKeys()


class Loading:
    """What is known of pairs, asked for at once and taken when it is needed.

    pairs: of one event and bookmaker each; those without a link are left out. size: pairs per
    part. On a connection in pipeline mode nothing waits until `parts` does, so that the database
    reads the next part while this process compares the one before.
    """

    def __init__(self, connection, pairs: list[Pair], size: int):
        self._pairs = [pairs[start : start + size] for start in range(0, len(pairs), size)]
        self._locked = _ask(connection, sql.LOCK_LINKS, pairs)
        self._packed = [_ask(connection, sql.PACKED_STATE, part) for part in self._pairs]

    def parts(self) -> Iterable[dict[Pair, KnownPair]]:
        """For each part of the pairs {pair: what is known}, their links locked."""
        locked = {
            (event_id, slug): KnownPair(link_id, *link) for link_id, event_id, slug, *link in self._locked.fetchall()
        }
        for part, packed in zip(self._pairs, self._packed, strict=True):
            known = {pair: locked[pair] for pair in part if pair in locked}
            _fill(packed, known)
            yield known


def load_packed(connection, known: dict[Pair, KnownPair]):
    """Fill pairs, whose links are locked, with their packed state, or with what the rows say."""
    _fill(_ask(connection, sql.PACKED_STATE, list(known)), known)


def _ask(connection, statement, pairs):
    cursor = arrays.cursor(connection)
    slugs = {slug: arrays.text_element(slug) for _, slug in pairs}
    return cursor.execute(
        statement,
        [
            arrays.Int8Array.of_numbers([event_id for event_id, _ in pairs]),
            arrays.TextArray.of([slugs[slug] for _, slug in pairs]),
        ],
    )


def _fill(cursor, known: dict[Pair, KnownPair]):
    packed = {link_id: state for link_id, *state in cursor.fetchall()}
    unpacked = {}
    for pair, state in known.items():
        state.is_packed = state.link_id in packed and _unpack_into(state, *packed[state.link_id])
        if not state.is_packed:
            unpacked[pair] = {}
    if not unpacked:
        return
    rows = _ask(cursor.connection, sql.ROW_STATE, list(unpacked)).fetchall()
    for event_id, slug, market_id, line, fingerprint, missed_count, withdrawn_at in rows:
        text = text_of_key((market_id, line))
        unpacked[event_id, slug][text] = fingerprint
        if missed_count:
            known[event_id, slug].missed[text] = Absence(missed_count, withdrawn_at)
    for pair, fingerprints in unpacked.items():
        known[pair].replace(fingerprints)


def _unpack_into(state: KnownPair, keys: bytes, fingerprints: bytes, missing: bytes) -> bool:
    """False, with a log line, when the parts do not belong together; the rows know better then."""
    parsed, numbers, missed = _parsed_keys[keys], array("q", fingerprints), unpack_missing(missing)
    if len(parsed.texts) != len(numbers) or not all(text in parsed.texts for text in missed):
        log.error("odds.packed_state_broken", link=state.link_id)
        return False
    state.keys, state.fingerprints, state.missed = parsed, numbers, missed
    return True
