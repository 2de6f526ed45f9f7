"""The price check of mappings in force: prices that stay apart open an item for people to look at.

One check proves nothing: two in a row, the second on newer prices, open a review, once. It closes by
itself when prices agree again and nobody has touched it.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import structlog
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.catalogue.loader import built_in
from mappings.definitions import REFERENCE, MarketDefinition
from mappings.evidence.reviews import Finding, settle_reviews
from mappings.evidence.shared import SharedFixtures
from mappings.evidence.verdicts import Judgement, Verdict, judge, pairing_of, siblings_of
from mappings.models import PriceAudit
from mappings.suggestions.price_evidence import NOTHING, PriceComparison, compare
from mappings.unmapped_logger import identity

log = structlog.get_logger(__name__)

CHECKS_TO_REVIEW = 2
MOST_SHOWN = 5
WRONG = (Verdict.APART, Verdict.SWAPPED)


@dataclass(slots=True)
class AuditResult:
    """verdicts: {verdict: pairs}. opened, closed: review items. ms: all of it."""

    verdicts: Counter = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    ms: int = 0

    @property
    def pairs(self) -> int:
        return sum(self.verdicts.values())


class _Pair(NamedTuple):
    slug: str
    key: str
    definition: MarketDefinition

    @property
    def identity(self):
        return self.slug, identity(self.key), self.definition.canonical_id


def audit_mappings(canonical_id: str | None = None) -> AuditResult:
    """Check every source key of every mapping that has a BetPawa market, or of one mapping."""
    started = time.monotonic()
    mapping_cache.refresh()
    snapshot = mapping_cache.snapshot
    fixtures = SharedFixtures(snapshot)
    known = {(row.source, row.external_market_id, row.canonical_id): row for row in _stored(canonical_id)}
    result, rows, findings = AuditResult(), [], []
    for pair in _pairs(snapshot, canonical_id):
        comparison, judgement, newest = _check(pair, fixtures, snapshot)
        row = _next_row(known.pop(pair.identity, None), pair, comparison, judgement, newest)
        result.verdicts[str(row.verdict)] += 1
        rows.append(row)
        if row.verdict in WRONG and row.apart_checks >= CHECKS_TO_REVIEW:
            findings.append(Finding(row, pair.definition, judgement))
    PriceAudit.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["source", "external_market_id", "canonical_id"],
        update_fields=["betpawa_id", "fixtures_compared", "distance", "verdict", "apart_since", "apart_checks",
                       "fixtures", "checked_at"],
    )  # fmt: skip
    PriceAudit.objects.filter(pk__in=[row.pk for row in known.values()]).delete()  # no such mapping any more
    agreeing = {(row.source, row.external_market_id, row.canonical_id) for row in rows if row.verdict == Verdict.AGREES}
    in_force = {(row.source, row.external_market_id, row.canonical_id): row.betpawa_id for row in rows}
    result.opened, result.closed = settle_reviews(findings, agreeing, in_force, canonical_id)
    result.ms = int((time.monotonic() - started) * 1000)
    log.info(
        "prices.audited", mapping=canonical_id, pairs=result.pairs, verdicts=dict(result.verdicts),
        opened=result.opened, closed=result.closed, ms=result.ms,
    )  # fmt: skip
    return result


def _stored(canonical_id):
    rows = PriceAudit.objects.all()
    return rows if canonical_id is None else rows.filter(canonical_id=canonical_id)


def _pairs(snapshot, canonical_id):
    for definition in snapshot.definitions:
        if not definition.betpawa_id or canonical_id not in (None, definition.canonical_id):
            continue
        for slug, keys in sorted(definition.keys.items()):
            if slug != REFERENCE:
                yield from (_Pair(slug, key, definition) for key in keys)


def _check(pair, fixtures: SharedFixtures, snapshot) -> tuple[PriceComparison, Judgement, datetime | None]:
    """The comparison, what it says, and when the newest of its prices was sampled."""
    slug, key, definition = pair
    shared = fixtures.of(slug, key, definition)
    if not shared:
        return NOTHING, Judgement(Verdict.UNCLEAR), None
    pairing = pairing_of(definition, slug)

    def distance_to(sibling):
        beside = fixtures.beside(shared, sibling)
        return compare(beside, slug, key, sibling.betpawa_id, pairing).distance if beside else None

    comparison = compare(shared, slug, key, definition.betpawa_id, pairing)
    newest = max(fixture.sampled_at for fixture in shared)
    if comparison.distance is None and fixtures.lines_differ(shared, slug, definition):
        return comparison, Judgement(Verdict.APART, lines_differ=True), newest
    # The catalogue's too: a person's row may have taken the place of the one that would have been right.
    siblings = siblings_of(definition, (*snapshot.definitions, *built_in()))
    return comparison, judge(comparison, siblings, distance_to), newest


def _next_row(before: PriceAudit | None, pair, comparison, judgement, newest) -> PriceAudit:
    """The pair's row after this check. Too few fixtures neither prolong nor end a run of bad checks;
    nor does a check that saw no newer prices than the one before prolong it."""
    now = timezone.now()
    slug, key, canonical_id = pair.identity
    betpawa_id = pair.definition.betpawa_id
    if before is not None and before.betpawa_id != betpawa_id:
        before = None
    since, checks = (before.apart_since, before.apart_checks) if before is not None else (None, 0)
    if judgement.verdict in WRONG:
        is_news = before is None or since is None or newest > before.checked_at
        since, checks = since or now, checks + is_news
    elif judgement.verdict == Verdict.AGREES:
        since, checks = None, 0
    return PriceAudit(
        source=slug,
        external_market_id=key,
        canonical_id=canonical_id,
        betpawa_id=betpawa_id,
        fixtures_compared=comparison.fixtures_used,
        distance=comparison.distance,
        verdict=judgement.verdict,
        apart_since=since,
        apart_checks=checks,
        fixtures=shown(comparison),
        checked_at=now,
    )


def shown(comparison: PriceComparison) -> list[dict]:
    """The fixtures that show it best, worst first, with the prices of both sides."""
    worst = sorted(comparison.rows, key=lambda row: -row.distance)
    return [
        {
            "eventKey": row.event_key,
            "homeTeam": row.fixture.home_team,
            "awayTeam": row.fixture.away_team,
            "sampledAt": row.fixture.sampled_at.isoformat(),
            "line": None if row.line is None else str(row.line),
            "distance": row.distance,
            "outcomes": [
                {"text": text, "betpawaName": name, "price": price, "betpawaPrice": betpawa_price}
                for text, name, price, betpawa_price, *_ in row.outcomes
            ],
        }
        for row in worst[:MOST_SHOWN]
    ]
