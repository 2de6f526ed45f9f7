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
from mappings.conflicts import WARNING
from mappings.deciding import deciding
from mappings.grammars import grammar_of
from mappings.models import MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from mappings.new_market import values_of_coordinates
from mappings.preview import preview_mapping
from mappings.services.decisions import NOT_FOUND, REFUSED, Decision, Decisions
from mappings.services.mappings import new_row
from mappings.suggestions.markets import source_of_row

MOST_AT_ONCE = 200
NO_SUGGESTION = "Nothing is suggested for it."


@dataclass(frozen=True, slots=True)
class Plan:
    """What services.map_to and the preview are called with for one row and one BetPawa market."""

    canonical_id: str
    values: dict = field(default_factory=dict)
    outcome_texts: dict = field(default_factory=dict)


def plan_for(row: UnmappedMarketLog, suggestion: MarketSuggestion, outcome_texts: Mapping[str, str] | None = None):
    """outcome_texts: {canonical outcome id: the bookmaker's text} as a person left them, else the
    suggestion's own pairing. Raises ValidationError where nothing is paired.

    A mapping knows one text per outcome and bookmaker. Where the row's words differ from those of
    a key that the mapping serves already, it gets a mapping of its own for the same BetPawa market.
    """
    texts = dict(outcome_texts) if outcome_texts is not None else paired_texts(suggestion)
    definition = _mapping_of(suggestion)
    if definition is None:
        if not texts:
            raise ValidationError("No outcome is paired; map it by hand.")
        return Plan(_unused_id(suggestion.name), _new_values(row, suggestion), texts)
    known = {outcome.canonical_id: outcome.texts.get(row.source) for outcome in definition.outcomes}
    compare = grammar_of(row.source).compare
    changed = {
        id: text for id, text in texts.items() if not known.get(id) or compare(known[id], ()) != compare(text, ())
    }
    if definition.keys.get(row.source) and any(known.get(id) for id in changed):
        return Plan(_unused_id(f"{definition.canonical_id}_{row.source}"), _twin_values(definition, suggestion), texts)
    return Plan(definition.canonical_id, _completed_values(definition, suggestion), changed)


def paired_texts(suggestion: MarketSuggestion) -> dict[str, str]:
    return {pair["canonicalId"]: pair["text"] for pair in suggestion.pairing if pair.get("text")}


def accept_best(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None, bands=("strong",)):
    """Map each row to its own best suggestion, where that is of one of the bands; one batch.
    Returns Decisions: a row without such a suggestion, whose mapping would not hold, or that needs a
    reason while none is given, is refused.
    Raises ValidationError for more than 200 rows with one: each is checked as if it was looked at."""
    ids = list(dict.fromkeys(ids))
    with deciding("map", user, reason) as batch:
        best = {found.unmapped_id: found for found in MarketSuggestion.objects.filter(unmapped_id__in=ids, rank=1)}
        count = sum(found.band in bands for found in best.values())
        if count > MOST_AT_ONCE:
            raise ValidationError(f"At most {MOST_AT_ONCE} suggestions are accepted at once; these are {count}.")
        # All of them at once, in the order of every decision: none waits for a row between two mappings.
        rows = UnmappedMarketLog.objects.select_for_update().order_by("source", "external_market_id").in_bulk(ids)
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
        mapping_cache.refresh()  # what the rows before it made is there to be extended, not made twice
        plan = plan_for(row, suggestion)
        preview = preview_mapping(
            canonical_id=plan.canonical_id, values=plan.values, ids=[id], outcome_texts=plan.outcome_texts
        )
        if not preview.can_save:
            return Decision(id, REFUSED, row.status, row.version, preview.conflicts[0].text)
        if preview.needs_reason and not reason:
            return Decision(id, REFUSED, row.status, row.version, _why_a_reason(preview))
        resolution = services.map_to(
            ids=[id], canonical_id=plan.canonical_id, values=plan.values, outcome_texts=plan.outcome_texts,
            user=user, reason=reason, versions=versions,
        )  # fmt: skip
    except ValidationError as error:
        return Decision(id, REFUSED, row.status, row.version, " ".join(error.messages))
    return resolution.decisions[0]


def _why_a_reason(preview):
    """A sentence for a mapping that would be saved with a reason only."""
    warning = next((conflict.text for conflict in preview.conflicts if conflict.severity == WARNING), None)
    return f"It needs a look, or a reason: {warning or 'what is stored would change.'}"


def _mapping_of(suggestion):
    """The mapping in force that was suggested, or one that BetPawa's market has got since."""
    snapshot = mapping_cache.snapshot
    named = (found for found in snapshot.definitions if found.betpawa_id == suggestion.betpawa_id)
    return snapshot.by_canonical_id.get(suggestion.canonical_id) or next(named, None)


def _new_values(row, suggestion):
    """A mapping of a BetPawa market that none names yet: its shape is read from the row."""
    shape = values_of_coordinates(suggestion.name, source_of_row(row).coordinates)
    return {**shape, **_target_values(suggestion)}


def _twin_values(definition, suggestion):
    """The same BetPawa market once more, for a key with words of its own."""
    stated = ("kind", "subkind", "period", "subject", "side", "line_semantics")
    return {**{field: getattr(definition, field) for field in stated}, **_target_values(suggestion)}


def _target_values(suggestion):
    return {
        "name": suggestion.name,
        "betpawa_id": suggestion.betpawa_id,
        "outcome_mapping": _paired_outcomes(suggestion.pairing),
    }


def _completed_values(definition, suggestion):
    """What the mapping lacks of the outcomes that were paired: some built-in ones name none."""
    known = {outcome.canonical_id for outcome in definition.outcomes}
    missing = [pair for pair in suggestion.pairing if pair["canonicalId"] not in known and pair.get("betpawaName")]
    if not missing:
        return {}
    stored = UserMarketMapping.objects.filter(canonical_id=definition.canonical_id).first()
    outcomes = (stored or new_row(definition.canonical_id)).outcome_mapping
    return {"outcome_mapping": [*outcomes, *_paired_outcomes(missing, first=len(outcomes))]}


def _paired_outcomes(pairing, first=0):
    return [
        {"canonical_id": pair["canonicalId"], "betpawa_name": pair["betpawaName"], "position": first + place}
        for place, pair in enumerate(pairing)
    ]


def _unused_id(name):
    wanted = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:90] or "market"
    known = mapping_cache.snapshot.by_canonical_id
    number, found = 2, wanted
    while found in known or UserMarketMapping.objects.filter(canonical_id=found).exists():
        found, number = f"{wanted}_{number}", number + 1
    return found
