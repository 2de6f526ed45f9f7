"""Mapping packs in the admin: the file to download, an uploaded one held against what is here, and what is
ticked taken over as one decision.

Between the review and the import the pack travels with the form, compressed; its checksum says whether it
is still the same, and `seen` whether what was reviewed is still what an import would do.
"""

import base64
import hashlib
import zlib

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from mappings.admin_decisions import typed_reason
from mappings.differences import label, shown
from mappings.packs import PackRefused, export_pack, import_pack, read_pack, review
from mappings.packs.format import MOST_BYTES
from oddsproject.api.roles import LEAD, TRADER, has_role
from oddsproject.desk.pages import page, require

MOST_CARRIED = 2_000_000  # characters of a compressed pack in a form; a larger one goes by the command line
DECISIONS = "decisions"


@require(methods=("GET", "POST"))
def packs_page(request):
    """POST with a file reviews it; POST with do=import takes over what is ticked."""
    if request.method == "GET":
        return _page(request)
    if not has_role(request.user, TRADER):
        raise PermissionDenied
    try:
        data = _carried(request) if request.POST.get("do") == "import" else _uploaded(request)
        pack = read_pack(data)
    except PackRefused as error:
        return _page(request, problems=error.problems)
    if request.POST.get("do") == "import":
        return _import(request, pack, data)
    return _page(request, **_reviewed(request, pack, data))


@require()
def export_view(request):
    """?decisions=1: also what was decided about the queue."""
    data = export_pack(with_decisions=request.GET.get("decisions") == "1")
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="mapping-pack.json"'
    return answer


def _page(request, **context):
    context.setdefault("problems", ())
    return page(
        request,
        "desk/packs.html",
        title="Mapping packs",
        may_review=has_role(request.user, TRADER),
        may_import=has_role(request.user, LEAD),
        **context,
    )


def _uploaded(request):
    file = request.FILES.get("pack")
    if file is None:
        raise PackRefused(["Choose a file first."])
    if file.size > MOST_BYTES:
        raise PackRefused([f"The file has {file.size} bytes; at most {MOST_BYTES} are read."])
    return file.read()


def _carried(request):
    """The pack that the reviewed page sent back."""
    try:
        packed = base64.b64decode(request.POST.get("carried", ""), validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, MOST_BYTES + 1)
    except (ValueError, zlib.error) as error:  # also what is no ASCII
        raise PackRefused(["The reviewed pack did not come back whole; choose the file again."]) from error
    return data


def _reviewed(request, pack, data, **more):
    diff = review(pack)
    carried = base64.b64encode(zlib.compress(data, 9)).decode()
    is_too_large = len(carried) > MOST_CARRIED
    return {
        "pack": pack,
        "diff": diff,
        "created": [(item, _lines(item)) for item in diff.created],
        "changed": [(item, _lines(item)) for item in diff.changed],
        "carried": "" if is_too_large else carried,
        "is_too_large": is_too_large,
        "seen": _digest(diff),
        "ticked": None,
        "reason": "",
        **more,
    }


def _lines(item):
    """[(field, old, new)] for people."""
    return [(_field(change.field), shown(change.old), shown(change.new)) for change in item.changes]


def _field(name):
    first, _, rest = name.partition(".")
    return f"outcome {rest.replace('.', ': ')}" if first == "outcome_mapping" and rest else label(name)


def _digest(diff):
    return hashlib.sha256(repr(diff).encode()).hexdigest()


def _import(request, pack, data):
    if not has_role(request.user, LEAD):
        raise PermissionDenied
    only = request.POST.getlist("only")
    reason = typed_reason(request.POST)
    again = {"ticked": only, "reason": reason}
    shown_again = _reviewed(request, pack, data, **again)
    if request.POST.get("seen") != shown_again["seen"]:
        problem = "The mappings here have changed since this was reviewed; look at it again. Nothing was imported."
        return _page(request, **{**shown_again, "problems": [problem]})
    if not only or not reason:
        problem = "Tick what shall be taken over." if not only else "A reason is needed."
        return _page(request, **{**shown_again, "problems": [problem]})
    try:
        batch_id = import_pack(pack, user=request.user, reason=reason, only=only)
    except PackRefused as error:
        return _page(request, **{**shown_again, "problems": error.problems})
    except ValidationError as error:
        return _page(request, **{**shown_again, "problems": error.messages})
    if batch_id is None:
        messages.info(request, "All of it was here already; nothing was changed.")
        return HttpResponseRedirect(reverse("admin:mappings_packs"))
    messages.success(request, f"Imported as decision #{batch_id}, which can be undone here.")
    return HttpResponseRedirect(reverse("admin:mappings_batch", args=[batch_id]))


admin.site.add_page("mapping-packs/", packs_page, "mappings_packs")
admin.site.add_page("mapping-packs/export/", export_view, "mappings_pack_export")
