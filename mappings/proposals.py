"""What the mappings would be after a decision that nobody has made yet. Reads only.

The row is put together as saving would do it, checked as saving would check it, and the mappings
in force are compiled once more with it. Previews compare the two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Q

from mappings.cache import mapping_cache
from mappings.catalogue.loader import collide, from_row
from mappings.definitions import REFERENCE, MarketDefinition
from mappings.groups import groups_of
from mappings.models import UnmappedMarketLog, UserMarketMapping
from mappings.services.mappings import EDITABLE, beginning_row, catalogue_entry, new_row, values_of
from mappings.services.resolving import extension, without_source_key
from mappings.snapshot import Snapshot

MOST_DESCRIBED = 50  # source keys that are looked up in the queue
NOT_THE_FORM = "Some values are not in their documented form."


@dataclass(frozen=True, slots=True)
class Proposal:
    """change: created, overridden (a row over a built-in entry), updated, activated, deactivated,
    unchanged. row: as it would be saved, never saved from here. changes: {field: (old, new)}.
    problems: {field: texts} for which saving would be refused; the mappings then stay as they are.

    draft: the row as a definition, also one that would be refused; None where it cannot be read.
    before, after: the definition of this canonical id in force now and then; None where there is
    none. present, proposed: all mappings now and then. taken_from: other people's mappings that
    would lose a queue row's source key to this one; proposed lacks those that have no other.
    affected: {slug: source keys} that would be mapped differently. described: the queue's rows of
    the source keys in question, by (slug, key).
    """

    canonical_id: str
    change: str
    row: UserMarketMapping
    changes: dict[str, tuple]
    problems: dict[str, list[str]]
    queue_rows: tuple[UnmappedMarketLog, ...]
    missing_ids: tuple[int, ...]
    draft: MarketDefinition | None
    before: MarketDefinition | None
    after: MarketDefinition | None
    present: Snapshot
    proposed: Snapshot
    taken_from: tuple[str, ...] = ()
    affected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    described: dict[tuple[str, str], UnmappedMarketLog] = field(default_factory=dict)

    @property
    def slugs(self) -> tuple[str, ...]:
        """Bookmakers whose odds would be mapped differently."""
        return tuple(self.affected)

    def focus(self) -> list[tuple[str, str]]:
        """(slug, source key) that the decision is about: the queue rows', else those newly claimed,
        else all that are mapped differently, rivals' before the reference's."""
        asked = [(row.source, row.external_market_id) for row in self.queue_rows]
        if asked:
            return list(dict.fromkeys(asked))
        rivals_first = sorted(self.affected, key=lambda slug: (slug == REFERENCE, slug))
        found = [(slug, key) for slug in rivals_first for key in self.affected[slug]]
        known = self.before.keys if self.before else {}
        newly = [(slug, key) for slug, key in found if slug != REFERENCE and key not in known.get(slug, ())]
        return newly or found


def propose(
    *,
    canonical_id: str,
    values: dict,
    ids: Iterable[int] = (),
    outcome_texts: Mapping[str, str] | None = None,
    split: bool = False,
) -> Proposal:
    """values: {field: value} of EDITABLE. ids, outcome_texts, split: queue rows whose source keys it
    shall claim, as services.map_to takes them. A canonical_id without a row is a new one, or an
    override of the built-in entry. At most twelve queries, whatever the values."""
    mapping_cache.refresh()
    present = mapping_cache.snapshot
    stored = UserMarketMapping.objects.filter(canonical_id=canonical_id).first()
    queue_rows, missing = _queue_rows(ids)
    row = beginning_row(canonical_id, stored) if queue_rows else stored or new_row(canonical_id)
    old = values_of(stored or row)
    values, problems = dict(values), {}
    if queue_rows:
        try:
            values = extension(row, queue_rows, values, outcome_texts or {})
        except ValidationError as error:
            problems = error.message_dict
        except (TypeError, ValueError, KeyError, AttributeError):
            problems = {"values": [NOT_THE_FORM]}
        if stored is not None:
            values.setdefault("is_active", True)
    _assign(row, values, problems)
    changes = [name for name in EDITABLE if old[name] != getattr(row, name)]
    change = _kind(stored, canonical_id, old, row, changes)
    if change not in ("unchanged", "deactivated"):
        problems = _refusals(row) | problems
    draft = _read(row, canonical_id)
    if draft is None and not problems:
        problems = {"values": [NOT_THE_FORM]}
    before = present.by_canonical_id.get(canonical_id)
    after = before if problems else (draft if row.is_active else catalogue_entry(canonical_id))
    losers = {} if problems or split else _losers(present, canonical_id, after, queue_rows, problems)
    if problems:
        after, losers = before, {}
    proposed = present if after == before and not losers else _with(present, canonical_id, after, losers)
    proposal = Proposal(
        canonical_id=canonical_id,
        change=change,
        row=row,
        changes={name: (old[name], getattr(row, name)) for name in changes if old[name] != getattr(row, name)},
        problems=problems,
        queue_rows=queue_rows,
        missing_ids=missing,
        draft=draft,
        before=before,
        after=after,
        present=present,
        proposed=proposed,
        taken_from=tuple(sorted(losers)),
        affected=_affected(before, after, present, proposed),
    )
    proposal.described.update(_described(proposal))
    return proposal


def _described(proposal):
    """What the queue knows of the source keys in question. At most one query."""
    found = {(row.source, row.external_market_id): row for row in proposal.queue_rows}
    wanted = [pair for pair in proposal.focus() if pair not in found][:MOST_DESCRIBED]
    if wanted:
        which = Q()
        for slug, key in wanted:
            which |= Q(source=slug, external_market_id=key)
        found |= {(row.source, row.external_market_id): row for row in UnmappedMarketLog.objects.filter(which)}
    return found


def _queue_rows(ids):
    ids = list(dict.fromkeys(ids))
    if not ids:
        return (), ()
    rows = UnmappedMarketLog.objects.in_bulk(ids)
    return tuple(rows[id] for id in ids if id in rows), tuple(id for id in ids if id not in rows)


def _assign(row, values, problems):
    """Set what is given; adds names that cannot be set to the problems."""
    for name, value in values.items():
        if name not in EDITABLE:
            problems[name] = ["This field cannot be set."]
        else:
            setattr(row, name, value)


def _kind(stored, canonical_id, old, row, changes):
    if stored is None:
        return "created" if catalogue_entry(canonical_id) is None else "overridden"
    if not changes:
        return "unchanged"
    if old["is_active"] != row.is_active:
        return "activated" if row.is_active else "deactivated"
    return "updated"


def _refusals(row):
    try:
        row.full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


def _read(row, canonical_id):
    try:
        return from_row(row, overrides=catalogue_entry(canonical_id) is not None)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _losers(present, canonical_id, after, queue_rows, problems):
    """{canonical id: definition without the rows' keys, None where it is switched off} of other people's
    mappings with the same outcomes: mapping from the queue takes the keys off them. Built-in ones keep
    theirs and come second."""
    losers = {}
    if after is None:
        return losers
    for row in queue_rows:
        slug, key = row.source, row.external_market_id
        for claim in present.table(slug).lookup(key):
            other = losers.get(claim.canonical_id, claim.definition)
            if other is None or other.origin != "db" or other.canonical_id == canonical_id:
                continue
            if not collide(slug, after, other):
                continue
            try:
                losers[other.canonical_id] = without_source_key(other, slug, key)
            except ValidationError as error:
                problems.setdefault("ids", []).extend(error.message_dict["ids"])
    return losers


def _with(present, canonical_id, after, losers):
    others = [losers.get(d.canonical_id, d) for d in present.definitions if d.canonical_id != canonical_id]
    return Snapshot(tuple(d for d in (*others, after) if d is not None), present.version)


def _affected(before, after, present, proposed):
    """{slug: source keys} that would be mapped differently."""
    slugs = {slug for definition in (before, after) if definition for slug in definition.keys}
    found = {}
    for slug in sorted(slugs):
        mine, theirs = (definition.keys.get(slug, ()) if definition else () for definition in (before, after))
        keys = dict.fromkeys((*theirs, *mine))
        if view(before, slug) != view(after, slug):
            moved = tuple(keys)
        else:
            moved = tuple(key for key in keys if (key in mine) != (key in theirs))
            moved += tuple(
                key for key in keys if key not in moved and _order(present, slug, key) != _order(proposed, slug, key)
            )
        if moved:
            found[slug] = moved
    return found


def _order(snapshot, slug, key):
    return [claim.canonical_id for claim in snapshot.table(slug).lookup(key)]


def view(definition: MarketDefinition | None, slug: str):
    """Everything that decides what is stored of this bookmaker's markets, its source keys apart."""
    if definition is None or not definition.keys.get(slug):
        return None
    return (
        definition.betpawa_id,
        definition.name,
        definition.kind,
        definition.subkind,
        definition.line_semantics,
        groups_of(definition),
        definition.filters.get(slug, {}),
        [(outcome.name, outcome.texts.get(slug)) for outcome in definition.outcomes],
    )
