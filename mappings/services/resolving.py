"""Mapping queue rows: the mapping, its outcome pairs, the rows' MAPPED, the audit and what became of
the suggestions are one transaction and one batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from msgspec import structs

from mappings.actors import name_of
from mappings.catalogue.loader import collide, from_row, row_problems
from mappings.deciding import deciding
from mappings.definitions import OUTCOME_COLUMNS, SOURCE_COLUMNS, MarketDefinition
from mappings.models import MappingVersion, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from mappings.services.change_words import names_in
from mappings.services.decisions import (
    CHANGED,
    NOT_FOUND,
    UNCHANGED,
    Decision,
    Decisions,
    claim_remark,
    described,
    fresh_decision,
    last_changes,
    locked,
    note,
    stale,
    text_of,
)
from mappings.services.mappings import (
    MappingChange,
    beginning_row,
    catalogue_entry,
    create_mapping,
    deactivate_mapping,
    update_mapping,
    values_of,
)
from mappings.services.versions import check_version
from mappings.suggestions import memory

log = structlog.get_logger(__name__)

MOST_TOLD = 3  # of several that changed meanwhile


@dataclass(frozen=True, slots=True)
class Resolution:
    """change: what happened to the mapping. decisions: what happened to each queue row.
    taken_from: mappings that lost a source key to this one; switched_off: those of them that had no
    other. batch_id: what undoes all of it."""

    change: MappingChange
    decisions: Decisions
    taken_from: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()
    batch_id: int | None = None


def map_to(
    *,
    ids: Iterable[int],
    canonical_id: str,
    user,
    reason: str = "",
    values: dict | None = None,
    outcome_texts: Mapping[str, str] | None = None,
    versions: Mapping | None = None,
    mapping_version: int | None = None,
    split: bool = False,
    apply_now: bool = False,
) -> Resolution:
    """Map queue rows to one market, whose mapping is made, or extended by the rows' source keys. One that
    is switched off is begun anew: see mappings.beginning_row.

    values: fields of the mapping, where canonical_id is a new market, or to change with it.
    outcome_texts: {canonical outcome id: text} of the rows' bookmaker, where the mapping does not
    have them yet; all rows must then be of one bookmaker.
    mapping_version: the version of the mapping that was read, 0 where nobody had made one; raises StaleVersion.
    split: the rows' keys go on feeding what they feed, too: each outcome goes to the mapping that
    has its text. Without it a key is taken off other people's mappings with the same outcomes; one
    that had no other key is switched off.
    apply_now: also to what is stored of running events, where the mapping changed (change.task_id).
    Raises ValidationError when the mapping would not map; nothing is changed then.
    """
    ids = list(dict.fromkeys(ids))
    with deciding("map", user, reason or f"Mapped from the queue: {len(ids)} row(s).") as batch:
        rows = locked(ids)
        taken, decisions = _free_rows(rows, ids, versions or {})
        if not taken:
            raise ValidationError(_why_none(decisions.values()))
        batch.mapping_rows = {row.pk for row in taken}
        outcomes, signed = outcome_texts or {}, {"user": user, "reason": reason, "apply_now": apply_now}
        change = _extend(canonical_id, taken, values or {}, outcomes, mapping_version, signed)
        taken_from, switched_off = ((), ()) if split else _take_keys(change.mapping, taken, user, reason)
        changed = [row for row in taken if not _is_mapped_to(row, change.mapping)]
        decisions |= {row.pk: described(row, UNCHANGED) for row in taken if row not in changed}
        decisions |= _settle(changed, change.mapping, user, reason)
        for row in changed:
            if row.best_betpawa_id:  # something had been suggested
                memory.record_outcome(row, change.mapping.betpawa_id or "", batch, user)
        note(batch, [row.pk for row in changed])
        batch.summary.setdefault("mappings", []).append(canonical_id)
    log.info("unmapped.mapped", canonical_id=canonical_id, count=len(changed), user=name_of(user), batch=batch.pk)
    return Resolution(change, Decisions(decisions[id] for id in ids), taken_from, switched_off, batch.pk)


def _free_rows(rows, ids, versions):
    """(rows that this decision is about, {id: Decision} of the others)"""
    behind = [id for id, row in rows.items() if versions.get(id) not in (None, row.version)]
    first = last_changes(behind) if behind else {}
    decisions = {id: Decision(id, NOT_FOUND) for id in ids if id not in rows}
    names = names_in(first.values())
    decisions |= {id: stale(rows[id], first.get(id), names) for id in behind}
    return [rows[id] for id in ids if id not in decisions], decisions


def _why_none(decisions):
    """Who was first, where somebody was."""
    told = list(dict.fromkeys(decision.detail for decision in decisions if decision.detail))
    if len(decisions) == 1 and told:
        return told[0]
    return " ".join(["None of these markets can be mapped: they are gone, or changed meanwhile.", *told[:MOST_TOLD]])


def _is_mapped_to(row, mapping):
    return row.status == UnmappedStatus.MAPPED and row.mapped_to_id == mapping.pk and row.review_since is None


def _settle(rows, mapping, user, reason):
    """MAPPED, in one statement; {id: Decision}."""
    now = timezone.now()
    version = MappingVersion.objects.values_list("version", flat=True).get()
    fields = {**fresh_decision(user, now), "status": UnmappedStatus.MAPPED, "mapped_to": mapping}
    fields["decided_mapping_version"] = version
    if text_of(reason):
        fields["notes"] = text_of(reason)
    fields["version"] = F("version") + 1
    UnmappedMarketLog.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)
    remark = claim_remark(user)
    decision = partial(Decision, decided_by=name_of(user)[:150], decided_at=now)
    return {
        row.pk: decision(row.pk, CHANGED, UnmappedStatus.MAPPED.value, row.version + 1, remark(row)) for row in rows
    }


def _take_keys(mapping, queue_rows, user, reason):
    """Take the rows' keys off other active mappings of people that would answer for the same
    outcomes; returns their canonical ids, and those of them that were switched off. Built-in ones
    need nothing: people come first."""
    ours = from_row(mapping)
    taken_from, switched_off = {}, {}
    for row in queue_rows:
        slug, key = row.source, row.external_market_id
        for other in _claimants(slug, key).exclude(pk=mapping.pk).order_by("canonical_id"):
            if row_problems(other):
                continue
            definition = from_row(other, overrides=catalogue_entry(other.canonical_id) is not None)
            if not collide(slug, ours, definition):
                continue
            signed = {"user": user, "reason": reason or f"{key} is {mapping.canonical_id}."}
            if without_source_key(definition, slug, key) is None:
                deactivate_mapping(canonical_id=other.canonical_id, **signed)
                switched_off[other.canonical_id] = True
            else:
                update_mapping(canonical_id=other.canonical_id, changes=without_key(other, slug, key), **signed)
            taken_from[other.canonical_id] = True
    return tuple(taken_from), tuple(switched_off)


def without_source_key(definition: MarketDefinition, slug: str, key: str) -> MarketDefinition | None:
    """A mapping whose key another one takes; None where it has no other and is switched off. It then
    keeps the key for whoever switches it on again.

    Raises ValidationError where that would bring a built-in mapping back, which nobody asked for."""
    keys = {**definition.keys, slug: tuple(known for known in definition.keys[slug] if known != key)}
    if any(keys.values()):
        return structs.replace(definition, keys=keys)
    if definition.overrides:
        told = f"{key} is the only source key of {definition.name} ({definition.canonical_id})"
        raise ValidationError({"ids": f"{told}, which replaces a built-in mapping; switch that off first."})
    return None


def without_key(mapping, slug, key) -> dict:
    """{field: value} by which a mapping no longer claims a source key."""
    changes = {"extra_source_keys": [i for i in mapping.extra_source_keys if (i["bookmaker"], i["key"]) != (slug, key)]}
    column = SOURCE_COLUMNS.get(slug)
    if column and getattr(mapping, column) == key:
        changes[column] = None
    return changes


def _claimants(slug, key):
    claims = Q(extra_source_keys__contains=[{"bookmaker": slug, "key": key}])
    if slug in SOURCE_COLUMNS:
        claims |= Q(**{SOURCE_COLUMNS[slug]: key})
    return UserMarketMapping.objects.filter(claims, is_active=True)


def _extend(canonical_id, queue_rows, values, outcome_texts, version, signed):
    """Create or update the mapping so that it claims the rows' source keys."""
    existing = UserMarketMapping.objects.select_for_update().filter(canonical_id=canonical_id).first()
    begun = beginning_row(canonical_id, existing)
    wanted = extension(begun, queue_rows, values, outcome_texts)
    if existing is None:
        check_version(None, version)
        return create_mapping(canonical_id=canonical_id, values=wanted, **signed)
    if not existing.is_active:
        wanted = values_of(begun) | {"is_active": True} | wanted
    return update_mapping(canonical_id=canonical_id, changes=wanted, version=version, **signed)


def extension(mapping, queue_rows, values: dict, outcome_texts: Mapping[str, str]) -> dict:
    """The values by which a mapping claims the rows' source keys, and calls its outcomes as they do.
    Changes nothing, the mapping neither. Raises ValidationError as map_to does."""
    wanted = dict(values)

    def now(field):
        return wanted[field] if field in wanted else getattr(mapping, field)

    extra = [dict(item) for item in now("extra_source_keys")]
    for row in queue_rows:
        column, key = SOURCE_COLUMNS.get(row.source), row.external_market_id
        if column and not now(column):
            wanted[column] = key
        elif not (column and now(column) == key):
            item = {"bookmaker": row.source, "key": key}
            if item not in extra:
                extra.append(item)
    wanted["extra_source_keys"] = extra
    if outcome_texts:
        slugs = {row.source for row in queue_rows}
        if len(slugs) > 1:
            raise ValidationError({"outcome_texts": "Outcome texts belong to one bookmaker; the rows are of several."})
        wanted["outcome_mapping"] = _with_texts(now("outcome_mapping"), slugs.pop(), outcome_texts)
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
