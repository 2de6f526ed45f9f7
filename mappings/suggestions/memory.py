"""What people said about suggestions: pairs they rejected, and what they chose instead of what was offered."""

from collections.abc import Iterable

from django.db import transaction

from mappings.actors import name_of
from mappings.models import MarketSuggestion, RejectedPair, SuggestionOutcome, UnmappedMarketLog

BEST = ("best_betpawa_id", "best_name", "best_confidence", "best_band", "best_reason")


def reject(source: str, key: str, betpawa_id: str, batch, user) -> bool:
    """The pair is not offered again; its suggestion goes and the next ones move up. Where it was the
    first, it is noted as wrong.

    batch: the DecisionBatch that this is part of. Returns False when it had been rejected before.
    """
    with transaction.atomic():
        _, created = RejectedPair.objects.get_or_create(
            source=source,
            external_market_id=key,
            betpawa_id=betpawa_id,
            defaults={"batch": batch, "rejected_by": name_of(user)[:150]},
        )
        row = UnmappedMarketLog.objects.filter(source=source, external_market_id=key).select_for_update().first()
        if row is not None:
            if created and MarketSuggestion.objects.filter(unmapped=row, rank=1, betpawa_id=betpawa_id).exists():
                record_outcome(row, "", batch, user)
            _withdraw(row, betpawa_id)
    return created


def _withdraw(row, betpawa_id):
    from mappings.suggestions.reasons import headline

    gone, _ = MarketSuggestion.objects.filter(unmapped=row, betpawa_id=betpawa_id).delete()
    if not gone:
        return
    left = list(MarketSuggestion.objects.filter(unmapped=row).order_by("rank"))
    for rank, suggestion in enumerate(left, 1):  # upwards only, so no rank is taken when it is given
        if suggestion.rank != rank:
            suggestion.rank = rank
            suggestion.save(update_fields=["rank"])
    best = left[0] if left else None
    values = ("", "", None, "", "") if best is None else (
        best.betpawa_id, best.name, best.confidence, best.band, headline(best.reasons)
    )  # fmt: skip
    UnmappedMarketLog.objects.filter(pk=row.pk).update(**dict(zip(BEST, values, strict=True)))


def record_outcome(row: UnmappedMarketLog, betpawa_id: str, batch, user) -> SuggestionOutcome | None:
    """Note what was chosen for a row that had suggestions; None where nothing had been offered.

    betpawa_id: "" when the decision was that BetPawa has no counterpart.
    """
    offered = list(MarketSuggestion.objects.filter(unmapped=row).order_by("rank"))
    if not offered:
        return None
    best = offered[0]
    rank = next((one.rank for one in offered if betpawa_id and one.betpawa_id == betpawa_id), None)
    return SuggestionOutcome.objects.create(
        source=row.source,
        external_market_id=row.external_market_id,
        offered_betpawa_id=best.betpawa_id,
        confidence=best.confidence,
        band=best.band,
        chosen_betpawa_id=betpawa_id or "",
        chosen_rank=rank,
        batch=batch,
        decided_by=name_of(user)[:150],
    )


def record_none_is_right(rows: Iterable[UnmappedMarketLog], batch, user):
    """Note of these rows that BetPawa has no such market, whatever was suggested first. One statement
    for every thousand; rows without a suggestion teach nothing."""
    outcomes = [
        SuggestionOutcome(
            source=row.source, external_market_id=row.external_market_id, offered_betpawa_id=row.best_betpawa_id,
            confidence=row.best_confidence, band=row.best_band, batch=batch, decided_by=name_of(user)[:150],
        )
        for row in rows
        if row.best_betpawa_id and row.best_band and row.best_confidence is not None
    ]  # fmt: skip
    SuggestionOutcome.objects.bulk_create(outcomes, batch_size=1000)


def take_back(batch_ids: Iterable[int]) -> int:
    """What these batches taught is forgotten: rejections go, outcomes no longer count. Returns how many."""
    ids = list(batch_ids)
    with transaction.atomic():
        outcomes = SuggestionOutcome.objects.filter(batch_id__in=ids, is_undone=False).update(is_undone=True)
        rejected, _ = RejectedPair.objects.filter(batch_id__in=ids).delete()
    return outcomes + rejected
