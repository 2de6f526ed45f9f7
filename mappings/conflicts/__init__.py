"""What speaks against a mapping before it is saved, in sentences, and where it is safe, what to change.

An error is something by which saving would be refused, or by which nothing at all would be mapped.
A warning can be saved all the same, with a reason. Infos need nobody.
"""

from mappings.conflicts.evidence import evidence_conflicts
from mappings.conflicts.finding import ERROR, INFO, SEVERITIES, WARNING, Conflict, drafted, merge_fix
from mappings.conflicts.keys import key_conflicts, target_conflicts
from mappings.conflicts.losing import Seen, losing_conflicts
from mappings.conflicts.outcomes import outcome_conflicts
from mappings.conflicts.saving import REFUSED, saving_conflicts
from mappings.evidence.samples import Fixture
from mappings.proposals import Proposal

__all__ = ["ERROR", "INFO", "REFUSED", "WARNING", "Conflict", "conflicts_of", "merge_fix"]


def conflicts_of(proposal: Proposal, fixtures: list[Fixture], names: dict[str, str]) -> list[Conflict]:
    """All conflicts, the gravest first. fixtures: before_after.fixtures_for.
    names: {slug: name} of the bookmakers."""
    found = list(saving_conflicts(proposal))
    if proposal.draft is not None and proposal.row.is_active:
        snapshot, seen = drafted(proposal), Seen(proposal, fixtures)
        found += losing_conflicts(proposal, seen, snapshot, names)
        found += key_conflicts(proposal, snapshot, names)
        found += target_conflicts(proposal, snapshot, names)
        found += outcome_conflicts(proposal, fixtures, snapshot, names, seen)
        found += evidence_conflicts(proposal, fixtures, snapshot, names)
    return sorted(found, key=lambda conflict: SEVERITIES.index(conflict.severity))
