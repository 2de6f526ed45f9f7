"""The history of one market of one event: a stepped chart and the changes behind it."""

from decimal import Decimal, InvalidOperation

from django.http import Http404
from django.utils import timezone

from odds.admin_event import event_or_404
from odds.models import Bookmaker, MarketOddsCurrent, MarketOddsHistory
from oddsproject.desk.pages import page, require

MOST_CHANGES = 2000


@require()
def history_page(request, event_id, market_id):
    """?line=2.5 for a market with a line, without it for one that has none."""
    event = event_or_404(event_id)
    line = _line(request.GET.get("line", ""))
    of_market = {"event": event, "betpawa_market_id": market_id, "line": line}
    if line is None:
        of_market = {"event": event, "betpawa_market_id": market_id, "line__isnull": True}
    current = list(MarketOddsCurrent.objects.filter(**of_market).with_confirmed_at())
    changes = list(MarketOddsHistory.objects.filter(**of_market).order_by("-captured_at", "-id")[: MOST_CHANGES + 1])
    if not current and not changes:
        raise Http404
    cut = len(changes) > MOST_CHANGES
    changes = changes[:MOST_CHANGES]
    names = dict(Bookmaker.objects.values_list("slug", "name"))
    name = current[0].betpawa_market_name if current else market_id
    return page(
        request,
        "desk/history.html",
        title=f"{name}{'' if line is None else f' {line}'}",
        event=event,
        market_name=name,
        line=line,
        changes=[(change, names.get(change.bookmaker_slug, change.bookmaker_slug)) for change in changes],
        cut=MOST_CHANGES if cut else None,
        current=[(row, names.get(row.bookmaker_slug, row.bookmaker_slug)) for row in current],
        chart=_chart(current, reversed(changes), names),
    )


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
        points.setdefault(row.bookmaker_slug, []).append({"at": _ms(until), "odds": shown})
        outcomes += [o["name"] for o in row.outcomes if o["name"] not in outcomes]
    order = {slug: place for place, slug in enumerate(names)}
    return {
        "outcomes": outcomes,
        "books": [
            {"slug": slug, "name": names.get(slug, slug), "points": points[slug]}
            for slug in sorted(points, key=lambda slug: order.get(slug, len(order)))
        ],
    }


def _prices(outcomes):
    return {o["name"]: float(o["odds"]) for o in outcomes if o.get("is_active", True)}


def _ms(at):
    return int(at.timestamp() * 1000)
