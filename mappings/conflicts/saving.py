"""What saving itself would say."""

from mappings.conflicts.finding import ERROR, INFO, WARNING, Conflict
from mappings.conflicts.tables import without_repetitions

REFUSED = ("NOT_IN_QUEUE", "INVALID")  # errors that saving itself raises


def saving_conflicts(proposal):
    """Why saving would be refused, and what switching a mapping off would leave."""
    if proposal.missing_ids:
        count = len(proposal.missing_ids)
        text = f"{count} of the chosen markets {'is' if count == 1 else 'are'} no longer in the queue."
        none_left = not proposal.queue_rows
        yield Conflict(ERROR if none_left else INFO, "NOT_IN_QUEUE", text)
    for field, texts in proposal.problems.items():
        for text in texts:
            yield Conflict(
                ERROR,
                "INVALID",
                text if field in ("__all__", "ids") else f"{_label(field)}: {text}",
                _safe(proposal, field),
            )
    if proposal.change == "unchanged":
        yield Conflict(INFO, "UNCHANGED", "Saving this would change nothing.")
    elif not proposal.row.is_active and not proposal.problems:
        yield from _of_switching_off(proposal)


def _of_switching_off(proposal):
    if proposal.after is not None and proposal.before is not None and proposal.before.origin == "db":
        yield Conflict(INFO, "BUILT_IN_RETURNS", "The built-in mapping of this market is in force again then.")
    elif proposal.before is not None and proposal.before.origin == "code":
        yield Conflict(WARNING, "BUILT_IN_STAYS", "A built-in mapping cannot be switched off; it stays in force.")
    elif proposal.before is not None:
        count = sum(len(keys) for keys in proposal.before.keys.values())
        yield Conflict(INFO, "KEYS_UNMAPPED", f"{count} source keys have no mapping then, and come back to the queue.")


def _label(field):
    return field.replace("_", " ").capitalize()


def _safe(proposal, field):
    """The one thing about a refused field that can be put right without a person: outcomes twice."""
    if field != "outcome_mapping":
        return None
    try:
        cleaned = without_repetitions(proposal.row.outcome_mapping)
    except (TypeError, AttributeError, KeyError):
        return None
    return {"outcome_mapping": cleaned} if cleaned != proposal.row.outcome_mapping else None
