"""A logged change of a queue row, in words: labels, names and Lagos times, as the pages have them."""

from collections.abc import Iterable

from django.utils.dateparse import parse_datetime

from mappings.models import IgnoreRule, UnmappedChange, UnmappedStatus, UserMarketMapping
from mappings.services.conditions import until_words
from oddsproject.desk.formats import age_text, lagos_text

LABELS = {"mapped_to_id": "mapping", "snoozed_until": "snoozed until", "ignore_until": "ignored until",
          "ignored_by_rule_id": "rule", "review_since": "review", "notes": "notes", "status": "status",
          "claimed_by": "claimed by"}  # fmt: skip
DEEDS = {
    UnmappedStatus.NEW: "put it back into the queue",
    UnmappedStatus.ACKNOWLEDGED: "acknowledged it",
    UnmappedStatus.IGNORED: "ignored it",
}
TIMES = ("snoozed_until", "review_since")
NAMED = {"mapped_to_id": UserMarketMapping, "ignored_by_rule_id": IgnoreRule}


def change_text(change: UnmappedChange, names: dict | None = None) -> str:
    """Who did what when: "bob ignored it 20 s ago (Wed 6 May 2026, 09:00 WAT)". names: as names_in of
    this change and others; without it they are asked for."""
    names = names_in([change]) if names is None else names
    when = f"{age_text(change.created_at)} ({lagos_text(change.created_at)})"
    return f"{change.created_by or 'the desk'} {_deed(change.old_value, change.new_value, names)} {when}"


def _deed(old, new, names):
    """What was done, as one says it of a colleague."""
    differ = {field for field in LABELS if old.get(field) != new.get(field)}
    if new["status"] == UnmappedStatus.MAPPED and differ & {"status", "mapped_to_id"}:
        return f"mapped it to {_shown('mapped_to_id', new.get('mapped_to_id'), names)}"
    if "snoozed_until" in differ and new.get("snoozed_until"):
        return f"snoozed it until {_shown('snoozed_until', new['snoozed_until'], names)}"
    if differ & {"status", "ignore_until", "ignored_by_rule_id"}:
        return DEEDS.get(new["status"], "decided about it")
    if "snoozed_until" in differ:
        return "ended its snooze"
    if "review_since" in differ:
        return "put it up for review" if new.get("review_since") else "closed its review"
    if "notes" in differ:
        return "changed its notes"
    if "claimed_by" in differ:
        return "claimed it" if new.get("claimed_by") else "gave it back"
    return "decided about it again"


def change_parts(change: UnmappedChange, names: dict) -> list[tuple[str, str, str]]:
    """[(what, before, after)] of what differs."""
    found = []
    for field, label in LABELS.items():
        old, new = change.old_value.get(field), change.new_value.get(field)
        if old != new:
            found.append((label, _shown(field, old, names), _shown(field, new, names)))
    return found


def names_in(changes: Iterable[UnmappedChange]) -> dict[tuple[str, int], str]:
    """{(field, id): name} of the mappings and rules that these changes name. A query for each of the two,
    none where none is named."""
    asked = {field: set() for field in NAMED}
    for change in changes:
        for field in NAMED:
            asked[field] |= {change.old_value.get(field), change.new_value.get(field)} - {None}
    return {
        (field, id): name
        for field, ids in asked.items()
        if ids
        for id, name in NAMED[field].objects.filter(pk__in=ids).values_list("pk", "name")
    }


def shown(value) -> str:
    """A stored value in a sentence: short, and "–" for nothing."""
    text = "–" if value in (None, "") else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def status_word(status: str) -> str:
    """As people read it: "Mapped"."""
    return dict(UnmappedStatus.choices).get(status, status)


def _shown(field, value, names):
    if value in (None, ""):
        return shown(value)
    if field in TIMES:
        return lagos_text(parse_datetime(value))
    if field == "ignore_until":
        return until_words(value).removeprefix("until ")
    if field in NAMED:
        return shown(names.get((field, value), f"#{value}"))
    return status_word(value) if field == "status" else shown(value)
