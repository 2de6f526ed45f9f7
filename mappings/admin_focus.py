"""Focus mode: one market of the queue fills the page, one key decides and shows the next.

The page is static/desk/focus.js; these are its addresses. Answers are JSON: a decision that was
carried out says so in words and names its batch, one that was not says why with 4xx.
"""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import JsonResponse
from django.urls import path, reverse
from django.utils.http import urlencode

from mappings import services
from mappings.accepting import accept_planned, plan_best, plan_for
from mappings.admin_decisions import said
from mappings.batch_words import batch_words
from mappings.cache import mapping_cache
from mappings.deciding import deciding
from mappings.focus_checks import check_of, refused_check
from mappings.focus_items import items, queue_order
from mappings.models import DecisionBatch, MarketSuggestion, Tab, UnmappedMarketLog
from mappings.preview import preview_mapping
from mappings.queue_filter import QueueFilter
from mappings.services.decisions import CHANGED, UNCHANGED, last_changes, locked, stale
from mappings.until import IGNORES, SNOOZES, condition, moment
from oddsproject.api.roles import TRADER, has_role
from oddsproject.api.strict_json import JsonRefused, read_json
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import count_text
from oddsproject.desk.navigation import waiting_badge
from oddsproject.desk.pages import page, require

MOST_IDS = 1000
MOST_ITEMS = 5
MOST_SIBLINGS = 100
LONGEST_BODY = 100_000
CANNED_REASONS = (
    "Names and rules text agree",
    "Prices agree on many events",
    "Same market, other line format",
    "Checked with the bookmaker's page",
)
DONE = {
    "acknowledge": "Acknowledged", "ignore": "Ignored", "snooze": "Snoozed", "claim": "Claimed",
    "release": "Given back", "reject": "Not suggested again", "map": "Mapped", "close_review": "Review closed",
}  # fmt: skip


def focus_urls(guard):
    """guard: the admin site's."""
    return [
        path("focus/", guard(focus_page), name="mappings_focus"),
        path("focus/ids/", guard(ids_view), name="mappings_focus_ids"),
        path("focus/items/", guard(items_view), name="mappings_focus_items"),
        path("focus/decide/", guard(decide_view), name="mappings_focus_decide"),
        path("focus/undo/", guard(undo_view), name="mappings_focus_undo"),
        path("focus/preview/", guard(preview_view), name="mappings_focus_preview"),
    ]


@require()
def focus_page(request):
    """id: with which row to begin; then: with which, should that one be decided by now."""
    asked = _filter(request)
    return page(
        request,
        "desk/focus.html",
        title="Focus",
        query=_query_text(asked),
        start=_id_text(request, "id"),
        then=_id_text(request, "then"),
        said=said(request),
        ignores=IGNORES,
        snoozes=SNOOZES,
        show="impact" if request.GET.get("show") == "impact" else "",
        queue_url=f"{reverse('admin:mappings_unmappedmarketlog_changelist')}?{_query_text(asked)}",
        may_decide=has_role(request.user, TRADER),
        canned_reasons=CANNED_REASONS,
    )


@require()
def ids_view(request):
    """The first thousand of the filter in the queue's order, and how many there are in all."""
    asked = _filter(request)
    ids = list(queue_order(asked.rows()).values_list("pk", flat=True)[:MOST_IDS])
    total = len(ids) if len(ids) < MOST_IDS else asked.count()[0]
    return JsonResponse({"ids": ids, "total": total, "canUndo": has_role(request.user, TRADER)})


@require()
def items_view(request):
    texts = request.GET.get("ids", "").split(",")
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19][:MOST_ITEMS]
    mapping_cache.refresh()
    return JsonResponse({"items": items(ids, request.user, _page_url)})


@require(TRADER, methods=("POST",))
def decide_view(request):
    """{decision, id, version, also: [{id, version}] of siblings, until, reason, betpawaId, outcomeTexts}."""
    try:
        body = _body(request)
        row = UnmappedMarketLog.objects.filter(pk=body["id"]).first()
        if row is None:
            return _problem("gone", "It is not in the queue any more.", status=404)
        decide = _DECISIONS.get(_text(body, "decision"))
        if decide is None:
            return _problem("invalid", "No such decision.", status=400)
        return decide(request, row, body)
    except ValidationError as error:
        return JsonResponse(
            {"problem": "invalid", "detail": " ".join(error.messages), "messages": error.messages}, status=400
        )
    except services.StaleVersion as error:
        return _problem("stale", str(error), status=409)


@require(TRADER, methods=("POST",))
def undo_view(request):
    """Takes back the last decision of this person, or the batch that the body names. One that is refused says
    why, where it is to be seen, and which of this person's is the next older: {id, words}."""
    try:
        batch_id = _body(request, needs_id=False).get("batchId")
        if batch_id is not None and not _is_id(batch_id):
            raise ValidationError("batchId must be a number.")
        mine = batch_id is None
        undone = services.undo_last(request.user) if mine else services.undo_batch(batch_id, request.user)
    except DecisionBatch.DoesNotExist:
        return _problem("nothing", "There is no such decision.", status=404)
    except ValidationError as error:
        return _problem("nothing", " ".join(error.messages), status=409)
    except PermissionDenied as error:
        return _problem("forbidden", str(error), status=403)
    if not undone.done:
        return JsonResponse(_refused(undone, request.user), status=409)
    return JsonResponse(
        {
            "words": _undone_words(undone),
            "batchId": undone.batch_id,
            "ids": [item.id for item in undone.items if item.kind == "queue"],
            "waiting": waiting_badge() or "",
        }
    )


def _undone_words(undone):
    """What was taken back, by name, and of when: the key goes back beyond this sitting, too."""
    return f"Undone: {batch_words(DecisionBatch.objects.get(pk=undone.undoes))}."


def _refused(undone, user):
    first, more = undone.refused[0], len(undone.refused) - 1
    others = f" {count_text(more)} more stand{'s' if more == 1 else ''} in its way." if more else ""
    older = services.last_batch(user, before=undone.undoes)
    return {
        "problem": "refused",
        "detail": f"Not undone: {first.label}: {first.detail}{others}",
        "batchUrl": reverse("admin:mappings_batch", args=[undone.undoes]) + "?undo=1",
        "older": older and {"id": older.pk, "words": batch_words(older)},
    }


@require(methods=("POST",))
def preview_view(request):
    """What saving would change, and `check`: whether the key that accepts it will do, ask for a reason, or not."""
    try:
        body = _body(request)
        row = UnmappedMarketLog.objects.filter(pk=body["id"]).first()
        if row is None:
            return _problem("gone", "It is not in the queue any more.", status=404)
        preview = _preview(row, _plan(row, body))
        check = check_of(row, preview, bookmaker_names().get(row.source, row.source))
        return JsonResponse({**preview.as_data(), "check": check})
    except ValidationError as error:
        detail = " ".join(error.messages)
        return JsonResponse({"problem": "invalid", "detail": detail, "check": refused_check(detail)}, status=400)


# --- Decisions ----------------------------------------------------------------------------------


def _simple(name, **more):
    def decide(request, row, body):
        given = {key: read(body) for key, read in more.items()}
        versions = {row.pk: body.get("version")} | _also(body)
        made = getattr(services, name)(
            ids=list(versions), user=request.user, reason=_reason(body), versions=versions, **given
        )
        return _answer(name, row, made)

    return decide


def _map(request, row, body):
    if body.get("version") not in (None, row.version):
        return _answer("map", row, services.Decisions([stale(row, last_changes([row.pk]).get(row.pk))]))
    plan, reason = _plan(row, body), _reason(body)
    preview = _preview(row, plan)
    if not preview.can_save:
        return JsonResponse(
            {"problem": "conflicts", "detail": preview.conflicts[0].text, **preview.as_data()}, status=409
        )
    if preview.needs_reason and not reason:
        return JsonResponse({"problem": "reason_required", **preview.as_data()}, status=409)
    siblings = _also(body)
    planned = plan_best(ids=siblings, reason=reason, versions=siblings)  # before anybody has to wait for it
    with deciding("map", request.user, reason):
        locked([row.pk, *siblings])
        resolution = services.map_to(
            ids=[row.pk],
            canonical_id=plan.canonical_id,
            values=plan.values,
            outcome_texts=plan.outcome_texts,
            user=request.user,
            reason=reason,
            versions={row.pk: body.get("version")},
            mapping_version=plan.mapping_version,
        )
        made = list(resolution.decisions)
        if made[0].outcome in (CHANGED, UNCHANGED) and siblings:
            made += accept_planned(planned, user=request.user, reason=reason)
    return _answer("map", row, services.Decisions(made, resolution.batch_id), _mapped_words(resolution))


def _mapped_words(resolution):
    words = f" to {resolution.change.mapping.name}"
    if resolution.switched_off:
        words += f"; switched off, having had no other source key: {', '.join(resolution.switched_off)}"
    return words


def _reject(request, row, body):
    made = services.reject_suggestion(
        id=row.pk, betpawa_id=_text(body, "betpawaId"), user=request.user, version=body.get("version")
    )
    return _answer("reject", row, made)


_DECISIONS = {
    "map": _map,
    "reject": _reject,
    "acknowledge": _simple("acknowledge"),
    "ignore": _simple("ignore", until=lambda body: condition(_choice(body))),
    "snooze": _simple("snooze", until=lambda body: moment(_choice(body))),
    "claim": _simple("claim"),
    "release": _simple("release"),
    "close_review": _simple("close_review"),
}


def _plan(row, body):
    suggestion = MarketSuggestion.objects.filter(unmapped=row, betpawa_id=_text(body, "betpawaId")).first()
    if suggestion is None:
        raise ValidationError("That suggestion was replaced meanwhile; look at the new ones.")
    mapping_cache.refresh()
    texts = body.get("outcomeTexts")
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValidationError("outcomeTexts must name a text per outcome.")
    return plan_for(row, suggestion, texts)


def _preview(row, plan):
    return preview_mapping(
        canonical_id=plan.canonical_id, values=plan.values, ids=[row.pk], outcome_texts=plan.outcome_texts
    )


def _answer(decision, row, made, more=""):
    first, rest = made[0], made[1:]
    if first.outcome not in (CHANGED, UNCHANGED):
        return _problem(first.outcome, first.detail or "It was decided meanwhile.", status=409)
    name = row.market_name or row.external_market_id
    words = f"{DONE[decision]}: {name}{more}."
    if first.detail:
        words += f" {first.detail}"
    left = [one for one in rest if one.outcome not in (CHANGED, UNCHANGED)]
    if rest:
        siblings = f"{count_text(len(rest))} sibling{'' if len(rest) == 1 else 's'}"
        words += f" {count_text(len(rest) - len(left))} of {siblings} too."
    return JsonResponse(
        {
            "words": words,
            "batchId": made.batch_id,
            "outcome": first.outcome,
            "left": [{"id": one.id, "detail": one.detail} for one in left],
            "waiting": waiting_badge() or "",
        }
    )


# --- What browsers send -------------------------------------------------------------------------


def _filter(request):
    query = {name: request.GET[name] for name in request.GET}
    query.setdefault("tab", Tab.NEW)
    try:
        return QueueFilter.from_query(query, user=request.user)
    except ValidationError:
        return QueueFilter(tab=Tab.NEW)


def _id_text(request, name):
    """A row's id in the address; "" for none and for nonsense."""
    text = request.GET.get(name, "")
    return text if text.isascii() and text.isdigit() and len(text) < 19 else ""


def _query_text(asked):
    return urlencode(asked.as_query())


def _body(request, *, needs_id=True):
    if len(request.body) > LONGEST_BODY:
        raise ValidationError("Too much was sent.")
    try:
        body = read_json(request.body or b"{}")
    except JsonRefused as error:
        raise ValidationError(str(error)) from error
    if not isinstance(body, dict) or (needs_id and not _is_id(body.get("id"))):
        raise ValidationError("An object that names a row is needed.")
    if body.get("version") is not None and not _is_id(body["version"]):
        raise ValidationError("version must be a number.")
    return body


def _is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62


def _also(body):
    """{sibling's id: the version that was looked at}"""
    also = body.get("also") or []
    if not isinstance(also, list) or len(also) > MOST_SIBLINGS or not all(map(_is_sibling, also)):
        raise ValidationError("also must name siblings.")
    return {one["id"]: one["version"] for one in also if one["id"] != body["id"]}


def _is_sibling(value):
    return isinstance(value, dict) and _is_id(value.get("id")) and _is_id(value.get("version"))


def _choice(body):
    """What was picked from the menu "until …"."""
    return _text(body, "until")


def _reason(body):
    return _text(body, "reason").strip()[:1000]


def _text(body, name):
    text = body.get(name)
    if text is not None and not isinstance(text, str):
        raise ValidationError(f"{name} must be text.")
    return text or ""


def _page_url(id):
    return reverse("admin:mappings_unmappedmarketlog_change", args=[id])


def _problem(problem, detail, *, status):
    return JsonResponse({"problem": problem, "detail": detail}, status=status)
