"""What the prices of one mapped pair say: whether they agree, stay apart, or are exchanged. Pure.

The bounds were chosen on data: with 40 fixtures of the demo world the worst of 213 right pairs is
0.58 apart (a rare market that two books price by opinion), half of them are within 0.03; on the
captured event the worst complete pair is 0.59. Totals or both-to-score of another period are 1.4
to 4 apart, and where a period changes less (1X2, double chance: 0.2 to 0.7) the right period's
market beside it prices within 0.1. What is between is left alone: a false alarm costs trust.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mappings.definitions import REFERENCE, MarketDefinition
from mappings.models import PriceAudit
from mappings.suggestions.price_evidence import PriceComparison

FEWEST_FIXTURES = 5
APART = 0.7  # whatever else there is
SUSPECT = 0.3  # when a sibling is nearer
SIBLING_NEAR = 0.1
SIBLING_SHARE = 1 / 3

Verdict = PriceAudit.Verdict


class Judgement(NamedTuple):
    """looks_like: (definition, distance) of a market that prices as this one should."""

    verdict: str
    looks_like: tuple[MarketDefinition, float] | None = None


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
    """BetPawa markets that ask the same about another period or side, with outcomes of the same names."""
    names = _names(definition)
    return [
        other
        for other in definitions
        if other.betpawa_id not in ("", definition.betpawa_id)
        and (other.kind, other.subkind, other.subject, other.line_semantics)
        == (definition.kind, definition.subkind, definition.subject, definition.line_semantics)
        and _names(other) == names
    ]


def judge(
    comparison: PriceComparison, siblings: Iterable[MarketDefinition], compare_with: Callable[[MarketDefinition], float]
) -> Judgement:
    """compare_with(sibling): the distance to its BetPawa market, None when there is none."""
    if (
        comparison.distance is None
        or comparison.fixtures_used < FEWEST_FIXTURES
        or len(comparison.pairing) < 2  # of one outcome alone the margin is not known
    ):
        return Judgement(Verdict.UNCLEAR)
    if comparison.swapped:
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


def _names(definition):
    return {outcome.texts.get(REFERENCE) for outcome in definition.outcomes}
