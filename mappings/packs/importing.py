"""Taking a pack over: one batch, by the same services as a person's own decisions, so that it is
checked, audited and undone like them."""

import json
from collections import defaultdict
from collections.abc import Iterable

import structlog
from msgspec import structs

from mappings import ignore_rules
from mappings.actors import name_of
from mappings.deciding import deciding
from mappings.models import IgnoreRule, UserMarketMapping
from mappings.packs.format import Pack, PackRefused
from mappings.packs.reviewing import review, row_of, sort_decisions
from mappings.services.decisions import locked
from mappings.services.mappings import create_mapping, update_mapping, values_of
from mappings.services.queue import acknowledge, ignore
from mappings.services.resolving import map_to

log = structlog.get_logger(__name__)

DECISIONS = "decisions"


def import_pack(
    pack: Pack, *, user, reason: str, only: Iterable[str] | None = None, overwrite_newer: bool = False
) -> int | None:
    """Take the pack over, wholly or not at all; returns the batch that undoes it, None when all of it
    is here already. What is only here stays.

    only: ids as the review has them ("1x2_ft", "rule:Players"), and "decisions" for those about the
    queue; None for everything. A mapping or rule that somebody here has made what it is is taken only
    where `only` names it, or with overwrite_newer. Raises PackRefused with every problem.
    """
    with deciding("import", user, reason) as batch:
        ids = [packed.canonical_id for packed in pack.mappings]
        here = UserMarketMapping.objects.select_for_update().filter(canonical_id__in=ids).order_by("canonical_id")
        here = {row.canonical_id: row for row in here}
        wanted = _chosen(pack, only)
        _refuse(review(wanted), only, overwrite_newer)
        for packed in wanted.mappings:
            _take_mapping(packed, here.get(packed.canonical_id), user, reason)
        for packed in wanted.rules:
            _take_rule(packed, user, reason)
        if wanted.decisions:
            _take_decisions(wanted, user)
        batch.summary["checksum"] = pack.checksum
    log.info("mapping_pack.imported", checksum=pack.checksum, batch=batch.pk, user=name_of(user))
    return batch.pk


def _chosen(pack, only):
    if only is None:
        return pack
    only = set(only)
    known = {item.id for item in (*pack.mappings, *pack.rules)} | ({DECISIONS} if pack.decisions is not None else set())
    if unknown := sorted(only - known):
        raise PackRefused([f"The pack has no {id}." for id in unknown])
    return structs.replace(
        pack,
        mappings=tuple(packed for packed in pack.mappings if packed.id in only),
        rules=tuple(packed for packed in pack.rules if packed.id in only),
        decisions=pack.decisions if DECISIONS in only else None,
    )


def _refuse(diff, only, overwrite_newer):
    problems = list(diff.problems)
    if only is None and not overwrite_newer:
        problems += [
            f"{item.id}: it was changed here: {item.newer_here}. Name it to take it." for item in diff.newer_here
        ]
    if problems:
        raise PackRefused(problems)


def _take_mapping(packed, known, user, reason):
    values = values_of(row_of(packed))
    if known is None:
        create_mapping(canonical_id=packed.canonical_id, values=values, user=user, reason=reason)
    elif values_of(known) != values:
        update_mapping(canonical_id=packed.canonical_id, changes=values, user=user, reason=reason)


def _take_rule(packed, user, reason):
    """Rows that it fits are left to the next cycle."""
    values = structs.asdict(packed)
    known = IgnoreRule.objects.filter(name=packed.name).first()
    if known is None:
        ignore_rules.create_rule(**values, user=user, apply_now=False)
    elif {name: getattr(known, name) for name in values} != values:
        ignore_rules.update_rule(id=known.pk, changes=values, user=user, reason=reason)


def _take_decisions(pack, user):
    """The same decisions together, each with the notes that it had."""
    rows = {row.canonical_id: row for row in UserMarketMapping.objects.all()}
    groups = defaultdict(list)
    wanted = sort_decisions(pack, rows)[1]
    locked(row.pk for row, _ in wanted)  # in one order, whatever the order of the groups
    for row, packed in wanted:
        until = json.dumps(packed.ignore_until, sort_keys=True)
        groups[packed.status, packed.notes or "", packed.mapped_to or "", until].append(row.pk)
    for (status, notes, mapped_to, until), ids in groups.items():
        if status == "MAPPED":
            map_to(ids=ids, canonical_id=mapped_to, user=user, reason=notes, split=True)
        elif status == "IGNORED":
            ignore(ids=ids, user=user, reason=notes, until=json.loads(until))
        else:
            acknowledge(ids=ids, user=user, reason=notes)
