"""Whether the bands keep what they promise: precision of what was offered first, by what people chose."""

from typing import NamedTuple

from django.db.models import Count, F, Q

from mappings.models import Band, DecisionBatch, SuggestionOutcome


class BandPrecision(NamedTuple):
    """offered: decisions that say something about a first suggestion of this band. accepted: those that
    chose it. among: those that chose any of the five. rejected: "not this one". no_counterpart: "BetPawa
    has no such market". precision: accepted ÷ offered, None without any."""

    band: str
    source: str
    offered: int
    accepted: int
    precision: float | None
    among: int = 0
    rejected: int = 0
    no_counterpart: int = 0


def report() -> list[BandPrecision]:
    """One per bookmaker and band, strong first; what was undone does not count. One query."""
    is_rejection = Q(batch__kind=DecisionBatch.Kind.REJECT)
    rows = (
        SuggestionOutcome.objects.filter(is_undone=False)
        .values("source", "band")
        .annotate(
            offered=Count("pk"),
            accepted=Count("pk", filter=Q(chosen_betpawa_id=F("offered_betpawa_id"))),
            among=Count("pk", filter=Q(chosen_rank__isnull=False)),
            rejected=Count("pk", filter=is_rejection),
            no_counterpart=Count("pk", filter=Q(chosen_betpawa_id="") & ~is_rejection),
        )
    )
    order = list(Band.values)
    found = [BandPrecision(**row, precision=row["accepted"] / row["offered"]) for row in rows]
    return sorted(found, key=lambda one: (one.source, order.index(one.band)))
