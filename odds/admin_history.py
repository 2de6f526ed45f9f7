"""The history of one market of one event: a stepped chart and the changes behind it."""

from decimal import Decimal, InvalidOperation

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from odds.models import Bookmaker, Event
from odds.queries import margin_percent, market_history, markets_of
from oddsproject.desk.pages import page, require

MOST_CHANGES = 2000


@require()
def history_page(request, event_id, market_id):
    """?line=2.5 for a market with a line, without it for one that has none."""
    event = get_object_or_404(Event, pk=event_id)
    line = _line(request.GET.get("line", ""))
    market_id = market_id.replace("\x00", "")
    names = dict(Bookmaker.objects.values_list("slug", "name"))
    current = sorted(markets_of([event.pk], [(market_id, line)]), key=lambda row: _place(names, row.bookmaker_slug))
    changes = list(market_history(event.pk, market_id, line=line).reverse()[: MOST_CHANGES + 1])
    if not current and not changes:
        raise Http404
    cut = len(changes) > MOST_CHANGES
    changes = changes[:MOST_CHANGES]
    name = current[0].betpawa_market_name if current else market_id
    return page(
        request,
        "desk/history.html",
        title=f"{name}{'' if line is None else f' {line}'}",
        event=event,
        market_name=name,
        line=line,
        changes=[_named(change, names) for change in changes],
        cut=MOST_CHANGES if cut else None,
        current=[_named(row, names) for row in current],
        chart=_chart(current, reversed(changes), names),
    )


def _place(names, slug):
    """Where a bookmaker stands among the others; unknown ones last."""
    return (*names, slug).index(slug)


def _named(row, names):
    """(row, its bookmaker's name, its margin in percent or None)."""
    return row, names.get(row.bookmaker_slug, row.bookmaker_slug), margin_percent(row)


def _line(text):
    if text == "":
        return None
    try:
        line = Decimal(text)
    except InvalidOperation:
        raise Http404 from None
    if not line.is_finite() or abs(line) > 10**6:
        raise Http404
    return line


def _chart(current, changes, names):
    """{outcomes: [name], books: [{slug, name, points: [{at (ms), odds: {outcome: price or null}}]}]}.

    Prices become numbers here because a chart draws them; the table beside it stays exact.
    """
    points, outcomes = {}, []
    for change in changes:
        shown = {} if not change.is_available else _prices(change.outcomes)
        points.setdefault(change.bookmaker_slug, []).append({"at": _ms(change.captured_at), "odds": shown})
        outcomes += [o["name"] for o in change.outcomes if o["name"] not in outcomes]
    for row in current:
        # The line goes on to where the price was last confirmed, not to where it last changed.
        until = row.last_confirmed_at or row.last_updated_at
        if row.unavailable_at is not None:
            until = timezone.now()
        shown = {} if row.unavailable_at is not None else _prices(row.outcomes)
        drawn = points.setdefault(row.bookmaker_slug, [])
        drawn.append({"at": max(_ms(until), drawn[-1]["at"] if drawn else 0), "odds": shown})
        outcomes += [o["name"] for o in row.outcomes if o["name"] not in outcomes]
    return {
        "outcomes": outcomes,
        "books": [
            {"slug": slug, "name": names.get(slug, slug), "points": points[slug]}
            for slug in sorted(points, key=lambda slug: _place(names, slug))
        ],
    }


def _prices(outcomes):
    return {o["name"]: float(o["odds"]) for o in outcomes if o.get("is_active", True)}


def _ms(at):
    return int(at.timestamp() * 1000)
