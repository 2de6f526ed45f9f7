"""How the mappings stand: what the desk's first page shows of them. Reads only, each a query or two."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min
from django.db.models.functions import TruncHour
from django.utils import timezone

from mappings.catalogue.loader import built_in
from mappings.errors import MappingErrorCode
from mappings.models import (
    Band,
    CoverageSample,
    DecisionBatch,
    Tab,
    UnmappedChange,
    UnmappedMarketLog,
    UserMarketMapping,
)

NEXT = 8
COMPARED = 200
UNSUPPORTED = MappingErrorCode.UNSUPPORTED_PLATFORM
RECENT = 8
CURVE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Totals:
    """Mappings in force: built_in as they came, overridden by a person's row, user: of a market
    that the catalogue does not have. switched_off: rows of people that are not in force."""

    built_in: int
    overridden: int
    user: int
    switched_off: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The newest sample of one rival: shares of its offer that is mapped, 0 to 1, None when nothing
    was seen. by_type: of its kinds of market; by_event: of every market on every event."""

    slug: str
    taken_at: datetime
    by_type: float | None
    by_event: float | None
    markets_seen: int


@dataclass(frozen=True, slots=True)
class Gain:
    """A queue row and what mapping it would add to its bookmaker's coverage by event, 0 to 1."""

    row: UnmappedMarketLog
    share: float | None


def totals() -> Totals:
    catalogue = {entry.canonical_id for entry in built_in()}
    rows = dict(UserMarketMapping.objects.values_list("canonical_id", "is_active"))
    active = {canonical_id for canonical_id, is_active in rows.items() if is_active}
    overridden = len(active & catalogue)
    return Totals(len(catalogue) - overridden, overridden, len(active - catalogue), len(rows) - len(active))


def coverage() -> list[Coverage]:
    newest = CoverageSample.objects.order_by("bookmaker_slug", "-taken_at", "-id").distinct("bookmaker_slug")
    return [
        Coverage(
            sample.bookmaker_slug,
            sample.taken_at,
            _share(sample.types_mapped, sample.types_seen),
            _share(sample.markets_mapped, sample.markets_seen),
            sample.markets_seen,
        )
        for sample in newest
    ]


def coverage_curve(now=None) -> dict[str, list[dict]]:
    """{slug: [{"at": milliseconds, "byType": share, "byEvent": share}]}, the first sample of every
    hour of the last two weeks: at most 336 points a line."""
    since = (now or timezone.now()) - timedelta(days=CURVE_DAYS)
    samples = CoverageSample.objects.filter(taken_at__gte=since).order_by()
    first = samples.annotate(hour=TruncHour("taken_at")).values("bookmaker_slug", "hour").annotate(first=Min("id"))
    ids = [row["first"] for row in first]
    newest = (
        samples.order_by("bookmaker_slug", "-taken_at", "-id").distinct("bookmaker_slug").values_list("id", flat=True)
    )
    lines: dict[str, list[dict]] = {}
    for sample in CoverageSample.objects.filter(pk__in={*ids, *newest}).order_by("taken_at", "id"):
        point = {
            "at": int(sample.taken_at.timestamp() * 1000),
            "byType": _share(sample.types_mapped, sample.types_seen),
            "byEvent": _share(sample.markets_mapped, sample.markets_seen),
        }
        lines.setdefault(sample.bookmaker_slug, []).append(point)
    return lines


def next_to_map(markets_seen: dict[str, int]) -> list[Gain]:
    """What to map next, by gain: first what can be accepted as it is, then what has to be looked at; what
    BetPawa does not offer not at all. Of each the first by priority are compared. markets_seen: {slug:
    markets of a cycle}. A key's markets are taken as one per event, so the gain is the least that it can be."""
    rows = UnmappedMarketLog.objects.filter(tab=Tab.NEW).order_by(F("priority").desc(), F("id").desc())
    rows = rows.defer("rules_text", "sample_outcomes", "review")
    strong = list(rows.filter(best_band=Band.STRONG)[:COMPARED])
    others = list(rows[:COMPARED]) if len(strong) < NEXT else []
    found = _by_gain(strong, markets_seen)
    taken = {row.pk for row in strong}
    found += _by_gain([row for row in others if row.pk not in taken and row.error_code != UNSUPPORTED], markets_seen)
    return found[:NEXT]


def _by_gain(rows, markets_seen):
    gains = [Gain(row, _share(row.event_count, markets_seen.get(row.source, 0))) for row in rows]
    return sorted(gains, key=lambda gain: -(gain.share or 0))  # of equals, as the queue has them


def queue_by_tab() -> dict[str, dict[str, int]]:
    """{slug: {tab: rows}}."""
    counted = UnmappedMarketLog.objects.order_by().values_list("source", "tab").annotate(n=Count("pk"))
    found: dict[str, dict[str, int]] = {}
    for source, tab, count in counted:
        found.setdefault(source, {})[tab] = count
    return found


def strong_waiting() -> int:
    """New rows whose best suggestion is strong: a key each."""
    return UnmappedMarketLog.objects.filter(tab=Tab.NEW, best_band=Band.STRONG).count()


def recent_decisions() -> list[DecisionBatch]:
    """The newest decisions, claims apart."""
    noise = (DecisionBatch.Kind.CLAIM, DecisionBatch.Kind.RELEASE)
    return list(DecisionBatch.objects.exclude(kind__in=noise).select_related("undone_by")[:RECENT])


def names_of_decisions(batches: Iterable[DecisionBatch]) -> dict[int, str]:
    """{batch: the market that it was about}, of those that were about one. Two queries."""
    single = [batch.pk for batch in batches if batch.item_count <= 2]  # a row, and the mapping that it got
    changes = list(UnmappedChange.objects.filter(batch_id__in=single).values_list("batch_id", "unmapped_id"))
    rows = UnmappedMarketLog.objects.only("market_name", "external_market_id").in_bulk({row for _, row in changes})
    names: dict[int, set] = {}
    for batch, row in changes:
        if row in rows:
            names.setdefault(batch, set()).add(rows[row].market_name or rows[row].external_market_id)
    return {batch: found.pop() for batch, found in names.items() if len(found) == 1}


def _share(part, whole):
    return part / whole if whole else None
