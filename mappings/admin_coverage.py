"""The coverage page: family by rival, by count and weighted by events, and what mapping the rest would gain."""

from urllib.parse import urlencode

from django.contrib import admin

from mappings import standing
from mappings.admin_decisions import queue_url
from mappings.admin_filters import family_words
from mappings.coverage_map import coverage_map
from mappings.models import Tab
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.pages import page, require

NEXT = 8
# At least so much of a family is mapped, by event: (tone, its sign). The numbers say it too.
TONES = ((0.95, "good", "check_circle"), (0.7, "info", "clock_loader_80"), (0.3, "warn", "clock_loader_40"),
         (0, "bad", "error"))  # fmt: skip


@require()
def coverage_page(request):
    names = bookmaker_names()
    slugs, families = coverage_map()
    curve = standing.coverage_curve()
    gains = [
        (cell, names.get(slug, slug), words_of(family), _queue(slug, family))
        for family, books in families
        for slug, cell in books.items()
        if cell.waiting and family
    ]
    return page(
        request,
        "desk/coverage.html",
        title="Coverage",
        books=[(slug, names.get(slug, slug)) for slug in slugs],
        names=names,
        families=[
            (words_of(family), [_cell(books.get(slug), slug, family) for slug in slugs]) for family, books in families
        ],
        gains=sorted(gains, key=lambda gain: -gain[0].gain)[:NEXT],
        covered=standing.coverage(),
        curve={"books": [{"name": names.get(slug, slug), "points": points} for slug, points in curve.items()]},
        curve_is_a_curve=any(len(points) > 1 for points in curve.values()),
    )


def words_of(family):
    words = family_words(family) if family else "no family known"
    return words[0].upper() + words[1:]


def _cell(cell, slug, family):
    """(cell, tone, icon, the address of what waits of it)"""
    if cell is None:
        return None
    tone, icon = next((tone, icon) for least, tone, icon in TONES if cell.by_event >= least)
    return cell, tone, icon, _queue(slug, family) if family else ""


def _queue(slug, family):
    return f"{queue_url()}?{urlencode({'tab': Tab.NEW.value, 'source': slug, 'family': family})}"


admin.site.add_page("coverage/", coverage_page, "mapping_coverage")
