"""Mapping a queue row: the mapping and the row's MAPPED are one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog
from django.core.exceptions import ValidationError
from django.utils import timezone

from mappings.actors import acting_as, name_of
from mappings.definitions import OUTCOME_COLUMNS, SOURCE_COLUMNS
from mappings.models import MappingVersion, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from mappings.services.mappings import MappingChange, create_mapping, new_row, update_mapping
from mappings.services.queue import (
    CHANGED,
    DECISION_FIELDS,
    NOT_FOUND,
    UNCHANGED,
    Decision,
    apply_decision,
    described,
    locked,
    stale,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Resolution:
    """change: what happened to the mapping. decisions: what happened to each queue row."""

    change: MappingChange
    decisions: tuple[Decision, ...]


def map_to(
    *,
    ids: Iterable[int],
    canonical_id: str,
    user,
    reason: str = "",
    values: dict | None = None,
    outcome_texts: Mapping[str, str] | None = None,
    versions: Mapping | None = None,
) -> Resolution:
    """Map queue rows to one market, whose mapping is made, or extended by the rows' source keys.

    values: fields of the mapping, where canonical_id is a new market, or to change with it.
    outcome_texts: {canonical outcome id: text} of the rows' bookmaker, where the mapping does not
    have them yet; all rows must then be of one bookmaker.
    Raises ValidationError when the mapping would not map; nothing is changed then.
    """
    ids = list(dict.fromkeys(ids))
    versions = versions or {}
    with acting_as(user, reason or f"Mapped from the queue: {len(ids)} row(s)."):
        rows = locked(ids)
        decisions = {id: Decision(id, NOT_FOUND) for id in ids if id not in rows}
        decisions |= {id: stale(row) for id, row in rows.items() if versions.get(id) not in (None, row.version)}
        taken = [rows[id] for id in ids if id not in decisions]
        if not taken:
            raise ValidationError("None of these markets can be mapped: they are gone, or changed meanwhile.")
        change = _extend(canonical_id, taken, values or {}, outcome_texts or {}, user, reason)
        now = timezone.now()
        changed = []
        for row in taken:
            if row.status == UnmappedStatus.MAPPED and row.mapped_to_id == change.mapping.pk:
                decisions[row.pk] = described(row, UNCHANGED)
                continue
            apply_decision(row, UnmappedStatus.MAPPED, user, reason, now)
            row.mapped_to = change.mapping
            row.decided_mapping_version = MappingVersion.objects.values_list("version", flat=True).get()
            changed.append(row)
            decisions[row.pk] = described(row, CHANGED)
        UnmappedMarketLog.objects.bulk_update(changed, DECISION_FIELDS)
    log.info("unmapped.mapped", canonical_id=canonical_id, count=len(changed), user=name_of(user))
    return Resolution(change, tuple(decisions[id] for id in ids))


def _extend(canonical_id, queue_rows, values, outcome_texts, user, reason):
    """Create or update the mapping so that it claims the rows' source keys."""
    existing = UserMarketMapping.objects.select_for_update().filter(canonical_id=canonical_id).first()
    wanted = extension(existing or new_row(canonical_id), queue_rows, values, outcome_texts)
    if existing is None:
        return create_mapping(canonical_id=canonical_id, values=wanted, user=user, reason=reason)
    wanted.setdefault("is_active", True)
    return update_mapping(canonical_id=canonical_id, changes=wanted, user=user, reason=reason)


def extension(mapping, queue_rows, values, outcome_texts) -> dict:
    """{field: value} with which a mapping's row, stored or not, claims the rows' source keys. Pure:
    what saves and what only previews use the same. Raises ValidationError."""

    def current(field):
        return wanted.get(field, getattr(mapping, field))

    wanted = dict(values)
    extra = [dict(item) for item in current("extra_source_keys")]
    for row in queue_rows:
        column = SOURCE_COLUMNS.get(row.source)
        key = row.external_market_id
        if column and not current(column):
            wanted[column] = key
        elif not (column and current(column) == key):
            item = {"bookmaker": row.source, "key": key}
            if item not in extra:
                extra.append(item)
    wanted["extra_source_keys"] = extra
    if outcome_texts:
        slugs = {row.source for row in queue_rows}
        if len(slugs) > 1:
            raise ValidationError({"outcome_texts": "Outcome texts belong to one bookmaker; the rows are of several."})
        wanted["outcome_mapping"] = _with_texts(current("outcome_mapping"), slugs.pop(), outcome_texts)
    return wanted


def _with_texts(outcomes, slug, texts):
    unknown = sorted(set(texts) - {outcome["canonical_id"] for outcome in outcomes})
    if unknown:
        raise ValidationError({"outcome_texts": f"Not among the market's outcomes: {', '.join(unknown)}."})
    column = OUTCOME_COLUMNS.get(slug)
    changed = []
    for outcome in outcomes:
        text = texts.get(outcome["canonical_id"])
        if text is None:
            changed.append(outcome)
        elif column:
            changed.append({**outcome, column: text})
        else:
            changed.append({**outcome, "sources": {**(outcome.get("sources") or {}), slug: text}})
    return changed
