"""Saying yes to a suggestion: the queue row is mapped to the BetPawa market that was suggested.

Where a mapping of that BetPawa market exists it is extended; where none does, one is made from
the suggestion's pairing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from mappings import services
from mappings.cache import mapping_cache
from mappings.deciding import deciding
from mappings.models import MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from mappings.services.decisions import NOT_FOUND, REFUSED, Decision, Decisions

NO_SUGGESTION = "Nothing is suggested for it."


@dataclass(frozen=True, slots=True)
class Plan:
    """What services.map_to and the preview are called with for one row and one BetPawa market."""

    canonical_id: str
    values: dict = field(default_factory=dict)
    outcome_texts: dict = field(default_factory=dict)


def plan_for(row: UnmappedMarketLog, suggestion: MarketSuggestion, outcome_texts: Mapping[str, str] | None = None):
    """outcome_texts: {canonical outcome id: the bookmaker's text} as a person left them, else the
    suggestion's own pairing. Raises ValidationError where nothing is paired."""
    texts = dict(outcome_texts) if outcome_texts is not None else paired_texts(suggestion)
    definition = mapping_cache.snapshot.by_canonical_id.get(suggestion.canonical_id)
    if definition is not None:
        stored = {outcome.canonical_id: outcome.texts.get(row.source) for outcome in definition.outcomes}
        changed = {id: text for id, text in texts.items() if id in stored and stored[id] != text}
        return Plan(definition.canonical_id, {}, changed)
    if not texts:
        raise ValidationError("No outcome is paired; map it by hand.")
    return Plan(_unused_id(suggestion.name), _new_values(suggestion), texts)


def paired_texts(suggestion: MarketSuggestion) -> dict[str, str]:
    return {pair["canonicalId"]: pair["text"] for pair in suggestion.pairing if pair.get("text")}


def accept_best(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None, bands=("strong",)):
    """Map each row to its own best suggestion, where that is of one of the bands; one batch.
    Returns Decisions: a row without such a suggestion, or whose mapping would not hold, is refused."""
    ids = list(dict.fromkeys(ids))
    with deciding("map", user, reason) as batch:
        rows = UnmappedMarketLog.objects.in_bulk(ids)
        best = {found.unmapped_id: found for found in MarketSuggestion.objects.filter(unmapped_id__in=ids, rank=1)}
        decisions = [_accept_one(rows.get(id), id, best.get(id), user, reason, versions or {}, bands) for id in ids]
    return Decisions(decisions, batch.pk)


def _accept_one(row, id, suggestion, user, reason, versions, bands):
    if row is None:
        return Decision(id, NOT_FOUND)
    if suggestion is None:
        return Decision(id, REFUSED, row.status, row.version, NO_SUGGESTION)
    if suggestion.band not in bands:
        detail = f"{suggestion.name} is only a {suggestion.band} suggestion; look at it."
        return Decision(id, REFUSED, row.status, row.version, detail)
    try:
        plan = plan_for(row, suggestion)
        resolution = services.map_to(
            ids=[id], canonical_id=plan.canonical_id, values=plan.values, outcome_texts=plan.outcome_texts,
            user=user, reason=reason, versions=versions,
        )  # fmt: skip
    except ValidationError as error:
        return Decision(id, REFUSED, row.status, row.version, " ".join(error.messages))
    return resolution.decisions[0]


def _new_values(suggestion):
    """A mapping of a BetPawa market that none names yet. Its line is read as a total where it has one."""
    outcomes = [
        {"canonical_id": pair["canonicalId"], "betpawa_name": pair["betpawaName"], "position": place}
        for place, pair in enumerate(suggestion.pairing)
    ]
    return {"name": suggestion.name, "betpawa_id": suggestion.betpawa_id, "outcome_mapping": outcomes}


def _unused_id(name):
    wanted = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:90] or "market"
    known = mapping_cache.snapshot.by_canonical_id
    number, found = 2, wanted
    while found in known or UserMarketMapping.objects.filter(canonical_id=found).exists():
        found, number = f"{wanted}_{number}", number + 1
    return found
