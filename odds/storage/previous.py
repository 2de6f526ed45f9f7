"""What is known of a batch's pairs before it is compared: loaded under the lock of their links."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from odds.caching.pair_comparison import text_of_key
from odds.storage import sql

Pair = tuple[int, str]

_decode = msgspec.msgpack.Decoder(dict[str, int]).decode
_encode = msgspec.msgpack.encode


class Absence(NamedTuple):
    """A market that its event's last complete answer did not hold."""

    missed_count: int
    unavailable_at: datetime | None
    last_updated_at: datetime


@dataclass(slots=True)
class KnownPair:
    """One event at one bookmaker. fingerprints: {key_text: fingerprint}; missed: {key_text: Absence}."""

    link_id: int
    external_id: str
    observed_at: datetime | None
    confirmed_at: datetime | None
    fingerprints: dict[str, int] = field(default_factory=dict)
    missed: dict[str, Absence] = field(default_factory=dict)


def pack(fingerprints: dict[str, int]) -> bytes:
    return _encode(fingerprints)


def unpack(packed: bytes) -> dict[str, int]:
    return _decode(packed)


def lock_and_load(cursor, pairs: list[Pair]) -> dict[Pair, KnownPair]:
    """Lock the links of the pairs and load what is known of them; pairs without a link are left out.

    cursor: a binary server-side binding cursor inside a transaction. Four statements for any
    number of pairs.
    """
    event_ids, slugs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    cursor.execute(sql.LOCK_LINKS, [event_ids, slugs])
    known = {
        (event_id, slug): KnownPair(link_id, external_id, observed_at, confirmed_at)
        for link_id, event_id, slug, external_id, observed_at, confirmed_at in cursor.fetchall()
    }
    cursor.execute(sql.PACKED_FINGERPRINTS, [[pair.link_id for pair in known.values()]])
    packed = dict(cursor.fetchall())
    unpacked = []
    for pair, state in known.items():
        if state.link_id in packed:
            state.fingerprints = unpack(packed[state.link_id])
        else:
            unpacked.append(pair)
    if unpacked:
        cursor.execute(sql.ROW_FINGERPRINTS, [[pair[0] for pair in unpacked], [pair[1] for pair in unpacked]])
        for event_id, slug, market_id, line, fingerprint in cursor.fetchall():
            known[event_id, slug].fingerprints[_key(market_id, line)] = fingerprint
    cursor.execute(sql.MISSED_MARKETS, [event_ids, slugs])
    for event_id, slug, market_id, line, missed_count, unavailable_at, last_updated_at in cursor.fetchall():
        if (event_id, slug) in known:
            absence = Absence(missed_count, unavailable_at, last_updated_at)
            known[event_id, slug].missed[_key(market_id, line)] = absence
    return known


def _key(market_id: str, line: Decimal | None) -> str:
    return text_of_key((market_id, line))
