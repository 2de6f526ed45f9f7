"""A logged change of a queue row, in words: labels, names and Lagos times, as the pages have them."""

from collections.abc import Iterable

from django.utils.dateparse import parse_datetime

from mappings.models import IgnoreRule, UnmappedChange, UnmappedStatus, UserMarketMapping
from mappings.services.conditions import until_words
from oddsproject.desk.formats import lagos_text

LABELS = {"mapped_to_id": "mapping", "snoozed_until": "snoozed until", "ignore_until": "ignored until",
          "ignored_by_rule_id": "rule", "review_since": "review", "notes": "notes", "status": "status",
          "claimed_by": "claimed by"}  # fmt: skip
TIMES = ("snoozed_until", "review_since")
NAMED = {"mapped_to_id": UserMarketMapping, "ignored_by_rule_id": IgnoreRule}


def change_text(change: UnmappedChange, names: dict | None = None) -> str:
    """Who did what when: "bob, Wed 6 May 2026, 09:00 WAT: status New → Ignored". names: as names_in of
    this change and others; without it they are asked for."""
    names = names_in([change]) if names is None else names
    parts = [f"{label} {old} → {new}" for label, old, new in change_parts(change, names)]
    return f"{change.created_by or 'the desk'}, {lagos_text(change.created_at)}: {'; '.join(parts) or 'decided again'}"


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
