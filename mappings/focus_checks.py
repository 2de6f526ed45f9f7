"""Whether a suggestion can be accepted with one key, said before the key is pressed."""

from mappings.conflicts import ERROR, WARNING
from mappings.impact import WIDE_EVENTS
from mappings.models import UnmappedMarketLog
from mappings.preview import Preview
from oddsproject.desk.formats import count_text


def check_of(row: UnmappedMarketLog, preview: Preview, bookmaker: str) -> dict:
    """{canSave, needsReason, why}: why is what speaks against it in a clause or a sentence, "" for nothing."""
    if not preview.can_save:
        return _check(False, False, _refusal(row, preview, bookmaker))
    if not preview.needs_reason:
        return _check(True, False, "")
    warning = next((conflict.text for conflict in preview.conflicts if conflict.severity == WARNING), None)
    return _check(True, True, warning or _wide(preview))


def refused_check(why: str) -> dict:
    """Of a suggestion whose preview is refused already."""
    return _check(False, False, why)


def _check(can_save, needs_reason, why):
    return {"canSave": can_save, "needsReason": needs_reason, "why": why}


def _refusal(row, preview, bookmaker):
    error = next(conflict for conflict in preview.conflicts if conflict.severity == ERROR)
    if error.code != "SPECIFIER_REFUSED":
        return error.text
    sent = next((text for outcome in row.sample_outcomes or [] if (text := _specifier(outcome))), "a parameter")
    return f"{bookmaker} sends it with {sent}, which BetPawa's market does not have: nothing of it would be mapped."


def _specifier(outcome):
    return str(outcome.get("specifier") or "") if isinstance(outcome, dict) else ""


def _wide(preview):
    events = preview.impact.events
    if events is not None and events > WIDE_EVENTS:
        return f"It concerns {count_text(events)} events."
    return "Odds that are stored already would change."
