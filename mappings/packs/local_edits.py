"""Who has made something what it is here, where no pack did: what an import would overwrite.

A mapping or rule is somebody's own when a person has changed it since the last import of it, or, by
an older pack, when it was as in that pack and has moved on.
"""

from mappings.models import DecisionBatch, MappingAuditLog
from mappings.services.mappings import EDITABLE
from oddsproject.desk.formats import lagos_text

IMPORT = DecisionBatch.Kind.IMPORT
RULE_KINDS = (DecisionBatch.Kind.RULE, IMPORT, DecisionBatch.Kind.UNDO)


def edited_mappings(packed: dict[str, dict]) -> dict[str, str]:
    """{canonical id: who and when} by the audit log, of those that are somebody's own. packed: the
    fields of each in the pack. One query."""
    own: dict[str, str] = {}
    moved_on: dict[str, str] = {}
    log = MappingAuditLog.objects.filter(canonical_id__in=packed).order_by("id")
    columns = ("canonical_id", "action", "old_value", "created_by", "created_at", "batch__kind")
    for id, action, old, by, at, kind in log.values_list(*columns).iterator():
        if kind == IMPORT or action == MappingAuditLog.Action.DELETE:
            own.pop(id, None)
        else:
            own[id] = _who(by, at)
        if action == MappingAuditLog.Action.DELETE:
            moved_on.pop(id, None)  # what came after it began anew
        elif old is not None and {name: old.get(name) for name in EDITABLE} == packed[id]:
            moved_on[id] = _who(by, at)
    return moved_on | own


def edited_rules(ids: dict[int, str]) -> dict[str, str]:
    """{name: who and when}. ids: {number: name} of the rules that a pack would change. One query: the
    decisions about rules, newest first, until each is found."""
    edited, missing = {}, dict(ids)
    if not missing:
        return edited
    batches = DecisionBatch.objects.filter(kind__in=RULE_KINDS, summary__has_key="rules").order_by("-id")
    for kind, actor, at, summary in batches.values_list("kind", "actor", "created_at", "summary").iterator():
        for noted in summary["rules"]:
            name = missing.pop(noted["id"], None)
            if name is not None and kind != IMPORT:
                edited[name] = _who(actor, at)
        if not missing:
            break
    return edited


def _who(by, at):
    return f"{by or 'somebody'}, {lagos_text(at)}"
