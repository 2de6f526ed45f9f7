"""How much of what is stored a mapping concerns: the figures of its preview. Exact.

Counted through the packed state of links, a value per event instead of a row per market, so that
no index has to be kept for it and the table of current odds is not read at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db import connection

from odds.caching.pair_comparison import market_id_of_text, text_of_key
from odds.models import Bookmaker
from odds.storage import arrays
from odds.storage.previous import unpack_keys, unpack_missing

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


class StoredRows(NamedTuple):
    """events: that have the market. markets: different lines of it, "no line" being one. rows: of
    all events together."""

    events: int
    markets: int
    rows: int


def stored_rows(bookmaker_slug: str, betpawa_market_id: str) -> StoredRows:
    """What a bookmaker has on offer of one market, on events still to come."""
    head = text_of_key((betpawa_market_id, None))
    events = rows = 0
    lines = set()
    for texts in _offered(bookmaker_slug):
        found = [text for text in texts if text.startswith(head) and market_id_of_text(text) == betpawa_market_id]
        if found:
            events += 1
            rows += len(found)
            lines.update(found)
    return StoredRows(events, len(lines), rows)


def reference_rows(betpawa_market_ids: Iterable[str]) -> dict[str, int]:
    """{market id: upcoming events on which the reference bookmaker has it on offer}, for each id asked for."""
    counts = Counter(dict.fromkeys(betpawa_market_ids, 0))
    wanted = set(counts)
    for texts in _offered(Bookmaker.objects.get(is_reference=True).slug):
        counts.update(wanted.intersection([market_id_of_text(text) for text in texts]))
    return dict(counts)


def _offered(slug) -> Iterator[list[str]]:
    """The keys of what is on offer ("market|line"), per upcoming event."""
    connection.ensure_connection()
    with connection.wrap_database_errors, arrays.cursor(connection.connection) as cursor:
        unpacked = []
        for event_id, keys, missing in cursor.execute(PACKED_KEYS, [slug]).fetchall():
            if keys is None or missing is None:
                unpacked.append(event_id)
                continue
            texts, missed = unpack_keys(keys), unpack_missing(missing)
            if missed:
                texts = [text for text in texts if text not in missed or not missed[text].is_withdrawn]
            yield texts
        if unpacked:
            of_event = defaultdict(list)
            for event_id, *key in cursor.execute(ROW_KEYS, [unpacked, slug]).fetchall():
                of_event[event_id].append(text_of_key(key))
            yield from of_event.values()
