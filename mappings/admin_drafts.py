"""What a person is about to save: read from the form, previewed, put together with what somebody else
saved meanwhile. The map dialog and the editor share it."""

from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.template.loader import render_to_string

from mappings.admin_decisions import MAPPED_AT_ONCE, typed_reason
from mappings.admin_focus import CANNED_REASONS
from mappings.admin_forms import after_button, changed_from, posted_values, unused
from mappings.conflicts import ERROR, WARNING
from mappings.differences import Merged, label, merged, shown
from mappings.models import MappingAuditLog, UserMarketMapping
from mappings.preview import Preview, preview_mapping
from mappings.services.mappings import EDITABLE, beginning_of, beginning_row, catalogue_entry, new_row, values_of
from mappings.services.versions import NO_ROW, changes_since
from oddsproject.api.roles import TRADER
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.pages import number, require

SEVERITY = {ERROR: ("error", "bad"), WARNING: ("warning", "warn")}


@dataclass(frozen=True, slots=True)
class Draft:
    """canonical_id: "" while a new market has none. row: what is stored, None for a new mapping or
    one that is built in. base: {field: value} as the person read it, values: as the person wants
    it, version: of the row that was read, NO_ROW where there was none over the built-in mapping.
    ids: queue rows to map; split: they keep what they feed."""

    canonical_id: str
    row: UserMarketMapping | None
    base: dict
    values: dict
    version: int | None = None
    ids: tuple[int, ...] = ()
    split: bool = False
    reason: str = ""
    merge: Merged | None = field(default=None)

    @property
    def mine(self) -> dict:
        """What the person changed, and nothing else: a version that others make meanwhile stays."""
        return changed_from(self.base, self.values)

    @property
    def is_stale(self) -> bool:
        return self.row is not None and self.version is not None and self.version != self.row.version


class Unreadable(ValidationError):
    """Something of what was sent cannot be read. draft: all the rest of it, so that nothing typed is lost."""

    def __init__(self, problems: dict, draft: Draft):
        super().__init__(problems)
        self.draft = draft


def opened(canonical_id: str, *, ids: tuple[int, ...] = ()) -> Draft:
    """The form as it is first seen. ids: queue rows to map to it."""
    row = UserMarketMapping.objects.filter(canonical_id=canonical_id).first() if canonical_id else None
    base = base_of(canonical_id, row, ids)
    version = row.version if row else NO_ROW if catalogue_entry(canonical_id) else None
    return Draft(canonical_id, row, base, dict(base), version, ids)


def read_draft(data) -> Draft:
    """From what the form sent. Raises Unreadable."""
    canonical_id = data.get("canonical_id", "").replace("\x00", "").strip()[:100]
    ids = tuple(id for text in data.get("ids", "").split(",") if (id := number(text)))[:MAPPED_AT_ONCE]
    first = opened(canonical_id, ids=ids)
    version = number(data.get("read_version", ""))
    base, (sent, problems) = first.base, posted_values(data)
    if first.row and version not in (None, first.row.version):
        try:
            base = values_at(canonical_id, version, ids)
        except ValidationError as error:
            version, problems["__all__"] = first.version, error.messages
    values = base | after_button(sent, data.get("do", ""))
    draft = replace(
        first,
        base=base,
        values=values,
        version=version if first.row else first.version,
        split=data.get("split") == "1",
        reason=reason_of(data),
    )
    if problems:
        raise Unreadable(problems, draft)
    return draft


def base_of(canonical_id: str, row, ids: tuple[int, ...]) -> dict:
    """{field: value} that a form begins with: what is stored; for mapping from the queue, what is in force."""
    return values_of(beginning_row(canonical_id, row) if ids else row or new_row(canonical_id))


def values_at(canonical_id: str, version: int, ids: tuple[int, ...] = ()) -> dict:
    """The mapping as it was in a version, by the audit log. ids: as in opened. Raises ValidationError."""
    if version == NO_ROW and catalogue_entry(canonical_id):
        return values_of(new_row(canonical_id))
    entry = MappingAuditLog.objects.filter(canonical_id=canonical_id, new_value__version=version).order_by("id").last()
    if entry is None:
        raise ValidationError(
            "The version that this form was opened with is not known. What you typed is laid over what is stored now; "
            "look at every field before you save."
        )
    then = UserMarketMapping(canonical_id=canonical_id, **{name: entry.new_value[name] for name in EDITABLE})
    return base_of(canonical_id, then, ids)


def with_theirs(draft: Draft, button: str) -> Draft:
    """Mine laid over what somebody else saved meanwhile; the form goes on from there. button:
    "theirs:<field>" gives way in one field."""
    theirs = base_of(draft.canonical_id, draft.row, draft.ids)
    if draft.is_stale:
        merge = merged(draft.base, draft.mine, theirs)
        draft = replace(draft, base=theirs, values=theirs | merge.values, version=draft.row.version, merge=merge)
    if button.startswith("theirs:") and (name := button.removeprefix("theirs:")) in EDITABLE:
        draft = replace(draft, values=draft.values | {name: theirs[name]})
    return draft


def told(draft: Draft, since: int) -> dict:
    """What the second of two editors reads: who changed which fields when, and whose value the form has."""
    changes = changes_since(draft.row, since, first=beginning_of(draft.canonical_id))
    clashes = draft.merge.clashes if draft.merge else {}
    beside = draft.merge.beside if draft.merge else ()
    return {
        "version": draft.row.version,
        "changes": [
            {
                "field": change.field,
                "label": label(change.field),
                "old": shown(change.old),
                "new": shown(change.new),
                "by": change.changed_by,
                "at": change.changed_at,
                "mine": shown(clashes[change.field][0]) if change.field in clashes else None,
                "is_merged": change.field in beside and change.field not in clashes,
            }
            for change in changes
        ],
    }


def preview_of(draft: Draft) -> Preview:
    return preview_mapping(
        canonical_id=draft.canonical_id or "new", values=draft.mine, ids=draft.ids, split=draft.split
    )


def reason_missing(draft: Draft) -> Preview | None:
    """The preview, where it asks for a reason that was not given. Raises ValidationError where nothing of
    what is mapped from the queue would map: no reason makes up for that."""
    if draft.reason and not draft.ids:
        return None
    preview = preview_of(draft)
    if preview.maps_nothing:
        raise ValidationError(preview.maps_nothing)
    return preview if preview.needs_reason and not draft.reason else None


def fixed(draft: Draft, button: str) -> Draft:
    """ "fix:MISSING_PAIR:0": the fix of a conflict put into the form."""
    _, code, place = (button + "::").split(":")[:3]
    conflicts = preview_of(draft).conflicts
    at = number(place) or 0
    if at >= len(conflicts) or conflicts[at].code != code or not conflicts[at].fix:
        raise ValidationError("That fix does not fit any more; look at the preview again.")
    return replace(draft, values=draft.values | {k: v for k, v in conflicts[at].fix.items() if k in EDITABLE})


def preview_context(preview: Preview) -> dict:
    names = bookmaker_names()
    return {
        "preview": preview,
        "conflicts": [
            (place, conflict, *SEVERITY.get(conflict.severity, ("info", "info")))
            for place, conflict in enumerate(preview.conflicts)
        ],
        "names": names,
        "canned_reasons": CANNED_REASONS,
    }


@require(TRADER, methods=("POST",))
def preview_view(request):
    """The form as it is, previewed: {html, canSave, needsReason, canonicalId, ms}."""
    try:
        draft = read_draft(request.POST)
    except ValidationError as error:
        return JsonResponse({"problem": "invalid", "detail": " ".join(error.messages)}, status=400)
    if draft.row is not None and draft.is_stale:
        draft = with_theirs(draft, "")
    preview = preview_of(draft)
    html = render_to_string("desk/mapping_preview.html", preview_context(preview), request)
    return JsonResponse(
        {"html": html, "canSave": preview.can_save, "needsReason": preview.needs_reason,
         "canonicalId": preview.canonical_id, "ms": round(preview.ms, 1)}
    )  # fmt: skip


def unused_id(wanted: str) -> str:
    """A canonical id that neither a row nor the catalogue has."""
    return unused(wanted, _Taken())


class _Taken:
    def __contains__(self, canonical_id):
        known = catalogue_entry(canonical_id) is not None
        return known or UserMarketMapping.objects.filter(canonical_id=canonical_id).exists()


def reason_of(data, usual=CANNED_REASONS) -> str:
    """As it was typed, or one of the usual ones, by the button of its number."""
    canned = number(data.get("do", "").partition("reason:")[2])
    if canned is not None and canned < len(usual):
        return usual[canned]
    return typed_reason(data)
