"""What things are called, who said so, what nobody has named yet, and what is known about it."""

from mappings.models.audit import MappingAuditLog
from mappings.models.decisions import KIND_CHOICES, DecisionBatch, IgnoreRule, UnmappedChange
from mappings.models.evidence import (
    VERDICT_CHOICES,
    Band,
    CoverageSample,
    MarketSuggestion,
    PriceAudit,
    PriceFixture,
    RejectedPair,
    SuggestionOutcome,
)
from mappings.models.mapping import MappingKind, MappingVersion, UserMarketMapping
from mappings.models.unmapped import Tab, UnmappedMarketLog, UnmappedMarketText, UnmappedStatus

__all__ = [
    "KIND_CHOICES",
    "VERDICT_CHOICES",
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
    "UnmappedMarketText",
    "UnmappedStatus",
    "UserMarketMapping",
]
