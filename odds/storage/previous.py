"""What is known of a batch's pairs before it is compared: loaded under the lock of their links."""

from array import array
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import structlog

from odds.caching.pair_comparison import text_of_key
from odds.storage import sql

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
_decode_keys = msgspec.msgpack.Decoder(list[str]).decode
_decode_missing = msgspec.msgpack.Decoder(dict[str, Absence]).decode
_NOTHING_MISSING = _encode({})


@dataclass(slots=True)
class KnownPair:
    """One event at one bookmaker. fingerprints: {key_text: fingerprint}; missed: {key_text: Absence}.

    is_packed: the packed state in the database is there and in the order of `fingerprints`.
    """

    link_id: int
    external_id: str
    observed_at: datetime | None
    confirmed_at: datetime | None
    fingerprints: dict[str, int] = field(default_factory=dict)
    missed: dict[str, Absence] = field(default_factory=dict)
    is_packed: bool = False

    @property
    def withdrawn_count(self) -> int:
        return sum(absence.withdrawn_at is not None for absence in self.missed.values()) if self.missed else 0

    @property
    def due_count(self) -> int:
        return sum(absence.is_due for absence in self.missed.values()) if self.missed else 0


def pack_keys(fingerprints: dict[str, int]) -> bytes:
    return _encode(list(fingerprints))


def pack_fingerprints(fingerprints: dict[str, int]) -> bytes:
    return array("q", fingerprints.values()).tobytes()


def pack_missing(missed: dict[str, Absence]) -> bytes:
    return _encode(missed) if missed else _NOTHING_MISSING


def unpack(keys: bytes, fingerprints: bytes) -> dict[str, int]:
    """Raises ValueError when the two do not belong together."""
    return dict(zip(_decode_keys(keys), array("q", fingerprints), strict=True))


def unpack_missing(missing: bytes) -> dict[str, Absence]:
    return {} if missing == _NOTHING_MISSING else _decode_missing(missing)


def lock_and_load(cursor, pairs: list[Pair]) -> dict[Pair, KnownPair]:
    """Lock the links of the pairs and load what is known of them; pairs without a link are left out.

    cursor: a binary server-side binding cursor inside a transaction. Two statements for any
    number of pairs, one more when some of them have no packed state.
    """
    cursor.execute(sql.LOCK_LINKS, [[pair[0] for pair in pairs], [pair[1] for pair in pairs]])
    known = {
        (event_id, slug): KnownPair(link_id, external_id, observed_at, confirmed_at)
        for link_id, event_id, slug, external_id, observed_at, confirmed_at in cursor.fetchall()
    }
    load_packed(cursor, known)
    return known


def load_packed(cursor, known: dict[Pair, KnownPair]):
    """Fill locked pairs with their packed state, or with what the rows say where there is none."""
    cursor.execute(sql.PACKED_STATE, [[pair.link_id for pair in known.values()]])
    packed = {link_id: state for link_id, *state in cursor.fetchall()}
    unpacked = []
    for pair, state in known.items():
        state.is_packed = state.link_id in packed and _unpack_into(state, *packed[state.link_id])
        if not state.is_packed:
            unpacked.append(pair)
    if unpacked:
        cursor.execute(sql.ROW_STATE, [[pair[0] for pair in unpacked], [pair[1] for pair in unpacked]])
        for event_id, slug, market_id, line, fingerprint, missed_count, withdrawn_at in cursor.fetchall():
            text = text_of_key((market_id, line))
            known[event_id, slug].fingerprints[text] = fingerprint
            if missed_count:
                known[event_id, slug].missed[text] = Absence(missed_count, withdrawn_at)


def _unpack_into(state: KnownPair, keys: bytes, fingerprints: bytes, missing: bytes) -> bool:
    """False, with a log line, when the parts do not belong together; the rows know better then."""
    try:
        state.fingerprints = unpack(keys, fingerprints)
    except ValueError:
        log.error("odds.packed_state_broken", link=state.link_id)
        return False
    state.missed = unpack_missing(missing)
    return True
