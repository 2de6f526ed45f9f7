"""Undo: every action of a person is a batch, and a batch can be taken back, as long as nobody has
decided otherwise since. An undo is a batch too, so undoing it does the action again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from mappings.actors import name_of
from mappings.deciding import deciding, take_turn
from mappings.models import DecisionBatch, IgnoreRule, MappingAuditLog, UserMarketMapping
from mappings.services.decisions import note
from mappings.services.mappings import EDITABLE, MappingChange, create_mapping, update_mapping
from mappings.services.rescoring import rescore_after, rows_of
from mappings.services.undo_mappings import plan_mappings, restore_mappings
from mappings.services.undo_memory import label_of, restore_memory, taught
from mappings.services.undo_rows import plan_rows, restore_rows
from mappings.services.undo_rules import as_restored, plan_rules, restore_rules
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


def undo_batch(batch_id: int, user, reason: str = "", *, dry_run: bool = False, partly: bool = False) -> Undone:
    """Take a batch back. One refused item refuses all, unless partly. dry_run changes nothing and
    says what would happen.

    Raises DecisionBatch.DoesNotExist, PermissionDenied (somebody else's batch, and no lead),
    ValidationError when it was undone before.
    """
    if dry_run:
        batch = DecisionBatch.objects.get(pk=batch_id)
        _check(batch, user)
        return _plans(batch).report(batch)
    with transaction.atomic():
        take_turn()
        # Two who undo the same take turns here; the second reads that it is done.
        batch = DecisionBatch.objects.select_for_update().get(pk=batch_id)
        _check(batch, user)
        plans = _plans(batch, lock=True)
        report = plans.report(batch)
        if not _stands(report, partly):
            return report
        with deciding(Kind.UNDO, user, reason or f"Undo of {batch}", undoes=batch) as undo:
            restore_mappings(plans.mappings)
            rules = restore_rules(plans.rules)
            restore_rows(plans.rows)
            note(undo, [plan.id for plan in plans.rows if plan.outcome in DONE])
            # An undo that found everything as it was is kept too, so that the next "undo the last"
            # goes on to what was done before.
            undo.item_count = sum(item.outcome in DONE for item in report.items) or max(len(report.items), 1)
            undo.summary = {"undoes": batch.kind, "isRedo": _is_undo(batch), "counts": report.counts} | rules
            undo.summary |= restore_memory(batch, plans.rejections, does_again=_is_undo(batch))
            if any(plan.outcome in DONE for plan in plans.mappings):
                rescore_after(undo, [plan.id for plan in plans.rows if plan.outcome in DONE])
            if plans.rejections:
                rescore_after(undo, rows_of(plans.rejections))
    log.info("decision.undone", batch=batch.pk, by=undo.pk, user=name_of(user), **report.counts)
    return replace(report, batch_id=undo.pk)


def foresee(
    batches: Iterable[DecisionBatch], user, *, partly: bool = False
) -> Iterator[tuple[Undone | None, bool, str]]:
    """What undo_batch of these, one after the other, would do to each: (the report, whether it would be
    undone, why it cannot be asked for). What stands in the way of an older one may only be a newer one,
    which goes first. Reads only, and locks nothing."""
    seen = _Foreseen()
    for batch in batches:
        try:
            _check(batch, user)
        except (ValidationError, PermissionDenied) as error:
            yield None, False, " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
            continue
        plans = _plans(batch, foreseen=seen)
        report = plans.report(batch)
        stands = _stands(report, partly)
        if stands:
            seen.take(plans)
        yield report, stands, ""


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


def _check(batch, user):
    before = DecisionBatch.objects.filter(undoes=batch).first()
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

    def report(self, batch):
        items = [
            UndoneItem("mapping", plan.canonical_id, plan.canonical_id, plan.outcome, plan.detail)
            for plan in self.mappings
        ]
        for kind, plans in (("rule", self.rules), ("queue", self.rows)):
            items += [UndoneItem(kind, plan.id, plan.label, plan.outcome, plan.detail) for plan in plans]
        items += [UndoneItem("rejection", pair["key"], label_of(pair), "restored") for pair in self.rejections]
        return Undone(batch.pk, None, items)


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """Things as undos that nobody has carried out would leave them; empty: as they are."""

    rows: dict[int, dict] = field(default_factory=dict)
    mappings: dict[str, UserMarketMapping] = field(default_factory=dict)
    rules: dict[int, IgnoreRule] = field(default_factory=dict)

    def take(self, plans: _Plans):
        self.rows.update((plan.id, plan.target) for plan in plans.rows if plan.outcome in DONE)
        self.mappings.update((plan.canonical_id, plan.row) for plan in plans.mappings if plan.outcome in DONE)
        self.rules.update((plan.id, as_restored(plan)) for plan in plans.rules if plan.outcome in DONE)


AS_IT_IS = _Foreseen()


def _plans(batch, *, lock=False, foreseen=AS_IT_IS):
    # Rows first, as in every decision: what locks in one order waits and does not deadlock.
    rows = plan_rows(batch, lock=lock, foreseen=foreseen.rows)
    mappings = plan_mappings(batch, lock=lock, foreseen=foreseen.mappings)
    claiming = {plan.canonical_id: plan for plan in mappings}
    rows = [
        row for row in rows if row.reopening is None or claiming[row.reopening.canonical_id].claims(row.reopening.key)
    ]
    rows = _without_mapping(rows, mappings)
    return _Plans(rows, mappings, plan_rules(batch, lock=lock, foreseen=foreseen.rules), taught(batch))


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
