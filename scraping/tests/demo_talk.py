"""How tests speak to the demo bookmakers: the real headers and addresses, without the project's own clients."""

import json
import time
from urllib.parse import quote

BETPAWA_HEADERS = {"accept": "application/json", "x-pawa-brand": "betpawa-nigeria", "devicetype": "web"}
SPORTYBET_HEADERS = {"accept": "*/*", "operid": "2", "clientid": "web", "platform": "web"}
HEADERS = {"betpawa": BETPAWA_HEADERS, "sportybet": SPORTYBET_HEADERS, "bet9ja": {}}
AJAX = "/desktop/feapi/PalimpsestAjax"
MOMENT = 1_790_000_000.0


def wait_until(condition, seconds: float = 10.0) -> None:
    """Returns as soon as condition() holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"


def page_path(skip: int = 0, take: int = 100, **query) -> str:
    wanted = {"eventType": "UPCOMING", "categories": ["2"], "hasOdds": True} | query
    text = json.dumps({"queries": [{"query": wanted, "view": {}, "skip": skip, "take": take}]})
    return f"/api/sportsbook/v4/events/lists/by-queries?q={quote(text)}"


def detail_path(slug: str, event_id: str) -> str:
    return {
        "betpawa": f"/api/sportsbook/v4/events/{event_id}",
        "sportybet": f"/api/ng/factsCenter/event?eventId={event_id}&productId=3&_t=1",
        "bet9ja": f"{AJAX}/GetEvent?EVENTID={event_id}&v_cache_version=1.301.2.225",
    }[slug]


def tree_path(slug: str) -> str:
    return {
        "betpawa": "/api/sportsbook/v4/categories/list/2?includeRegions=true",
        "sportybet": "/api/ng/factsCenter/popularAndSportList?sportId=sr:sport:1&timeline=&productId=3&_t=1",
        "bet9ja": f"{AJAX}/GetSports?DISP=0&v_cache_version=1.301.2.225",
    }[slug]
