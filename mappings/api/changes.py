"""Logged changes field by field, under the API's names."""

from oddsproject.api.serializers import camel

BOOKKEEPING = frozenset({"id", "version", "created_at", "updated_at", "created_by"})


def field_changes(old: dict | None, new: dict | None) -> list[dict]:
    """[{field, old, new}] of what differs between two logged states; None: there was no such thing."""
    old, new = old or {}, new or {}
    return [
        {"field": camel(name), "old": old.get(name), "new": new.get(name)}
        for name in {**old, **new}
        if name not in BOOKKEEPING and old.get(name) != new.get(name)
    ]
