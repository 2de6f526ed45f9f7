"""What one decision did to every market, and its undo."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404

from mappings import services
from mappings.actors import name_of
from mappings.admin_decisions import queue_url, said
from mappings.batch_words import batch_words
from mappings.differences import differences
from mappings.models import DecisionBatch, MappingAuditLog, UnmappedChange, UnmappedMarketLog
from mappings.services.change_words import change_parts, names_in
from oddsproject.api.roles import LEAD, TRADER, has_role
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import lagos_text
from oddsproject.desk.pages import page, require
from oddsproject.desk.spreadsheets import csv_line

PER_PAGE = 100
MOST_REASONS = 20
NAMED_OF_A_REASON = 20
READ_AT_ONCE = 2_000


@require()
def batch_page(request, batch_id):
    """?after=<change id> for the next hundred; ?undo=1 shows what stands in the way of an undo."""
    batch = get_object_or_404(DecisionBatch.objects.select_related("undoes"), pk=batch_id)
    after = request.GET.get("after", "")
    changes = UnmappedChange.objects.filter(batch=batch).order_by("id")
    if after.isascii() and after.isdigit() and len(after) < 19:
        changes = changes.filter(id__gt=int(after))
    changes = list(changes[: PER_PAGE + 1])
    rows = _rows({change.unmapped_id for change in changes})
    names, mapped = bookmaker_names(), names_in(changes)
    left = batch.summary.get("left", [])
    undone_by = DecisionBatch.objects.filter(undoes=batch).first()
    standing, problem = _undo_preview(request, batch) if request.GET.get("undo") and undone_by is None else (None, "")
    return page(
        request,
        "desk/decide_batch.html",
        title=str(batch),
        batch=batch,
        undone_by=undone_by,
        may_undo=undone_by is None and _may_undo(request.user, batch),
        counts=batch.summary.get("counts") or {"changed": batch.item_count},
        changes=[
            (
                change,
                rows.get(change.unmapped_id),
                names.get(change.source, change.source),
                change_parts(change, mapped),
            )
            for change in changes[:PER_PAGE]
        ],
        next_after=changes[PER_PAGE - 1].pk if len(changes) > PER_PAGE else None,
        is_first=not after,
        left=_left_groups(left[:MOST_REASONS]) if not after else [],
        more_reasons=0 if after else max(0, len(left) - MOST_REASONS),
        mappings=_mapping_changes(batch) if not after else [],
        standing=standing,
        queue_url=queue_url(),
        problem=problem,
        older=_older(request.user, batch) if standing and standing.refused else None,
        said=said(request),
    )


@require()
def batch_csv(request, batch_id):
    """A line per market: what it was, what it is, or why it was left alone."""
    batch = get_object_or_404(DecisionBatch, pk=batch_id)
    answer = StreamingHttpResponse(map(csv_line, _csv_rows(batch)), content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="decision-{batch.pk}.csv"'
    return answer


def _mapping_changes(batch):
    """[(the change of a mapping, what is different)]"""
    changes = MappingAuditLog.objects.filter(batch=batch).order_by("id")[:PER_PAGE]
    return [(change, differences(change.old_value, change.new_value)) for change in changes]


def _may_undo(user, batch):
    """What a trader decided is undone by that trader or a lead, as services.undo_batch has it."""
    return has_role(user, LEAD) or (has_role(user, TRADER) and batch.actor == name_of(user)[:150])


def _undo_preview(request, batch):
    """(what would happen to each thing, "") or (None, why it cannot be undone)."""
    try:
        undone = services.undo_batch(batch.pk, request.user, dry_run=True)
    except (ValidationError, PermissionDenied) as error:
        return None, " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return undone, ""


def _older(user, batch):
    """(the next older decision that the undo key would take, in words), where it is this person's turn."""
    if batch.actor != name_of(user)[:150]:
        return None
    older = services.last_batch(user, before=batch.pk)
    return older and (older, batch_words(older))


def _rows(ids):
    return UnmappedMarketLog.objects.only("market_name", "external_market_id", "source").in_bulk(list(ids))


def _left_groups(groups):
    """Each reason, how many were left for it, and the first of them by name. One query: a reason may name
    what only one market has, so that there are as many as markets."""
    first = [group["ids"][:NAMED_OF_A_REASON] for group in groups]
    rows = _rows({id for ids in first for id in ids})
    return [
        {**group, "count": len(group["ids"]), "rows": [rows[id] for id in ids if id in rows]}
        for group, ids in zip(groups, first, strict=True)
    ]


def _csv_rows(batch):
    yield "row", "bookmaker", "key", "market", "outcome", "what", "by", "at"
    last = 0
    while changes := list(UnmappedChange.objects.filter(batch=batch, id__gt=last).order_by("id")[:READ_AT_ONCE]):
        last = changes[-1].pk
        rows, mapped = _rows({change.unmapped_id for change in changes}), names_in(changes)
        for change in changes:
            row = rows.get(change.unmapped_id)
            what = "; ".join(f"{label} {old} → {new}" for label, old, new in change_parts(change, mapped))
            market = (change.unmapped_id, change.source, change.external_market_id, (row and row.market_name) or "")
            yield (*market, "changed", what, change.created_by or "", lagos_text(change.created_at))
    for group in batch.summary.get("left", []):
        for start in range(0, len(group["ids"]), READ_AT_ONCE):
            ids = group["ids"][start : start + READ_AT_ONCE]
            rows = _rows(ids)
            for id in ids:
                row = rows.get(id)
                described = (row.source, row.external_market_id, row.market_name or "") if row else ("", "", "")
                yield (id, *described, group["outcome"], group["detail"], "", "")
