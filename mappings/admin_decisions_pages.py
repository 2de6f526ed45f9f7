"""All decisions, newest first: who decided what, when, about how many, and who took it back; and taking
back everything that one person decided since a moment, with a result for each decision."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mappings import services
from mappings.actors import name_of
from mappings.admin_decisions import typed_reason
from mappings.batch_words import decided_about
from mappings.distinct import distinct_values
from mappings.models import KIND_CHOICES, DecisionBatch
from mappings.services.undoing import NOT_MEANT
from oddsproject.api.roles import LEAD, TRADER, has_role
from oddsproject.desk.pages import page, require

PER_PAGE = 50
MOST_AT_ONCE = 200
MOST_CHANGES = 20_000  # of all of them together; undoing 50,000 takes 15 s
MOST_PEOPLE = 200
SHOWN_ITEMS = 20
EARLIEST, LATEST = 2000, 2200  # years: beyond them no decision lies, and times cannot be moved between zones
Kind = DecisionBatch.Kind
RECENT = ((1, "the last hour"), (8, "the last 8 hours"), (24, "the last day"), (168, "the last 7 days"))


@require()
def decisions_page(request):
    """?actor=&kind=&undone=yes|no and ?before=<id> for the next fifty."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip()[:150] for name in ("actor", "kind", "undone")}
    rows = DecisionBatch.objects.select_related("undone_by", "undoes").order_by("-id")
    if asked["actor"]:
        rows = rows.filter(actor=asked["actor"])
    if asked["kind"]:
        rows = rows.filter(kind=asked["kind"])
    if asked["undone"] in ("yes", "no"):
        rows = rows.filter(undone_by__isnull=asked["undone"] == "no")
    before = _number(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(id__lt=before)
    listed = list(rows[: PER_PAGE + 1])
    me = name_of(request.user)[:150]
    return page(
        request,
        "desk/decisions.html",
        title="Decisions",
        batches=listed[:PER_PAGE],
        decided_about=decided_about(listed[:PER_PAGE]),
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        is_filtered=any(asked.values()),
        next_before=listed[PER_PAGE - 1].pk if len(listed) > PER_PAGE else None,
        is_first=not before,
        people=people(),
        kinds=KIND_CHOICES,
        me=me,
        is_trader=has_role(request.user, TRADER),
        is_lead=has_role(request.user, LEAD),
        recent=RECENT,
    )


def people():
    return distinct_values(DecisionBatch, "actor", MOST_PEOPLE)


# --- Everything of one person since -----------------------------------------------------------------


@require(TRADER, methods=("GET", "POST"))
def take_back_page(request):
    """?actor=&hours= or &since=<time>: GET shows what would happen to each decision, newest first;
    POST does it (upto: the newest that was shown; partly: also where single items are in the way).
    ?again=<one of them>: the same with the undos of a take-back, which does all of it again."""
    sent = request.POST if request.method == "POST" else request.GET
    undos = _undos_of(sent.get("again", ""))
    named = sent.get("actor", "").replace("\x00", "").strip()[:150]
    actor = undos[0].actor if undos else named or name_of(request.user)[:150]
    if actor != name_of(request.user)[:150] and not has_role(request.user, LEAD):
        raise PermissionDenied("Only a lead undoes what others decided.")
    since, problem = _since(sent)
    upto = sent.get("upto", "")
    batches = undos or _batches(actor, since, _number(upto))
    partly = sent.get("partly") == "1"
    is_done = request.method == "POST" and not problem
    reason = typed_reason(sent)
    now = _at_once(batches)
    if is_done:
        results = services.undo_batches([batch.pk for batch in now], request.user, reason, partly=partly)
    else:
        results = services.foresee(now, request.user, partly=partly)
    return page(
        request,
        "desk/decisions_take_back.html",
        title=f"Do again what {actor} has undone" if undos else f"Undo what {actor} decided",
        is_redo=bool(undos),
        again=next((result.undone.batch_id for result in results if result.is_done), None)
        if is_done
        else undos and undos[0].pk,
        decided_about=decided_about(now),
        actor=actor,
        since=since,
        hours=sent.get("hours", ""),
        problem=problem,
        results=results,
        more=len(batches) - len(now),
        upto=batches[0].pk if batches else "",
        partly=partly,
        reason=reason,
        is_done=is_done,
        recent=RECENT,
        done=sum(result.is_done for result in results),
        items=sum(result.taken_back for result in results),
        in_the_way=sum(len(result.standing) for result in results),
        asked_items=sum(batch.item_count for batch in now),
        shown_items=SHOWN_ITEMS,
    )


def _undos_of(text):
    """The undos that were one take-back with this one; none is asked for with "". Raises Http404."""
    if not text:
        return []
    found = services.together_with(get_object_or_404(DecisionBatch, pk=_number(text)))
    if not found:
        raise Http404("There is no take-back to be done again.")
    return found


def _number(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _since(sent):
    """(the moment, what is wrong with it)"""
    hours, text = sent.get("hours", ""), sent.get("since", "")
    if text:
        try:
            at = parse_datetime(text)
        except ValueError:
            at = None
        if isinstance(at, datetime) and EARLIEST <= at.year <= LATEST:
            return (timezone.make_aware(at) if timezone.is_naive(at) else at), ""
        return timezone.now() - timedelta(hours=1), "That is no time; the last hour is shown."
    known = {str(number) for number, _ in RECENT}
    return timezone.now() - timedelta(hours=int(hours) if hours in known else 1), ""


def _batches(actor, since, upto):
    """What one would mean by it: not claims, not what is taken back already, and not undos, unless they
    did something again."""
    rows = DecisionBatch.objects.filter(actor=actor, created_at__gte=since, undone_by=None)
    rows = rows.exclude(kind__in=NOT_MEANT).exclude(Q(kind=Kind.UNDO) & ~Q(summary__isRedo=True))
    if upto is not None:
        rows = rows.filter(pk__lte=upto)
    return list(rows.order_by("-id")[: MOST_AT_ONCE + 1])


def _at_once(batches):
    """The newest of them, and no more than one request takes: the rest is for the next one."""
    found, changes = [], 0
    for batch in batches[:MOST_AT_ONCE]:
        changes += batch.item_count
        if found and changes > MOST_CHANGES:
            break
        found.append(batch)
    return found


admin.site.add_page("decisions/", decisions_page, "mappings_decisions")
admin.site.add_page("decisions/take-back/", take_back_page, "mappings_take_back")
