"""Rows of the queue that map, again or by now, and about which nobody has decided: they are MAPPED.

A worker re-opens a mapped row when its market does not map. Whoever puts the mapping right, by whatever
route, need not map the row again: as long as nobody has decided about it, the earlier decision stands.
What a change of a mapping brings back is part of that change, and taken back with it; what only a cycle
shows comes back by itself, once for each decision, so that what maps now and then does not flap.

Where no earlier decision stands, as a mapping has come to claim the key since (or the change that sent it here
was undone), the decision is the desk's own, once for each row.
"""

from collections.abc import Callable, Iterable

import structlog
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from mappings.actors import DESK, acting_as, name_of
from mappings.cache import mapping_cache
from mappings.deciding import deciding
from mappings.evidence.samples import readable, source_key
from mappings.mapper import map_event, map_market
from mappings.models import PriceFixture, Tab, UnmappedChange, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from mappings.sampled import sampled_markets
from mappings.services.decisions import locked, note
from mappings.services.undo_reopened import claimed_keys, reopenings
from mappings.services.undo_rows import RowPlan, restore_rows
from oddsproject.desk.formats import lagos_text

log = structlog.get_logger(__name__)

LOOKED_AT = 3  # kept events of a key
READ = ("source", "external_market_id", "sample_outcomes", "last_seen_at", "earlier_decision", "notes", "claimed_by",
        "claim_expires_at")  # fmt: skip

KEPT_SINCE = """
SELECT fixture.id, asked.row_id
  FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS asked(row_id, key, since)
 CROSS JOIN LATERAL (SELECT f.id FROM price_fixture AS f
                      WHERE f.keys @> ARRAY[asked.key]::varchar[] AND f.sampled_at > asked.since
                      ORDER BY f.sampled_at DESC, f.id DESC LIMIT %s) AS fixture
"""


def return_with(mapping: UserMarketMapping, batch, user) -> int:
    """Bring back what a change of a mapping makes map again, by the rows' samples; part of the batch,
    whose own rows are decided about by it. Returns how many rows."""
    if not mapping.is_active:
        return 0
    keys: dict[str, list] = {}
    for slug, key in claimed_keys(vars(mapping)):
        keys.setdefault(slug, []).append(key)
    wanted = Q()
    for slug, of_slug in keys.items():
        wanted |= Q(source=slug, external_market_id__in=of_slug)
    rows = _came_back().filter(wanted).exclude(pk__in=batch.__dict__.get("mapping_rows", ()))
    ids = list(rows.values_list("pk", flat=True)) if keys else []
    if not ids:
        return 0
    mapping_cache.refresh()
    why = f"It maps again since {name_of(user)} changed {mapping.name}, {lagos_text(timezone.now())}."
    return _return(_came_back(), ids, batch, user, why, _by_samples)


def return_seen(run_id: int, complete: Iterable[str]) -> int:
    """After a cycle: MAPPED is what it did not see unmapped, and kept events since show to map. complete:
    bookmakers whose offer the cycle has seen whole. Returns how many rows.

    Most go on not mapping, cycle after cycle: which do is found out while nobody waits."""
    rows = _undecided().filter(source__in=list(complete), last_cycle_id__lt=run_id)
    if not rows.exists():
        return 0
    mapping_cache.refresh()
    again, first = [], []
    for row, change in _by_events(rows):
        (again if change else first).append(row.pk)
    returned = _return_by_desk(rows, again, "It maps again") + _return_by_desk(rows, first, "It maps")
    if returned:
        log.info("unmapped.returned", count=returned, run=run_id)
    return returned


def _return_by_desk(rows, ids, told) -> int:
    if not ids:
        return 0
    with deciding("map", DESK, f"{told}.") as batch:
        mapping_cache.refresh()
        why = f"{told} since {lagos_text(timezone.now())}: a whole cycle did not see it unmapped."
        return _return(rows, ids, batch, DESK, why, _by_events)


def _undecided():
    """Rows of the queue about which nobody has decided, or not since a worker or a time brought them back."""
    return UnmappedMarketLog.objects.filter(tab=Tab.NEW, decided_at=None)


def _came_back():
    """Those that a worker has re-opened."""
    return _undecided().filter(earlier_decision__status=UnmappedStatus.MAPPED.value)


def _return(rows, ids, batch, user, why, mapping: Callable) -> int:
    """Of these rows, as far as they are still among rows when they are locked. mapping: those of them that map,
    as _by_samples and _by_events tell it."""
    locked(ids)
    plans = [
        (row, change, [claim.canonical_id for claim in mapping_cache.lookup(row.source, row.external_market_id)])
        for row, change in mapping(rows.filter(pk__in=ids))
    ]
    claiming = {canonical_id for *_, ids in plans for canonical_id in ids}
    claiming = UserMarketMapping.objects.filter(canonical_id__in=claiming, is_active=True)
    claiming = dict(claiming.values_list("canonical_id", "pk"))
    plans = [_planned(row, change, [claiming.get(id) for id in ids]) for row, change, ids in plans]
    with acting_as(user, why):
        restore_rows(plans)
    note(batch, [plan.id for plan in plans])
    return len(plans)


def _planned(row, change, claiming):
    """The decision beside what was noted since. claiming: the numbers of the mappings that claim its key, the
    strongest first, None for a built-in one."""
    target = _as_before(change, claiming) if change else _of_the_desk(row, claiming)
    target |= {"notes": row.notes, "claimed_by": row.claimed_by}
    target["claim_expires_at"] = row.claim_expires_at and row.claim_expires_at.isoformat()
    return RowPlan(row.pk, str(row), "restored", target=target)


def _as_before(change, claiming):
    """The decision that the worker had ended. Of a split key the row keeps the mapping that it had."""
    had = change.old_value["mapped_to_id"]
    return change.old_value | {"mapped_to_id": had if had in claiming else claiming[0]}


def _of_the_desk(row, claiming):
    """A decision of its own. What is not named is empty."""
    return {
        "status": UnmappedStatus.MAPPED.value,
        "mapped_to_id": claiming[0],
        "decided_by": DESK,
        "decided_at": timezone.now().isoformat(),
        "earlier_decision": row.earlier_decision,
    }


def _claimed(rows):
    """[(row, the change that ended its being MAPPED, None where there is none)] of those whose key a mapping in
    force claims."""
    claimed = [row for row in rows.only(*READ) if mapping_cache.lookup(row.source, row.external_market_id)]
    back = [row.pk for row in claimed if (row.earlier_decision or {}).get("status") == UnmappedStatus.MAPPED]
    last = {change.unmapped_id: change for change in reopenings(back)} if back else {}
    return [(row, last.get(row.pk)) for row in claimed]


def _by_samples(rows):
    """[(row, change)] of those whose sample maps whole. It holds a few outcomes of the newest cycle that saw the
    market not map: that cycle's others may still not map, and then a worker brings the row back."""
    return [(row, change) for row, change in _claimed(rows) if change and _sample_maps(row)]


def _sample_maps(row) -> bool:
    markets = sampled_markets(row)
    return bool(markets) and all(_maps(*map_market(row.source, market, "", "")) for market in markets)


def _by_events(rows):
    """[(row, change)] of those that map on the newest kept events since they came back, or were last seen, and
    that the desk has not mapped before. As many queries for one row as for all, and no event is unpacked twice."""
    claimed = _not_before(_claimed(rows))
    maps: dict[int, bool] = {}
    for fixture, asked in _kept_since(claimed):
        for row in asked:
            if maps.get(row.pk, True):
                maps[row.pk] = _event_maps(fixture.books[row.source], row.external_market_id)
    return [(row, change) for row, change in claimed if maps.get(row.pk)]


def _not_before(claimed):
    """Without those that the desk has mapped before: for the decision that stands, or at all where none does.
    Who took that back, a worker or a person, is not contradicted."""
    ids = [row.pk for row, _ in claimed]
    before = UnmappedChange.objects.filter(
        unmapped_id__in=ids,
        created_by=DESK,
        old_value__status=UnmappedStatus.NEW,
        new_value__status=UnmappedStatus.MAPPED,
    )
    before = set(before.values_list("unmapped_id", "new_value__decided_at")) if ids else set()
    at_all = {id for id, _ in before}
    return [
        (row, change)
        for row, change in claimed
        if ((row.pk, change.old_value["decided_at"]) not in before if change else row.pk not in at_all)
    ]


def _kept_since(claimed):
    """(Fixture, [rows]) of the newest kept events that hold a row's key and were asked since it came back, or
    was last seen."""
    if not claimed:
        return
    rows = {row.pk: row for row, _ in claimed}
    keys = [source_key(row.source, row.external_market_id) for row in rows.values()]
    since = [change.created_at if change else row.last_seen_at for row, change in claimed]
    with connection.cursor() as cursor:
        cursor.execute(KEPT_SINCE, [list(rows), keys, since, LOOKED_AT])
        asked: dict[int, list] = {}
        for fixture_id, row_id in cursor:
            asked.setdefault(fixture_id, []).append(rows[row_id])
    for stored in PriceFixture.objects.filter(pk__in=list(asked)):
        for fixture in readable([stored]):
            yield fixture, asked[stored.pk]


def _event_maps(book, key) -> bool:
    markets = [market for market in book.markets if market.key == key]
    result = map_event(book.slug, book.home_team, book.away_team, markets)
    return _maps(result.mapped, result.errors)


def _maps(mapped, errors) -> bool:
    return bool(mapped) and not errors
