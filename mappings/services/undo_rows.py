"""What a batch did to queue rows, and how it is taken back where nobody has decided since.

What workers re-opened since, because the batch had changed a mapping, is taken back with it.
"""

import json
from dataclasses import dataclass, replace

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mappings.models import DecisionBatch, MappingAuditLog, UnmappedChange, UnmappedStatus, UserMarketMapping
from mappings.services.change_words import change_text, names_in
from mappings.services.undo_ground import Ground
from mappings.services.undo_reopened import Reopening, reopened_since
from oddsproject.desk.formats import lagos_text

# A decision is one thing: parts of two people's decisions do not make a third.
DECISIVE = ("status", "mapped_to_id", "snoozed_until", "ignore_until", "ignored_by_rule_id")
SIGNED = (*DECISIVE, "decided_by", "decided_at", "reopened_reason", "earlier_decision")
DECISION = (*SIGNED, "decided_mapping_version")  # which moves when an undo makes a row MAPPED again
NOTES, REVIEW, CLAIM = ("notes",), ("review_since", "review"), ("claimed_by", "claim_expires_at")
CAME_BACK = "It came back to the queue, as its market did not map any more."
TIMES = ("decided_at", "snoozed_until", "claim_expires_at", "review_since")

RESTORE = """
UPDATE unmapped_market_log AS q
   SET status = r.status, notes = r.notes, decided_by = r.decided_by, decided_at = r.decided_at,
       mapped_to_id = (SELECT m.id FROM user_market_mappings AS m WHERE m.id = r.mapped_to_id),
       decided_mapping_version = CASE WHEN r.status = 'MAPPED' THEN (SELECT v.version FROM mapping_version AS v)
                                      ELSE r.decided_mapping_version END,
       reopened_reason = r.reopened_reason, earlier_decision = r.earlier_decision,
       snoozed_until = r.snoozed_until, claimed_by = r.claimed_by, claim_expires_at = r.claim_expires_at,
       ignore_until = r.ignore_until,
       ignored_by_rule_id = (SELECT i.id FROM unmapped_ignore_rule AS i WHERE i.id = r.ignored_by_rule_id),
       review_since = r.review_since, review = r.review,
       alerted_at = CASE WHEN r.status = 'NEW' THEN coalesce(q.alerted_at, now()) ELSE q.alerted_at END,
       version = q.version + 1
  FROM jsonb_to_recordset(%(rows)s::jsonb)
       AS r(id bigint, status text, notes text, mapped_to_id bigint, decided_by text, decided_at timestamptz,
            decided_mapping_version bigint, reopened_reason text, earlier_decision jsonb,
            snoozed_until timestamptz, claimed_by text, claim_expires_at timestamptz, ignore_until jsonb,
            ignored_by_rule_id bigint, review_since timestamptz, review jsonb)
 WHERE q.id = r.id
"""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """One row: outcome restored, merged, refused or unchanged; target: its decision as it shall be.
    reopening: that it came back for want of a mapping; it then goes where the mapping is in force again."""

    id: int
    label: str
    outcome: str
    detail: str = ""
    target: dict | None = None
    reopening: Reopening | None = None


@dataclass(slots=True)
class _Change:
    """All that a batch did to one row, as one change from old to new; left: as the batch itself left it.
    reopening: what a worker did to it since, where the batch itself had not touched it."""

    label: str
    old: dict
    new: dict
    last_id: int
    left: dict
    reopening: Reopening | None = None


def plan_rows(batch: DecisionBatch, ground: Ground) -> list[RowPlan]:
    """In order of id. Reads the log only where somebody was there since. A row is not MAPPED again to a mapping
    that would not be in force then."""
    changes, current = _changes_of(batch, ground), ground.rows
    clashes, plans = {}, {}
    for id, change in changes.items():
        if id not in current:
            plans[id] = RowPlan(id, change.label, "unchanged", "It is gone.", reopening=change.reopening)
            continue
        target, clashing = _taken_back(change.old, change.new, current[id])
        if clashing:
            clashes[id] = clashing
        elif not all(_same(name, target[name], current[id][name]) for name in target):
            touched = [
                name for name in (*SIGNED, *NOTES, *REVIEW) if not _same(name, change.new[name], current[id][name])
            ]
            outcome = "merged" if touched else "restored"
            detail = CAME_BACK if change.reopening else ""
            plans[id] = RowPlan(id, change.label, outcome, detail, target, change.reopening)
        elif change.reopening is None:
            plans[id] = RowPlan(id, change.label, "unchanged", "It is as it was before already.")
    plans |= _refused(clashes, changes)
    plans |= _without_force([plan for plan in plans.values() if _maps_again(plan, current)], batch, ground)
    return [plans[id] for id in sorted(plans)]


def restore_rows(plans: list[RowPlan]):
    """Carry plans out on rows that are locked; after the mappings have been restored, as a row that is
    MAPPED again carries the mapping version of now. One statement."""
    rows = [{**plan.target, "id": plan.id} for plan in plans if plan.target is not None]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(RESTORE, {"rows": json.dumps(rows)})


def _changes_of(batch, ground) -> dict[int, _Change]:
    found: dict[int, _Change] = {}
    for log_id, id, source, key, old, new in ground.row_changes[batch.pk]:
        if id in found:
            found[id].new, found[id].left, found[id].last_id = new, new, log_id
        else:
            found[id] = _Change(f"{source} {key}", old, new, log_id, new)
    for id, change in found.items():
        if id in ground.rows and _all_same(SIGNED, ground.rows[id], change.left):
            continue  # came back, if it did, and was mapped again: nobody has decided, and nothing is different
        if _all_same(SIGNED, change.old, change.left):
            continue  # the batch only wrote a note: that it was mapped is somebody else's decision
        for later in ground.reopened.get(id, ()):
            if later.pk > change.last_id and _all_same(DECISIVE, later.old_value, change.left):
                change.new, change.last_id = later.new_value, later.pk
    for reopening in reopened_since(batch, ground):
        later = reopening.change
        label = f"{later.source} {later.external_market_id}"
        change = _Change(label, later.old_value, later.new_value, later.pk, later.new_value, reopening)
        found.setdefault(later.unmapped_id, change)
    return found


def _taken_back(old, new, current):
    """(the decision as it shall be, the fields that somebody has set since)"""
    target, clashing = dict(current), ()
    for group, as_left, decisive in (
        (DECISION, SIGNED, DECISIVE),
        (NOTES, NOTES, NOTES),
        (REVIEW, REVIEW[:1], REVIEW[:1]),
    ):
        if _all_same(group, old, new) or _all_same(decisive, current, old):
            continue
        if _all_same(as_left, current, new):
            target |= {name: old[name] for name in group}
        else:
            clashing += decisive
    if not _all_same(CLAIM, old, new) and _all_same(CLAIM, current, new) and _still_holds(old):
        target |= {name: old[name] for name in CLAIM}
    if target["status"] != "MAPPED":
        target |= dict.fromkeys(REVIEW)
    return target, clashing


def _still_holds(claim):
    """Whether a claim is worth giving back: none, or one that has not run out."""
    expires = claim["claim_expires_at"]
    return expires is None or parse_datetime(expires) > timezone.now()


def _refused(clashes, changes):
    """{id: RowPlan} that say who was there since. What only came back since stands in nobody's way, and who
    made a row again what the batch had left is not who decided otherwise."""
    later: dict[int, UnmappedChange] = {}
    if clashes:
        since = min(changes[id].last_id for id in clashes)
        for change in UnmappedChange.objects.filter(unmapped_id__in=list(clashes), id__gt=since).order_by("id"):
            id = change.unmapped_id
            touches = any(change.old_value.get(name) != change.new_value.get(name) for name in clashes[id])
            signed = {*clashes[id], *(SIGNED if "status" in clashes[id] else ())}
            again = all(_same(name, change.new_value.get(name), changes[id].left[name]) for name in signed)
            if id not in later and change.id > changes[id].last_id and touches and not again:
                later[id] = change
    plans, names = {}, names_in(later.values())
    for id in clashes:
        change, told = changes[id], f": {change_text(later[id], names)}" if id in later else ""
        if change.reopening is None:
            plans[id] = RowPlan(id, change.label, "refused", f"It was changed since{told}.")
        else:
            detail = f"{CAME_BACK} It stays as it was decided since{told}."
            plans[id] = RowPlan(id, change.label, "unchanged", detail, reopening=change.reopening)
    return plans


def _maps_again(plan, current):
    """Not of what came back for want of a mapping: that goes where the mapping has its key again, or stays."""
    target = plan.target
    if target is None or plan.reopening is not None or target["status"] != UnmappedStatus.MAPPED:
        return False
    return not _all_same(("status", "mapped_to_id"), target, current[plan.id])


def _without_force(plans, batch, ground):
    """{id: RowPlan} that refuse what would be MAPPED to a mapping that is switched off, as things stand on the
    ground, and that this very undo does not switch on again."""
    if not plans:
        return {}
    known = _mappings_of(ground)
    off = {
        pk: mapping for pk, mapping in known.items() if not ground.mappings.get(mapping.canonical_id, mapping).is_active
    }
    plans = [plan for plan in plans if plan.target["mapped_to_id"] in off]
    if not plans:
        return {}
    spared = _switched_off_in(ground.mapping_changes[batch.pk])
    told = {pk: _switched_off_by(mapping) for pk, mapping in off.items() if mapping.canonical_id not in spared}
    return {
        plan.id: replace(plan, outcome="refused", detail=told[to], target=None)
        for plan in plans
        if (to := plan.target["mapped_to_id"]) in told
    }


def _switched_off_in(logged):
    """Canonical ids of what a batch has switched off: its undo switches those on again, or refuses to, and
    their rows with them."""
    first, last = {}, {}
    for entry in logged:
        first.setdefault(entry.canonical_id, entry.old_value or {})
        last[entry.canonical_id] = entry.new_value or {}
    return {id for id in first if first[id].get("is_active") and last[id].get("is_active") is False}


def _mappings_of(ground) -> dict[int, UserMarketMapping]:
    """What rows were mapped to by all that is to be undone, as stored: read once, at the first that asks."""
    if "mapped_to" not in ground.__dict__:
        changes = (change for found in ground.row_changes.values() for change in found)
        ids = {values["mapped_to_id"] for *_, old, new in changes for values in (old, new)} - {None}
        ground.mapped_to = UserMarketMapping.objects.only("canonical_id", "is_active").in_bulk(ids)
    return ground.mapped_to


def _switched_off_by(mapping):
    """Why a row that was mapped to it cannot be: in words."""
    was = f"It was mapped to {mapping.canonical_id}, which"
    if mapping.is_active:
        return f"{was} is switched off by what is undone before."
    switched = MappingAuditLog.objects.filter(canonical_id=mapping.canonical_id, new_value__is_active=False)
    last = switched.exclude(old_value__is_active=False).order_by("id").last()
    if last is None:
        return f"{was} is switched off."
    return f"{was} {last.created_by or 'somebody'} switched off, {lagos_text(last.created_at)}."


def _all_same(names, one, other):
    return all(_same(name, one[name], other[name]) for name in names)


def _same(name, one, other):
    """Times are compared as instants: a change by hand may be logged in another zone."""
    if one == other or name not in TIMES or None in (one, other):
        return one == other
    return parse_datetime(one) == parse_datetime(other)
