"""Rows that came back to the queue only because a batch took their mapping away.

A worker re-opens a mapped row when its market does not map any more. Where that came of a batch,
taking the batch back brings the row back, too, as nobody has decided about it: a worker is nobody.
"""

from dataclasses import dataclass

from mappings.definitions import SOURCE_COLUMNS
from mappings.models import DecisionBatch, UnmappedChange, UnmappedStatus
from mappings.unmapped_logger import identity
from mappings.unmapped_sql import SCRAPER


@dataclass(frozen=True, slots=True)
class Reopening:
    """One re-opening of a row that was mapped to the mapping of this canonical id, which claimed the key."""

    change: UnmappedChange
    canonical_id: str

    @property
    def key(self) -> tuple[str, str]:
        return self.change.source, self.change.external_market_id


def reopened_since(batch: DecisionBatch, ground) -> list[Reopening]:
    """The first re-opening since the batch of every row whose mapping the batch has changed, of what was
    read (undo_ground.Ground)."""
    claimed = _claimed_before(ground.mapping_changes[batch.pk])
    if not claimed:
        return []
    by_mapping = {mapping_id: canonical_id for canonical_id, (_, mapping_id) in claimed.items()}
    every_key = {key for keys, _ in claimed.values() for key in keys}
    found: dict[int, Reopening] = {}
    for change in (change for changes in ground.reopened.values() for change in changes):
        canonical_id = by_mapping.get(change.old_value["mapped_to_id"])
        has_key = (change.source, change.external_market_id) in every_key
        if canonical_id is not None and has_key and change.created_at >= batch.created_at:
            found.setdefault(change.unmapped_id, Reopening(change, canonical_id))
    return list(found.values())


def reopenings(ids):
    """What workers have re-opened of these rows, the oldest first."""
    changes = UnmappedChange.objects.filter(unmapped_id__in=ids, batch=None, created_by=SCRAPER)
    mapped = {"old_value__status": UnmappedStatus.MAPPED, "new_value__status": UnmappedStatus.NEW}
    return changes.filter(**mapped).order_by("id")


def claimed_keys(values: dict) -> set[tuple[str, str]]:
    """{(bookmaker, source key as the queue has it)} of a mapping's logged or stored values."""
    main = {(slug, values.get(column)) for slug, column in SOURCE_COLUMNS.items()}
    extra = {(item["bookmaker"], item["key"]) for item in values.get("extra_source_keys") or ()}
    return {(slug, identity(key)) for slug, key in main | extra if key}


def _claimed_before(logged):
    """{canonical id: (keys before the batch, the mapping's number)} of the mappings that it changed."""
    found = {}
    for entry in (entry for entry in logged if entry.old_value is not None and entry.mapping_id is not None):
        found.setdefault(entry.canonical_id, (claimed_keys(entry.old_value), entry.mapping_id))
    return {id: (keys, mapping_id) for id, (keys, mapping_id) in found.items() if keys}
