"""What a batch did to mappings, and how it is taken back, also beside what others did since."""

from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError

from mappings.definitions import OUTCOME_COLUMNS, REFERENCE, SOURCE_COLUMNS
from mappings.models import DecisionBatch, MappingAuditLog, UserMarketMapping
from mappings.services.mappings import EDITABLE, beginning_row, catalogue_entry, new_row, values_of
from mappings.services.merging import Clash, without_change
from mappings.services.undo_ground import Ground
from mappings.services.undo_reopened import claimed_keys
from oddsproject.desk.formats import lagos_text

RIVALS = {column: slug for slug, column in SOURCE_COLUMNS.items() if slug != REFERENCE}
TEXTS = ("sources", *(column for slug, column in OUTCOME_COLUMNS.items() if slug != REFERENCE))


@dataclass(frozen=True, slots=True)
class MappingPlan:
    """One mapping: outcome as in RowPlan; row: with its values as they shall be, None where it is
    refused; fields: those that change."""

    canonical_id: str
    outcome: str
    detail: str = ""
    row: UserMarketMapping | None = None
    fields: tuple[str, ...] = ()

    def claims(self, key: tuple[str, str]) -> bool:
        """Whether it is in force then, and has the source key (bookmaker, key)."""
        return self.row is not None and self.row.is_active and key in claimed_keys(values_of(self.row))


@dataclass(slots=True)
class _Change:
    old: dict | None
    new: dict | None
    last_id: int


def plan_mappings(batch: DecisionBatch, ground: Ground) -> list[MappingPlan]:
    """In order of canonical id. A mapping that the batch created is switched off, never deleted:
    its history, and whoever points to it, stays."""
    changes: dict[str, _Change] = {}
    for entry in ground.mapping_changes[batch.pk]:
        known = changes.setdefault(entry.canonical_id, _Change(entry.old_value, None, entry.pk))
        known.new, known.last_id = entry.new_value, entry.pk
    return [_plan(id, changes[id], ground.mapping(id)) for id in sorted(changes)]


def restore_mappings(plans: list[MappingPlan]):
    """Carry plans out; the database writes the audit rows. One statement for every 200 mappings."""
    rows = [plan.row for plan in plans if plan.fields]
    fields = {name for plan in plans for name in plan.fields}
    if rows:
        UserMarketMapping.objects.bulk_update(rows, sorted(fields), batch_size=200)


def _plan(canonical_id, change, row):
    if row is None:
        return MappingPlan(canonical_id, "refused", "It has been deleted.")
    if change.new is None:
        return MappingPlan(canonical_id, "unchanged", "It was deleted and made again.")
    if change.old is None and not row.is_active:
        return MappingPlan(canonical_id, "unchanged", "It is switched off already.", row)
    if change.old is None or (_switched_on(change) and row.is_active and _feeds_more(change, row)):
        return _switched_off(canonical_id, change, row)
    if _switched_on(replace(change, old=change.new, new=change.old)) and row.is_active:
        change = replace(change, new=change.new | _begun(canonical_id, change.new, row))
    return _put_back(canonical_id, change, row)


def _begun(canonical_id, values, row):
    """What somebody began anew with, who has mapped to a switched-off mapping since: without its keys, and the
    bookmakers' texts. Those come back beside the newer ones, or clash with them."""
    off = UserMarketMapping(canonical_id=canonical_id, **_editable(values))
    begun = values_of(beginning_row(canonical_id, off))
    if catalogue_entry(canonical_id) is None:
        now = {outcome["canonical_id"]: outcome for outcome in row.outcome_mapping}
        begun["outcome_mapping"] = [
            _without_texts(outcome, now.get(outcome["canonical_id"], {})) for outcome in begun["outcome_mapping"]
        ]
    return begun


def _without_texts(outcome, now):
    """Without the rivals' texts; what it is now says in which form it has none."""
    kept = {name: value for name, value in outcome.items() if name not in TEXTS}
    return kept | {name: {} if name == "sources" else None for name in TEXTS if name in outcome and name in now}


def _switched_on(change):
    return change.new.get("is_active") and not change.old.get("is_active")


def _feeds_more(change, row):
    """Whether somebody has given it a source key since."""
    return claimed_keys(values_of(row)) - claimed_keys(change.new)


def _editable(values):
    return {name: values[name] for name in EDITABLE if name in values}


def _switched_off(canonical_id, change, row):
    """The batch created it, or switched it on and others have extended it since."""
    touched = [name for name in EDITABLE if change.new.get(name) != getattr(row, name)]
    if touched and catalogue_entry(canonical_id) is not None:
        # It began as a copy of the built-in entry: only what this batch added to that goes.
        return _put_back(canonical_id, replace(change, old=values_of(new_row(canonical_id))), row)
    if touched:
        return _refused(canonical_id, change, touched)
    row.is_active = False
    return MappingPlan(canonical_id, "restored", "It was new: switched off.", row, ("is_active",))


def _put_back(canonical_id, change, row):
    wanted, clashing, beside_main = {}, [], []
    for name in EDITABLE:
        if name not in change.old or change.old[name] == change.new.get(name):
            continue
        try:
            value = without_change(name, change.old[name], change.new.get(name), getattr(row, name))
        except Clash:
            if name in RIVALS and change.new.get(name) is None:  # another key has its place: beside that one
                beside_main.append({"bookmaker": RIVALS[name], "key": change.old[name]})
            else:
                clashing.append(name)
        else:
            if value != getattr(row, name):
                wanted[name] = value
    if clashing:
        return _refused(canonical_id, change, clashing)
    extra = wanted.get("extra_source_keys", row.extra_source_keys)
    if missing := [item for item in beside_main if item not in extra]:
        wanted["extra_source_keys"] = [*extra, *missing]
    if not wanted:
        return MappingPlan(canonical_id, "unchanged", "It is as it was before already.", row)
    beside = [name for name in EDITABLE if change.new.get(name) != getattr(row, name)]
    for name, value in wanted.items():
        setattr(row, name, value)
    try:
        if row.is_active:
            row.clean_fields()
            row.clean()
    except ValidationError as error:
        problems = " ".join(text for texts in error.message_dict.values() for text in texts)
        return MappingPlan(canonical_id, "refused", f"With what was done since it would not map any more: {problems}")
    detail = f"What others changed since stays: {', '.join(beside)}." if beside else ""
    return MappingPlan(canonical_id, "merged" if beside else "restored", detail, row, tuple(wanted))


def _refused(canonical_id, change, fields):
    for later in MappingAuditLog.objects.filter(canonical_id=canonical_id, id__gt=change.last_id).order_by("id"):
        old, new = later.old_value or {}, later.new_value or {}
        touched = [name for name in fields if old.get(name) != new.get(name)]
        if touched:
            who = f"{later.created_by or 'Somebody'}, {lagos_text(later.created_at)}"
            return MappingPlan(canonical_id, "refused", f"Changed since by {who}: {', '.join(touched)}.")
    return MappingPlan(canonical_id, "refused", f"Changed since: {', '.join(fields)}.")
