"""The statements of upserting events: what each does, returns and leans on. See sql.py on locks."""

# Params: link ids.
LOCK_LINKS_BY_ID = """
SELECT id FROM odds_event_link WHERE id = ANY(%s) ORDER BY event_id, bookmaker_slug FOR NO KEY UPDATE
"""

# Params: the new event, link id. The database refuses a second link of the bookmaker (one_link_per_event_bookmaker).
MOVE_LINK = "UPDATE odds_event_link SET event_id = %s WHERE id = %s"

# The current odds go with their link, and the new event's history starts with them, dated as
# they were. Params: new event, old event, slug. Leans on uq_market_odds_current.
MOVE_ODDS = """
WITH moved AS (
    UPDATE market_odds_current
       SET event_id = %s
     WHERE event_id = %s AND bookmaker_slug = %s
 RETURNING event_id, bookmaker_slug, betpawa_market_id, line, outcomes, unavailable_at, last_updated_at,
           mapping_version
)
INSERT INTO market_odds_history
       (event_id, bookmaker_slug, betpawa_market_id, line, outcomes, is_available, unavailable_at, captured_at,
        mapping_version)
SELECT event_id, bookmaker_slug, betpawa_market_id, line, outcomes, unavailable_at IS NULL, unavailable_at,
       last_updated_at, mapping_version
  FROM moved
 ORDER BY betpawa_market_id, line
"""
