"""Mapping packs: what people have decided, as one file that another desk can review and take over.

A pack holds all mappings of people, active or not, the ignore rules and, if asked for, what was
decided about the queue. The same decisions make the same bytes: nothing in it depends on when or
where it was made. Built-in mappings are not in it; their overrides are.
"""

from mappings.packs.format import Pack, PackRefused, export_pack, read_pack
from mappings.packs.importing import import_pack
from mappings.packs.reviewing import DecisionsDiff, FieldDiff, ItemDiff, PackDiff, review

__all__ = [
    "DecisionsDiff",
    "FieldDiff",
    "ItemDiff",
    "Pack",
    "PackDiff",
    "PackRefused",
    "export_pack",
    "import_pack",
    "read_pack",
    "review",
]
