"""Mapping unmapped markets to a BetPawa market: find it, check the outcomes, save in one transaction."""

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect

from mappings import services
from mappings.admin_decisions import ids_of, queue_url
from mappings.admin_pairing import meaning, nearness, pair, sample_texts
from mappings.cache import mapping_cache
from mappings.deciding import deciding
from mappings.definitions import LINE_SEMANTICS, REFERENCE
from mappings.models import MappingKind, UnmappedMarketLog
from oddsproject.api.roles import TRADER
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.formats import count_text
from oddsproject.desk.pages import page, require

MAPPED_AT_ONCE = 20
SHOWN = 12
NO_TARGET = (
    "BetPawa has no such market, so its odds would be recognised, not stored, and the row would be back in the next "
    "cycle. Ignore it, or give the mapping a BetPawa market id."
)
NEW_OUTCOMES = 4
LINES = ("", "total", "home_handicap")
LINE_OF_KIND = {"over_under": "total", "handicap_3way": "home_handicap", "asian_handicap": "home_handicap"}


@require(TRADER, methods=("GET", "POST"))
def map_page(request):
    """GET ?ids=1,2[&q=…][&target=canonical_id | &new=1]; POST the same with texts and a reason."""
    sent = request.POST if request.method == "POST" else request.GET
    ids = ids_of(sent.get("ids", "").split(","))[:MAPPED_AT_ONCE]
    rows = list(UnmappedMarketLog.objects.filter(pk__in=ids).order_by("source", "market_name", "pk"))
    if not rows:
        messages.warning(request, "None of these markets is in the queue any more.")
        return HttpResponseRedirect(queue_url())
    mapping_cache.refresh()
    definition = mapping_cache.snapshot.by_canonical_id.get(sent.get("target", ""))
    problems = []
    if request.method == "POST":
        try:
            resolutions = _save(request, rows, definition)
        except ValidationError as error:
            problems = _sentences(error)
        else:
            _say(request, resolutions)
            return HttpResponseRedirect(queue_url() + "?status__exact=NEW")
    return _show(request, rows, definition, sent, problems)


# --- Showing ------------------------------------------------------------------------------------


def _show(request, rows, definition, sent, problems):
    names = bookmaker_names()
    samples = _samples_by_slug(rows)
    question = sent.get("q", "").strip()[:100]
    context = {
        "rows": [(row, names.get(row.source, row.source), sample_texts(row.sample_outcomes)) for row in rows],
        "ids": ",".join(str(row.pk) for row in rows),
        "q": question,
        "target": definition,
        "reason": sent.get("reason", ""),
        "problems": problems,
        "is_new": definition is None and sent.get("new") == "1",
    }
    if definition is not None:
        context["no_target"] = "" if definition.betpawa_id or REFERENCE in samples else NO_TARGET
        context["books"] = [(slug, names.get(slug, slug), [text for text, _, _ in samples[slug]]) for slug in samples]
        context["outcomes"] = _pairing_table(definition, samples, sent if request.method == "POST" else None)
    elif context["is_new"]:
        context |= _new_market(rows, samples, sent if request.method == "POST" else None)
    else:
        context["found"] = _candidates(question, rows)
    return page(request, "desk/map.html", title=f"Map {len(rows)} market{'' if len(rows) == 1 else 's'}", **context)


def _samples_by_slug(rows):
    """{slug: sample texts of all its rows}, each text once."""
    samples = {}
    for row in rows:
        known = samples.setdefault(row.source, [])
        known += [text for text in sample_texts(row.sample_outcomes) if text not in known]
    return samples


def _candidates(question, rows):
    """The markets that fit the search best; without one, those whose names are nearest to the rows'."""
    asked = [question] if question else [row.market_name or row.external_market_id for row in rows[:5]]
    scored = []
    for definition in mapping_cache.snapshot.definitions:
        words = f"{definition.name} {definition.canonical_id} {definition.betpawa_id}"
        score = max(nearness(text, words) for text in asked)
        if score > 0:
            scored.append((-score, definition.name, definition))
    return [definition for _, _, definition in sorted(scored, key=lambda item: item[:2])[:SHOWN]]


def _pairing_table(definition, samples, posted):
    """[(outcome, [(field name, text, stored text, whether that is among the samples)] per bookmaker)]"""
    guesses = {slug: pair(definition, slug, texts) for slug, texts in samples.items()}
    known = {slug: {meaning(text) for text, _, _ in texts} for slug, texts in samples.items()}
    table = []
    for outcome in definition.outcomes:
        cells = []
        for slug in samples:
            field = f"text:{slug}:{outcome.canonical_id}"
            stored = outcome.texts.get(slug, "")
            text = stored or guesses[slug].get(outcome.canonical_id, "")
            if posted is not None:
                text = posted.get(field, "")
            cells.append((field, text, stored, meaning(stored) in known[slug]))
        table.append((outcome, cells))
    return table


def _new_market(rows, samples, posted):
    slug = rows[0].source
    if posted is not None:
        places = range(MAPPED_AT_ONCE * 10)
        outcomes = [
            (place, posted.get(f"new_name:{place}", ""), posted.get(f"new_text:{place}", ""))
            for place in places
            if f"new_name:{place}" in posted
        ]
        fields = {
            name: posted.get(name, "") for name in ("name", "canonical_id", "kind", "line_semantics", "betpawa_id")
        }
    else:
        texts = samples[slug]
        outcomes = [(place, label, own) for place, (own, label, _) in enumerate(texts)]
        outcomes += [(len(texts) + more, "", "") for more in range(NEW_OUTCOMES)]
        name = rows[0].market_name or rows[0].external_market_id
        fields = {
            "name": name,
            "canonical_id": _plain_id(name),
            "kind": "simple",
            "line_semantics": "",
            "betpawa_id": "",
        }
    return {"new": fields, "new_outcomes": outcomes, "kinds": MappingKind.choices, "lines": LINES, "slug": slug}


def _plain_id(text):
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:90] or "market"


# --- Saving -------------------------------------------------------------------------------------


def _save(request, rows, definition):
    """[Resolution], one per bookmaker, all in one transaction."""
    posted = request.POST
    versions = {
        row.pk: int(posted[f"version:{row.pk}"]) for row in rows if posted.get(f"version:{row.pk}", "").isdigit()
    }
    by_slug = {}
    for row in rows:
        by_slug.setdefault(row.source, []).append(row.pk)
    if definition is None and posted.get("new") != "1":
        raise ValidationError("Choose a market first.")
    target = definition.betpawa_id if definition else posted.get("betpawa_id", "").strip()
    if not target and REFERENCE not in by_slug:
        raise ValidationError(NO_TARGET)
    with deciding("map", request.user, posted.get("reason", "").strip()[:1000]):
        return [
            services.map_to(
                ids=ids,
                user=request.user,
                reason=posted.get("reason", "").strip()[:1000],
                versions=versions,
                **(_of_known(definition, slug, posted) if definition else _of_new(rows, posted)),
            )
            for slug, ids in by_slug.items()
        ]


def _of_known(definition, slug, posted):
    texts = {}
    for outcome in definition.outcomes:
        text = posted.get(f"text:{slug}:{outcome.canonical_id}", "").strip()
        if text and text != outcome.texts.get(slug):
            texts[outcome.canonical_id] = text
    return {"canonical_id": definition.canonical_id, "outcome_texts": texts}


def _of_new(rows, posted):
    if len({row.source for row in rows}) > 1:
        raise ValidationError("A new market is made from one bookmaker's markets; map the others to it afterwards.")
    canonical_id = posted.get("canonical_id", "").strip()
    if not canonical_id or mapping_cache.snapshot.by_canonical_id.get(canonical_id):
        raise ValidationError({"canonical_id": "It needs an id of its own, which no market has yet."})
    kind = posted.get("kind", "")
    line = posted.get("line_semantics", "") or LINE_OF_KIND.get(kind)
    if line and not LINE_SEMANTICS.fullmatch(line):
        raise ValidationError({"line_semantics": "One of: " + ", ".join(LINES[1:]) + ", fixed:N."})
    outcomes, texts = [], {}
    for place in range(MAPPED_AT_ONCE * 10):
        name = posted.get(f"new_name:{place}", "").strip()
        text = posted.get(f"new_text:{place}", "").strip()
        if not name and not text:
            continue
        outcome_id = _unused(_plain_id(name or text), {outcome["canonical_id"] for outcome in outcomes})
        outcomes.append({"canonical_id": outcome_id, "betpawa_name": name or None, "position": len(outcomes)})
        if text:
            texts[outcome_id] = text
    values = {
        "name": posted.get("name", "").strip()[:255],
        "kind": kind,
        "line_semantics": line,
        "betpawa_id": posted.get("betpawa_id", "").strip() or None,
        "outcome_mapping": outcomes,
    }
    return {"canonical_id": canonical_id, "values": values, "outcome_texts": texts}


def _unused(wanted, taken):
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _sentences(error):
    if hasattr(error, "error_dict"):
        return [f"{field}: {text}" if field != "__all__" else text for field, texts in error for text in texts]
    return error.messages


def _say(request, resolutions):
    decisions = [decision for resolution in resolutions for decision in resolution.decisions]
    counts = {}
    for decision in decisions:
        counts[decision.outcome] = counts.get(decision.outcome, 0) + 1
    mapping = resolutions[-1].change.mapping
    done = counts.pop("changed", 0)
    words = {"unchanged": "mapped to it already", "stale": "changed meanwhile, left alone", "not_found": "gone"}
    rest = "; ".join(f"{count_text(n)} {words.get(outcome, outcome)}" for outcome, n in counts.items())
    text = f"{count_text(done)} mapped to {mapping.name}; in force from the next batch on."
    (messages.success if done else messages.warning)(request, text + (f" Others: {rest}." if rest else ""))
