"""Undo: every action of a person is a batch, and a batch can be taken back, as long as nobody has
decided otherwise since. An undo is a batch too, so undoing it does the action again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from mappings.actors import name_of
from mappings.deciding import deciding, deciding_each, take_turn
from mappings.models import DecisionBatch, MappingAuditLog, UserMarketMapping
from mappings.services.mappings import EDITABLE, MappingChange, create_mapping, update_mapping
from mappings.services.rescoring import rescore_after_all, rows_of
from mappings.services.undo_ground import Ground
from mappings.services.undo_mappings import plan_mappings, restore_mappings
from mappings.services.undo_memory import label_of, restore_memory
from mappings.services.undo_rows import plan_rows, restore_rows
from mappings.services.undo_rules import as_restored, kept_of, plan_rules, restore_rules
from oddsproject.api.roles import LEAD, TRADER, has_role
from oddsproject.desk.formats import lagos_text

log = structlog.get_logger(__name__)

Kind = DecisionBatch.Kind
NOT_MEANT = (Kind.CLAIM, Kind.RELEASE)  # what nobody means by "undo the last"
DONE = ("restored", "merged")


@dataclass(frozen=True, slots=True)
class UndoneItem:
    """kind: queue (a row, id its number), mapping (id its canonical id), rule, or
    rejection (of a suggestion). outcome: restored;
    merged (beside what others changed since); refused (detail says who has changed it, when);
    unchanged (it is so already)."""

    kind: str
    id: int | str
    label: str
    outcome: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """undoes: the batch that was to be taken back. batch_id: the batch that did it, None after a dry
    run or a refusal. items: what happened, or would happen, to each thing."""

    undoes: int
    batch_id: int | None
    items: list[UndoneItem]

    @property
    def done(self) -> bool:
        return self.batch_id is not None

    @property
    def refused(self) -> list[UndoneItem]:
        return [item for item in self.items if item.outcome == "refused"]

    @property
    def counts(self) -> dict[str, int]:
        found = {}
        for item in self.items:
            found[item.outcome] = found.get(item.outcome, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """What became, or would become, of one batch of several. undone: None where it could not be asked for,
    and problem says why."""

    batch: DecisionBatch
    undone: Undone | None
    is_done: bool
    problem: str = ""

    @property
    def taken_back(self) -> int:
        return sum(item.outcome in DONE for item in self.undone.items) if self.is_done else 0

    @property
    def standing(self) -> list[UndoneItem]:
        """What somebody else decided since."""
        return self.undone.refused if self.undone is not None else []


def undo_batch(batch_id: int, user, reason: str = "", *, dry_run: bool = False, partly: bool = False) -> Undone:
    """Take a batch back. One refused item refuses all, unless partly. dry_run changes nothing and
    says what would happen.

    Raises DecisionBatch.DoesNotExist, PermissionDenied (somebody else's batch, and no lead),
    ValidationError when it was undone before.
    """
    if dry_run:
        batch = DecisionBatch.objects.get(pk=batch_id)
        ground = Ground([batch])
        _check(batch, user, ground)
        return _plans(batch, ground).report(batch)
    with transaction.atomic():
        batches, ground = _held([batch_id])
        if not batches:
            raise DecisionBatch.DoesNotExist(f"There is no decision {batch_id}.")
        _check(batches[0], user, ground)
        (told,) = _undone(batches, ground, user, reason, partly)
    return told.undone


def undo_batches(ids: Iterable[int], user, reason: str = "", *, partly: bool = False) -> list[Told]:
    """undo_batch of these, one after the other, in one transaction: what stands in the way of one leaves the
    others. Several of them are a group, which together_with finds again. Ids of no batch are left out."""
    with transaction.atomic():
        batches, ground = _held(ids)
        return _undone(batches, ground, user, reason, partly)


def foresee(batches: Iterable[DecisionBatch], user, *, partly: bool = False) -> list[Told]:
    """What undo_batches would do to each. What stands in the way of an older one may only be a newer one,
    which goes first. Reads only, and locks nothing."""
    batches = list(batches)
    return [told for told, _ in _one_by_one(batches, Ground(batches), user, partly)]


def together_with(batch: DecisionBatch) -> list[DecisionBatch]:
    """The undos that were one take-back with this one and are not undone themselves, the newest first:
    undoing them in this order does all of it again."""
    first = batch.summary.get("together")
    if first is None:
        return []
    rows = DecisionBatch.objects.filter(actor=batch.actor, kind=Kind.UNDO, created_at=batch.created_at, undone_by=None)
    return [one for one in rows.order_by("-id") if one.summary.get("together") == first]


def _held(ids):
    """(the batches in the order asked, what undoing them needs), locked. Two who undo the same take turns
    here; the second reads that it is done."""
    ids = list(dict.fromkeys(ids))
    take_turn()
    found = {batch.pk: batch for batch in DecisionBatch.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    batches = [found[id] for id in ids if id in found]
    return batches, Ground(batches, lock=True)


def _one_by_one(batches, ground, user, partly):
    """(Told, its plans or None) of each, on what those before it leave."""
    for batch in batches:
        try:
            _check(batch, user, ground)
        except (ValidationError, PermissionDenied) as error:
            problem = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            yield Told(batch, None, False, problem), None
            continue
        plans = _plans(batch, ground)
        report = plans.report(batch)
        stands = _stands(report, partly)
        if stands:
            plans.move_on(ground)
        yield Told(batch, report, stands), plans


def _undone(batches, ground, user, reason, partly) -> list[Told]:
    """Plans first, which only read; then everything is written, as little as each needs."""
    planned = list(_one_by_one(batches, ground, user, partly))
    carried = {told.batch.pk: (told, plans) for told, plans in planned if told.is_done}
    if not carried:
        return [told for told, _ in planned]
    together = {"together": next(iter(carried))} if len(carried) > 1 else {}
    undos = {id: _undo_of(told, plans, user, reason, together) for id, (told, plans) in carried.items()}
    with deciding_each(list(undos.values()), user) as continue_with:
        for id, (_, plans) in carried.items():
            continue_with(undos[id])
            restore_mappings(plans.mappings)
            restore_rules(plans.rules)
            restore_rows(plans.rows)
            undos[id].touched += plans.changed_rows
        restore_memory([told.batch for told, _ in carried.values()], ground.rejections, _is_undo)
        _rescore(undos, carried)
    for id, (told, _) in carried.items():
        log.info("decision.undone", batch=id, by=undos[id].pk, user=name_of(user), **told.undone.counts)
    return [
        replace(told, undone=replace(told.undone, batch_id=undos[told.batch.pk].pk)) if told.is_done else told
        for told, _ in planned
    ]


def _undo_of(told, plans, user, reason, together):
    batch, counts = told.batch, told.undone.counts
    summary = {"undoes": batch.kind, "isRedo": _is_undo(batch), "counts": counts} | kept_of(plans.rules) | together
    if plans.rejections:
        summary["rejected"] = plans.rejections
    reason = (reason or f"Undo of {batch}").replace("\x00", "")
    return DecisionBatch(
        kind=Kind.UNDO, actor=name_of(user)[:150], reason=reason, undoes=batch, item_count=_count(told), summary=summary
    )


def _count(told):
    """An undo that found everything as it was is kept too, so that the next "undo the last" goes on to what
    was done before."""
    return told.taken_back or max(len(told.undone.items), 1)


def _rescore(undos, carried):
    """Suggestions on whose ground something moved."""
    moved = [id for id, (_, plans) in carried.items() if any(plan.outcome in DONE for plan in plans.mappings)]
    rows = [row for id in moved for row in carried[id][1].changed_rows]
    pairs = [pair for _, plans in carried.values() for pair in plans.rejections]
    if moved or pairs:
        rescore_after_all([undos[id] for id in moved], rows + (rows_of(pairs) if pairs else []))


def undo_last(user, reason: str = "", *, dry_run: bool = False) -> Undone:
    """Take back what this person did last: not claims, not what is undone already, and not an undo
    (pressing the key twice goes two steps back). ValidationError when there is nothing."""
    batch = last_batch(user)
    if batch is None:
        raise ValidationError("There is nothing of yours to undo.")
    return undo_batch(batch.pk, user, reason, dry_run=dry_run)


def last_batch(user, before: int | None = None) -> DecisionBatch | None:
    """The batch that undo_last would take back, if there is one. before: the next older than this batch, for
    who cannot take that one back."""
    mine = DecisionBatch.objects.filter(actor=name_of(user)[:150], undone_by=None)
    if before is not None:
        mine = mine.filter(pk__lt=before)
    return mine.exclude(kind__in=NOT_MEANT).exclude(Q(kind=Kind.UNDO) & ~Q(summary__isRedo=True)).first()


def restore_version(
    canonical_id: str, audit_id: int, user, reason: str = "", *, version: int | None = None, dry_run: bool = False
) -> MappingChange:
    """Make a mapping what an entry of its audit log left it as (for a DELETE: what it was before).

    version: the version that was read. Raises MappingAuditLog.DoesNotExist, StaleVersion,
    ValidationError where those values do not map any more. dry_run: checked, and taken back.
    """
    entry = MappingAuditLog.objects.get(pk=audit_id, canonical_id=canonical_id)
    values = _values_of(entry)
    with transaction.atomic():
        with deciding(Kind.RESTORE, user, reason or f"As it was on {lagos_text(entry.created_at)}") as batch:
            if UserMarketMapping.objects.filter(canonical_id=canonical_id).exists():
                change = update_mapping(
                    canonical_id=canonical_id, changes=values, user=user, reason=reason, version=version
                )
            else:
                change = create_mapping(canonical_id=canonical_id, values=values, user=user, reason=reason)
            batch.summary = {"canonicalId": canonical_id, "auditId": audit_id}
        if dry_run:
            transaction.set_rollback(True)
    return replace(change, batch_id=None) if dry_run else change


def values_of_version(canonical_id: str, audit_id: int) -> dict:
    """{field: value} that restore_version would give the mapping. Raises MappingAuditLog.DoesNotExist."""
    return _values_of(MappingAuditLog.objects.get(pk=audit_id, canonical_id=canonical_id))


def _values_of(entry):
    then = entry.new_value or entry.old_value
    return {name: then[name] for name in EDITABLE if name in then}


def _check(batch, user, ground):
    before = ground.undone_by.get(batch.pk)
    if before is not None:
        raise ValidationError(f"{batch} was undone by {before.actor}, {lagos_text(before.created_at)}.")
    if isinstance(user, str):
        return  # a command: whoever may run commands was asked elsewhere
    if not has_role(user, TRADER):
        raise PermissionDenied("Only traders undo.")
    if batch.actor != name_of(user)[:150] and not has_role(user, LEAD):
        raise PermissionDenied(f"{batch} is {batch.actor}'s; only a lead undoes what others did.")


def _stands(report, partly):
    """Whether an undo with this report is carried out."""
    return not report.refused or (partly and any(item.outcome in DONE for item in report.items))


def _is_undo(batch):
    """Whether taking this batch back does something again."""
    return batch.kind == Kind.UNDO and not batch.summary.get("isRedo", False)


@dataclass(frozen=True, slots=True)
class _Plans:
    rows: list
    mappings: list
    rules: list
    rejections: list

    @property
    def changed_rows(self) -> list[int]:
        return [plan.id for plan in self.rows if plan.outcome in DONE]

    def move_on(self, ground: Ground):
        ground.take(
            [plan for plan in self.rows if plan.outcome in DONE],
            [plan for plan in self.mappings if plan.outcome in DONE],
            {plan.id: as_restored(plan) for plan in self.rules if plan.outcome in DONE},
        )

    def report(self, batch):
        items = [
            UndoneItem("mapping", plan.canonical_id, plan.canonical_id, plan.outcome, plan.detail)
            for plan in self.mappings
        ]
        for kind, plans in (("rule", self.rules), ("queue", self.rows)):
            items += [UndoneItem(kind, plan.id, plan.label, plan.outcome, plan.detail) for plan in plans]
        items += [UndoneItem("rejection", pair["key"], label_of(pair), "restored") for pair in self.rejections]
        return Undone(batch.pk, None, items)


def _plans(batch, ground):
    rows = plan_rows(batch, ground)
    mappings = plan_mappings(batch, ground)
    claiming = {plan.canonical_id: plan for plan in mappings}
    rows = [
        row for row in rows if row.reopening is None or claiming[row.reopening.canonical_id].claims(row.reopening.key)
    ]
    rows = _without_mapping(rows, mappings)
    return _Plans(rows, mappings, plan_rules(batch, ground), ground.rejections[batch.pk])


def _without_mapping(rows, mappings):
    """Rows that would be MAPPED again by a mapping that stays as it is are refused with it."""
    refused = {plan.canonical_id for plan in mappings if plan.outcome == "refused"}
    if not refused:
        return rows
    refused = UserMarketMapping.objects.filter(canonical_id__in=refused)
    refused = dict(refused.values_list("pk", "canonical_id"))
    return [
        replace(row, outcome="refused", detail=f"The mapping {refused[to]} cannot have its key back.", target=None)
        if row.outcome in DONE and row.target["status"] == "MAPPED" and (to := row.target["mapped_to_id"]) in refused
        else row
        for row in rows
    ]
