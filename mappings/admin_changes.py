"""Every change of every mapping: who changed what, when, why and as part of which decision."""

import json
from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpResponseBadRequest, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date

from mappings.admin_decisions_pages import EARLIEST, LATEST
from mappings.admin_history import ACTIONS
from mappings.differences import differences
from mappings.distinct import distinct_values
from mappings.models import MappingAuditLog
from oddsproject.desk.pages import page, require
from oddsproject.desk.spreadsheets import csv_line

PER_PAGE = 50
READ_AT_ONCE = 1_000
MOST_PEOPLE = 200
FILTERS = ("mapping", "person", "action", "batch", "since", "until", "search")
COLUMNS = ("id", "at", "mapping", "action", "by", "reason", "decision", "version", "field", "old", "new")


@require()
def changes_page(request):
    """?person=&action=&batch=&mapping=&since=&until=&search= and ?before=<id> for the next fifty."""
    asked = {name: request.GET.get(name, "").strip()[:100] for name in FILTERS}
    try:
        rows = filtered(asked)
    except ValidationError as error:
        kept = {name: value for name, value in asked.items() if value and name not in error.message_dict}
        return HttpResponseRedirect(f"?{urlencode(kept)}")
    before = request.GET.get("before", "")
    listed = rows.filter(id__lt=int(before)) if before.isascii() and before.isdigit() and len(before) < 19 else rows
    listed = list(listed[: PER_PAGE + 1])
    query = {name: value for name, value in asked.items() if value}
    return page(
        request,
        "desk/mapping_changes.html",
        title="Changes of mappings",
        changes=[_line(change) for change in listed[:PER_PAGE]],
        asked=asked,
        query=urlencode(query),
        is_filtered=bool(query),
        next_before=listed[PER_PAGE - 1].pk if len(listed) > PER_PAGE else None,
        is_first=not before,
        people=people(),
        actions=[(value, words) for value, (words, _, _) in ACTIONS.items()],
    )


@require()
def change_page(request, id):
    """One change, where its address was kept."""
    change = get_object_or_404(MappingAuditLog, pk=id if id.isascii() and id.isdigit() and len(id) < 19 else 0)
    return page(
        request,
        "desk/mapping_changes.html",
        title=str(change),
        changes=[_line(change)],
        only=True,
    )


@require()
def export_view(request, form):
    """The same filter as a file, streamed: CSV has a line for every difference, JSON the rows."""
    try:
        rows = filtered({name: request.GET.get(name, "").strip()[:100] for name in FILTERS})
    except ValidationError as error:
        return HttpResponseBadRequest(" ".join(error.messages))
    lines, kind = (_csv_lines(rows), "text/csv") if form == "csv" else (_json_lines(rows), "application/json")
    answer = StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mapping-changes.{form}"'
    return answer


def _line(change):
    """(the change, what the mapping is called, its badge, its differences)"""
    name = (change.new_value or change.old_value or {}).get("name") or change.canonical_id
    return change, name, ACTIONS[change.action], differences(change.old_value, change.new_value)


def filtered(asked):
    """MappingAuditLog rows, the newest first. Raises ValidationError for what no filter is."""
    rows = MappingAuditLog.objects.order_by("-id")
    if asked["mapping"]:
        rows = rows.filter(canonical_id=asked["mapping"])
    if asked["person"]:
        rows = rows.filter(created_by=asked["person"])
    if asked["action"]:
        if asked["action"] not in ACTIONS:
            raise ValidationError({"action": "There is no such action."})
        rows = rows.filter(action=asked["action"])
    if asked["batch"]:
        if not (asked["batch"].isascii() and asked["batch"].isdigit() and len(asked["batch"]) < 19):
            raise ValidationError({"batch": "The number of a decision."})
        rows = rows.filter(batch_id=int(asked["batch"]))
    if asked["since"]:
        rows = rows.filter(created_at__gte=_day(asked["since"], "since"))
    if asked["until"]:
        rows = rows.filter(created_at__lt=_day(asked["until"], "until") + timedelta(days=1))
    if asked["search"]:
        rows = rows.filter(canonical_id__icontains=asked["search"]) | rows.filter(reason__icontains=asked["search"])
    return rows


def people():
    """Who has changed mappings, by name."""
    return distinct_values(MappingAuditLog, "created_by", MOST_PEOPLE)


def _day(text, name):
    """Midnight of that day where people's clocks are."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day.year <= LATEST:
        raise ValidationError({name: "A day, as 2026-11-21."})
    return timezone.make_aware(datetime.combine(day, time()))


# --- Export ---------------------------------------------------------------------------------------


def _parts(rows):
    """All of the rows, a thousand in memory at a time, the newest first."""
    last = None
    while part := list((rows if last is None else rows.filter(id__lt=last))[:READ_AT_ONCE]):
        last = part[-1].pk
        yield from part


def _csv_lines(rows):
    yield csv_line(COLUMNS)
    for change in _parts(rows):
        head = (
            change.pk, change.created_at.isoformat(), change.canonical_id, change.action, change.created_by or "",
            change.reason or "", change.batch_id or "", (change.new_value or {}).get("version", ""),
        )  # fmt: skip
        found = differences(change.old_value, change.new_value) or [None]
        for one in found:
            tail = ("", "", "") if one is None else (one.field, one.old or "", one.new or "")
            yield csv_line((*head, *tail))


def _json_lines(rows):
    """A JSON array, a row a line."""
    before = "[\n"
    for change in _parts(rows):
        row = {
            "id": change.pk,
            "at": change.created_at.isoformat(),
            "canonicalId": change.canonical_id,
            "action": change.action,
            "by": change.created_by,
            "reason": change.reason,
            "batchId": change.batch_id,
            "mappingVersion": change.mapping_version,
            "old": change.old_value,
            "new": change.new_value,
        }
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"
