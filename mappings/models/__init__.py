"""What things are called, who said so, and what nobody has named yet."""

from mappings.models.audit import MappingAuditLog
from mappings.models.mapping import MappingKind, MappingVersion, UserMarketMapping
from mappings.models.unmapped import UnmappedMarketLog, UnmappedStatus

__all__ = [
    "MappingAuditLog",
    "MappingKind",
    "MappingVersion",
    "UnmappedMarketLog",
    "UnmappedStatus",
    "UserMarketMapping",
]
