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
    save; `clashing` says which of it somebody else has set too."""

    def __init__(self, current, *, changed_by=None, changed_at=None, changes=()):
        self.current = current
        self.changed_by = changed_by
        self.changed_at = changed_at
        self.changes = tuple(changes)
        super().__init__(self._text())

    def clashing(self, wanted) -> list[FieldChange]:
        """The changes to fields that are in `wanted`, too."""
        return [change for change in self.changes if change.field in wanted]

    def _text(self):
        text = f"It was changed meanwhile; the version is now {self.current}."
        if self.changes:
            who = f"{self.changed_by or 'Somebody'}, {lagos_text(self.changed_at)}"
            text += f" {who}: {', '.join(change.field for change in self.changes)}."
        return text


BOOKKEEPING = frozenset({"id", "version", "created_at", "updated_at", "created_by"})


def check_version(row, expected):
    """Raises StaleVersion, told from the audit log. row: a mapping. expected None: the caller does
    not mind."""
    if expected is None or int(expected) == row.version:
        return
    changes = changes_since(row, int(expected))
    last = max((change.changed_at for change in changes), default=row.updated_at)
    who = next((change.changed_by for change in changes if change.changed_at == last), None)
    raise StaleVersion(row.version, changed_by=who, changed_at=last, changes=changes)


def changes_since(row, version: int) -> list[FieldChange]:
    """What is different now from a version of a mapping, each field with who changed it last."""
    # What made a later version: newer rows of the log, as every change is one row with its version.
    logged = MappingAuditLog.objects.filter(canonical_id=row.canonical_id, new_value__version__gt=version)
    first, found = None, {}
    for entry in logged.order_by("id"):
        old, new = entry.old_value or {}, entry.new_value
        first = old if first is None else first
        for field in sorted(set(old) | set(new)):
            if field not in BOOKKEEPING and old.get(field) != new.get(field):
                found[field] = (new.get(field), entry.created_by, entry.created_at)
    return [
        FieldChange(field, first.get(field), new, by, at)
        for field, (new, by, at) in found.items()
        if first.get(field) != new
    ]
