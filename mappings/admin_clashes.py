"""Clashes: two mappings in force that claim the same outcomes of one source key, side by side, each with what
settles it."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse

from mappings import services
from mappings.admin_decisions import said, say, typed_reason
from mappings.cache import mapping_cache
from mappings.clashes import FIRST, LET_GO, OFF, claimed_twice, settle
from mappings.models import UnmappedMarketLog
from oddsproject.api.roles import TRADER, has_role
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.pages import number, page, require

WAYS = {
    OFF: ("toggle_off", "Switch it off"),
    LET_GO: ("key_off", "Take the key off it"),
    FIRST: ("arrow_upward", "Put it first"),
}
DONE = {OFF: "is switched off", LET_GO: "has lost the key {key}", FIRST: "comes first for {key}"}


@require(methods=("GET", "HEAD", "POST"))
def clashes_page(request):
    """POST slug, key, canonical_id, way, version, reason: settles one and comes back."""
    may_decide = has_role(request.user, TRADER)
    if request.method == "POST":
        return _settle(request)
    names, found = bookmaker_names(), claimed_twice()
    return page(
        request,
        "desk/clashes.html",
        title="Clashes",
        clashes=[
            (one, names.get(one.bookmaker_slug, one.bookmaker_slug), _seen(one), _claimants(one, may_decide, at == 0))
            for at, one in enumerate(found)
        ],
        problems=mapping_cache.problems,
        may_decide=may_decide,
        said=said(request),
    )


def _claimants(clash, may_decide, with_keys):
    """[(claimant, [(way, icon, words, key)])]; keys for the uppermost clash only, counted through."""
    number, found = 0, []
    for claimant in clash.claimants:
        ways = []
        for way in claimant.ways if may_decide else ():
            number += 1
            ways.append((way, *WAYS[way], str(number) if with_keys and number < 10 else ""))
        found.append((claimant, ways))
    return found


def _seen(clash):
    return UnmappedMarketLog.objects.filter(source=clash.bookmaker_slug, external_market_id=clash.key).first()


@require(TRADER, methods=("POST",))
def _settle(request):
    sent = request.POST
    try:
        change = settle(
            slug=sent.get("slug", ""), key=sent.get("key", ""), canonical_id=sent.get("canonical_id", ""),
            way=sent.get("way", ""), version=number(sent.get("version", "")),
            user=request.user, reason=typed_reason(sent),
        )  # fmt: skip
    except ValidationError as error:
        say(request, f"Nothing was changed. {' '.join(error.messages)}", tone="warn")
    except services.StaleVersion as error:
        say(request, f"Nothing was changed. {error}", tone="warn")
    else:
        done = DONE[sent["way"]].format(key=sent["key"])
        say(request, f"{change.mapping.name} {done}; in force from the next batch on.", batch=change.batch_id)
    return HttpResponseRedirect(reverse("admin:mappings_clashes"))


admin.site.add_page("clashes/", clashes_page, "mappings_clashes")
