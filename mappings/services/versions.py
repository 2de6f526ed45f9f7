"""Optimistic locking: who edits says which version was read, and is told what happened since."""

from dataclasses import dataclass
from datetime import datetime

from mappings.models import MappingAuditLog
from oddsproject.desk.formats import lagos_text


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field as it was when it was read, and as somebody else left it."""

    field: str
    old: object
    new: object
    changed_by: str | None
    changed_at: datetime | None


class StaleVersion(Exception):
    """Somebody else was first. current: the version now; changed_by and changed_at where known.
    changes: [FieldChange] since the version that was read. The caller still has what it wanted to
    save."""

    def __init__(self, current, *, changed_by=None, changed_at=None, changes=()):
        self.current = current
        self.changed_by = changed_by
        self.changed_at = changed_at
        self.changes = tuple(changes)
        super().__init__(self._text())

    def _text(self):
        if self.current == NO_ROW:
            return "There is no such version: nobody has made, or overridden, this mapping."
        text = f"It was changed meanwhile; the version is now {self.current}."
        if self.changes:
            who = f"{self.changed_by or 'Somebody'}, {lagos_text(self.changed_at)}"
            text += f" {who}: {', '.join(change.field for change in self.changes)}."
        return text


BOOKKEEPING = frozenset({"id", "version", "created_at", "updated_at", "created_by"})
NO_ROW = 0  # the version of a mapping that nobody has made yet, or of a built-in one that nobody overrides


def check_version(row, expected, first: dict | None = None):
    """Raises StaleVersion, told from the audit log. row: a mapping, None where there is none. expected:
    the version that was read, NO_ROW where there was none; None: the caller does not mind. first: the
    values that a row would begin with, so that only what was changed of them is told."""
    current = NO_ROW if row is None else row.version
    if expected is None or int(expected) == current:
        return
    if row is None:
        raise StaleVersion(NO_ROW)
    changes = changes_since(row, int(expected), first)
    last = max((change.changed_at for change in changes), default=row.updated_at)
    who = next((change.changed_by for change in changes if change.changed_at == last), None)
    raise StaleVersion(row.version, changed_by=who, changed_at=last, changes=changes)


def changes_since(row, version: int, first: dict | None = None) -> list[FieldChange]:
    """What is different now from a version of a mapping, each field with who changed it last."""
    # What made a later version: newer rows of the log, as every change is one row with its version.
    logged = MappingAuditLog.objects.filter(canonical_id=row.canonical_id, new_value__version__gt=version)
    was, found = None, {}
    for entry in logged.order_by("id"):
        old, new = entry.old_value or first or {}, entry.new_value
        was = old if was is None else was
        for field in sorted(set(old) | set(new)):
            if field not in BOOKKEEPING and old.get(field) != new.get(field):
                found[field] = (new.get(field), entry.created_by, entry.created_at)
    return [
        FieldChange(field, was.get(field), new, by, at)
        for field, (new, by, at) in found.items()
        if was.get(field) != new
    ]
