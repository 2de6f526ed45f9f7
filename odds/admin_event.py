"""The page of one event: every market with the bookmakers next to each other."""

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from odds.admin_comparison import compare
from odds.models import Event
from oddsproject.desk.pages import page, require

MAX_ID = 2**63


@require()
def event_page(request, event_id):
    """The whole page, or with ?fragment=1 only the odds, which the page reads again when they move."""
    if not (str(event_id).isascii() and str(event_id).isdigit() and int(event_id) < MAX_ID):
        raise Http404
    try:
        comparison = compare(int(event_id))
    except Event.DoesNotExist:
        raise Http404 from None
    event = comparison.event
    context = {"comparison": comparison, "event": event, "has_kicked_off": event.kickoff_at <= timezone.now()}
    if request.GET.get("fragment") == "1":
        return HttpResponse(render_to_string("desk/event_odds.html", context, request))
    return page(request, "desk/event.html", title=f"{event.home_team} – {event.away_team}", **context)
