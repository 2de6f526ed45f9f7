"""Mapping unmapped markets to a BetPawa market: find it, check the outcomes, see what it changes, save
in one transaction.

GET ?ids=1,2[&q=…][&target=canonical_id | &new=1[&betpawa=id]][&next=…]. With a target or a new market
the page is a form (mappings.admin_forms), which posts to the same address: do=save, or the button of
a row. Without JavaScript each button is a round trip.
"""

from dataclasses import replace

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect

from mappings import services
from mappings.admin_choosing import choose_page, offered, query_of, rows_of, title_of
from mappings.admin_decisions import ids_of, queue_url, safe_next, say
from mappings.admin_drafts import (
    Draft,
    Unreadable,
    fixed,
    opened,
    preview_context,
    preview_of,
    preview_view,
    read_draft,
    reason_missing,
    told,
    unused_id,
    with_theirs,
)
from mappings.admin_forms import plain_id, shown_form, text_of, unused
from mappings.batch_words import outcome_words
from mappings.cache import mapping_cache
from mappings.catalogue.loader import from_row
from mappings.conflicts.tables import with_texts
from mappings.definitions import REFERENCE
from mappings.focus_offers import all_texts
from mappings.models import MarketSuggestion, UserMarketMapping
from mappings.new_market import values_of_coordinates
from mappings.pairing import meaning, pair
from mappings.suggestions.coordinates import coordinates_of
from mappings.suggestions.engine import current_world
from mappings.why_words import FLAGS
from oddsproject.api.roles import TRADER
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.drafts import saved
from oddsproject.desk.formats import count_text
from oddsproject.desk.pages import page, require

NO_TARGET = (
    "BetPawa has no such market, so its odds would be recognised, not stored, and the row would be back in the next "
    "cycle. Ignore it, or give the mapping a BetPawa market id."
)


@require(TRADER, methods=("GET", "POST"))
def map_page(request):
    sent = request.POST if request.method == "POST" else request.GET
    rows = rows_of(sent.get("ids", ""))
    if not rows:
        messages.warning(request, "None of these markets is in the queue any more.")
        return HttpResponseRedirect(queue_url())
    mapping_cache.refresh()
    if request.method == "POST":
        return _posted(request, rows)
    target, betpawa_id = sent.get("target", ""), sent.get("betpawa", "")
    if target in mapping_cache.snapshot.by_canonical_id:
        return _form(request, rows, _extended(rows, opened(target, ids=_ids(rows))))
    if sent.get("new") == "1":
        return _form(request, rows, _new_market(rows, betpawa_id))
    return choose_page(request, rows)


def _ids(rows):
    return tuple(row.pk for row in rows)


# --- The form -------------------------------------------------------------------------------------


def _form(request, rows, draft: Draft, *, problems=(), stale=None, preview=None):
    names = bookmaker_names()
    slugs = list(dict.fromkeys(row.source for row in rows))
    samples = _samples(rows)
    known = {slug: {meaning(own) for own, _, _ in texts} for slug, texts in samples.items()}

    def remark(slug, text):
        if slug not in known:
            return ""
        if not text:
            return "no text: no price of it"
        return "" if meaning(text) in known[slug] else "not among the texts above"

    form = shown_form(draft.values, first=slugs, remark=remark, flags=_flags(rows, draft))
    is_new = draft.row is None and draft.canonical_id not in mapping_cache.snapshot.by_canonical_id
    no_target = "" if draft.values.get("betpawa_id") or REFERENCE in slugs else NO_TARGET
    return page(
        request,
        "desk/map.html",
        title=title_of(rows),
        offered=offered(rows),
        ids=",".join(map(str, _ids(rows))),
        query=query_of(request, rows),
        next=safe_next(request),
        draft=draft,
        form=form,
        is_new=is_new,
        is_built_in=draft.row is None and not is_new,
        no_target=no_target,
        apply=request.POST.get("apply") == "1",
        problems=problems,
        stale=stale,
        samples=[(slug, names.get(slug, slug), [own for own, _, _ in texts]) for slug, texts in samples.items()],
        claimed=_claimed(rows, draft, names),
        **preview_context(preview or preview_of(draft)),
    )


def _samples(rows):
    """{slug: texts of all its rows}, each text once: of the queue's bounded sample and of kept events."""
    samples, texts = {}, all_texts(rows)
    for row in rows:
        known = samples.setdefault(row.source, [])
        known += [text for text in texts[row.pk] if text not in known]
    return samples


def _flags(rows, draft):
    """What prices and names say about the pairs as suggested, while the text is still the suggested one."""
    found = {}
    texts = {o.get("canonical_id"): o for o in draft.values.get("outcome_mapping") or []}
    stored = MarketSuggestion.objects.filter(unmapped__in=rows, betpawa_id=draft.values.get("betpawa_id") or "")
    for suggestion in stored.select_related("unmapped"):
        for one in suggestion.pairing:
            outcome = texts.get(one.get("canonicalId"))
            if outcome is None or one.get("flag") not in FLAGS:
                continue
            text = text_of(outcome, suggestion.unmapped.source)
            if one["flag"] == "missing" and text:
                continue
            if one["flag"] == "swapped" and meaning(text) != meaning(one.get("text") or ""):
                continue
            flag = FLAGS[one["flag"]]
            if flag not in found.setdefault(one["canonicalId"], []):
                found[one["canonicalId"]].append(flag)
    return found


def _claimed(rows, draft, names):
    """[(bookmaker, key, [mapping names])] of source keys that feed another market already."""
    found = []
    for row in rows:
        claims = mapping_cache.snapshot.table(row.source).lookup(row.external_market_id)
        others = [claim.definition for claim in claims if claim.canonical_id != draft.canonical_id]
        if others:
            found.append((names.get(row.source, row.source), row.external_market_id, others))
    return found


def _extended(rows, draft: Draft) -> Draft:
    """The market with the rows' texts filled in where their words, or a suggestion, leave no doubt; a
    market without outcomes gets BetPawa's, as suggested or as a kept event shows them."""
    values = draft.values
    if not values["outcome_mapping"] and values.get("subkind") != "player":
        values = values | {"outcome_mapping": _betpawas_outcomes(rows, values.get("betpawa_id"))}
    for slug, texts in _samples(rows).items():
        suggested = _suggested_texts(rows, slug, values.get("betpawa_id"))
        guessed = pair(_definition(draft, values), slug, texts) | suggested
        values = values | {"outcome_mapping": _filled(values["outcome_mapping"], slug, guessed)}
    return replace(draft, values=values)


def _betpawas_outcomes(rows, betpawa_id):
    suggestion = MarketSuggestion.objects.filter(unmapped__in=rows, betpawa_id=betpawa_id or "").first()
    if suggestion is not None and suggestion.pairing:
        named = [(one["canonicalId"], one["betpawaName"]) for one in suggestion.pairing]
    else:
        target = current_world().by_id.get(betpawa_id) if betpawa_id else None
        named = [(plain_id(text), text) for text in (target.texts if target else ())]
    outcomes = [{"canonical_id": id, "betpawa_name": name, "position": place} for place, (id, name) in enumerate(named)]
    return _with_own_ids(outcomes)


def _definition(draft, values):
    row = UserMarketMapping(canonical_id=draft.canonical_id or "new", **values)
    return from_row(row)


def _suggested_texts(rows, slug, betpawa_id):
    """{canonical outcome id: text} of the rows' own suggestions of this BetPawa market."""
    stored = MarketSuggestion.objects.filter(
        unmapped__in=[row for row in rows if row.source == slug], betpawa_id=betpawa_id or ""
    )
    return {
        one["canonicalId"]: one["text"]
        for suggestion in stored
        for one in suggestion.pairing
        if one.get("text") and one.get("canonicalId")
    }


def _filled(outcomes, slug, texts):
    """An outcome table with texts put where the bookmaker has none yet."""
    free = {o["canonical_id"] for o in outcomes if not text_of(o, slug)}
    return with_texts(outcomes, slug, {id: text for id, text in texts.items() if id in free})


def _new_market(rows, betpawa_id) -> Draft:
    """A market that no mapping names: BetPawa's own where it is known, else as the rival has it."""
    row, target = rows[0], current_world().by_id.get(betpawa_id)
    name = target.name if target else row.market_name or row.external_market_id
    texts = _samples([row])[row.source]
    own = tuple(target.texts) if target else tuple(label for _, label, _ in texts)
    coordinates = target.coordinates if target else coordinates_of(row.source, row.external_market_id, name, own)
    draft = opened(unused_id(plain_id(name)), ids=_ids(rows))
    outcomes = []
    for place, text in enumerate(own):
        id = plain_id(text)
        outcomes.append({"canonical_id": id, "betpawa_name": text, "position": place})
    values = values_of_coordinates(name, coordinates) | {
        "betpawa_id": betpawa_id or None,
        "outcome_mapping": _with_own_ids(outcomes),
    }
    draft = replace(draft, values=draft.values | values)
    if not target and row.source != REFERENCE:
        pairs = {one["canonical_id"]: text for one, (text, _, _) in zip(values["outcome_mapping"], texts, strict=True)}
        filled = _filled(values["outcome_mapping"], row.source, pairs)
        return replace(draft, values=draft.values | {"outcome_mapping": filled})
    return _extended(rows, draft)


def _with_own_ids(outcomes):
    taken, found = set(), []
    for outcome in outcomes:
        id = unused(outcome["canonical_id"], taken)
        taken.add(id)
        found.append({**outcome, "canonical_id": id})
    return found


# --- Buttons and saving ---------------------------------------------------------------------------


def _posted(request, rows):
    posted, button = request.POST, request.POST.get("do", "save")
    try:
        draft = read_draft(posted)
    except Unreadable as error:
        return _form(request, rows, error.draft, problems=sentences(error))
    since = draft.version
    try:
        if draft.is_stale:
            draft = with_theirs(draft, "")
            return _form(request, rows, draft, stale=told(draft, since))
        if button == "pair":
            return _form(request, rows, _extended(rows, draft))
        if button.startswith("fix:"):
            return _form(request, rows, fixed(draft, button))
        if button.startswith("theirs:"):
            return _form(request, rows, with_theirs(draft, button))
        if button != "save":
            return _form(request, rows, draft)
        return _save(request, rows, draft)
    except services.StaleVersion:
        draft = with_theirs(replace(draft, row=UserMarketMapping.objects.get(canonical_id=draft.canonical_id)), "")
        return _form(request, rows, draft, stale=told(draft, since))
    except ValidationError as error:
        return _form(request, rows, draft, problems=sentences(error))


def _save(request, rows, draft):
    if not draft.canonical_id:
        raise ValidationError({"canonical_id": "A new market needs an id."})
    if not draft.values.get("betpawa_id") and not any(row.source == REFERENCE for row in rows):
        raise ValidationError(NO_TARGET)
    if request.POST.get("new") == "1" and (
        draft.row is not None or draft.canonical_id in mapping_cache.snapshot.by_canonical_id
    ):
        raise ValidationError({"canonical_id": "It needs an id of its own, which no market has yet."})
    wanting = reason_missing(draft)
    if wanting is not None:
        problem = "A reason is needed: see the preview. 1 to 4 give one of the usual ones."
        return _form(request, rows, draft, problems=[problem], preview=wanting)
    sent = {row.pk: ids_of([request.POST.get(f"version:{row.pk}", "")]) for row in rows}
    versions = {id: version for id, found in sent.items() for version in found}
    resolution = services.map_to(
        ids=_ids(rows),
        canonical_id=draft.canonical_id,
        user=request.user,
        reason=draft.reason,
        values=draft.mine,
        versions=versions,
        mapping_version=draft.version,
        split=draft.split,
    )
    if request.POST.get("apply") == "1" and resolution.change.batch_id:
        apply_at_once(request, draft.canonical_id)
    _say(request, resolution)
    return saved(request, HttpResponseRedirect(safe_next(request)))


def apply_at_once(request, canonical_id):
    """Have what is stored of the running events mapped once more, and say so."""
    task_id = services.apply_now(canonical_id=canonical_id, user=request.user)
    messages.info(request, f"Running events are being mapped once more (task {task_id[:8]}).")


def sentences(error):
    if hasattr(error, "error_dict"):
        return [f"{field}: {text}" if field != "__all__" else text for field, texts in error for text in texts]
    return error.messages


def _say(request, resolution):
    counts = resolution.decisions.counts
    done = counts.pop("changed", 0)
    rest = "; ".join(f"{count_text(n)} {outcome_words(outcome)}" for outcome, n in counts.items())
    text = f"{count_text(done)} mapped to {resolution.change.mapping.name}; in force from the next batch on."
    text += f" Others: {rest}." if rest else ""
    left_on = [canonical_id for canonical_id in resolution.taken_from if canonical_id not in resolution.switched_off]
    if left_on:
        text += f" Taken from {', '.join(left_on)}."
    if resolution.switched_off:
        had = "it had no other source key" if len(resolution.switched_off) == 1 else "they had no other source key"
        text += f" Switched off: {', '.join(resolution.switched_off)} ({had})."
    back = safe_next(request)
    if back.startswith(queue_url()) and "/focus/" not in back:
        say(request, text, batch=resolution.batch_id, tone="good" if done else "warn")  # with an undo, there
    else:
        (messages.success if done else messages.warning)(request, text)


admin.site.add_page("mapping-preview/", preview_view, "mappings_preview")
