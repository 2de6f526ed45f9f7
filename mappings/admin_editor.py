"""The editor of a mapping, or of a new override of a built-in one: the same form and preview as the map
dialog, with everything open."""

from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse

from mappings import services
from mappings.admin_drafts import (
    Draft,
    Unreadable,
    fixed,
    opened,
    preview_context,
    preview_of,
    read_draft,
    reason_missing,
    told,
    with_theirs,
)
from mappings.admin_forms import shown_form
from mappings.admin_history import detail_url, kept_events
from mappings.admin_map import apply_at_once, sentences
from mappings.cache import mapping_cache
from mappings.models import UserMarketMapping
from mappings.services.mappings import catalogue_entry
from oddsproject.api.roles import TRADER, has_role
from oddsproject.desk.drafts import saved
from oddsproject.desk.formats import count_text
from oddsproject.desk.pages import page


def editor_page(request, canonical_id: str = ""):
    """canonical_id: "" for a new mapping. GET or POST; the form posts to the same address."""
    if not has_role(request.user, TRADER):
        raise PermissionDenied
    mapping_cache.refresh()
    if request.method == "POST":
        return _posted(request, canonical_id)
    draft = opened(canonical_id)
    if draft.row is None and catalogue_entry(canonical_id):
        draft = replace(draft, reason=f"Override of the built-in {canonical_id}.")
    return _form(request, draft)


def _posted(request, canonical_id):
    button = request.POST.get("do", "save")
    try:
        draft = read_draft(request.POST if canonical_id == "" else _about(request.POST, canonical_id))
    except Unreadable as error:
        return _form(request, error.draft, problems=sentences(error))
    since = draft.version
    try:
        if draft.is_stale:
            return _stale(request, draft, since)
        if button.startswith("fix:"):
            return _form(request, fixed(draft, button))
        if button.startswith("theirs:"):
            return _form(request, with_theirs(draft, button))
        if button != "save":
            return _form(request, draft)
        return _save(request, draft, is_new=canonical_id == "")
    except services.StaleVersion:
        now = UserMarketMapping.objects.get(canonical_id=draft.canonical_id)
        return _stale(request, replace(draft, row=now), since)
    except ValidationError as error:
        return _form(request, draft, problems=sentences(error))


def _about(posted, canonical_id):
    """What was posted, about the mapping that the address names."""
    posted = posted.copy()
    posted["canonical_id"] = canonical_id
    return posted


def _stale(request, draft, since):
    draft = with_theirs(draft, "")
    return _form(request, draft, stale=told(draft, since))


def _save(request, draft: Draft, *, is_new):
    if not draft.canonical_id:
        raise ValidationError({"canonical_id": "A mapping needs an id."})
    if is_new and draft.row is not None:
        raise ValidationError({"canonical_id": f"{draft.canonical_id} has a mapping already."})
    wanting = reason_missing(draft) if draft.mine or draft.row is None else None
    if wanting is not None:
        problem = "A reason is needed: see the preview. 1 to 4 give one of the usual ones."
        return _form(request, draft, problems=[problem], preview=wanting)
    given = {"canonical_id": draft.canonical_id, "user": request.user, "reason": draft.reason}
    if draft.row is None:
        # All of it: an override that says what it is does not move when the catalogue does.
        change = services.create_mapping(values=_whole(draft), **given)
    else:
        change = services.update_mapping(changes=draft.mine, version=draft.version, **given)
    if change.outcome == "unchanged":
        messages.info(request, "Nothing was different, so nothing was saved.")
    else:
        messages.success(request, f"{change.mapping.name} is saved; in force from the next batch on.")
        if request.POST.get("apply") == "1" and change.mapping.is_active:
            apply_at_once(request, draft.canonical_id)
    return saved(request, HttpResponseRedirect(detail_url(draft.canonical_id)))


def _whole(draft):
    return {name: value for name, value in draft.values.items() if name != "is_active"}


def _form(request, draft: Draft, *, problems=(), stale=None, preview=None):
    entry = catalogue_entry(draft.canonical_id) if draft.canonical_id else None
    is_new = draft.row is None and entry is None
    changelist = reverse("admin:mappings_usermarketmapping_changelist")
    title = draft.values.get("name") or draft.canonical_id or "A new mapping"
    return page(
        request,
        "desk/mapping_edit.html",
        title=f"Override {title}" if entry is not None and draft.row is None else title,
        draft=draft,
        form=shown_form(draft.values),
        entry=entry,
        is_new=is_new,
        is_editor=True,
        problems=problems,
        stale=stale,
        apply=request.POST.get("apply") == "1",
        reapply_words=_reapply_words(draft.row),
        next=changelist if is_new else detail_url(draft.canonical_id),
        **preview_context(preview or preview_of(draft)),
    )


def _reapply_words(row):
    if row is None:
        return ""
    count = kept_events(row)
    return (
        f"{count_text(count)} running event{'' if count == 1 else 's'} with kept answers would be mapped once more; no "
        "bookmaker is asked. The others get it with the next cycle."
    )
