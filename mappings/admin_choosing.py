"""The map dialog's first half: which market is it? Suggestions of the rows first, then a search of every
market of BetPawa, also of those that no mapping names yet."""

from urllib.parse import urlencode

from django.contrib import admin
from django.http import JsonResponse
from django.template.loader import render_to_string

from mappings.admin_decisions import MAPPED_AT_ONCE, ids_of, safe_next
from mappings.cache import mapping_cache
from mappings.market_search import SHOWN, Found, search, unnamed_market
from mappings.models import MarketSuggestion, UnmappedMarketLog
from mappings.pairing import nearness, sample_texts
from mappings.suggestions.engine import current_world
from mappings.why_words import band_words, missing_for_strong
from oddsproject.api.roles import TRADER
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.pages import page, require

LONGEST_QUESTION = 100


@require(TRADER)
def search_view(request):
    """?ids=&q=: {"html": the rows of the table, "count": how many}."""
    rows = rows_of(request.GET.get("ids", ""))
    mapping_cache.refresh()
    question = question_of(request)
    found = _found(question, rows)
    context = {"found": found, "query": query_of(request, rows), "q": question}
    return JsonResponse({"html": render_to_string("desk/map_found.html", context, request), "count": len(found)})


def choose_page(request, rows):
    question = question_of(request)
    return page(
        request,
        "desk/map.html",
        title=title_of(rows),
        offered=offered(rows),
        ids=",".join(str(row.pk) for row in rows),
        query=query_of(request, rows),
        next=safe_next(request),
        q=question,
        found=_found(question, rows),
        suggestions=_suggestions(rows),
    )


def rows_of(ids: str) -> list[UnmappedMarketLog]:
    """Up to twenty rows of the queue, from "12,13"."""
    wanted = ids_of(ids.split(","))[:MAPPED_AT_ONCE]
    return list(UnmappedMarketLog.objects.filter(pk__in=wanted).order_by("source", "market_name", "pk"))


def question_of(request):
    return request.GET.get("q", "").strip()[:LONGEST_QUESTION]


def query_of(request, rows) -> str:
    """What every address of the dialog carries."""
    query = {"ids": ",".join(str(row.pk) for row in rows)}
    if request.GET.get("next") or request.POST.get("next"):
        query["next"] = safe_next(request)
    return urlencode(query)


def title_of(rows):
    name = rows[0].market_name or rows[0].external_market_id
    return f"Map {name}" if len(rows) == 1 else f"Map {len(rows)} markets"


def offered(rows):
    names = bookmaker_names()
    return [(row, names.get(row.source, row.source), sample_texts(row.sample_outcomes)) for row in rows]


def _suggestions(rows):
    """[(MarketSuggestion, address' query, what its band means)] of the first row that has any."""
    for row in rows:
        if stored := list(MarketSuggestion.objects.filter(unmapped=row).order_by("rank")):
            return [(one, _choice(one.canonical_id, one.betpawa_id), _means(one)) for one in stored]
    return []


def _means(suggestion):
    return f"{band_words(suggestion.band)}. {missing_for_strong(suggestion)}".strip()


def _choice(canonical_id, betpawa_id):
    return urlencode({"target": canonical_id} if canonical_id else {"new": "1", "betpawa": betpawa_id})


def _found(question, rows):
    """[(Found, query of its address)]: what fits the search; without one, what is named most alike."""
    definitions = mapping_cache.snapshot.definitions
    found = search(question, definitions, _unnamed()) if question else _nearest(rows, definitions)
    return [(one, _choice(one.canonical_id, one.betpawa_id)) for one in found]


def _nearest(rows, definitions):
    asked = [row.market_name or row.external_market_id for row in rows[:5]]
    scored = [
        (max((nearness(text, f"{one.name} {one.canonical_id}") for text in asked), default=0), one.name, one)
        for one in definitions
    ]
    best = sorted((one for one in scored if one[0] > 0), key=lambda one: (-one[0], one[1]))[:SHOWN]
    return [
        Found(one.betpawa_id, one.canonical_id, one.name, tuple(o.name for o in one.outcomes), one, score)
        for score, _, one in best
    ]


def _unnamed():
    """BetPawa's markets that the kept events show and no mapping names."""
    return [unnamed_market(t.betpawa_id, t.name, t.texts) for t in current_world().targets if t.definition is None]


admin.site.add_page("mapping-search/", search_view, "mappings_search")
