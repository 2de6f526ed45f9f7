"""Mappings that people made, the built-in catalogue, and the audit log."""

import json

from django.contrib import admin
from unfold.decorators import display

from mappings.models import MappingAuditLog
from oddsproject.desk.base import ReadOnlyAdmin
from oddsproject.desk.formats import age, badge, foreign

ACTIONS = {
    "CREATE": ("Created", "add_circle", "good"),
    "UPDATE": ("Changed", "edit", "info"),
    "DELETE": ("Deleted", "delete", "bad"),
    "ACTIVATE": ("Activated", "toggle_on", "good"),
    "DEACTIVATE": ("Deactivated", "toggle_off", "warn"),
}
NOT_SHOWN = {"updated_at", "version", "id", "created_at"}


def differences(change):
    """["field: old → new"] of one audit row."""
    old, new = change.old_value or {}, change.new_value or {}
    if not old or not new:
        return []
    return [
        f"{name}: {_short(old.get(name))} → {_short(new.get(name))}"
        for name in sorted(set(old) | set(new))
        if name not in NOT_SHOWN and old.get(name) != new.get(name)
    ]


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"


@admin.register(MappingAuditLog)
class MappingAuditLogAdmin(ReadOnlyAdmin):
    list_display = ["when", "what", "canonical_id", "who", "why", "diff"]
    list_filter = ["action"]
    search_fields = ["canonical_id", "created_by", "reason"]
    ordering = ["-created_at", "-id"]
    fields = readonly_fields = ["when", "what", "canonical_id", "who", "why", "diff", "old_value", "new_value"]

    @display(description="When", ordering="created_at")
    def when(self, change):
        return age(change.created_at)

    @display(description="What", ordering="action")
    def what(self, change):
        return badge(*ACTIONS[change.action])

    @display(description="Who", ordering="created_by")
    def who(self, change):
        return change.created_by or "not known (changed in SQL)"

    @display(description="Why")
    def why(self, change):
        return foreign(change.reason)

    @display(description="Differences")
    def diff(self, change):
        return foreign("; ".join(differences(change)))
