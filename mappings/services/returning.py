"""Rows that came to the queue because they did not map any more, and map again: they are MAPPED once more.

A worker re-opens a mapped row when its market does not map. Whoever puts the mapping right, by whatever
route, need not map the row again: as long as nobody has decided about it, the earlier decision stands.
What a change of a mapping brings back is part of that change, and taken back with it; what only a cycle
shows comes back by itself, once for each decision, so that what maps now and then does not flap.
"""

from collections.abc import Callable, Iterable

import structlog
from django.db.models import Q
from django.utils import timezone

from mappings.actors import acting_as, name_of
from mappings.cache import mapping_cache
from mappings.deciding import deciding
from mappings.evidence.samples import recent_fixtures, source_key
from mappings.mapper import map_event, map_market
from mappings.models import Tab, UnmappedChange, UnmappedMarketLog, UnmappedStatus, UserMarketMapping
from mappings.sampled import sampled_markets
from mappings.services.decisions import locked, note
from mappings.services.undo_reopened import claimed_keys, reopenings
from mappings.services.undo_rows import RowPlan, restore_rows
from oddsproject.desk.formats import lagos_text

log = structlog.get_logger(__name__)

DESK = "desk"  # who does what nobody does
LOOKED_AT = 3  # kept events of a key


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
    return _return(ids, batch, user, why, _sample_maps)


def return_seen(run_id: int, complete: Iterable[str]) -> int:
    """After a cycle: bring back what it did not see unmapped, and kept events since show to map. complete:
    bookmakers whose offer the cycle has seen whole. Returns how many rows."""
    rows = _came_back().filter(source__in=list(complete), last_cycle_id__lt=run_id)
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        return 0
    mapping_cache.refresh()
    with deciding("map", DESK, "It maps again.") as batch:
        why = f"It maps again since {lagos_text(timezone.now())}: a whole cycle did not see it unmapped."
        returned = _return(ids, batch, DESK, why, _events_map)
    if returned:
        log.info("unmapped.returned", count=returned, run=run_id)
    return returned


def _came_back():
    """Rows that a worker has re-opened, and about which nobody has decided since."""
    return UnmappedMarketLog.objects.filter(
        tab=Tab.NEW, decided_at=None, earlier_decision__status=UnmappedStatus.MAPPED.value
    )


def _return(ids, batch, user, why, maps: Callable) -> int:
    locked(ids)
    rows = {row.pk: row for row in _came_back().filter(pk__in=ids)}
    last = {change.unmapped_id: change for change in reopenings(list(rows))}
    plans = []
    for id, change in last.items():
        row = rows[id]
        claims = mapping_cache.lookup(row.source, row.external_market_id)
        if claims and maps(row, change):
            plans.append((row, change, [claim.canonical_id for claim in claims]))
    claiming = {canonical_id for *_, ids in plans for canonical_id in ids}
    claiming = UserMarketMapping.objects.filter(canonical_id__in=claiming, is_active=True)
    claiming = dict(claiming.values_list("canonical_id", "pk"))
    plans = [_as_before(row, change, [claiming.get(id) for id in ids]) for row, change, ids in plans]
    with acting_as(user, why):
        restore_rows(plans)
    note(batch, [plan.id for plan in plans])
    return len(plans)


def _as_before(row, change, claiming):
    """The decision that the worker had ended, beside what was noted since. claiming: the numbers of the mappings
    that claim its key, the strongest first, None for a built-in one. Of a split key it keeps the one it had."""
    had = change.old_value["mapped_to_id"]
    mapping_id = had if had in claiming else claiming[0]
    now = {"notes": row.notes, "claimed_by": row.claimed_by, "mapped_to_id": mapping_id}
    now["claim_expires_at"] = row.claim_expires_at and row.claim_expires_at.isoformat()
    return RowPlan(row.pk, str(row), "restored", target=change.old_value | now)


def _sample_maps(row, change) -> bool:
    """Whether all that the queue has seen of it maps: it holds what did not map when the row came back."""
    markets = sampled_markets(row)
    return bool(markets) and all(_maps(*map_market(row.source, market, "", "")) for market in markets)


def _events_map(row, change) -> bool:
    """Whether it maps on kept events that were asked since it came back, and has not come back by itself
    for this decision before."""
    before = UnmappedChange.objects.filter(unmapped_id=row.pk, created_by=DESK, new_value__status=UnmappedStatus.MAPPED)
    if before.filter(new_value__decided_at=change.old_value["decided_at"]).exists():
        return False
    kept = recent_fixtures(keys=[source_key(row.source, row.external_market_id)], limit=LOOKED_AT)
    kept = [one for one in kept if row.source in one.books and one.sampled_at > change.created_at]
    return bool(kept) and all(_event_maps(one.books[row.source], row.external_market_id) for one in kept)


def _event_maps(book, key) -> bool:
    markets = [market for market in book.markets if market.key == key]
    result = map_event(book.slug, book.home_team, book.away_team, markets)
    return _maps(result.mapped, result.errors)


def _maps(mapped, errors) -> bool:
    return bool(mapped) and not errors
