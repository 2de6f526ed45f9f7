"""The statements of the odds writers: what each does, returns and leans on.

Values are bound; arrays as %b, in binary, because as text every element of them is escaped one by
one. Every writer first locks the links of what it writes, in the order of (event_id,
bookmaker_slug), so that no two of them wait for each other in a circle.
"""

# Lock the links of the wanted pairs until the transaction ends, in key order. The lock is what
# makes "compare, then write" safe among workers of all hosts.
# Params: event ids, bookmaker slugs. Leans on one_link_per_event_bookmaker.
LOCK_LINKS = """
SELECT link.id, link.event_id, link.bookmaker_slug, link.external_id, link.observed_at, link.confirmed_at,
       link.mapping_version
  FROM odds_event_link AS link
  JOIN unnest(%b::bigint[], %b::text[]) AS wanted (event_id, bookmaker_slug)
    ON link.event_id = wanted.event_id AND link.bookmaker_slug = wanted.bookmaker_slug
 ORDER BY link.event_id, link.bookmaker_slug
   FOR NO KEY UPDATE OF link
"""

# The packed state of links, which an earlier statement has locked. Params: event ids, bookmaker slugs.
# Leans on one_link_per_event_bookmaker and primary keys.
PACKED_STATE = """
SELECT link.id, markets.keys, packed.fingerprints, packed.missing
  FROM unnest(%b::bigint[], %b::text[]) AS wanted (event_id, bookmaker_slug)
  JOIN odds_event_link AS link
    ON link.event_id = wanted.event_id AND link.bookmaker_slug = wanted.bookmaker_slug
  JOIN odds_link_fingerprints AS packed ON packed.link_id = link.id
  JOIN odds_link_markets AS markets ON markets.link_id = link.id
"""

# What the rows themselves say, for links without packed state; the last column is set for
# withdrawn markets only. Params: event ids, bookmaker slugs. Leans on uq_market_odds_current.
ROW_STATE = """
SELECT odds.event_id, odds.bookmaker_slug, odds.betpawa_market_id, odds.line, odds.fingerprint, odds.missed_count,
       CASE WHEN odds.unavailable_at IS NOT NULL THEN odds.last_updated_at END
  FROM unnest(%b::bigint[], %b::text[]) AS wanted (event_id, bookmaker_slug)
  JOIN market_odds_current AS odds
    ON odds.event_id = wanted.event_id AND odds.bookmaker_slug = wanted.bookmaker_slug
"""

# Insert or replace changed rows, and append them to the history as they were written. Whatever is in
# an answer is neither missed nor withdrawn. A change is dated after the one before it, whatever the
# clocks say; one without a time of its own is dated now. history.is_available and unavailable_at are
# left to their defaults.
# Params: event ids, slugs, market ids, names, lines, handicap types, home and away handicaps as
# text, outcomes, groups, fingerprints, times of the change, mapping versions.
# Leans on uq_market_odds_current, whose NULLS NOT DISTINCT makes "no line" a value like others.
UPSERT_CURRENT = """
WITH written AS (
    INSERT INTO market_odds_current AS current
           (event_id, bookmaker_slug, betpawa_market_id, betpawa_market_name, line, handicap_type, handicap_home,
            handicap_away, outcomes, market_groups, fingerprint, last_updated_at, mapping_version)
    SELECT event_id, bookmaker_slug, betpawa_market_id, betpawa_market_name, line::numeric, handicap_type,
           handicap_home::numeric, handicap_away::numeric, outcomes, market_groups, fingerprint,
           COALESCE(captured_at, statement_timestamp()), mapping_version
      FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
           AS incoming (event_id, bookmaker_slug, betpawa_market_id, betpawa_market_name, line, handicap_type,
                        handicap_home, handicap_away, outcomes, market_groups, fingerprint, captured_at,
                        mapping_version)
     ORDER BY event_id, betpawa_market_id, line::numeric, bookmaker_slug
    ON CONFLICT (event_id, betpawa_market_id, line, bookmaker_slug) DO UPDATE
       SET betpawa_market_name = excluded.betpawa_market_name, handicap_type = excluded.handicap_type,
           handicap_home = excluded.handicap_home, handicap_away = excluded.handicap_away,
           outcomes = excluded.outcomes, market_groups = excluded.market_groups,
           fingerprint = excluded.fingerprint,
           last_updated_at = GREATEST(excluded.last_updated_at, current.last_updated_at + interval '1 microsecond'),
           mapping_version = excluded.mapping_version,
           unavailable_at = NULL, missed_at = NULL, missed_count = 0, last_seen_at = NULL
 RETURNING event_id, bookmaker_slug, betpawa_market_id, line, outcomes, last_updated_at, mapping_version
)
INSERT INTO market_odds_history
       (event_id, bookmaker_slug, betpawa_market_id, line, outcomes, captured_at, mapping_version)
SELECT event_id, bookmaker_slug, betpawa_market_id, line, outcomes, last_updated_at, mapping_version
  FROM written
"""

# The row of one market, by the four columns of uq_market_odds_current. "IS NOT DISTINCT FROM" would
# read every line of the market; a row has a line or has none, and either finds its index entry.
_ROW_OF = """
CROSS JOIN LATERAL (
      SELECT odds.id FROM market_odds_current AS odds
       WHERE odds.event_id = {0}.event_id AND odds.betpawa_market_id = {0}.betpawa_market_id
         AND odds.line = {0}.line AND odds.bookmaker_slug = {0}.bookmaker_slug
       UNION ALL
      SELECT odds.id FROM market_odds_current AS odds
       WHERE odds.event_id = {0}.event_id AND odds.betpawa_market_id = {0}.betpawa_market_id
         AND odds.line IS NULL AND {0}.line IS NULL AND odds.bookmaker_slug = {0}.bookmaker_slug
) AS row
"""


def row_of(markets: str) -> str:
    """A join that gives each of `markets` (event_id, bookmaker_slug, betpawa_market_id, line) its row.id."""
    return _ROW_OF.format(markets)


# Known markets that a complete answer lacked: one more miss each. The first miss keeps when the
# market was last seen, which until then only its link said.
# Params: event ids, slugs, market ids, lines, times of the answers, last seen times.
MARK_MISSED = f"""
UPDATE market_odds_current AS current
   SET missed_count = current.missed_count + 1,
       missed_at = COALESCE(current.missed_at, missing.at),
       last_seen_at = COALESCE(current.last_seen_at, missing.last_seen_at, LEAST(current.last_updated_at, missing.at))
  FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[]::numeric[], %b::timestamptz[], %b::timestamptz[])
       AS missing (event_id, bookmaker_slug, betpawa_market_id, line, at, last_seen_at)
{row_of("missing")}
 WHERE current.id = row.id
"""

# Markets that were missed but not withdrawn, and are back as they were: nothing has happened.
# Params: event ids, slugs, market ids, lines.
CLEAR_MISSED = f"""
UPDATE market_odds_current AS current
   SET missed_count = 0, missed_at = NULL, last_seen_at = NULL
  FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[]::numeric[])
       AS seen (event_id, bookmaker_slug, betpawa_market_id, line)
{row_of("seen")}
 WHERE current.id = row.id
"""

# Close an answer: the fence and the freshness of its pair. A complete answer that holds markets
# proves the event offered, whatever the lists say.
# Params: link ids, observation times, complete (1 or 0), "proves the event offered" (1 or 0), mapping
# versions, counts of markets, of withdrawn and of due ones.
UPDATE_LINKS = """
UPDATE odds_event_link AS link
   SET observed_at = seen.observed_at,
       confirmed_at = CASE WHEN seen.complete THEN seen.observed_at ELSE link.confirmed_at END,
       generation = link.generation + 1,
       mapping_version = seen.mapping_version,
       market_count = seen.market_count,
       withdrawn_count = seen.withdrawn_count,
       due_count = seen.due_count,
       missed_discoveries = CASE WHEN seen.offered THEN 0 ELSE link.missed_discoveries END,
       withdrawn_at = CASE WHEN seen.offered THEN NULL ELSE link.withdrawn_at END,
       last_attempt_at = seen.observed_at,
       last_error = ''
  FROM (SELECT link_id, observed_at, complete = 1, offered = 1, mapping_version, market_count, withdrawn_count,
               due_count
          FROM unnest(%b::bigint[], %b::timestamptz[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
                      %b::bigint[], %b::bigint[])
               AS noted (link_id, observed_at, complete, offered, mapping_version, market_count, withdrawn_count,
                         due_count))
       AS seen (link_id, observed_at, complete, offered, mapping_version, market_count, withdrawn_count, due_count)
 WHERE link.id = seen.link_id
"""

# Close an answer that was mapped once more: nothing new was seen, so the fence and the freshness stay.
# Params: link ids, mapping versions, counts of markets, of withdrawn and of due ones.
UPDATE_REAPPLIED_LINKS = """
UPDATE odds_event_link AS link
   SET generation = link.generation + 1, mapping_version = again.mapping_version, market_count = again.market_count,
       withdrawn_count = again.withdrawn_count, due_count = again.due_count
  FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[])
       AS again (link_id, mapping_version, market_count, withdrawn_count, due_count)
 WHERE link.id = again.link_id
"""

# Params: link ids, packed fingerprints, packed absences.
UPSERT_FINGERPRINTS = """
INSERT INTO odds_link_fingerprints (link_id, fingerprints, missing)
SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[])
ON CONFLICT (link_id) DO UPDATE SET fingerprints = excluded.fingerprints, missing = excluded.missing
"""

# The same for links that have them already. Params: the same. Primary key.
UPDATE_FINGERPRINTS = """
UPDATE odds_link_fingerprints AS packed
   SET fingerprints = changed.fingerprints, missing = changed.missing
  FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[]) AS changed (link_id, fingerprints, missing)
 WHERE packed.link_id = changed.link_id
"""

# Params: link ids, packed keys.
UPSERT_KEYS = """
INSERT INTO odds_link_markets (link_id, keys)
SELECT * FROM unnest(%b::bigint[], %b::bytea[])
ON CONFLICT (link_id) DO UPDATE SET keys = excluded.keys
"""
