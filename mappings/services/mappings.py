"""Making, changing and switching off mappings. The database writes the audit rows."""

from copy import copy
from dataclasses import dataclass

import structlog
from django.core.exceptions import ValidationError

from mappings.actors import name_of
from mappings.catalogue.loader import built_in
from mappings.deciding import deciding
from mappings.definitions import OUTCOME_COLUMNS, SOURCE_COLUMNS, MarketDefinition
from mappings.models import UserMarketMapping
from mappings.services import applying
from mappings.services.decisions import note
from mappings.services.rescoring import rescore_after
from mappings.services.returning import return_with
from mappings.services.versions import check_version
from mappings.specifiers import format_specifier

log = structlog.get_logger(__name__)

EDITABLE = (
    "name",
    "kind",
    "subkind",
    "period",
    "subject",
    "side",
    "line_semantics",
    "betpawa_id",
    "sportybet_id",
    "bet9ja_key",
    "extra_source_keys",
    "specifier_filters",
    "outcome_mapping",
    "priority",
    "is_active",
)


OF_THE_MARKET = ("name", "kind", "subkind", "period", "subject", "side", "line_semantics", "betpawa_id",
                 "outcome_mapping")  # fmt: skip


def values_of(row: UserMarketMapping) -> dict:
    """{field: value} of EDITABLE."""
    return {name: getattr(row, name) for name in EDITABLE}


@dataclass(frozen=True, slots=True)
class MappingChange:
    """mapping: the row as it is now. outcome: created, updated, activated, deactivated, unchanged.
    batch_id: what undoes it; None when nothing changed. task_id: of the task that applies it at once,
    where that was asked for."""

    mapping: UserMarketMapping
    outcome: str
    changed_fields: tuple[str, ...] = ()
    batch_id: int | None = None
    task_id: str | None = None


def create_mapping(
    *, canonical_id: str, values: dict, user, reason: str = "", apply_now: bool = False
) -> MappingChange:
    """A new row; values: {field: value} of EDITABLE. Where the catalogue has the canonical_id, what
    is not given comes from there. The same again is unchanged; another content under an id that
    has a row raises ValidationError. apply_now: also to what is stored of running events, where
    something changed; the task is part of the transaction."""
    with deciding("mapping", user, reason) as batch:
        existing = _locked(canonical_id)
        if existing is not None:
            if all(getattr(existing, field) == value for field, value in _known(values).items()):
                return MappingChange(existing, "unchanged")
            raise ValidationError({"canonical_id": f"{canonical_id} has a mapping already."})
        row = new_row(canonical_id)
        _assign(row, values)
        row.created_by = name_of(user)[:100]
        _save_new(row)
        note(batch, more=1)
        return_with(row, batch, user)
        rescore_after(batch)
        task_id = applying.apply_now(canonical_id=canonical_id, user=user) if apply_now else None
    log.info("mapping.created", canonical_id=canonical_id, user=name_of(user))
    return MappingChange(row, "created", tuple(sorted(values)), batch.pk, task_id)


def update_mapping(
    *,
    canonical_id: str,
    changes: dict,
    user,
    reason: str = "",
    version: int | None = None,
    apply_now: bool = False,
) -> MappingChange:
    """Change some fields. A built-in entry gets a row that overrides it. version: that was read, 0 of a
    built-in entry without a row. apply_now: as in create_mapping.
    Raises StaleVersion, ValidationError, UserMarketMapping.DoesNotExist."""
    with deciding("mapping", user, reason) as batch:
        row = _locked(canonical_id)
        if row is None:
            if catalogue_entry(canonical_id) is None:
                raise UserMarketMapping.DoesNotExist(f"There is no mapping {canonical_id}.")
            check_version(None, version)
            return create_mapping(
                canonical_id=canonical_id, values=changes, user=user, reason=reason, apply_now=apply_now
            )
        check_version(row, version, beginning_of(canonical_id))
        changed = _assign(row, changes)
        if not changed:
            return MappingChange(row, "unchanged")
        was_switched = "is_active" in changed
        row.full_clean()
        row.save(update_fields=changed)
        row.refresh_from_db()
        note(batch, more=1)
        return_with(row, batch, user)
        rescore_after(batch)
        task_id = applying.apply_now(canonical_id=canonical_id, user=user) if apply_now and row.is_active else None
    log.info("mapping.updated", canonical_id=canonical_id, fields=changed, user=name_of(user))
    outcome = ("activated" if row.is_active else "deactivated") if was_switched else "updated"
    return MappingChange(row, outcome, tuple(changed), batch.pk, task_id)


def deactivate_mapping(*, canonical_id: str, user, reason: str = "", version: int | None = None) -> MappingChange:
    """Switch a row off; a built-in entry under it is in force again. A built-in entry itself cannot
    be switched off: ValidationError."""
    if not UserMarketMapping.objects.filter(canonical_id=canonical_id).exists() and catalogue_entry(canonical_id):
        raise ValidationError({"canonical_id": f"{canonical_id} is built in; override it instead."})
    return _switch(canonical_id, False, user, reason, version)


def activate_mapping(*, canonical_id: str, user, reason: str = "", version: int | None = None) -> MappingChange:
    """Switch a row on again."""
    return _switch(canonical_id, True, user, reason, version)


def _switch(canonical_id, is_active, user, reason, version):
    with deciding("mapping", user, reason) as batch:
        row = _locked(canonical_id)
        if row is None:
            raise UserMarketMapping.DoesNotExist(f"There is no mapping {canonical_id}.")
        if row.is_active == is_active:
            return MappingChange(row, "unchanged")
        check_version(row, version)
        row.is_active = is_active
        if is_active:
            row.full_clean()
        row.save(update_fields=["is_active"])
        row.refresh_from_db()
        note(batch, more=1)
        return_with(row, batch, user)
        rescore_after(batch)
    outcome = "activated" if is_active else "deactivated"
    log.info(f"mapping.{outcome}", canonical_id=canonical_id, user=name_of(user))
    return MappingChange(row, outcome, ("is_active",), batch.pk)


def catalogue_entry(canonical_id: str) -> MarketDefinition | None:
    return next((entry for entry in built_in() if entry.canonical_id == canonical_id), None)


def new_row(canonical_id: str) -> UserMarketMapping:
    """An unsaved row: a copy of the built-in entry where there is one, else blank."""
    entry = catalogue_entry(canonical_id)
    if entry is None:
        return UserMarketMapping(canonical_id=canonical_id)
    return UserMarketMapping(
        canonical_id=canonical_id,
        name=entry.name,
        kind=entry.kind,
        subkind=entry.subkind,
        period=entry.period,
        subject=entry.subject,
        side=entry.side,
        line_semantics=entry.line_semantics,
        extra_source_keys=[
            {"bookmaker": slug, "key": key}
            for slug, keys in entry.keys.items()
            for key in (keys[1:] if slug in SOURCE_COLUMNS else keys)
        ],
        specifier_filters={slug: format_specifier(pairs) for slug, pairs in entry.filters.items()},
        outcome_mapping=[_outcome_row(outcome) for outcome in entry.outcomes],
        **{column: entry.keys[slug][0] for slug, column in SOURCE_COLUMNS.items() if slug in entry.keys},
    )


def beginning_of(canonical_id: str) -> dict:
    """{field: value} that a new row of this id begins with."""
    return {"canonical_id": canonical_id} | values_of(new_row(canonical_id))


def beginning_row(canonical_id: str, stored: UserMarketMapping | None) -> UserMarketMapping:
    """What mapping from the queue begins with, not saved: the row that is in force; else the built-in entry;
    else what a switched-off row says of its market. A switched-off row takes part in nothing: the source
    keys that it had stay away, until it is switched on, restored, or an undo brings it back."""
    if stored is None:
        return new_row(canonical_id)
    if stored.is_active:
        return stored
    began = new_row(canonical_id)
    kept = () if catalogue_entry(canonical_id) else OF_THE_MARKET
    row = copy(stored)
    for name in EDITABLE:
        if name not in kept:
            setattr(row, name, getattr(began, name))
    return row


def _outcome_row(outcome):
    row = {"canonical_id": outcome.canonical_id, "position": outcome.position}
    row |= {column: outcome.texts.get(slug) for slug, column in OUTCOME_COLUMNS.items()}
    others = {slug: text for slug, text in outcome.texts.items() if slug not in OUTCOME_COLUMNS}
    return row | ({"sources": others} if others else {})


def _locked(canonical_id):
    return UserMarketMapping.objects.select_for_update().filter(canonical_id=canonical_id).first()


def _known(values):
    unknown = sorted(set(values) - set(EDITABLE))
    if unknown:
        raise ValidationError(dict.fromkeys(unknown, "This field cannot be set."))
    return values


def _assign(row, values):
    changed = []
    for field, value in _known(values).items():
        if getattr(row, field) != value:
            setattr(row, field, value)
            changed.append(field)
    return changed


def _save_new(row):
    row.full_clean()
    row.save(force_insert=True)
    row.refresh_from_db()
