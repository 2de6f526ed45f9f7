"""How much of what is stored a mapping concerns: the figures of its preview. Exact.

Counted through the packed state of links, a value per event instead of a row per market, so that
no index has to be kept for it and the table of current odds is not read at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

from odds.caching.pair_comparison import market_id_of_text, text_of_key
from odds.models import Bookmaker
from odds.storage import arrays
from odds.storage.previous import Absence, pack_keys, unpack_keys, unpack_missing

# Upcoming events at a bookmaker; without packed state, keys or missing is null.
# Params: slug. Leans on idx_event_kickoff, one_link_per_event_bookmaker and primary keys.
PACKED_KEYS = """
SELECT link.event_id, markets.keys, packed.missing
  FROM odds_event AS event
  JOIN odds_event_link AS link ON link.event_id = event.id AND link.bookmaker_slug = %s AND link.market_count > 0
  LEFT JOIN odds_link_markets AS markets ON markets.link_id = link.id
  LEFT JOIN odds_link_fingerprints AS packed ON packed.link_id = link.id
 WHERE event.kickoff_at > now()
"""

# The same from the rows themselves. Params: event ids, slug. Leans on uq_market_odds_current.
ROW_KEYS = """
SELECT event_id, betpawa_market_id, line
  FROM market_odds_current
 WHERE event_id = ANY(%s) AND bookmaker_slug = %s AND unavailable_at IS NULL
"""

# Events whose keys of a market are remembered, at a bookmaker each: 2,000 at three, of two markets.
MOST_REMEMBERED = 12_000


class StoredRows(NamedTuple):
    """events: that have the market. markets: different lines of it, "no line" being one. rows: of
    all events together."""

    events: int
    markets: int
    rows: int


def stored_rows(bookmaker_slug: str, betpawa_market_id: str) -> StoredRows:
    """What a bookmaker has on offer of one market, on events still to come."""
    events = rows = 0
    lines = set()
    for packed, missed in _offered(bookmaker_slug):
        found = _of_market(packed, betpawa_market_id)
        if found and missed:
            found = _on_offer(found, missed)
        if found:
            events += 1
            rows += len(found)
            lines.update(found)
    return StoredRows(events, len(lines), rows)


def reference_rows(betpawa_market_ids: Iterable[str]) -> dict[str, int]:
    """{market id: upcoming events on which the reference bookmaker has it on offer}, for each id asked for."""
    counts = Counter(dict.fromkeys(betpawa_market_ids, 0))
    wanted = set(counts)
    for packed, missed in _offered(Bookmaker.objects.get(is_reference=True).slug):
        texts = unpack_keys(packed)
        if missed:
            texts = _on_offer(texts, missed)
        counts.update(wanted.intersection([market_id_of_text(text) for text in texts]))
    return dict(counts)


# A preview asks for the same market at every keystroke, and what bytes say does not change.
@lru_cache(maxsize=MOST_REMEMBERED)
def _of_market(packed: bytes, market_id: str) -> tuple[str, ...]:
    """The keys of one market, every line of it."""
    head = text_of_key((market_id, None))
    if head.encode() not in packed:
        return ()
    return tuple(
        [text for text in unpack_keys(packed) if text.startswith(head) and market_id_of_text(text) == market_id]
    )


def _on_offer(texts, missed):
    return [text for text in texts if text not in missed or not missed[text].is_withdrawn]


def _offered(slug) -> Iterator[tuple[bytes, dict[str, Absence]]]:
    """Per upcoming event the packed keys ("market|line") of its markets, and those of them that the
    last answers lacked: which are withdrawn, they say."""
    connection.ensure_connection()
    with connection.wrap_database_errors, arrays.cursor(connection.connection) as cursor:
        unpacked = []
        for event_id, keys, missing in cursor.execute(PACKED_KEYS, [slug]).fetchall():
            if keys is None or missing is None:
                unpacked.append(event_id)
            else:
                yield bytes(keys), unpack_missing(missing)
        if unpacked:
            of_event = defaultdict(list)
            for event_id, *key in cursor.execute(ROW_KEYS, [unpacked, slug]).fetchall():
                of_event[event_id].append(text_of_key(key))
            for texts in of_event.values():
                yield pack_keys(texts), {}
