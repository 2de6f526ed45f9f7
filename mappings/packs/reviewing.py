"""A pack held against what is here: field by field, outcome by outcome, before anything is taken."""

import re
from dataclasses import dataclass

import msgspec
from django.core.exceptions import ValidationError

from mappings.cache import merge
from mappings.catalogue.loader import built_in
from mappings.definitions import SOURCE_COLUMNS
from mappings.ignore_rules import checked_conditions
from mappings.models import IgnoreRule, UnmappedMarketLog, UserMarketMapping
from mappings.packs.format import DECIDED, RULE_FIELDS, Pack, condition
from mappings.packs.local_edits import edited_mappings, edited_rules
from mappings.services.conditions import read_until
from mappings.services.mappings import values_of
from mappings.snapshot import Snapshot

CANONICAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]*", re.ASCII)
KEYS_AT_ONCE = 5_000
UNREAD = ("rules_text", "sample_outcomes")


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """field: a column, or "outcome_mapping.home" for a whole outcome, or
    "outcome_mapping.home.sportybet_desc" for one of its values. None: not there."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class ItemDiff:
    """One mapping (id: its canonical id) or rule ("rule:<name>"). newer_here: who has made it
    what it is here, in words; "" where it came with a pack, and nobody has changed it since."""

    id: str
    name: str
    changes: tuple[FieldDiff, ...]
    newer_here: str = ""


@dataclass(frozen=True, slots=True)
class DecisionsDiff:
    """Markets of the queue. apply: would be decided as in the pack. same: are already. decided_here:
    otherwise, which stays. not_seen: this desk has not met them. no_mapping: their mapping has not
    their source key."""

    apply: int = 0
    same: int = 0
    decided_here: int = 0
    not_seen: int = 0
    no_mapping: int = 0


@dataclass(frozen=True, slots=True)
class PackDiff:
    """only_here: ids that the pack does not have; an import leaves them alone. problems: an import
    is refused while there is one. clashes: source keys that two mappings would claim, and do not now."""

    created: tuple[ItemDiff, ...]
    changed: tuple[ItemDiff, ...]
    unchanged: tuple[str, ...]
    only_here: tuple[str, ...]
    problems: tuple[str, ...]
    clashes: tuple[str, ...] = ()
    decisions: DecisionsDiff | None = None

    @property
    def newer_here(self) -> tuple[ItemDiff, ...]:
        return tuple(item for item in self.changed if item.newer_here)


def review(pack: Pack) -> PackDiff:
    """What an import would do. Nothing is written; the number of queries does not grow with the pack
    (decisions: one more for every 5,000)."""
    here = {row.canonical_id: row for row in UserMarketMapping.objects.order_by("canonical_id")}
    problems: list[str] = []
    created, changed, unchanged, rows = [], [], [], dict(here)
    for packed in pack.mappings:
        known = here.get(packed.canonical_id)
        row = row_of(packed)
        if known is not None and values_of(known) == values_of(row):
            unchanged.append(packed.id)
            continue
        problems += [f"{packed.canonical_id}: {text}" for text in _refusals(row)]
        changes = _differences(values_of(known) if known else None, values_of(row))
        if known is not None and not changes:
            unchanged.append(packed.id)
            continue
        rows[packed.canonical_id] = row
        (changed if known else created).append(ItemDiff(packed.id, packed.name, changes))
    names = {item.id for item in changed}
    packs = {packed.id: values_of(row_of(packed)) for packed in pack.mappings if packed.id in names}
    changed = _with_edits(changed, edited_mappings(packs) if packs else {})
    rules = _rules(pack, problems)
    return PackDiff(
        created=(*created, *rules[0]),
        changed=(*changed, *rules[1]),
        unchanged=(*unchanged, *rules[2]),
        only_here=(*sorted(here.keys() - {packed.canonical_id for packed in pack.mappings}), *rules[3]),
        problems=tuple(problems),
        clashes=() if problems else _new_clashes(here.values(), rows.values()),
        decisions=None if pack.decisions is None else sort_decisions(pack, rows)[0],
    )


def row_of(packed) -> UserMarketMapping:
    """The unsaved row that a packed mapping is."""
    return UserMarketMapping(**msgspec.structs.asdict(packed))


def _refusals(row):
    """Why it could not be saved; as saving does it, blanks around source keys go."""
    problems = [] if CANONICAL_ID.fullmatch(row.canonical_id) else ["The id must be plain letters, digits and _.:+-"]
    for check in (row.clean_fields, row.clean):
        try:
            check()
        except ValidationError as error:
            problems += [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
    return problems


# --- Differences ----------------------------------------------------------------------------------


def _differences(old, new):
    if old is None:
        return tuple(FieldDiff(name, None, value) for name, value in new.items() if value not in (None, "", [], {}))
    found = []
    for name, value in new.items():
        if old[name] == value:
            continue
        if name == "outcome_mapping":
            found += _outcome_differences(old[name], value) or [FieldDiff(name, old[name], value)]
        else:
            found.append(FieldDiff(name, old[name], value))
    return tuple(found)


def _outcome_differences(old, new):
    """[] where the tables cannot be told apart by outcomes: they are no lists of outcomes with ids."""
    try:
        before, after = ({outcome["canonical_id"]: outcome for outcome in table} for table in (old, new))
    except (TypeError, KeyError):
        return []
    found = []
    for id in {**before, **after}:
        one, other = before.get(id), after.get(id)
        if one is None or other is None:
            found.append(FieldDiff(f"outcome_mapping.{id}", one, other))
        else:
            found += [
                FieldDiff(f"outcome_mapping.{id}.{name}", one.get(name), other.get(name))
                for name in {**one, **other}
                if one.get(name) != other.get(name)
            ]
    return found


def _with_edits(changed, edited):
    return [ItemDiff(item.id, item.name, item.changes, edited.get(item.id, "")) for item in changed]


def _new_clashes(before, after):
    known = {tuple(clash) for clash in _clashes(before)}
    return tuple(
        f"{clash.bookmaker_slug} {clash.key}: {clash.winner} would come before {clash.loser}"
        for clash in _clashes(after)
        if tuple(clash) not in known
    )


def _clashes(rows):
    definitions, _ = merge(built_in(), [row for row in rows if row.is_active])
    return Snapshot(definitions, None).clashes


# --- Rules ----------------------------------------------------------------------------------------


def _rules(pack, problems):
    """(created, changed, unchanged ids, ids that are only here)"""
    here = {rule["name"]: rule for rule in IgnoreRule.objects.values(*RULE_FIELDS)}
    created, changed, unchanged = [], [], []
    for packed in pack.rules:
        values = msgspec.structs.asdict(packed)
        known = here.get(packed.name)
        if known == values:
            unchanged.append(packed.id)
            continue
        problems += [f"{packed.id}: {text}" for text in _rule_refusals(values)]
        (changed if known else created).append(ItemDiff(packed.id, packed.name, _differences(known, values)))
    if changed:
        ids = IgnoreRule.objects.filter(name__in=[item.name for item in changed]).values_list("pk", "name")
        edited = edited_rules(dict(ids))
        changed = _with_edits(changed, {f"rule:{name}": who for name, who in edited.items()})
    only_here = sorted(f"rule:{name}" for name in here.keys() - {packed.name for packed in pack.rules})
    return created, changed, unchanged, only_here


def _rule_refusals(values):
    problems = []
    for check in (
        lambda: checked_conditions(values["conditions"]),
        lambda: read_until(values["until"]),
        lambda: IgnoreRule(**values).clean_fields(),
    ):
        try:
            check()
        except ValidationError as error:
            problems += [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
    return problems


# --- Decisions ------------------------------------------------------------------------------------


def sort_decisions(pack, rows) -> tuple[DecisionsDiff, list[tuple]]:
    """(counts, [(queue row, PackedDecision)] to be carried out). rows: {canonical id: mapping as it
    would be after the import}."""
    counts = dict.fromkeys(("apply", "same", "decided_here", "not_seen", "no_mapping"), 0)
    to_apply = []
    for start in range(0, len(pack.decisions), KEYS_AT_ONCE):
        part = pack.decisions[start : start + KEYS_AT_ONCE]
        slugs, keys = {packed.source for packed in part}, {packed.external_market_id for packed in part}
        # The bookmaker comes first in the index.
        seen = UnmappedMarketLog.objects.filter(source__in=slugs, external_market_id__in=keys)
        known = {(row.source, row.external_market_id): row for row in seen.select_related("mapped_to").defer(*UNREAD)}
        for packed in part:
            row = known.get((packed.source, packed.external_market_id))
            verdict = _verdict(packed, row, rows)
            counts[verdict] += 1
            if verdict == "apply":
                to_apply.append((row, packed))
    return DecisionsDiff(**counts), to_apply


def _verdict(packed, row, rows):
    if row is None:
        return "not_seen"
    mapped_to = row.mapped_to.canonical_id if row.mapped_to_id else None
    if (row.status, mapped_to, condition(row.ignore_until)) == (packed.status, packed.mapped_to, packed.ignore_until):
        return "same"
    if row.tab != "NEW" or packed.status not in DECIDED:
        return "decided_here"
    if packed.status == "MAPPED" and not _claims(rows.get(packed.mapped_to), row):
        return "no_mapping"
    return "apply"


def _claims(mapping, row):
    if mapping is None:
        return False
    column = SOURCE_COLUMNS.get(row.source)
    if column and getattr(mapping, column) == row.external_market_id:
        return True
    return {"bookmaker": row.source, "key": row.external_market_id} in mapping.extra_source_keys
