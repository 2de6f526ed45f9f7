"""A decision in a line: what was done, to what, and when; and what became of each thing that it was about."""

from mappings.models import DecisionBatch
from mappings.standing import names_of_decisions
from oddsproject.desk.formats import age_text, count_text

Kind = DecisionBatch.Kind
DOING = {
    Kind.ACKNOWLEDGE: "acknowledging",
    Kind.IGNORE: "ignoring",
    Kind.SNOOZE: "snoozing",
    Kind.REOPEN: "reopening",
    Kind.MAP: "mapping",
    Kind.CLAIM: "claiming",
    Kind.RELEASE: "giving back",
    Kind.NOTE: "the notes of",
    Kind.REVIEW: "the review of",
    Kind.REJECT: "rejecting a suggestion for",
    Kind.MAPPING: "changing a mapping,",
    Kind.RESTORE: "restoring a version,",
    Kind.IMPORT: "importing a mapping pack,",
    Kind.RULE: "ignoring by rule",
    Kind.UNDO: "the undo of",
}
# Of a decision's markets, and of what an undo puts back: "3 so already". Others are words as they are.
OUTCOMES = {
    "unchanged": "so already",
    "stale": "left alone, somebody was first",
    "refused": "refused",
    "not_found": "gone",
}


def batch_words(batch: DecisionBatch) -> str:
    """ "ignoring Corner range 2, 5 min ago"; of a decision about many, how many changes. Two queries."""
    changes = f"{count_text(batch.item_count)} change{'' if batch.item_count == 1 else 's'}"
    about = names_of_decisions([batch]).get(batch.pk, changes)
    return f"{DOING.get(batch.kind, batch.get_kind_display())} {about}, {age_text(batch.created_at)}"


def outcome_words(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome)
