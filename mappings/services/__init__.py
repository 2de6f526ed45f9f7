"""What a person decides about names: each a keyword-only function, one transaction, audited."""

from mappings.services.mappings import (
    MappingChange,
    activate_mapping,
    create_mapping,
    deactivate_mapping,
    update_mapping,
)
from mappings.services.queue import Decision, acknowledge, ignore, reopen, set_notes
from mappings.services.resolving import Resolution, map_to
from mappings.services.versions import StaleVersion

__all__ = [
    "Decision",
    "MappingChange",
    "Resolution",
    "StaleVersion",
    "acknowledge",
    "activate_mapping",
    "create_mapping",
    "deactivate_mapping",
    "ignore",
    "map_to",
    "reopen",
    "set_notes",
    "update_mapping",
]
