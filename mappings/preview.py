"""What saving a mapping would do, before anything is saved: conflicts and impact. Reads only.

Admin, API and command line show the same preview; mapping_preview prints it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from mappings.before_after import SHOWN_FIXTURES, compare_fixtures, fixtures_for
from mappings.conflicts import ERROR, REFUSED, WARNING, Conflict, conflicts_of
from mappings.impact import Impact, has_new_keys, impact_of
from mappings.proposals import propose
from oddsproject.api.serializers import camel
from oddsproject.desk.bookmakers import bookmaker_names

VERBATIM = ("specifierFilters", "sources")  # objects whose keys are bookmakers, not field names


@dataclass(frozen=True, slots=True)
class Preview:
    """change: created, overridden, updated, activated, deactivated, unchanged. changes: {field:
    (old, new)}. taken_from: mappings that would lose a source key. ms: how long this took. of_queue:
    whether queue rows are mapped with it.
    can_save: nothing speaks so much against it that it would be refused, or map nothing at all.
    needs_reason: the impact is wide, or something speaks against it that does not refuse it."""

    canonical_id: str
    change: str
    changes: dict[str, tuple]
    taken_from: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    impact: Impact
    ms: float
    of_queue: bool = False

    @property
    def can_save(self) -> bool:
        return all(conflict.severity != ERROR for conflict in self.conflicts)

    @property
    def is_refused(self) -> bool:
        """Whether saving it would be refused, whatever the reason: a reason is not what it lacks."""
        refused = any(conflict.severity == ERROR and conflict.code in REFUSED for conflict in self.conflicts)
        return refused or bool(self.maps_nothing)

    @property
    def maps_nothing(self) -> str:
        """Why nothing of the queue rows that it is about would map; "" where something would."""
        none = (conflict.text for conflict in self.conflicts if conflict.code == "NO_PAIRS")
        return next(none, "") if self.of_queue else ""

    @property
    def needs_reason(self) -> bool:
        speaks_against = any(conflict.severity in (ERROR, WARNING) for conflict in self.conflicts)
        return not self.is_refused and (self.impact.is_wide or speaks_against)

    def as_data(self) -> dict:
        """For JSON: camelCase names; times and lines as text."""
        return {
            "canonicalId": self.canonical_id,
            "change": self.change,
            "changes": [
                {"field": camel(name), "old": _field(name, old), "new": _field(name, new)}
                for name, (old, new) in self.changes.items()
            ],
            "takenFrom": list(self.taken_from),
            "conflicts": [_outside(asdict(conflict)) for conflict in self.conflicts],
            "impact": _outside(asdict(self.impact)),
            "canSave": self.can_save,
            "needsReason": self.needs_reason,
            "ms": round(self.ms, 1),
        }


def preview_mapping(
    *,
    canonical_id: str,
    values: dict,
    ids: Iterable[int] = (),
    outcome_texts: Mapping[str, str] | None = None,
    split: bool = False,
) -> Preview:
    """values: {field: value} as services.create_mapping and update_mapping take them. ids,
    outcome_texts, split: as services.map_to. Nothing is written, and the number of queries does not
    depend on the size of anything."""
    started = time.perf_counter()
    proposal = propose(canonical_id=canonical_id, values=values, ids=ids, outcome_texts=outcome_texts, split=split)
    fixtures = fixtures_for(proposal)
    # What is stored is counted; only for what is not, more events than are shown say how much it is.
    sampled = fixtures if has_new_keys(proposal) else fixtures[:SHOWN_FIXTURES]
    compared = compare_fixtures(proposal, sampled)
    conflicts = conflicts_of(proposal, fixtures, bookmaker_names())
    impact = impact_of(proposal, compared)
    return Preview(
        canonical_id=canonical_id,
        change=proposal.change,
        changes=proposal.changes,
        taken_from=proposal.taken_from,
        conflicts=tuple(conflicts),
        impact=impact,
        ms=(time.perf_counter() - started) * 1000,
        of_queue=bool(proposal.queue_rows),
    )


def _field(name, value):
    return _outside({name: value})[camel(name)]


def _outside(value):
    """A value as JSON has it. Names of fields become camelCase; what people and bookmakers wrote,
    keys included, stays as it is."""
    if isinstance(value, dict):
        return {
            (outside := camel(name)): dict(item) if outside in VERBATIM and isinstance(item, dict) else _outside(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_outside(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else str(value)
