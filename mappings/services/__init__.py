"""What a person decides: each a keyword-only function, one transaction, one batch, audited."""

from mappings.services.applying import apply_now
from mappings.services.claims import claim, release
from mappings.services.decisions import Decision, Decisions
from mappings.services.mappings import (
    MappingChange,
    activate_mapping,
    create_mapping,
    deactivate_mapping,
    update_mapping,
)
from mappings.services.queue import acknowledge, close_review, ignore, reject_suggestion, reopen, set_notes, snooze
from mappings.services.resolving import Resolution, map_to
from mappings.services.undoing import (
    Told,
    Undone,
    UndoneItem,
    foresee,
    last_batch,
    restore_version,
    together_with,
    undo_batch,
    undo_batches,
    undo_last,
    values_of_version,
)
from mappings.services.versions import FieldChange, StaleVersion

__all__ = [
    "Decision",
    "Decisions",
    "FieldChange",
    "MappingChange",
    "Resolution",
    "StaleVersion",
    "Told",
    "Undone",
    "UndoneItem",
    "acknowledge",
    "activate_mapping",
    "apply_now",
    "claim",
    "close_review",
    "create_mapping",
    "deactivate_mapping",
    "foresee",
    "ignore",
    "last_batch",
    "map_to",
    "reject_suggestion",
    "release",
    "reopen",
    "restore_version",
    "set_notes",
    "snooze",
    "together_with",
    "undo_batch",
    "undo_batches",
    "undo_last",
    "update_mapping",
    "values_of_version",
]
