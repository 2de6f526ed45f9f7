"""A new mapping at once: on what is stored of running events, without asking any bookmaker."""

from datetime import datetime
from typing import NamedTuple

import structlog

from mappings.actors import name_of
from mappings.ports import stored_odds
from oddsproject.realtime.models import Notice

log = structlog.get_logger(__name__)

TOPIC, APPLIED = "unmapped_alerts", "mapping_applied"


class Applied(NamedTuple):
    """How it came out: events that have the mapping now, those of them whose odds changed, those
    that wait for the next cycle, and rows written."""

    canonical_id: str
    mapping_version: int
    actor: str
    at: datetime
    events_applied: int
    events_changed: int
    events_waiting: int
    markets_changed: int


def apply_now(*, canonical_id: str, user) -> str:
    """Have what is stored of running events mapped once more, when the caller's transaction has
    committed; returns the task's id. last_applied and a notice "mapping_applied" say how it came out."""
    task_id = stored_odds().enqueue_reapply(canonical_id, name_of(user))
    log.info("mapping.apply_asked", canonical_id=canonical_id, user=name_of(user), task=task_id)
    return task_id


def last_applied(canonical_id: str) -> Applied | None:
    """The last time that it was applied at once, as long as notices are kept; None for never."""
    notices = Notice.objects.filter(topic=TOPIC, type=APPLIED, data__canonicalId=canonical_id)
    notice = notices.order_by("-id").first()
    if notice is None:
        return None
    data = notice.data
    return Applied(
        canonical_id,
        data["mappingVersion"],
        data["actor"],
        notice.created_at,
        data["eventsApplied"],
        data["eventsChanged"],
        data["eventsWaiting"],
        data["marketsChanged"],
    )
