"""Who looks at which row just now.

A claim tells colleagues, it is no lock: whoever decides about a row that somebody else has claimed
may, and reads whose it was; on a trading floor nobody waits for a colleague at lunch. What keeps
two people from overwriting each other is the version. Claims do not move it, end with any
decision about the row, and run out by themselves.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from mappings.actors import name_of
from mappings.services.decisions import ALREADY, Decisions, claim_text, claimed_by_another, decide, refuse
from oddsproject.api.roles import LEAD, has_role

MINUTES = 30
MOST_MINUTES = 24 * 60


def claim(
    *,
    ids: Iterable[int],
    user,
    reason: str = "",
    versions: Mapping | None = None,
    minutes: int = MINUTES,
    force: bool = False,
) -> Decisions:
    """Mine for so many minutes. A colleague's live claim refuses, unless a lead takes it over with
    force. One's own claim is renewed when half of its time is over.

    Raises PermissionDenied for force by others than leads, ValidationError for minutes.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise ValidationError({"minutes": f"A claim lasts 1 to {MOST_MINUTES} minutes."})
    if force and not may_take_over(user):
        raise PermissionDenied("Only a lead takes a claim over.")
    now = timezone.now()
    renewed_before = now + timedelta(minutes=minutes) / 2

    def judge(row):
        if row.claimed_by == name_of(user) and row.claim_expires_at and row.claim_expires_at > renewed_before:
            return ALREADY
        return refuse(claim_text(row)) if claimed_by_another(row, user, now) and not force else None

    def change(rows, now):
        return {"claimed_by": name_of(user)[:150], "claim_expires_at": now + timedelta(minutes=minutes)}

    return decide(
        "claim", ids=ids, user=user, reason=reason, versions=versions, judge=judge, change=change, moves_version=False
    )


def release(
    *, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None, force: bool = False
) -> Decisions:
    """Mine no more. A colleague's claim is theirs to release, or a lead's with force."""
    if force and not may_take_over(user):
        raise PermissionDenied("Only a lead releases somebody else's claim.")

    def judge(row):
        if row.claimed_by is None:
            return ALREADY
        return refuse(claim_text(row)) if claimed_by_another(row, user) and not force else None

    def change(rows, now):
        return {"claimed_by": None, "claim_expires_at": None}

    return decide(
        "release", ids=ids, user=user, reason=reason, versions=versions, judge=judge, change=change, moves_version=False
    )


def may_take_over(user) -> bool:
    """Leads; a command, which is a name only, was let in by whoever may run commands."""
    return isinstance(user, str) or has_role(user, LEAD)
