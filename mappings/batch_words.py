"""A decision in a line: what was done, to what, and when."""

from mappings.models import DecisionBatch
from mappings.standing import names_of_decisions
from oddsproject.desk.formats import age_text, count_text


def batch_words(batch: DecisionBatch) -> str:
    """ "Ignore, Corner range 2 (5 min ago)"; of a decision about many, how many changes. Two queries."""
    changes = f"{count_text(batch.item_count)} change{'' if batch.item_count == 1 else 's'}"
    about = names_of_decisions([batch]).get(batch.pk, changes)
    return f"{batch.get_kind_display()}, {about} ({age_text(batch.created_at)})"
