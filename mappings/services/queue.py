"""Decisions on the queue of unmapped markets that need no mapping.

Each takes ids of unmapped_market_log and returns Decisions: one per id, in that order, and the
batch by which they can be undone. Doing it a second time changes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from django.core.exceptions import ValidationError
from django.db.models import F, JSONField, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from mappings.actors import name_of
from mappings.deciding import deciding
from mappings.models import UnmappedStatus
from mappings.services.change_words import status_word
from mappings.services.conditions import FAMILY, coming, needs_a_family, read_until, stored_until
from mappings.services.decisions import (
    ALREADY,
    CHANGED,
    NOT_FOUND,
    UNCHANGED,
    Decision,
    Decisions,
    claim_remark,
    decide,
    described,
    fresh_decision,
    last_changes,
    locked,
    note,
    refuse,
    stale,
    text_of,
)
from mappings.suggestions import memory

log = structlog.get_logger(__name__)


def acknowledge(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None) -> Decisions:
    """Seen, to be mapped later; it comes back by itself when nobody did. Not for rows that are
    mapped: reopen those."""

    def judge(row):
        if row.status == UnmappedStatus.ACKNOWLEDGED and row.snoozed_until is None:
            return ALREADY
        return _not_mapped(row)

    return _settle("acknowledge", UnmappedStatus.ACKNOWLEDGED, ids, user, reason, versions, judge)


def ignore(
    *, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None, until: Mapping | None = None
) -> Decisions:
    """Not to be mapped; it goes on being counted. until: the condition that brings it back, once
    (see mappings.services.conditions); None is for good. For good, or until BetPawa offers the family,
    says that BetPawa has no such market: what had been suggested was wrong."""
    until = read_until(until)

    def judge(row):
        if row.status == UnmappedStatus.IGNORED and _same_condition(row.ignore_until, until):
            return ALREADY
        if needs_a_family(until) and not row.family:
            return refuse("What family it belongs to is not known; choose another condition.")
        return _not_mapped(row)

    def learn(rows, batch):
        if until is None or until["kind"] == FAMILY:  # a date, or more events, say "not now" only
            memory.record_none_is_right(rows, batch, user)

    more = {"ignore_until": stored_until(until)}
    return _settle("ignore", UnmappedStatus.IGNORED, ids, user, reason, versions, judge, more, learn)


def snooze(
    *, ids: Iterable[int], user, until: datetime, reason: str = "", versions: Mapping | None = None
) -> Decisions:
    """Out of sight until then, and then new again. For rows that nobody has settled."""
    until = coming(until)

    def judge(row):
        if row.snoozed_until == until:
            return ALREADY
        if row.status not in (UnmappedStatus.NEW, UnmappedStatus.ACKNOWLEDGED):
            return _settled(row)
        return None

    def change(rows, now):
        fields = {**fresh_decision(user, now), "snoozed_until": until}
        return fields | ({"notes": text_of(reason)} if text_of(reason) else {})

    return decide(
        "snooze", ids=ids, user=user, reason=reason, versions=versions, judge=judge, change=change,
        remark=claim_remark(user),
    )  # fmt: skip


def reopen(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None) -> Decisions:
    """Back to NEW, with the earlier decision kept. A mapping that was made stays in force."""

    def judge(row):
        is_new = row.status == UnmappedStatus.NEW and row.snoozed_until is None and row.review_since is None
        return ALREADY if is_new else None

    def change(rows, now):
        # A person reopened it: nobody needs to be told.
        return {
            **fresh_decision(user, now),
            "status": UnmappedStatus.NEW,
            "reopened_reason": text_of(reason) or "Reopened by hand.",
            "alerted_at": Coalesce(F("alerted_at"), now),
        }

    return decide(
        "reopen", ids=ids, user=user, reason=reason, versions=versions, judge=judge, change=change,
        status=UnmappedStatus.NEW, remark=claim_remark(user),
    )  # fmt: skip


def close_review(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None) -> Decisions:
    """The mapping that looked wrong is right after all: it stays, and the row is MAPPED again.
    What was found is kept in `review`, with who closed it, so that the same is not raised again."""

    def change(rows, now):
        closed = {"closedBy": name_of(user)[:150], "closedAt": now.isoformat(), "closedReason": text_of(reason)}
        return {"review_since": None, "review": _json_with("review", closed)}

    return decide(
        "review", ids=ids, user=user, reason=reason, versions=versions,
        judge=lambda row: ALREADY if row.review_since is None else None, change=change, remark=claim_remark(user),
    )  # fmt: skip


def reject_suggestion(*, id: int, betpawa_id: str, user, reason: str = "", version: int | None = None) -> Decisions:
    """This market is not that one of BetPawa's: the pair is not offered again. The row stays where
    it is; one Decision."""
    with deciding("reject", user, reason) as batch:
        row = locked([id]).get(id)
        if row is None:
            return Decisions([Decision(id, NOT_FOUND)])
        if version is not None and version != row.version:
            return Decisions([stale(row, last_changes([id]).get(id))])
        if not betpawa_id or len(betpawa_id) > 50:
            raise ValidationError({"betpawa_id": "Which market of BetPawa's is it not?"})
        if not memory.reject(row.source, row.external_market_id, betpawa_id, batch, user):
            return Decisions([described(row, UNCHANGED, "It was rejected before.")])
        note(batch, [id])
        batch.summary = {"betpawaId": betpawa_id}
    log.info("unmapped.suggestion_rejected", id=id, betpawa_id=betpawa_id, user=name_of(user))
    return Decisions([described(row, CHANGED)], batch.pk)


def set_notes(*, id: int, notes: str | None, user, version: int | None = None) -> Decision:
    """Replace the notes of one row."""
    with deciding("note", user) as batch:
        row = locked([id]).get(id)
        if row is None:
            return Decision(id, NOT_FOUND)
        if version is not None and version != row.version:
            return stale(row, last_changes([id]).get(id))
        notes = (notes or "").replace("\x00", "").strip() or None
        if notes == row.notes:
            return described(row, UNCHANGED)
        row.notes = notes
        row.version += 1
        row.save(update_fields=["notes", "version"])
        note(batch, [id])
    log.info("unmapped.notes_set", id=id, user=name_of(user))
    return described(row, CHANGED)


def _settle(kind, status, ids, user, reason, versions, judge, more=None, learn=None):
    """A status that a person gives, with the reason as the row's notes."""

    def change(rows, now):
        fields = {**fresh_decision(user, now), "status": status, **(more or {})}
        return fields | ({"notes": text_of(reason)} if text_of(reason) else {})

    return decide(
        kind, ids=ids, user=user, reason=reason, versions=versions, judge=judge, change=change, status=status,
        remark=claim_remark(user), learn=learn,
    )  # fmt: skip


def _same_condition(kept, asked):
    """Whether a row that is ignored already is ignored until just that. Doubling counts from when
    it was first said; a family is compared by name."""
    if kept is None or asked is None:
        return kept is None and asked is None
    named = {"date": ("at",), "events": ("atLeast",), "betpawa_family": ("family",)}[asked["kind"]]
    return kept.get("kind") == asked["kind"] and all(
        not asked.get(name) or kept.get(name) == asked[name] for name in named
    )


def _json_with(column, more):
    """The JSON of a column with these keys set."""
    kept = Coalesce(F(column), Value({}, JSONField()))
    return CombinedExpression(kept, "||", Value(more, JSONField()), output_field=JSONField())


def _not_mapped(row):
    return _settled(row) if row.status == UnmappedStatus.MAPPED else None


def _settled(row):
    return refuse(f"It is {status_word(row.status).lower()}; reopen it first.")
