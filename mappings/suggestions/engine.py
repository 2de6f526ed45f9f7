"""Suggestions for the rows of the queue, computed anew after a cycle and stored where they changed."""

import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

import structlog
from django.db import connection, transaction
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.evidence.samples import readable, source_key
from mappings.grammars import grammar_of
from mappings.models import MarketSuggestion, PriceFixture, RejectedPair, UnmappedMarketLog
from mappings.suggestions.coordinates import coordinates_of
from mappings.suggestions.markets import Source, source_of_row
from mappings.suggestions.observations import Views
from mappings.suggestions.offers import Offer, offers_of
from mappings.suggestions.ranking import ID_LENGTH, World
from mappings.suggestions.scoring import shipped

log = structlog.get_logger(__name__)

MOST_ROWS = 2_000
MOST_VIEWS = 200
FIXTURES_AT_ONCE = 20
MOST_REMEMBERED = 5_000
CHUNK = 200
OPEN = ("NEW", "ACKNOWLEDGED", "REVIEW", "SNOOZED")
READ = ("id", "source", "external_market_id", "market_name", "rules_text", "sample_outcomes", "suggested_at",
        "family", "period", "subject", "sibling_key", "outcome_count", "best_betpawa_id", "best_name",
        "best_confidence", "best_band", "best_reason")  # fmt: skip
COLUMNS = ("family", "period", "subject", "sibling_key", "outcome_count", "best_betpawa_id", "best_name",
           "best_confidence", "best_band", "best_reason")  # fmt: skip

_reading = threading.Lock()
_views = Views()
_latest: tuple | None = None  # (snapshot, fixtures, World) of the last call


class RescoreResult(NamedTuple):
    """rows: looked at. changed: stored anew. busy: left for next time, somebody is deciding them."""

    rows: int
    changed: int
    busy: int
    fixtures: int
    ms: int


class _Scored(NamedTuple):
    row: UnmappedMarketLog
    values: dict
    offers: list[Offer]


def rescore(ids: Iterable[int] | None = None) -> RescoreResult:
    """Store the suggestions of these rows; None: of the open rows seen last, 2,000 at most.

    Rows whose suggestions stay the same are not touched. Decisions of people are never waited for:
    a row that somebody holds is left for the next time. `version` does not move.
    """
    started = time.monotonic()
    world = current_world()
    rows = UnmappedMarketLog.objects.only(*READ)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    else:
        rows = rows.filter(tab__in=OPEN).order_by("-last_seen_at", "-id")
    rows = list(rows[:MOST_ROWS])
    changed = busy = 0
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        scored = _scored(world, part)
        written, held = _store(scored, of_open_only=ids is None)
        changed, busy = changed + written, busy + held
    result = RescoreResult(len(rows), changed, busy, len(world.views), int((time.monotonic() - started) * 1000))
    log.info("suggestions.rescored", **result._asdict())
    return result


def suggest_now(row: UnmappedMarketLog) -> list[Offer]:
    """What would be suggested for the row at this moment; nothing is stored."""
    world = current_world()
    return _offers(world, source_for(world, row), _rejected([row]).get(_key(row), frozenset()))


def current_world() -> World:
    """The mappings in force and the newest fixtures; the same object as long as neither changed.

    One query for what there is, one for what is new.
    """
    global _latest
    mapping_cache.refresh()
    with _reading:
        known = _read_fixtures()
        snapshot, latest = mapping_cache.snapshot, _latest
        if latest is None or latest[0] is not snapshot or latest[1] != known:
            views = [_views.get(*one) for one in known]
            previous = latest[2] if latest is not None else None
            latest = _latest = (snapshot, known, World(snapshot.definitions, views, previous=previous))
        return latest[2]


def _read_fixtures():
    """[(event key, moment)] of the newest fixtures, all of them in `_views`."""
    newest = list(
        PriceFixture.objects.order_by("-sampled_at", "-id").values_list("pk", "event_key", "sampled_at")[:MOST_VIEWS]
    )
    missing = [pk for pk, event_key, sampled_at in newest if not _views.known(event_key, sampled_at)]
    # Unpacked one by one: a fixture is half a megabyte, what is kept of it a twentieth.
    for start in range(0, len(missing), FIXTURES_AT_ONCE):
        for row in PriceFixture.objects.filter(pk__in=missing[start : start + FIXTURES_AT_ONCE]):
            for fixture in readable([row]):
                _views.add(fixture)
    return [(key, at) for _, key, at in newest if _views.known(key, at)]


def source_for(world: World, row: UnmappedMarketLog) -> Source:
    """The row as a source: outcomes as the fixtures have them, where they do, with the teams taken
    out of its name. A queue row keeps one event's words and not which event that was."""
    source = source_of_row(row)
    key = _fixture_key(world, row)
    series = world.series(row.source, key)
    name = row.market_name or ""
    if not grammar_of(row.source).has_team_names:
        return source._replace(key=key)
    home, away = _teams_in(world, (row.source, key), name)
    displays = source.displays
    if series is not None:
        displays = {label: label for label in series.first_labels}
    coordinates = coordinates_of(row.source, key, name, tuple(displays.values()), home=home, away=away)
    return source._replace(key=key, displays=displays, coordinates=coordinates)


def _fixture_key(world, row):
    """A queue row's key may be cut short; the fixtures have it whole."""
    if len(row.external_market_id) < ID_LENGTH:
        return row.external_market_id
    return world.whole_keys.get(source_key(row.source, row.external_market_id), row.external_market_id)


def _teams_in(world, key, name):
    low = name.casefold()
    for view, home, away in world.teams(key[0]):
        if (home and home in low or away and away in low) and key in view.ladders:
            book = view.fixture.books[key[0]]
            return book.home_team, book.away_team
    return "", ""


def _scored(world, rows):
    rejected = _rejected(rows)
    found = []
    for row in rows:
        source = source_for(world, row)
        offers = _offers(world, source, rejected.get(_key(row), frozenset()))
        found.append(_Scored(row, _values(world, source, offers), offers))
    return found


def _offers(world, source, rejected):
    """Computed once for one state of mappings, fixtures, row and rejections."""
    known = (
        source.slug,
        source.key,
        source.name,
        source.rules_text,
        tuple(source.displays.items()),
        frozenset(rejected),
    )
    if known not in world.remembered:
        if len(world.remembered) > MOST_REMEMBERED:
            world.remembered.clear()
        world.remembered[known] = offers_of(world, source, shipped(), without=rejected)
    return world.remembered[known]


def _values(world, source, offers):
    coordinates = source.coordinates
    series = world.series(source.slug, source.key)
    best = offers[0] if offers else None
    return {
        "family": coordinates.family[:40],
        "period": coordinates.period[:20],
        "subject": coordinates.subject[:20],
        "sibling_key": coordinates.sibling_key[:150],
        "outcome_count": min(32_767, len(series.first_labels) if series is not None else len(source.displays)),
        "best_betpawa_id": best.betpawa_id if best else "",
        "best_name": best.name if best else "",
        "best_confidence": best.confidence if best else None,
        "best_band": best.band if best else "",
        "best_reason": best.headline if best else "",
    }


def _key(row):
    return row.source, row.external_market_id


def _rejected(rows) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    pairs = RejectedPair.objects.filter(external_market_id__in={row.external_market_id for row in rows})
    for source, key, betpawa_id in pairs.values_list("source", "external_market_id", "betpawa_id"):
        found.setdefault((source, key), set()).add(betpawa_id)
    return found


UPDATE = """
UPDATE unmapped_market_log AS q
   SET family = n.family, period = n.period, subject = n.subject, sibling_key = n.sibling_key,
       outcome_count = n.outcome_count, best_betpawa_id = n.best_betpawa_id, best_name = n.best_name,
       best_confidence = n.best_confidence, best_band = n.best_band, best_reason = n.best_reason,
       suggested_at = %s
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[],
              %s::float8[], %s::text[], %s::text[])
       AS n(id, family, period, subject, sibling_key, outcome_count, best_betpawa_id, best_name,
            best_confidence, best_band, best_reason)
 WHERE q.id = n.id
"""


def _store(scored: list[_Scored], *, of_open_only: bool) -> tuple[int, int]:
    """(rows stored anew, rows that were busy). One transaction."""
    stored = _stored([one.row.pk for one in scored])
    stale = [one for one in scored if _differs(one, stored.get(one.row.pk, []))]
    if not stale:
        return 0, 0
    with transaction.atomic():
        free = UnmappedMarketLog.objects.filter(pk__in=[one.row.pk for one in stale])
        if of_open_only:
            free = free.filter(tab__in=OPEN)
        locked = set(free.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))
        now_rejected = _rejected([one.row for one in stale])
        ours = [
            one
            for one in stale
            if one.row.pk in locked and not now_rejected.get(_key(one.row), set()) & {o.betpawa_id for o in one.offers}
        ]
        if ours:
            _write(ours)
    return len(ours), len(stale) - len(ours)


def _write(scored):
    ids = [one.row.pk for one in scored]
    MarketSuggestion.objects.filter(unmapped_id__in=ids).delete()
    now = timezone.now()
    MarketSuggestion.objects.bulk_create(
        [
            MarketSuggestion(unmapped_id=one.row.pk, computed_at=now, **offer._asdict())
            for one in scored
            for offer in one.offers
        ]
    )
    columns = [[one.values[name] for one in scored] for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE, [now, ids, *columns])


def _stored(ids) -> dict[int, list]:
    found: dict[int, list] = {}
    for suggestion in MarketSuggestion.objects.filter(unmapped_id__in=ids).order_by("unmapped_id", "rank"):
        found.setdefault(suggestion.unmapped_id, []).append(tuple(getattr(suggestion, name) for name in Offer._fields))
    return found


def _differs(one: _Scored, stored: list) -> bool:
    if one.row.suggested_at is None or any(getattr(one.row, name) != value for name, value in one.values.items()):
        return True
    return stored != [tuple(offer) for offer in one.offers]
