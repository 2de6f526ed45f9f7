"""The theme's callbacks: sidebar, its badges, our style sheet and scripts."""

from urllib.parse import urlsplit

from django.apps import apps
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

from oddsproject.api.roles import LEAD, VIEWER, has_role

COUNT_UP_TO = 999
WAITING = ("mappings_unmappedmarketlog_changelist", "?tab=NEW")


def style_url(request):
    return static("desk/desk.css")


def favicon_url(request):
    return static("desk/favicon.svg")


def live_script_url(request):
    return static("desk/live.js")


def is_viewer(request):
    return has_role(request.user, VIEWER)


def is_lead(request):
    return has_role(request.user, LEAD)


def waiting_badge():
    """How many unmapped markets wait, counted to 999 only: this runs on every page. "0" too: pages keep it up."""
    queue = apps.get_model("mappings", "UnmappedMarketLog")
    waiting = queue.objects.filter(tab="NEW").order_by()[: COUNT_UP_TO + 1].count()
    return f"{COUNT_UP_TO}+" if waiting > COUNT_UP_TO else str(waiting)


def sidebar(request):
    """Groups of links. A page that is not there is left out, so that one app's absence breaks nothing."""
    groups = [
        (
            "Desk",
            [
                _item("Overview", "space_dashboard", "index"),
                _item("Unmapped markets", "rule", *WAITING, badge=waiting_badge()),
                _item("Focus mode", "center_focus_strong", "mappings_focus"),
                _item("Coverage", "grid_on", "mapping_coverage"),
                _item("Ignore rules", "filter_alt", "mappings_rules"),
                _item("Events", "sports_soccer", "odds_event_changelist"),
            ],
        ),
        (
            "Mappings",
            [
                _item("Our mappings", "conversion_path", "mappings_usermarketmapping_changelist"),
                _item("Clashes", "call_split", "mappings_clashes"),
                _item("Built-in catalogue", "menu_book", "mapping_catalogue"),
                _item("Changes", "history", "mappings_mappingauditlog_changelist"),
                _item("Decisions", "gavel", "mappings_decisions"),
                _item("Packs", "inventory", "mappings_packs"),
                _item("Suggestion precision", "target", "suggestion_precision"),
            ],
        ),
        (
            "Odds",
            [
                _item("Current odds", "sell", "odds_marketoddscurrent_changelist"),
                _item("Odds history", "timeline", "odds_marketoddshistory_changelist"),
            ],
        ),
        (
            "Scraping",
            [
                _item("Freshness", "monitor_heart", "freshness"),
                _item("Runs", "sync", "scraping_scraperun_changelist"),
                _item("Errors", "error", "scraping_scrapeerror_changelist"),
                _item("Set aside", "inventory_2", "scraping_setasideitem_changelist"),
                _item("Settings", "tune", "scraper_settings"),
                _item("Settings changes", "manage_history", "scraping_settingschange_changelist"),
            ],
        ),
        (
            "People and queue",
            [
                _item("Users", "group", "auth_user_changelist", permission=is_lead),
                _item("Roles", "badge", "auth_group_changelist", permission=is_lead),
                _item("API tokens", "key", "api_apitoken_changelist"),
                _item("Finished tasks", "task_alt", "django_q_success_changelist", permission=is_lead),
                _item("Failed tasks", "report", "django_q_failure_changelist", permission=is_lead),
            ],
        ),
    ]
    groups = [(title, [item for item in items if item is not None]) for title, items in groups]
    here = _here(request.path, [item for _, items in groups for item in items])
    for _, items in groups:
        for item in items:
            item["active"] = item is here
    return [{"title": title, "separator": True, "items": items} for title, items in groups]


def _here(path, items):
    """The one item that leads to this page or, where none does, to what it belongs to: focus mode's address
    begins as the queue's does, and every address as the overview's."""
    index = reverse("admin:index")
    paths = [(urlsplit(item["link"]).path, item) for item in items]
    near = [one for one in paths if path == one[0] or (one[0] != index and path.startswith(one[0]))]
    return max(near, key=lambda one: len(one[0]))[1] if near else None


def _item(title, icon, name, query="", *, permission=is_viewer, badge=None):
    try:
        link = reverse(f"admin:{name}") + query
    except NoReverseMatch:
        return None
    item = {"title": title, "icon": icon, "link": link, "permission": permission}
    if badge is not None:
        item["badge"] = badge
    return item
