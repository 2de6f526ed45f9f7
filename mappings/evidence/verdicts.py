"""What the prices of one mapped pair say: whether they agree, stay apart, or are exchanged. Pure.

The bounds were chosen on data. With 40 fixtures of the demo world the worst of 213 right pairs is
0.58 apart (a rare market that two books price by opinion), half of them are within 0.03; on the
captured event the worst complete pair is 0.59. None of them is flagged. Totals or both-to-score of
another period are 1.4 to 4 apart, and where a period changes less (1X2, double chance: 0.2 to 0.7)
the right period's market beside it prices within 0.1. What is between is left alone: a false alarm
costs trust. Exchanged outcomes that are priced alike (odd or even) cannot be told.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.models import PriceAudit
from mappings.suggestions.price_evidence import PriceComparison

FEWEST_FIXTURES = 5
APART = 0.7  # whatever else there is
SUSPECT = 0.15  # when a sibling is nearer
SIBLING_NEAR = 0.1
SIBLING_SHARE = 1 / 3
EXCHANGED = 0.12  # when the same outcomes, paired otherwise, are within a quarter of it
EXCHANGED_SHARE = 1 / 4

Verdict = PriceAudit.Verdict


class Judgement(NamedTuple):
    """looks_like: (definition, distance) of a market that prices as this one should. lines_differ:
    prices never met, because one side has lines and the other has none."""

    verdict: str
    looks_like: tuple[MarketDefinition, float] | None = None
    lines_differ: bool = False


def pairing_of(definition: MarketDefinition, slug: str) -> dict[str, str] | None:
    """{the bookmaker's text: BetPawa's name} as the mapping has it; None where outcomes are players."""
    if definition.is_dynamic:
        return None
    return {
        outcome.texts[slug]: outcome.texts[REFERENCE]
        for outcome in definition.outcomes
        if slug in outcome.texts and REFERENCE in outcome.texts
    }


def siblings_of(definition: MarketDefinition, definitions: Iterable[MarketDefinition]) -> list[MarketDefinition]:
    """Other BetPawa markets that ask the same about some period, with outcomes of the same names."""
    question = _question(definition)
    return [
        other
        for other in definitions
        if other.betpawa_id not in ("", definition.betpawa_id) and _question(other) == question
    ]


def judge(
    comparison: PriceComparison,
    siblings: Iterable[MarketDefinition],
    compare_with: Callable[[MarketDefinition], float | None],
) -> Judgement:
    """compare_with(sibling): the distance to its BetPawa market, None when there is none."""
    if (
        comparison.distance is None
        or comparison.fixtures_used < FEWEST_FIXTURES
        or len(comparison.pairing) < 2  # of one outcome alone the margin is not known
    ):
        return Judgement(Verdict.UNCLEAR)
    if comparison.swapped or _exchanged(comparison):
        return Judgement(Verdict.SWAPPED)
    if comparison.distance < SUSPECT:
        return Judgement(Verdict.AGREES)
    distances = ((sibling, compare_with(sibling)) for sibling in siblings)
    nearer = [
        (sibling, distance)
        for sibling, distance in distances
        if distance is not None and distance <= min(SIBLING_NEAR, comparison.distance * SIBLING_SHARE)
    ]
    looks_like = min(nearer, key=lambda found: found[1], default=None)
    apart = looks_like is not None or comparison.distance >= APART
    return Judgement(Verdict.APART if apart else Verdict.AGREES, looks_like)


def _exchanged(comparison):
    free = comparison.free_distance
    return free is not None and comparison.distance >= EXCHANGED and free <= comparison.distance * EXCHANGED_SHARE


def _question(definition):
    names = frozenset(outcome.texts.get(REFERENCE) for outcome in definition.outcomes)
    return (
        definition.kind,
        definition.subkind,
        definition.subject,
        definition.side,
        definition.line_semantics,
        names,
    )
