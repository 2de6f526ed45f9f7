"""Review items of the price check: opened once, closed when prices agree again, people's word holds."""

from typing import NamedTuple

import structlog
from django.db.models import F, Max
from django.utils import timezone

from mappings.deciding import deciding
from mappings.definitions import MarketDefinition
from mappings.evidence.verdicts import Judgement
from mappings.models import (
    DecisionBatch,
    PriceAudit,
    UnmappedChange,
    UnmappedMarketLog,
    UnmappedStatus,
    UserMarketMapping,
)
from oddsproject.desk.formats import lagos_text

log = structlog.get_logger(__name__)

ACTOR = "price check"


class Finding(NamedTuple):
    """A pair whose prices have stayed apart."""

    row: PriceAudit
    definition: MarketDefinition
    judgement: Judgement

    @property
    def looks_like(self) -> MarketDefinition | None:
        return self.judgement.looks_like and self.judgement.looks_like[0]


def settle_reviews(findings, agreeing, in_force, canonical_id=None) -> tuple[int, int]:
    """(opened, closed). agreeing: pairs (source, key, canonical id) whose prices agree. in_force:
    {pair: betpawa id} that was checked. canonical_id: when only this mapping was."""
    opened = _open([finding for finding in findings if not _held(finding)])
    return opened, _close(agreeing, in_force, canonical_id)


def reason_for(finding: Finding) -> str:
    row = finding.row
    since = f"Looks wrong since {lagos_text(row.apart_since)}"
    if finding.judgement.lines_differ:
        return f"{since}: one of the two markets has lines and the other has none, so that no prices meet."
    what = "its outcomes look swapped" if row.verdict == PriceAudit.Verdict.SWAPPED else "its prices are apart"
    like = f"; they are those of {finding.looks_like.name}" if finding.looks_like else ""
    return f"{since}: {what} on {row.fixtures_compared} events{like}."


def _open(findings) -> int:
    """One batch for all of a check. A queue row that is under review already stays as it is."""
    if not findings:
        return 0
    # Two mappings may share a source key: the worse one speaks for it.
    worst = {}
    for finding in sorted(findings, key=lambda finding: finding.row.distance or 0):
        worst[finding.row.source, finding.row.external_market_id] = finding
    mapped_to = dict(
        UserMarketMapping.objects.filter(
            canonical_id__in={finding.row.canonical_id for finding in findings}, is_active=True
        ).values_list("canonical_id", "pk")
    )
    with deciding(DecisionBatch.Kind.REVIEW, ACTOR, "The nightly check of prices.") as batch:
        UnmappedMarketLog.objects.bulk_create(
            [_new_queue_row(worst[key], mapped_to) for key in sorted(worst)], ignore_conflicts=True
        )
        now = timezone.now()
        for (source, key), finding in sorted(worst.items()):
            row = (
                UnmappedMarketLog.objects.select_for_update()
                .filter(source=source, external_market_id=key, review_since__isnull=True)
                .first()
            )
            if row is None:
                continue
            review = {
                "canonicalId": finding.row.canonical_id,
                "betpawaId": finding.row.betpawa_id,
                "reason": reason_for(finding),
                "distance": finding.row.distance,
                "looksLike": finding.looks_like and finding.looks_like.betpawa_id,
                "fixtures": finding.row.fixtures,
            }
            UnmappedMarketLog.objects.filter(pk=row.pk).update(
                review_since=now, review=review, version=F("version") + 1
            )
            batch.item_count += 1
            batch.touched.append(row.pk)
            log.warning("prices.look_wrong", source=source, key=key, mapping=finding.row.canonical_id,
                        distance=finding.row.distance, verdict=str(finding.row.verdict))  # fmt: skip
        return batch.item_count


def _new_queue_row(finding, mapped_to):
    row = finding.row
    return UnmappedMarketLog(
        source=row.source,
        external_market_id=row.external_market_id,
        market_name=finding.definition.name[:255],
        status=UnmappedStatus.MAPPED,
        mapped_to_id=mapped_to.get(row.canonical_id),
        occurrence_count=0,
        sample_outcomes=[
            {
                "text": outcome["text"][:100],
                "key": outcome["text"][:100],
                "price": str(outcome["price"]),
                "specifier": "",
            }
            for outcome in (row.fixtures[0]["outcomes"][:12] if row.fixtures else ())
        ],
    )


def _held(finding) -> bool:
    """Whether a person closed this pair's review, and the mapping is still the one they looked at."""
    closed_at = UnmappedChange.objects.filter(
        unmapped__source=finding.row.source,
        unmapped__external_market_id=finding.row.external_market_id,
        old_value__review__canonicalId=finding.row.canonical_id,
        old_value__review__betpawaId=finding.row.betpawa_id,
        new_value__review_since=None,
    ).exclude(created_by=ACTOR).aggregate(at=Max("created_at"))["at"]  # fmt: skip
    if closed_at is None:
        return False
    return not UserMarketMapping.objects.filter(
        canonical_id=finding.row.canonical_id, updated_at__gte=closed_at
    ).exists()


def _close(agreeing, in_force, canonical_id) -> int:
    """Close what agrees again, or is not mapped so any more."""
    rows = UnmappedMarketLog.objects.select_for_update().filter(review_since__isnull=False)
    if canonical_id is not None:
        rows = rows.filter(review__canonicalId=canonical_id)
    with deciding(DecisionBatch.Kind.REVIEW, ACTOR, "Prices agree again, or the mapping is another one.") as batch:
        over = []
        for row in rows.order_by("source", "external_market_id"):
            review = row.review or {}
            pair = row.source, row.external_market_id, review.get("canonicalId")
            is_over = pair in agreeing or in_force.get(pair) != review.get("betpawaId")
            if is_over and not _touched(row):
                over.append(row.pk)
        UnmappedMarketLog.objects.filter(pk__in=over).update(review_since=None, review=None, version=F("version") + 1)
        batch.item_count += len(over)
        batch.touched += over
    return len(over)


def _touched(row) -> bool:
    """Whether a person has done anything with the row since it came up for review."""
    since = row.changes.filter(created_at__gte=row.review_since, new_value__review_since__isnull=False)
    return since.exclude(created_by=ACTOR).exists()
