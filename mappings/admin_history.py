"""One mapping, whoever made it: what it is, what feeds it, how it came about, whether prices bear it out;
and what can be done with it: restore a version, switch it, check its prices, apply it at once."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from mappings import actions, services
from mappings.admin_decisions import said, say
from mappings.admin_drafts import preview_context, reason_of
from mappings.admin_focus import CANNED_REASONS
from mappings.admin_forms import shown_form
from mappings.admin_map import apply_at_once
from mappings.cache import mapping_cache
from mappings.definitions import REFERENCE
from mappings.differences import differences
from mappings.evidence.audit import audit_mappings
from mappings.evidence.samples import source_key
from mappings.models import (
    VERDICT_CHOICES,
    MappingAuditLog,
    PriceAudit,
    PriceFixture,
    UnmappedMarketLog,
    UserMarketMapping,
)
from mappings.preview import preview_mapping
from mappings.services.mappings import EDITABLE, catalogue_entry, new_row
from mappings.unmapped_logger import identity
from oddsproject.api.roles import LEAD, TRADER, has_role
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import count_text, lagos_text
from oddsproject.desk.pages import number, page, require

SHOWN_VERSIONS = 50
OFF_REASONS = (
    "Prices are wrong",
    "Not the same market",
    "Replaced by another mapping",
    "Not offered any more",
)
VERDICTS = {
    PriceAudit.Verdict.AGREES: ("check_circle", "good"),
    PriceAudit.Verdict.APART: ("error", "bad"),
    PriceAudit.Verdict.SWAPPED: ("swap_vert", "bad"),
    PriceAudit.Verdict.UNCLEAR: ("help", "calm"),
}
ACTIONS = {
    "CREATE": ("Created", "add_circle", "good"),
    "UPDATE": ("Changed", "edit", "info"),
    "DELETE": ("Deleted", "delete", "bad"),
    "ACTIVATE": ("Switched on", "toggle_on", "good"),
    "DEACTIVATE": ("Switched off", "toggle_off", "warn"),
}


def detail_url(canonical_id):
    return reverse("admin:mappings_detail", args=[canonical_id])


@require()
def detail_page(request, canonical_id):
    """?a=<audit id>&b=<audit id>: what is different between two versions; a=0 is the built-in one."""
    mapping_cache.refresh()
    row = UserMarketMapping.objects.filter(canonical_id=canonical_id).first()
    entry = catalogue_entry(canonical_id)
    log = list(MappingAuditLog.objects.filter(canonical_id=canonical_id).order_by("-id")[: SHOWN_VERSIONS + 1])
    if row is None and entry is None and not log:
        raise Http404("There is no such mapping.")
    shown_row = row or new_row(canonical_id)
    return page(
        request,
        "desk/mapping_detail.html",
        title=shown_row.name or canonical_id,
        canonical_id=canonical_id,
        row=row,
        entry=entry,
        mapping=shown_row,
        form=shown_form({name: getattr(shown_row, name) for name in EDITABLE}),
        in_force=mapping_cache.snapshot.by_canonical_id.get(canonical_id),
        sources=_sources(shown_row),
        audits=_audits(canonical_id),
        versions=[(change, ACTIONS[change.action], differences(change.old_value, change.new_value))
                  for change in log[:SHOWN_VERSIONS]],
        more_versions=len(log) > SHOWN_VERSIONS,
        compared=_compared(request, canonical_id, entry),
        asked={"a": request.GET.get("a", ""), "b": request.GET.get("b", "")},
        kept_events=kept_events(shown_row),
        may_restore=has_role(request.user, LEAD),
        may_edit=has_role(request.user, TRADER),
        said=said(request),
    )  # fmt: skip


# --- What is known about it -----------------------------------------------------------------------


def _sources(row):
    """[(bookmaker, key, how the queue knows it or None, filter)] of every source key that feeds it."""
    keys = source_keys(row)
    known = {
        (seen.source, seen.external_market_id): seen
        for seen in UnmappedMarketLog.objects.filter(external_market_id__in=[identity(key) for _, key in keys]).only(
            "source", "external_market_id", "market_name", "event_count", "last_seen_at", "tab"
        )
    }
    names = bookmaker_names()
    filters = row.specifier_filters if isinstance(row.specifier_filters, dict) else {}
    return [
        (names.get(slug, slug), key, known.get((slug, identity(key))), filters.get(slug, ""), slug == REFERENCE)
        for slug, key in keys
    ]


def source_keys(row) -> list[tuple[str, str]]:
    main = (("betpawa", row.betpawa_id), ("sportybet", row.sportybet_id), ("bet9ja", row.bet9ja_key))
    keys = [(slug, key) for slug, key in main if key]
    extra = row.extra_source_keys if isinstance(row.extra_source_keys, list) else []
    return keys + [(item["bookmaker"], item["key"]) for item in extra if isinstance(item, dict) and len(item) == 2]


def kept_events(row) -> int:
    """Running events whose answers are kept: what applying at once maps once more."""
    keys = [source_key(slug, key) for slug, key in source_keys(row) if slug != REFERENCE]
    return PriceFixture.objects.filter(kickoff_at__gt=timezone.now(), keys__overlap=keys).count() if keys else 0


def _audits(canonical_id):
    """[(PriceAudit, its bookmaker, icon, tone)], the worst first."""
    names = bookmaker_names()
    rows = PriceAudit.objects.filter(canonical_id=canonical_id)
    worst = sorted(rows, key=lambda row: (VERDICTS[row.verdict][1] != "bad", -(row.distance or 0)))
    return [(row, names.get(row.source, row.source), *VERDICTS[row.verdict]) for row in worst]


def _compared(request, canonical_id, entry):
    """(from, to, differences) of the two versions that are asked for."""
    sides = []
    for name in ("a", "b"):
        asked = number(request.GET.get(name, ""))
        if asked is None:
            return None
        if asked == 0 and entry is not None:
            built_in = new_row(canonical_id)
            sides.append(("the built-in mapping", {field: getattr(built_in, field) for field in EDITABLE}))
            continue
        change = MappingAuditLog.objects.filter(pk=asked, canonical_id=canonical_id).first()
        if change is None:
            return None
        sides.append((lagos_text(change.created_at), change.new_value))
    (old_name, old), (new_name, new) = sides
    return {"old": old_name, "new": new_name, "differences": differences(old, new)}


# --- What can be done with it ---------------------------------------------------------------------


@require(LEAD, methods=("GET", "POST"))
def restore_page(request, canonical_id, audit_id):
    """GET shows what restoring would do, POST does it."""
    entry = MappingAuditLog.objects.filter(pk=audit_id, canonical_id=canonical_id).first()
    if entry is None:
        raise Http404("There is no such version.")
    values = services.values_of_version(canonical_id, audit_id)
    return _confirmed(
        request,
        canonical_id,
        title=f"Restore {values.get('name') or canonical_id} as it was on {lagos_text(entry.created_at)}",
        values=values,
        verb="Restore",
        icon="history",
        words="The mapping becomes what this version left it as. That is a change like any other: it can be undone.",
        do=lambda reason, version: actions.restore_mapping(
            canonical_id, audit_id, request.user, reason, version=version
        ),
        rehearse=lambda: services.restore_version(canonical_id, audit_id, request.user),
        done=f"{values.get('name') or canonical_id} is as it was on {lagos_text(entry.created_at)}.",
    )


@require(TRADER, methods=("GET", "POST"))
def switch_page(request, canonical_id):
    """Switch a mapping of people off or on; off over a built-in one removes the override."""
    row = UserMarketMapping.objects.filter(canonical_id=canonical_id).first()
    if row is None:
        raise Http404("Only mappings of people can be switched.")
    built_in = catalogue_entry(canonical_id) is not None
    service = services.deactivate_mapping if row.is_active else services.activate_mapping
    if row.is_active:
        verb, icon = ("Remove the override", "undo") if built_in else ("Switch off", "toggle_off")
        words = (
            "The override is switched off and kept with its history; the built-in mapping is in force again from the "
            "next batch on."
            if built_in
            else "Nothing answers for its source keys then: their markets come back to the queue with the next cycle."
        )
    else:
        verb, icon = ("Override again", "swap_horiz") if built_in else ("Switch on", "toggle_on")
        words = "It is in force again from the next batch on" + (", instead of the built-in one." if built_in else ".")
    values = {"is_active": not row.is_active}

    def switch(reason, version):
        actions.check_reason(reason, canonical_id, values)
        return service(canonical_id=canonical_id, user=request.user, reason=reason, version=version)

    return _confirmed(
        request, canonical_id, title=f"{verb}: {row.name}", values=values, verb=verb, icon=icon, words=words, do=switch,
        usual=usual_reasons(is_active=not row.is_active), done=f"{row.name} is {switched_words(not row.is_active)}.",
    )  # fmt: skip


def usual_reasons(*, is_active):
    """Why mappings are switched on, or off, on the number keys."""
    return CANNED_REASONS if is_active else OFF_REASONS


def switched_words(is_active):
    return "switched on" if is_active else "switched off"


def _confirmed(
    request, canonical_id, *, title, values, verb, icon, words, do, done, usual=CANNED_REASONS, rehearse=None
):
    """Ask with the preview, then do it, and say that it is done. do(reason, version) raises what saving raises,
    and ReasonRequired; rehearse() is what is done, where the page tells before whether it would be refused."""
    row = UserMarketMapping.objects.filter(canonical_id=canonical_id).first()
    reason = reason_of(request.POST, usual)
    problems = []
    try:
        if request.method == "POST" and not request.POST.get("do"):
            change = do(reason, number(request.POST.get("read_version", "")))
            if request.POST.get("apply") == "1" and change.outcome != "unchanged":
                apply_at_once(request, canonical_id)
            is_changed = change.outcome != "unchanged"
            say(request, done if is_changed else "It was so already.", batch=change.batch_id if is_changed else None)
            return HttpResponseRedirect(detail_url(canonical_id))
        if rehearse is not None:
            with actions.taken_back_if(dry_run=True):
                rehearse()
    except actions.ReasonRequired as error:
        problems = [f"A reason is needed: {why_a_reason(error.preview)}"]
    except services.StaleVersion as error:
        problems = [str(error)]
    except ValidationError as error:
        problems = error.messages
    preview = preview_mapping(canonical_id=canonical_id, values=values)
    changes = preview.changes
    return page(
        request,
        "desk/mapping_confirm.html",
        title=title,
        canonical_id=canonical_id,
        words=words,
        verb=verb,
        icon=icon,
        reason=reason,
        apply=request.POST.get("apply") == "1",
        why_a_reason=why_a_reason(preview) if preview.needs_reason else "",
        version=row.version if row else "",
        problems=problems,
        differences=differences(
            {n: old for n, (old, _) in changes.items()}, {n: new for n, (_, new) in changes.items()}
        ),
        next=detail_url(canonical_id),
        may_fix=False,
        **preview_context(preview) | {"canned_reasons": usual},
    )


def why_a_reason(preview):
    if not preview.impact.is_wide:
        return "see the warnings."
    rows = preview.impact.rows
    return "odds that are stored would change." if not rows else f"{count_text(rows)} stored rows would change."


@require(TRADER, methods=("POST",))
def check_view(request, canonical_id):
    """Check the prices of one mapping now."""
    result = audit_mappings(canonical_id)
    words_of = dict(VERDICT_CHOICES)
    words = ", ".join(f"{words_of.get(verdict, verdict)}: {count}" for verdict, count in result.verdicts.items())
    text = f"{result.pairs} source key{'' if result.pairs == 1 else 's'} checked in {result.ms} ms. {words}."
    messages.info(request, text if result.pairs else "Nothing to check: no bookmaker's key feeds it, or it is off.")
    return HttpResponseRedirect(detail_url(canonical_id) + "#prices")


@require(TRADER, methods=("POST",))
def apply_view(request, canonical_id):
    """Have what is stored of the running events mapped once more."""
    mapping_cache.refresh()
    if canonical_id not in mapping_cache.snapshot.by_canonical_id:
        messages.warning(request, "It is not in force, so there is nothing to apply.")
    else:
        apply_at_once(request, canonical_id)
    return HttpResponseRedirect(detail_url(canonical_id))


_OF = "mapping/<str:canonical_id>/"
admin.site.add_page(_OF, detail_page, "mappings_detail")
admin.site.add_page(f"{_OF}restore/<int:audit_id>/", restore_page, "mappings_restore")
admin.site.add_page(f"{_OF}switch/", switch_page, "mappings_switch")
admin.site.add_page(f"{_OF}check/", check_view, "mappings_check")
admin.site.add_page(f"{_OF}apply/", apply_view, "mappings_apply")
