"""Acknowledge, ignore and reopen, for one market or many, from the list or from a market's page."""

from django.contrib import messages
from django.http import HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from mappings import services
from mappings.models import UnmappedMarketLog
from oddsproject.api.roles import TRADER
from oddsproject.desk.formats import age_text, count_text
from oddsproject.desk.pages import page, require

MOST_AT_ONCE = 1000
DONE = {"acknowledge": "acknowledged", "ignore": "ignored", "reopen": "reopened"}
OTHERWISE = {
    "unchanged": "were {done} already",
    "stale": "left alone: somebody was first",
    "refused": "left alone: they are mapped; reopen them first",
    "not_found": "are gone",
}


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


def decide_rows(request, decision, ids, note="", versions=None):
    """Carry a decision out on each row, and say what became of every one of them."""
    decide = {"acknowledge": services.acknowledge, "ignore": services.ignore, "reopen": services.reopen}[decision]
    decisions = decide(ids=ids, user=request.user, reason=note, versions=versions)
    done = [made for made in decisions if made.outcome == "changed"]
    text = f"{count_text(len(done))} {DONE[decision]}."
    for outcome, words in OTHERWISE.items():
        left = [made for made in decisions if made.outcome == outcome]
        if left:
            text += f" {count_text(len(left))} {words.format(done=DONE[decision])}{_who_was_first(left)}."
    (messages.success if done else messages.warning)(request, text)


def _who_was_first(decisions):
    """ " (Ada, 20 s ago)" where somebody else decided."""
    first = next((made for made in decisions if made.outcome == "stale" and made.decided_by), None)
    return f" ({first.decided_by}, {age_text(first.decided_at)})" if first else ""


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
    versions = {id: int(request.POST[f"version:{id}"]) for id in ids if request.POST.get(f"version:{id}", "").isdigit()}
    decide_rows(request, decision, ids, note=request.POST.get("note", "")[:1000], versions=versions)
    return HttpResponseRedirect(safe_next(request))
