"""The statements of withdrawal: what each does, returns and leans on. See sql.py on locks."""

from odds.storage.sql import row_of

# Lock the links of upcoming events with markets that are due. Params: at, slug.
LOCK_LINKS_WITH_DUE_MARKETS = """
SELECT link.id, link.event_id, link.due_count
  FROM odds_event_link AS link
  JOIN odds_event AS event ON event.id = link.event_id AND event.kickoff_at > %s
 WHERE link.bookmaker_slug = %s AND link.due_count > 0
 ORDER BY link.event_id, link.bookmaker_slug
   FOR NO KEY UPDATE OF link
"""

# What the bookmaker has on offer on upcoming events, from the links' counts, so that it costs the
# same however many markets there are. Params: at, slug.
COUNT_AVAILABLE = """
SELECT COALESCE(sum(link.market_count - link.withdrawn_count), 0)
  FROM odds_event_link AS link
  JOIN odds_event AS event ON event.id = link.event_id AND event.kickoff_at > %s
 WHERE link.bookmaker_slug = %s
"""

# Withdraw markets and write the history of it in one statement. A change is dated after the one
# before it, whatever the clocks say. Params: at, event ids, slugs, market ids, lines.
# Returns event id, slug, market id, line, time of the withdrawal. Leans on uq_market_odds_current.
WITHDRAW_MARKETS = f"""
WITH gone AS (
    UPDATE market_odds_current AS odds
       SET unavailable_at = odds.missed_at,
           last_updated_at = GREATEST(%s, odds.last_updated_at + interval '1 microsecond')
      FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[]::numeric[])
           AS due (event_id, bookmaker_slug, betpawa_market_id, line)
    {row_of("due")}
     WHERE odds.id = row.id
       AND odds.missed_count >= 2 AND odds.unavailable_at IS NULL
 RETURNING odds.event_id, odds.bookmaker_slug, odds.betpawa_market_id, odds.line, odds.outcomes,
           odds.unavailable_at, odds.last_updated_at, odds.mapping_version
)
INSERT INTO market_odds_history
       (event_id, bookmaker_slug, betpawa_market_id, line, outcomes, is_available, unavailable_at, captured_at,
        mapping_version)
SELECT event_id, bookmaker_slug, betpawa_market_id, line, outcomes, false, unavailable_at, last_updated_at,
       mapping_version
  FROM gone
 ORDER BY event_id, betpawa_market_id, line
RETURNING event_id, bookmaker_slug, betpawa_market_id, line, captured_at
"""

# Params: link ids, counts of withdrawn and of due markets.
UPDATE_COUNTS = """
UPDATE odds_event_link AS link
   SET withdrawn_count = counted.withdrawn_count, due_count = counted.due_count
  FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[]) AS counted (link_id, withdrawn_count, due_count)
 WHERE link.id = counted.link_id
"""

# Lock the links that a discovery has something to say about: upcoming ones that it did not list,
# unless withdrawn already, and listed ones that were missing before.
# Params: seen external ids, slug, at. Returns id, event id, listed, missed_discoveries, discovery_missed_at.
LOCK_LINKS_TO_RECONCILE = """
SELECT link.id, link.event_id, listed.is_listed, link.missed_discoveries, link.discovery_missed_at
  FROM odds_event_link AS link
  JOIN odds_event AS event ON event.id = link.event_id
 CROSS JOIN LATERAL (SELECT link.external_id = ANY(%b::text[])) AS listed (is_listed)
 WHERE link.bookmaker_slug = %s
   AND event.kickoff_at > %s
   AND CASE WHEN listed.is_listed
            THEN link.missed_discoveries > 0 OR link.withdrawn_at IS NOT NULL
            ELSE link.withdrawn_at IS NULL END
 ORDER BY link.event_id, link.bookmaker_slug
   FOR NO KEY UPDATE OF link
"""

# Params: slug, at.
COUNT_OFFERED_EVENTS = """
SELECT count(*)
  FROM odds_event_link AS link
  JOIN odds_event AS event ON event.id = link.event_id
 WHERE link.bookmaker_slug = %s AND event.kickoff_at > %s AND link.withdrawn_at IS NULL
"""

# Params: link ids.
CLEAR_MISSED_DISCOVERIES = """
UPDATE odds_event_link
   SET missed_discoveries = 0, discovery_missed_at = NULL, withdrawn_at = NULL
 WHERE id = ANY(%s)
"""

# Params: at, link ids.
COUNT_MISSED_DISCOVERY = """
UPDATE odds_event_link
   SET missed_discoveries = missed_discoveries + 1, discovery_missed_at = %s
 WHERE id = ANY(%s)
"""

# Params: at, link ids.
WITHDRAW_LINKS = "UPDATE odds_event_link SET withdrawn_at = %s WHERE id = ANY(%s)"

# All markets of withdrawn links that are still on offer go with them, each with its history row.
# Params: at four times, link ids. Returns as WITHDRAW_MARKETS does.
WITHDRAW_MARKETS_OF_LINKS = """
WITH gone AS (
    UPDATE market_odds_current AS odds
       SET missed_count = GREATEST(odds.missed_count, 2),
           missed_at = COALESCE(odds.missed_at, %s),
           unavailable_at = COALESCE(odds.missed_at, %s),
           last_seen_at = COALESCE(odds.last_seen_at, link.confirmed_at, LEAST(odds.last_updated_at, %s)),
           last_updated_at = GREATEST(%s, odds.last_updated_at + interval '1 microsecond')
      FROM odds_event_link AS link
     WHERE link.id = ANY(%s)
       AND odds.event_id = link.event_id AND odds.bookmaker_slug = link.bookmaker_slug
       AND odds.unavailable_at IS NULL
 RETURNING odds.event_id, odds.bookmaker_slug, odds.betpawa_market_id, odds.line, odds.outcomes,
           odds.unavailable_at, odds.last_updated_at, odds.mapping_version
)
INSERT INTO market_odds_history
       (event_id, bookmaker_slug, betpawa_market_id, line, outcomes, is_available, unavailable_at, captured_at,
        mapping_version)
SELECT event_id, bookmaker_slug, betpawa_market_id, line, outcomes, false, unavailable_at, last_updated_at,
       mapping_version
  FROM gone
 ORDER BY event_id, betpawa_market_id, line
RETURNING event_id, bookmaker_slug, betpawa_market_id, line, captured_at
"""
