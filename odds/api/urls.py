from oddsproject.api.routes import route

from . import events, history

# Fixed addresses before those with an id.
urlpatterns = [
    *route("events", events.Events, "events"),
    *route("events/countries", events.Countries, "events-countries"),
    *route("events/tournaments", events.Tournaments, "events-tournaments"),
    *route("events/unmatched", events.Unmatched, "events-unmatched"),
    *route("events/<id:event_id>", events.EventDetail, "event"),
    *route("events/<id:event_id>/markets/<key:market_id>/history", history.History, "history"),
    *route("events/<id:event_id>/markets/<key:market_id>/margin-history", history.MarginHistory, "margin-history"),
    *route("coverage", events.Coverage, "coverage"),
]
