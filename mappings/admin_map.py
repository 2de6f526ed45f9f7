"""Mapping unmapped markets to a BetPawa market."""

from django.http import HttpResponseBadRequest

from oddsproject.api.roles import TRADER
from oddsproject.desk.pages import require


@require(TRADER, methods=("GET", "POST"))
def map_page(request):
    return HttpResponseBadRequest("Not there yet.")
