"""The page that says how often suggestions were right, and which were not."""

from django.contrib import admin
from django.db.models import F

from mappings.models import SuggestionOutcome
from mappings.suggestions import calibration
from oddsproject.desk.bookmakers import bookmaker_names
from oddsproject.desk.pages import page, require

NEWEST = 50


@require()
def precision_page(request):
    misses = SuggestionOutcome.objects.filter(is_undone=False).exclude(chosen_betpawa_id=F("offered_betpawa_id"))
    return page(
        request,
        "desk/precision.html",
        title="Suggestion precision",
        names=bookmaker_names(),
        rows=calibration.report(),
        misses=misses.select_related("batch").order_by("-id")[:NEWEST],
    )


admin.site.add_page("mappings/precision/", precision_page, "suggestion_precision")
