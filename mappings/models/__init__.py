"""What things are called, who said so, what nobody has named yet, and what is known about it."""

from mappings.models.audit import MappingAuditLog
from mappings.models.decisions import DecisionBatch, IgnoreRule, UnmappedChange
from mappings.models.evidence import (
    Band,
    CoverageSample,
    MarketSuggestion,
    PriceAudit,
    PriceFixture,
    RejectedPair,
    SuggestionOutcome,
)
from mappings.models.mapping import MappingKind, MappingVersion, UserMarketMapping
from mappings.models.unmapped import Tab, UnmappedMarketLog, UnmappedStatus

__all__ = [
    "Band",
    "CoverageSample",
    "DecisionBatch",
    "IgnoreRule",
    "MappingAuditLog",
    "MappingKind",
    "MappingVersion",
    "MarketSuggestion",
    "PriceAudit",
    "PriceFixture",
    "RejectedPair",
    "SuggestionOutcome",
    "Tab",
    "UnmappedChange",
    "UnmappedMarketLog",
    "UnmappedStatus",
    "UserMarketMapping",
]
