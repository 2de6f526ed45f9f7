"""The review desk: the queue of unmapped markets, our mappings, their audit."""

from mappings import (
    admin_clashes,
    admin_coverage,
    admin_decisions_pages,
    admin_history,
    admin_mappings,
    admin_packs,
    admin_precision,
    admin_queue,
)

__all__ = [
    "admin_clashes",
    "admin_coverage",
    "admin_decisions_pages",
    "admin_history",
    "admin_mappings",
    "admin_packs",
    "admin_precision",
    "admin_queue",
]
