"""The one statement by which sightings enter the queue."""

import json
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from mappings.actors import acting_as

SCRAPER = "scraper"  # who re-opens what does not map any more

SEEN_STEP = timedelta(minutes=5)

# Rows in key order, so that two workers cannot deadlock. A sighting of an older cycle than the row
# has already counted changes no count. A process that had not read the mapping yet which made the
# row MAPPED cannot re-open it; nor can "BetPawa has no such market" where that is what was decided: the row's
# mapping is in force and names no market of BetPawa.
#
# A cycle counts most rows once per batch. Within one cycle the time moves in steps and the sample of a
# described row stays: what moves then is in no index, and the new version stays within its page. A text that
# is the same is taken from the row, so that nothing of it is stored again.
UPSERT = """
INSERT INTO unmapped_market_log AS q
       (source, external_market_id, market_name, sample_outcomes, rules_text, error_code,
        first_seen_at, last_seen_at, event_count, first_cycle_id, last_cycle_id, next_kickoff_at)
SELECT s.source, s.external_market_id, s.market_name, s.sample_outcomes, s.rules_text, s.error_code,
       s.seen_at, s.seen_at, s.events, s.cycle_id, s.cycle_id, s.kickoff_at
  FROM jsonb_to_recordset(%(sightings)s::jsonb)
       AS s(source text, external_market_id text, market_name text, sample_outcomes jsonb,
            rules_text text, error_code text, seen_at timestamptz, events int, cycle_id bigint,
            kickoff_at timestamptz)
 ORDER BY s.source, s.external_market_id
ON CONFLICT (source, external_market_id) DO UPDATE
   SET market_name = coalesce(excluded.market_name, q.market_name),
       sample_outcomes = CASE WHEN excluded.last_cycle_id = q.last_cycle_id AND q.sample_outcomes IS NOT NULL
                                   AND (q.market_name IS NOT NULL OR excluded.market_name IS NULL)
                              THEN q.sample_outcomes
                              WHEN q.sample_outcomes IS NULL OR excluded.market_name IS NOT NULL
                              THEN coalesce(excluded.sample_outcomes, q.sample_outcomes)
                              ELSE q.sample_outcomes END,
       rules_text = CASE WHEN excluded.rules_text IN ('', q.rules_text) THEN q.rules_text
                         ELSE excluded.rules_text END,
       error_code = coalesce(nullif(excluded.error_code, ''), q.error_code),
       last_seen_at = CASE WHEN excluded.last_cycle_id = q.last_cycle_id
                                AND excluded.last_seen_at < q.last_seen_at + %(step)s
                           THEN q.last_seen_at
                           ELSE greatest(q.last_seen_at, excluded.last_seen_at) END,
       occurrence_count = q.occurrence_count
           + CASE WHEN excluded.last_cycle_id <= q.last_cycle_id THEN 0 ELSE 1 END,
       event_count = CASE WHEN excluded.last_cycle_id < q.last_cycle_id THEN q.event_count
                          WHEN excluded.last_cycle_id = q.last_cycle_id THEN q.event_count + excluded.event_count
                          ELSE excluded.event_count END,
       next_kickoff_at = CASE WHEN excluded.last_cycle_id > q.last_cycle_id THEN excluded.next_kickoff_at
                              ELSE least(q.next_kickoff_at, excluded.next_kickoff_at) END,
       first_cycle_id = coalesce(q.first_cycle_id, excluded.first_cycle_id),
       last_cycle_id = greatest(q.last_cycle_id, excluded.last_cycle_id)
RETURNING q.source, q.external_market_id, (q.xmax = 0), q.status = 'MAPPED'
"""

REOPEN = """
UPDATE unmapped_market_log AS q
   SET status = 'NEW',
       version = q.version + 1,
       alerted_at = NULL,
       reopened_reason = left('It was mapped'
           || coalesce(' to ' || m.canonical_id, '') || coalesce(' by ' || q.decided_by, '')
           || coalesce(' on ' || to_char(q.decided_at AT TIME ZONE 'Africa/Lagos',
                                         'Dy FMDD Mon YYYY, HH24:MI "WAT"'), '')
           || ', and does not map any more'
           || coalesce(': ' || replace(lower(nullif(s.error_code, '')), '_', ' '), '') || '.', 1000),
       earlier_decision = jsonb_build_object('status', q.status, 'decidedBy', q.decided_by,
           'decidedAt', q.decided_at, 'mappedTo', m.canonical_id, 'notes', q.notes, 'until', NULL),
       decided_by = NULL, decided_at = NULL, decided_mapping_version = NULL,
       review_since = NULL, review = NULL
  FROM (SELECT q.id, m.canonical_id, m.is_active AND coalesce(m.betpawa_id, '') = '' AS is_without_betpawa
          FROM unmapped_market_log AS q LEFT JOIN user_market_mappings AS m ON m.id = q.mapped_to_id
         WHERE q.status = 'MAPPED') AS m,
       jsonb_to_recordset(%(sightings)s::jsonb)
       AS s(source text, external_market_id text, error_code text, mapping_version bigint)
 WHERE m.id = q.id AND q.status = 'MAPPED'
   AND q.source = s.source AND q.external_market_id = s.external_market_id
   AND NOT (s.error_code = 'UNSUPPORTED_PLATFORM' AND coalesce(m.is_without_betpawa, FALSE))
   AND (q.decided_mapping_version IS NULL OR s.mapping_version IS NULL
        OR s.mapping_version >= q.decided_mapping_version)
RETURNING q.source, q.external_market_id
"""


def upsert_sightings(sightings: dict, counted: dict) -> tuple[list, list]:
    """Store {key: Sighting}; returns the keys newly inserted and those re-opened.

    counted: {key: events of this cycle that this process has stored before}. Call in a transaction.
    """
    rows = [_row(key, sightings[key], counted.get(key, ())) for key in sorted(sightings)]
    parameters = {"sightings": json.dumps(rows), "step": SEEN_STEP}
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, parameters)
        stored = cursor.fetchall()
    inserted = [(source, key) for source, key, is_new, _ in stored if is_new]
    return inserted, _reopened(parameters) if any(is_mapped for *_, is_mapped in stored) else []


def _reopened(parameters):
    with acting_as(SCRAPER, "It does not map any more."), connection.cursor() as cursor:
        cursor.execute(REOPEN, parameters)
        return [(source, key) for source, key in cursor.fetchall()]


def _row(key, sighting, counted):
    entry = sighting.entry
    return {
        "source": key[0],
        "external_market_id": key[1],
        "market_name": entry.market_name,
        "sample_outcomes": entry.sample_outcomes,
        "rules_text": entry.rules_text,
        "error_code": entry.error_code,
        "seen_at": (entry.seen_at or timezone.now()).isoformat(),
        "events": len(sighting.event_keys - set(counted)),
        "cycle_id": sighting.cycle_id,
        "mapping_version": sighting.mapping_version,
        "kickoff_at": entry.kickoff_at.isoformat() if entry.kickoff_at else None,
    }


__all__ = ["SCRAPER", "upsert_sightings"]
