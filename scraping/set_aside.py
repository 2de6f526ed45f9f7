"""Writing down the pieces of payloads that could not be used."""

from collections import Counter
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

MAX_ITEMS_PER_KIND = 100  # of one bookmaker and reason in a batch

# One row per piece and reason; the same fault in the next cycle counts it up. Ordered, so that
# two batches cannot deadlock. Leans on the constraint one_set_aside_per_piece.
UPSERT = """
INSERT INTO scraping_set_aside
       (run_id, bookmaker_slug, event_id, external_id, market_key, reason, detail, sample,
        seen_count, created_at, last_seen_at, dismissed_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, '')
ON CONFLICT (bookmaker_slug, external_id, market_key, reason) DO UPDATE
   SET run_id = excluded.run_id, event_id = excluded.event_id, detail = excluded.detail,
       sample = excluded.sample, seen_count = scraping_set_aside.seen_count + 1,
       last_seen_at = excluded.last_seen_at
"""


@dataclass(frozen=True, slots=True)
class Piece:
    bookmaker_slug: str
    event_id: int | None
    external_id: str
    market_key: str
    reason: str
    detail: str
    sample: object = None


def record_set_aside(run_id: int | None, pieces: list[Piece]) -> int:
    """Upsert one row per distinct piece; returns how many. Bounded per call: a payload that is
    broken throughout leaves a sample of its faults, and its count stands in the run."""
    distinct = {(p.bookmaker_slug, p.external_id[:100], p.market_key[:100], p.reason[:40]): p for p in pieces}
    now = timezone.now()
    rows = [
        (
            run_id,
            slug,
            piece.event_id,
            external_id,
            market_key,
            reason,
            _clean(piece.detail),
            _json(piece.sample),
            now,
            now,
        )
        for (slug, external_id, market_key, reason), piece in _bounded(distinct)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(UPSERT, rows)
    return len(rows)


def _bounded(distinct):
    """The pieces in key order, so many of each bookmaker and reason: one broken feed leaves room
    for the others' faults."""
    counts = Counter()
    for key, piece in sorted(distinct.items(), key=lambda item: item[0]):
        kind = key[0], key[3]
        counts[kind] += 1
        if counts[kind] <= MAX_ITEMS_PER_KIND:
            yield key, piece


def readable(sample: bytes) -> str:
    """Bytes of an answer as text that the database takes."""
    return sample.decode("utf-8", "replace").replace("\x00", "")


def _clean(text):
    return str(text).replace("\x00", "")[:1000]


def _json(sample):
    return None if sample is None else Jsonb(_clean(sample))
