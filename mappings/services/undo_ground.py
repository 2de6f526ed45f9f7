"""What undoing needs to know, read once for all batches that are to be undone one after the other.

A take-back of a hundred decisions costs the reads of one. What an undo makes of things is put in here
(`take`), so that the next one is planned on what the one before leaves; nothing is read again.
"""

import json
from collections.abc import Iterable
from copy import copy

from django.db import connection
from django.db.models import Q

from mappings.models import DecisionBatch, IgnoreRule, MappingAuditLog, UnmappedChange, UserMarketMapping
from mappings.models import UnmappedMarketLog as Row
from mappings.models import UnmappedStatus as Status
from mappings.services.undo_memory import taught
from mappings.services.undo_reopened import claimed_keys, reopenings

CURRENT = """
SELECT q.id, unmapped_decision(q) FROM unmapped_market_log AS q
 WHERE q.id = ANY(%s) ORDER BY q.source, q.external_market_id
"""


class Ground:
    """By batch: row_changes [(log id, row id, bookmaker, key, old, new)], mapping_changes [MappingAuditLog],
    rejections (see taught), undone_by. reopened: {row id: [UnmappedChange]} of workers, the oldest first.
    rows, mappings, rules: as they are, or as undos would leave them; what is not there any more is missing.
    rule_names: {id: name} of all rules, also of those that no batch has changed; the same goes for it."""

    def __init__(self, batches: Iterable[DecisionBatch], *, lock: bool = False):
        """lock: for the transaction's rest, rules, rows, mappings, as in every decision: what locks in one order
        waits and does not deadlock."""
        self._batches = {batch.pk: batch for batch in batches}
        ids = list(self._batches)
        self.undone_by = {undo.undoes_id: undo for undo in DecisionBatch.objects.filter(undoes_id__in=ids)}
        self.row_changes: dict[int, list] = {id: [] for id in ids}
        columns = ("batch_id", "id", "unmapped_id", "source", "external_market_id", "old_value", "new_value")
        logged = UnmappedChange.objects.filter(batch_id__in=ids).order_by("id")
        for batch_id, *change in logged.values_list(*columns):
            self.row_changes[batch_id].append(tuple(change))
        self.mapping_changes: dict[int, list] = {id: [] for id in ids}
        for entry in MappingAuditLog.objects.filter(batch_id__in=ids).order_by("id"):
            self.mapping_changes[entry.batch_id].append(entry)
        self.rejections = taught(self._batches.values())
        self.reopened: dict[int, list] = {}
        self._read_reopened()
        self._read_things(lock)

    def take(self, rows: Iterable, mappings: Iterable, rules: dict[int, IgnoreRule]):
        """Go on from what these plans make of things."""
        self.rows.update((plan.id, plan.target) for plan in rows)
        self.mappings.update((plan.canonical_id, plan.row) for plan in mappings)
        self.rules.update(rules)
        self.rule_names.update((id, rule.name) for id, rule in rules.items())

    def mapping(self, canonical_id: str) -> UserMarketMapping | None:
        """One of one's own, to be changed."""
        return copy(self.mappings.get(canonical_id))

    def _read_reopened(self):
        """What workers re-opened of the rows that batches have MAPPED, or whose mapping they have changed."""
        changes = [change for found in self.row_changes.values() for change in found]
        mapped = {id for _, id, *_, new in changes if new["status"] == Status.MAPPED}
        keys: dict[str, set] = {}
        for entry in (entry for found in self.mapping_changes.values() for entry in found):
            for slug, key in claimed_keys(entry.old_value or {}):
                keys.setdefault(slug, set()).add(key)
        if keys:
            wanted = Q()
            for slug, of_slug in keys.items():
                wanted |= Q(source=slug, external_market_id__in=of_slug)
            mapped |= set(Row.objects.filter(wanted).order_by().values_list("pk", flat=True))
        for change in reopenings(mapped) if mapped else ():
            self.reopened.setdefault(change.unmapped_id, []).append(change)

    def _read_things(self, lock):
        noted = {rule["id"] for batch in self._batches.values() for rule in batch.summary.get("rules", ())}
        rules = IgnoreRule.objects.filter(pk__in=noted).order_by("pk")
        rules = rules.select_for_update() if lock else rules
        self.rules = {rule.pk: rule for rule in rules} if noted else {}
        self.rule_names: dict[int, str] = dict(IgnoreRule.objects.values_list("pk", "name")) if noted else {}
        ids = {change[1] for found in self.row_changes.values() for change in found} | self.reopened.keys()
        self.rows: dict[int, dict] = {}
        if ids:
            with connection.cursor() as cursor:
                cursor.execute(CURRENT + (" FOR UPDATE" if lock else ""), [list(ids)])
                self.rows = {id: json.loads(of) if isinstance(of, str) else of for id, of in cursor}
        named = {entry.canonical_id for found in self.mapping_changes.values() for entry in found}
        mappings = UserMarketMapping.objects.filter(canonical_id__in=named).order_by("canonical_id")
        mappings = mappings.select_for_update() if lock else mappings
        self.mappings = {row.canonical_id: row for row in mappings} if named else {}
