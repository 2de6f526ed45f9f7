"""Acknowledge, ignore and reopen, for one market or many, from the list or from a market's page."""

from django.contrib import messages
from django.http import HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from mappings.models import UnmappedMarketLog
from oddsproject.api.roles import TRADER
from oddsproject.desk.pages import page, require

MOST_AT_ONCE = 1000
DONE = {"acknowledge": "acknowledged", "ignore": "ignored", "reopen": "reopened"}


def queue_url():
    return reverse("admin:mappings_unmappedmarketlog_changelist")


def safe_next(request):
    """Where to go back to: the page asked for, when it is one of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return queue_url()


def ids_of(texts):
    """Row ids from what a browser sent; nonsense is left out."""
    return sorted({int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19})


def decide_rows(request, decision, ids, note=""):
    """Carry a decision out on each row, and say what became of every one of them."""
    from mappings import services

    raise NotImplementedError(services, decision, ids, note)


def ignore_page(request, ids):
    """Ask for the optional note before ignoring."""
    rows = list(UnmappedMarketLog.objects.filter(pk__in=ids).order_by("source", "market_name"))
    return page(
        request, "desk/ignore.html", title=f"Ignore {len(rows)} market{'' if len(rows) == 1 else 's'}", rows=rows,
        next=request.get_full_path() if request.method == "POST" else safe_next(request),
    )  # fmt: skip


@require(TRADER, methods=("GET", "POST"))
def decide_page(request):
    """POST decision, ids (repeated), note, next. GET ?decision=ignore&ids=… shows the note's page."""
    if request.method == "GET":
        return ignore_page(request, ids_of(request.GET.get("ids", "").split(",")))
    decision = request.POST.get("decision", "")
    ids = ids_of(request.POST.getlist("ids"))[:MOST_AT_ONCE]
    if decision not in DONE or not ids:
        return HttpResponseBadRequest("decision must be one of: " + ", ".join(DONE) + "; ids must name rows.")
    decide_rows(request, decision, ids, note=request.POST.get("note", "")[:1000].replace("\x00", ""))
    return HttpResponseRedirect(safe_next(request))


def say_counts(request, decision, done, skipped):
    """One message: how many, and what happened to the rest. skipped: {sentence: count}."""
    words = DONE[decision]
    rest = "; ".join(f"{count} {sentence}" for sentence, count in skipped.items())
    text = f"{done} {words}." + (f" Left as they were: {rest}." if rest else "")
    (messages.success if done else messages.warning)(request, text)
