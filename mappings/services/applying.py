"""A new mapping at once: on what is stored of running events, without asking any bookmaker."""

import structlog

from mappings.actors import name_of
from mappings.ports import stored_odds

log = structlog.get_logger(__name__)

TOPIC, APPLIED = "unmapped_alerts", "mapping_applied"


def apply_now(*, canonical_id: str, user) -> str:
    """Have what is stored of running events mapped once more, when the caller's transaction has
    committed; returns the task's id. A notice, APPLIED of TOPIC, says how it came out."""
    task_id = stored_odds().enqueue_reapply(canonical_id, name_of(user))
    log.info("mapping.apply_asked", canonical_id=canonical_id, user=name_of(user), task=task_id)
    return task_id
