"""Decisions on the queue of unmapped markets that need no mapping.

Each takes ids of unmapped_market_log and returns one Decision per id, in that order. Doing it a
second time changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from mappings.actors import name_of
from mappings.models import UnmappedMarketLog, UnmappedStatus

log = structlog.get_logger(__name__)

CHANGED, UNCHANGED, REFUSED, STALE, NOT_FOUND = "changed", "unchanged", "refused", "stale", "not_found"


@dataclass(frozen=True, slots=True)
class Decision:
    """What happened to one row. outcome: changed, unchanged, refused (not from this status), stale
    (somebody else was first: decided_by, decided_at), not_found."""

    id: int
    outcome: str
    status: str | None = None
    version: int | None = None
    detail: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None


def acknowledge(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None) -> list[Decision]:
    """Seen, to be mapped later. Not for rows that are mapped: re-open those."""
    return _decide(ids, UnmappedStatus.ACKNOWLEDGED, user, reason, versions, refused=(UnmappedStatus.MAPPED,))


def ignore(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None) -> list[Decision]:
    """Never to be mapped; it goes on being counted, and stays ignored."""
    return _decide(ids, UnmappedStatus.IGNORED, user, reason, versions, refused=(UnmappedStatus.MAPPED,))


def reopen(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None) -> list[Decision]:
    """Back to NEW, with the earlier decision kept. A mapping that was made stays in force."""
    return _decide(ids, UnmappedStatus.NEW, user, reason, versions, refused=())


def set_notes(*, id: int, notes: str | None, user, version: int | None = None) -> Decision:
    """Replace the notes of one row."""
    with transaction.atomic():
        row = locked([id]).get(id)
        if row is None:
            return Decision(id, NOT_FOUND)
        if version is not None and version != row.version:
            return stale(row)
        notes = (notes or "").replace("\x00", "").strip() or None
        if notes == row.notes:
            return described(row, UNCHANGED)
        row.notes = notes
        row.version += 1
        row.save(update_fields=["notes", "version"])
    log.info("unmapped.notes_set", id=id, user=name_of(user))
    return described(row, CHANGED)


def locked(ids) -> dict[int, UnmappedMarketLog]:
    """The rows by id, locked in id order so that two bulk decisions wait instead of deadlocking."""
    rows = UnmappedMarketLog.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk")
    return {row.pk: row for row in rows}


def described(row, outcome, detail="") -> Decision:
    return Decision(row.pk, outcome, row.status, row.version, detail, row.decided_by, row.decided_at)


def stale(row) -> Decision:
    return described(row, STALE, f"It was changed meanwhile; the version is now {row.version}.")


def _decide(ids, status, user, reason, versions, refused):
    ids = list(dict.fromkeys(ids))
    versions = versions or {}
    now = timezone.now()
    decisions = []
    with transaction.atomic():
        rows = locked(ids)
        changed = []
        for id in ids:
            row = rows.get(id)
            if row is None:
                decisions.append(Decision(id, NOT_FOUND))
            elif row.status == status:
                decisions.append(described(row, UNCHANGED))
            elif versions.get(id) not in (None, row.version):
                decisions.append(stale(row))
            elif row.status in refused:
                decisions.append(described(row, REFUSED, f"It is {row.status}; re-open it first."))
            else:
                apply_decision(row, status, user, reason, now)
                changed.append(row)
                decisions.append(described(row, CHANGED))
        UnmappedMarketLog.objects.bulk_update(changed, DECISION_FIELDS)
    if changed:
        log.info("unmapped.decided", status=str(status), count=len(changed), user=name_of(user))
    return decisions


DECISION_FIELDS = [
    "status",
    "version",
    "notes",
    "mapped_to",
    "decided_by",
    "decided_at",
    "decided_mapping_version",
    "reopened_reason",
    "earlier_decision",
    "alerted_at",
]


def apply_decision(row, status, user, reason, now):
    """Set a status on a locked row, keeping what was decided before. Does not save it."""
    if row.decided_at is not None:
        row.earlier_decision = {
            "status": row.status,
            "decidedBy": row.decided_by,
            "decidedAt": row.decided_at.isoformat(),
            "mappedTo": row.mapped_to.canonical_id if row.mapped_to_id else None,
            "notes": row.notes,
        }
    is_new = status == UnmappedStatus.NEW
    row.status = status
    row.version += 1
    row.decided_by = name_of(user)[:150]
    row.decided_at = now
    row.decided_mapping_version = None
    row.reopened_reason = _text(reason) or "Re-opened by hand." if is_new else None
    row.mapped_to = None
    if is_new:
        row.alerted_at = row.alerted_at or now  # a person re-opened it: nobody needs to be told
    elif reason:
        row.notes = _text(reason)


def _text(value):
    return (value or "").replace("\x00", "").strip()[:2000]
