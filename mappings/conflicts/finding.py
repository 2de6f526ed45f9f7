"""The shape of a conflict, and the words that all of them share."""

from dataclasses import dataclass

from mappings.proposals import Proposal
from mappings.snapshot import Snapshot

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True, slots=True)
class Conflict:
    """code: for programs, e.g. SAME_KEY. text: one or two sentences for a trader.
    fix: {field: value} to merge into the values (see merge_fix), or None where a person must choose."""

    severity: str
    code: str
    text: str
    fix: dict | None = None


def merge_fix(values: dict, outcome_texts: dict | None, fix: dict) -> tuple[dict, dict]:
    """(values, outcome_texts) with a fix applied. A fix of outcome_mapping holds the outcome texts
    that were asked for already; they must not be laid over it again."""
    return {**values, **fix}, {} if "outcome_mapping" in fix else dict(outcome_texts or {})


def drafted(proposal: Proposal) -> Snapshot:
    """The mappings as they would be with the draft, also where saving it would be refused."""
    if not proposal.problems:
        return proposal.proposed
    others = tuple(d for d in proposal.present.definitions if d.canonical_id != proposal.canonical_id)
    return Snapshot((*others, proposal.draft), proposal.present.version)


def listed(texts, most=5) -> str:
    """Texts in a sentence, the first five of many."""
    shown = ", ".join(f"“{text}”" for text in texts[:most])
    return shown if len(texts) <= most else f"{shown} and {len(texts) - most} more"


def has_or_have(texts) -> str:
    return "has" if len(texts) == 1 else "have"
