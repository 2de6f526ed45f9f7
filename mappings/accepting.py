"""Saying yes to a suggestion: the queue row is mapped to the BetPawa market that was suggested.

Where a mapping of that BetPawa market exists it is extended; where none does, one is made from
the suggestion's pairing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.db.models import Max

from mappings import services
from mappings.bulk import MOST_AT_ONCE as MOST_ASKED
from mappings.bulk import TooMany, keep_results
from mappings.cache import mapping_cache
from mappings.catalogue.loader import from_row, row_problems
from mappings.conflicts import WARNING
from mappings.deciding import deciding
from mappings.grammars import grammar_of
from mappings.models import MappingAuditLog, MarketSuggestion, UnmappedMarketLog, UserMarketMapping
from mappings.new_market import values_of_coordinates
from mappings.preview import preview_mapping
from mappings.services.change_words import names_in
from mappings.services.decisions import (
    CHANGED,
    NOT_FOUND,
    REFUSED,
    STALE,
    UNCHANGED,
    Decision,
    Decisions,
    last_changes,
    locked,
    stale,
)
from mappings.services.mappings import beginning_row, catalogue_entry
from mappings.services.undo_reopened import claimed_keys
from mappings.services.versions import NO_ROW
from mappings.suggestions.markets import source_of_row

MOST_AT_ONCE = 200  # each is checked as if somebody had looked at it
NO_SUGGESTION = "Nothing is suggested for it."
REPLACED = "Its suggestion was replaced meanwhile; look at the new one."


@dataclass(frozen=True, slots=True)
class Plan:
    """What services.map_to and the preview are called with for one row and one BetPawa market.
    mapping_version: of the mapping as it was read; None where the caller does not mind."""

    canonical_id: str
    values: dict = field(default_factory=dict)
    outcome_texts: dict = field(default_factory=dict)
    mapping_version: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What accept_planned is to do. ids: as asked. left: {id: Decision} of rows that stay as they are.
    steps: [(row, suggestion, plan)]. newest: the last change of a mapping that was known then."""

    ids: list[int]
    left: dict[int, Decision]
    steps: list[tuple]
    newest: int


def plan_for(row: UnmappedMarketLog, suggestion: MarketSuggestion, outcome_texts: Mapping[str, str] | None = None):
    """outcome_texts: {canonical outcome id: the bookmaker's text} as a person left them, else the
    suggestion's own pairing. Raises ValidationError where nothing is paired.

    A mapping knows one text per outcome and bookmaker. Where the row's words differ from those of
    a key that the mapping serves already, it gets a mapping of its own for the same BetPawa market.
    """
    texts = dict(outcome_texts) if outcome_texts is not None else paired_texts(suggestion)
    definition, stored = _mapping_of(suggestion)
    if definition is None:
        if not texts:
            raise ValidationError("No outcome is paired; map it by hand.")
        own_id, version = _own_place(suggestion.name, suggestion)
        return Plan(own_id, _new_values(row, suggestion), texts, version)
    known = {outcome.canonical_id: outcome.texts.get(row.source) for outcome in definition.outcomes}
    compare = grammar_of(row.source).compare
    changed = {
        id: text for id, text in texts.items() if not known.get(id) or compare(known[id], ()) != compare(text, ())
    }
    if definition.keys.get(row.source) and any(known.get(id) for id in changed):
        own_id, version = _own_place(f"{definition.canonical_id}_{row.source}", suggestion)
        return Plan(own_id, _twin_values(definition, suggestion), texts, version)
    version = stored.version if stored else NO_ROW
    return Plan(definition.canonical_id, _completed_values(definition, stored, suggestion), changed, version)


def paired_texts(suggestion: MarketSuggestion) -> dict[str, str]:
    return {pair["canonicalId"]: pair["text"] for pair in suggestion.pairing if pair.get("text")}


# --- Many at once ---------------------------------------------------------------------------------


def accept_best(*, ids: Iterable[int], user, reason: str = "", versions: Mapping | None = None, bands=("strong",)):
    """Map each row to its own best suggestion, where that is of one of the bands; one batch.
    Returns Decisions: a row without such a suggestion, whose mapping would not hold, or that needs a
    reason while none is given, is refused; so is what is beyond 200, the most worthwhile coming first.
    Raises TooMany for more rows than are decided at once."""
    planned = plan_best(ids=ids, reason=reason, versions=versions, bands=bands)
    with deciding("map", user, reason) as batch:
        made = accept_planned(planned, user=user, reason=reason)
        keep_results(batch, made)
    return made


def plan_best(*, ids: Iterable[int], reason: str = "", versions: Mapping | None = None, bands=("strong",)) -> Planned:
    """Every row planned and previewed on the mappings as they are, before the decision begins: nobody who maps
    waits for it. Only what shares its market with another row of these is looked at once more in the decision."""
    ids, versions = list(dict.fromkeys(ids)), versions or {}
    if len(ids) > MOST_ASKED:
        raise TooMany(len(ids))
    newest = _newest_change()
    mapping_cache.refresh()
    columns = ("pk", "status", "version", "priority", "decided_by", "decided_at")
    rows = {row.pk: row for row in UnmappedMarketLog.objects.filter(pk__in=ids).only(*columns)}
    best = MarketSuggestion.objects.filter(unmapped_id__in=ids, rank=1)
    best = {id: (band, name) for id, band, name in best.values_list("unmapped_id", "band", "name")}
    left = {id: Decision(id, NOT_FOUND) for id in ids if id not in rows}
    behind = [id for id, row in rows.items() if versions.get(id) not in (None, row.version)]
    changes = last_changes(behind) if behind else {}
    names = names_in(changes.values())
    left |= {id: stale(rows[id], changes.get(id), names) for id in behind}
    for id in ids:
        if id not in left and (why := _unfit(best.get(id), bands)):
            left[id] = _refused(rows[id], why)
    chosen = sorted((rows[id] for id in ids if id not in left), key=lambda row: -row.priority)
    beyond = f"Left for the next go: at most {MOST_AT_ONCE} suggestions are accepted at once."
    left |= {row.pk: _refused(row, beyond) for row in chosen[MOST_AT_ONCE:]}
    steps, chosen = [], [row.pk for row in chosen[:MOST_AT_ONCE]]
    whole = UnmappedMarketLog.objects.in_bulk(chosen)
    suggested = MarketSuggestion.objects.filter(unmapped_id__in=chosen, rank=1)
    for suggestion in sorted(suggested, key=lambda one: chosen.index(one.unmapped_id)):
        row = whole[suggestion.unmapped_id]
        plan = _checked_plan(row, suggestion, reason)
        if isinstance(plan, Decision):
            left[row.pk] = plan
        else:
            steps.append((row, suggestion, plan))
    return Planned(ids, left, steps, newest)


def foresee_best(ids: Iterable[int], reason: str = "", bands=("strong",)) -> dict[int, str]:
    """{row: why it would be refused}, as accept_best would say it of these as they are now. Reads only."""
    left = plan_best(ids=ids, reason=reason, bands=bands).left
    return {id: decision.detail for id, decision in left.items()}


def accept_planned(planned: Planned, *, user, reason: str = "") -> Decisions:
    """Carry out what plan_best has planned, as far as it holds: rows and mappings that somebody has
    changed since are left alone, and it is said who did. A step whose ground the steps before, or others,
    have moved is planned anew, on what they leave: with all others that do not wait for each other, so that
    the mappings are read and compiled once for them and not for each. A row that was mapped so already counts
    as changed where its mapping had to change for it; the detail says how."""
    made = dict(planned.left)
    with deciding("map", user, reason) as batch:
        counted = batch.item_count
        # All of them at once, in the order of every decision: none waits for a row between two mappings.
        rows = locked([row.pk for row, _, _ in planned.steps])
        first = last_changes([row.pk for row, _, _ in planned.steps if _is_behind(rows, row)])
        best = MarketSuggestion.objects.filter(unmapped_id__in=rows, rank=1)
        best = dict(best.values_list("unmapped_id", "betpawa_id"))
        steps = []
        for row, suggestion, plan in planned.steps:
            now = rows.get(row.pk)
            if now is None:
                made[row.pk] = Decision(row.pk, NOT_FOUND)
            elif now.version != row.version:
                made[row.pk] = stale(now, first.get(row.pk))
            elif best.get(row.pk) != suggestion.betpawa_id:
                made[row.pk] = Decision(row.pk, STALE, now.status, now.version, REPLACED)
            else:
                steps.append((row, suggestion, plan))
        ground, waiting = _Ground(batch.pk, planned.newest), []
        while steps:
            moved = []
            for row, suggestion, plan in steps:
                if isinstance(plan, Decision):
                    made[row.pk] = plan
                elif ground.has_moved(row, suggestion, plan):
                    moved.append((row, suggestion, plan))
                else:
                    made[row.pk] = _map(rows[row.pk], plan, user, reason)
            ground.forget()
            steps, waiting = _planned_anew(moved + waiting, reason)
        # By what the batch counts: there is nothing to undo in one that others have begun, and only they filled.
        batch_id = batch.pk if batch.item_count > counted else None
    return Decisions((made[id] for id in planned.ids), batch_id)


class _Ground:
    """What was changed of the mappings since plans were made."""

    def __init__(self, batch_id: int, newest: int):
        self._batch_id, self._newest = batch_id, newest
        self._by_others: set[str] = set()
        self._touched: set = set()

    def has_moved(self, row, suggestion, plan: Plan) -> bool:
        """Whether this step is to be planned anew. What others made of its very mapping is not looked at
        here: its version says so, and whose it was."""
        self._read_on()
        if plan.canonical_id in self._by_others:
            return False
        return not self._touched.isdisjoint(_stands_on(row, suggestion, plan))

    def forget(self):
        """From here on plans are made of what there is now."""
        self._read_on()
        self._by_others, self._touched = set(), set()

    def _read_on(self):
        for entry in MappingAuditLog.objects.filter(id__gt=self._newest).order_by("id"):
            self._newest = entry.pk
            if entry.batch_id != self._batch_id:
                self._by_others.add(entry.canonical_id)
            else:
                self._touched.add(entry.canonical_id)
            for values in filter(None, (entry.old_value, entry.new_value)):
                self._touched |= {values.get("betpawa_id"), *claimed_keys(values)}


def _stands_on(row, suggestion, plan: Plan) -> set:
    return {plan.canonical_id, suggestion.betpawa_id, (row.source, row.external_market_id)}


def _planned_anew(steps, reason):
    """(steps planned on what there is now, those that wait for one of them)"""
    anew, waiting, taken = [], [], set()
    if steps:
        mapping_cache.refresh()
    for row, suggestion, plan in steps:
        ground = _stands_on(row, suggestion, plan)
        if taken.isdisjoint(ground):
            anew.append((row, suggestion, _checked_plan(row, suggestion, reason)))
        else:
            waiting.append((row, suggestion, plan))
        taken |= ground
    return anew, waiting


def _newest_change():
    return MappingAuditLog.objects.aggregate(newest=Max("id"))["newest"] or 0


def _is_behind(rows, row):
    return row.pk in rows and rows[row.pk].version != row.version


def _unfit(best, bands):
    """Why a row cannot be mapped to its best suggestion, (band, name); "" where it can."""
    if best is None:
        return NO_SUGGESTION
    band, name = best
    return "" if band in bands else f"{name} is only a {band} suggestion; look at it."


def _checked_plan(row, suggestion, reason) -> Plan | Decision:
    """The plan, or why it cannot be carried out."""
    try:
        plan = plan_for(row, suggestion)
        preview = preview_mapping(
            canonical_id=plan.canonical_id, values=plan.values, ids=[row.pk], outcome_texts=plan.outcome_texts
        )
    except ValidationError as error:
        return _refused(row, " ".join(error.messages))
    if not preview.can_save:
        return _refused(row, preview.conflicts[0].text)
    if preview.needs_reason and not reason:
        return _refused(row, _why_a_reason(preview))
    return plan


def _map(row, plan: Plan, user, reason) -> Decision:
    try:
        resolution = services.map_to(
            ids=[row.pk], canonical_id=plan.canonical_id, values=plan.values, outcome_texts=plan.outcome_texts,
            mapping_version=plan.mapping_version, user=user, reason=reason,
        )  # fmt: skip
    except ValidationError as error:
        return _refused(row, " ".join(error.messages))
    except services.StaleVersion as error:
        told = f"{plan.canonical_id}: {error}"
        return Decision(row.pk, STALE, row.status, row.version, told, error.changed_by, error.changed_at)
    decision = resolution.decisions[0]
    told = _told_of(resolution) if decision.outcome == UNCHANGED else ""
    return replace(decision, outcome=CHANGED, detail=told) if told else decision


def _told_of(resolution):
    """What mapping a row that was mapped so already did all the same; "" where that was nothing."""
    change, others = resolution.change, ", ".join(resolution.taken_from)
    done = []
    if change.outcome != "unchanged":
        what = "switched on again" if change.outcome == "activated" else "extended"
        done.append(f"{change.mapping.name} ({change.mapping.canonical_id}) was {what}")
    if others:
        done.append(f"its source key was taken off {others}")
    return f"It was mapped so already; {', and '.join(done)}." if done else ""


def _refused(row, why):
    return Decision(row.pk, REFUSED, row.status, row.version, why)


def _why_a_reason(preview):
    """A sentence for a mapping that would be saved with a reason only."""
    warning = next((conflict.text for conflict in preview.conflicts if conflict.severity == WARNING), None)
    return f"It needs a look, or a reason: {warning or 'what is stored would change.'}"


def _mapping_of(suggestion):
    """(definition, row): the mapping in force that was suggested, or one that BetPawa's market has got
    since, and what is stored of it, as the definition has it. None for what there is not."""
    snapshot = mapping_cache.snapshot
    named = (found for found in snapshot.definitions if found.betpawa_id == suggestion.betpawa_id)
    definition = snapshot.by_canonical_id.get(suggestion.canonical_id) or next(named, None)
    if definition is None:
        return None, None
    stored = UserMarketMapping.objects.filter(canonical_id=definition.canonical_id).first()
    if stored is not None and stored.is_active and not row_problems(stored):
        definition = from_row(stored, overrides=catalogue_entry(stored.canonical_id) is not None)
    return definition, stored


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


def _completed_values(definition, stored, suggestion):
    """What the mapping lacks of the outcomes that were paired: some built-in ones name none."""
    known = {outcome.canonical_id for outcome in definition.outcomes}
    missing = [pair for pair in suggestion.pairing if pair["canonicalId"] not in known and pair.get("betpawaName")]
    if not missing:
        return {}
    outcomes = beginning_row(definition.canonical_id, stored).outcome_mapping
    return {"outcome_mapping": [*outcomes, *_paired_outcomes(missing, first=len(outcomes))]}


def _paired_outcomes(pairing, first=0):
    return [
        {"canonical_id": pair["canonicalId"], "betpawa_name": pair["betpawaName"], "position": first + place}
        for place, pair in enumerate(pairing)
    ]


def _own_place(name, suggestion):
    """(canonical id, version of the mapping) for a mapping of its own: of one that is switched off, where that
    was of the same BetPawa market, so that taking back and accepting again leave no mapping behind each time."""
    wanted = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:90] or "market"
    known = mapping_cache.snapshot.by_canonical_id
    number, found = 2, wanted
    while True:
        stored = UserMarketMapping.objects.filter(canonical_id=found).first()
        if found not in known and stored is None:
            return found, NO_ROW
        if found not in known and not stored.is_active and stored.betpawa_id == suggestion.betpawa_id:
            return found, stored.version
        found, number = f"{wanted}_{number}", number + 1
