"""The three bookmakers' sites: paths, mandatory headers and parameters, envelopes, refusals."""

import json

from scraping.demo import render_bet9ja
from scraping.demo.answers import Answer
from scraping.demo.content import Content
from scraping.demo.render_sportybet import refusal
from scraping.demo.request import Request
from scraping.demo.templates import dumps

HTML = "text/html; charset=utf-8"
_NOT_FOUND = b"<!doctype html><title>404 Not Found</title><h1>Not Found</h1>"
BETPAWA_TAKE = 100


def not_found() -> Answer:
    return Answer(404, _NOT_FOUND, HTML)


class BetpawaSite:
    """/api/sportsbook/v4; any other version is gone."""

    slug = "betpawa"

    def __init__(self, content: Content):
        self.content = content

    def answer(self, request: Request, now: float) -> Answer:
        path = request.path.removeprefix("/api/sportsbook/v4/")
        if path == request.path or request.method != "GET":
            return not_found()
        missing = [name for name in ("x-pawa-brand", "devicetype") if not request.headers.get(name)]
        if missing:
            return Answer(400, dumps({"error": "Bad Request", "message": f"missing header {missing[0]}"}))
        answer = self._route(path, request, now)
        if answer.status == 200 and "application/json" not in request.headers.get("accept", ""):
            return Answer(200, b"\x0a\x04demo\x12\x00", "application/x-protobuf", answer.kind, answer.event_id)
        return answer

    def _route(self, path: str, request: Request, now: float) -> Answer:
        if path == "categories/list/all":
            return self.content.named(self.slug, "sports", now)
        if path == "categories/list/2":
            if request.parameters.get("includeRegions") != "true":
                return Answer(200, dumps({"withRegions": []}), kind="tree")
            return self.content.named(self.slug, "tree", now)
        if path == "events/lists/by-queries":
            return self._page(request, now)
        if path.startswith("events/"):
            event_id = path.removeprefix("events/")
            found = self.content.detail(self.slug, event_id, now)
            return found or Answer(404, dumps({"error": "Not Found"}), kind="detail", event_id=event_id)
        return not_found()

    def _page(self, request: Request, now: float) -> Answer:
        try:
            query = json.loads(request.parameters.get("q", ""))["queries"][0]
            wanted = query["query"]
            skip, take = int(query.get("skip", 0)), int(query.get("take", 20))
            football = "2" in wanted.get("categories", []) and wanted.get("eventType") == "UPCOMING"
            competitions = (wanted.get("zones") or {}).get("competitions") or []
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return Answer(400, dumps({"error": "Bad Request", "message": "q is not a query"}), kind="list")
        numbers = {int(text) - 11_000 for text in competitions if str(text).isdigit()} if competitions else None
        if not football or skip < 0:
            return Answer(200, dumps({"responses": [{"responses": []}]}), kind="list")
        return self.content.betpawa_page(now, skip, max(1, min(take, BETPAWA_TAKE)), numbers)


class SportybetSite:
    """/api/ng/factsCenter; business errors come with HTTP 200."""

    slug = "sportybet"
    _PREFIX = "/api/ng/factsCenter/"
    _HEADERS = {"operid": "2", "clientid": "web", "platform": "web"}

    def __init__(self, content: Content):
        self.content = content

    def answer(self, request: Request, now: float) -> Answer:
        path = request.path.removeprefix(self._PREFIX)
        kinds = {"popularAndSportList": "tree", "pcEvents": "list", "event": "detail"}
        if path == request.path or path not in kinds:
            return not_found()
        kind = kinds[path]
        wrong = [name for name, value in self._HEADERS.items() if request.headers.get(name) != value]
        if wrong:
            return Answer(200, refusal(19_001, f"invalid header {wrong[0]}"), kind=kind)
        if path == "pcEvents":
            return self._tournaments(request, now)
        if request.method != "GET":
            return Answer(405, refusal(19_405, "method not allowed"), kind=kind)
        parameters = request.parameters
        if not parameters.get("_t", "").isdigit() or parameters.get("productId") != "3":
            return Answer(200, refusal(19_002, "invalid parameter"), kind=kind)
        if path == "popularAndSportList":
            if parameters.get("sportId") != "sr:sport:1" or "timeline" not in parameters:
                return Answer(200, refusal(19_002, "invalid parameter"), kind=kind)
            return self.content.named(self.slug, "tree", now)
        event_id = parameters.get("eventId", "")
        found = self.content.detail(self.slug, event_id, now)
        return found or Answer(200, refusal(19_000, "no such event"), kind=kind, event_id=event_id)

    def _tournaments(self, request: Request, now: float) -> Answer:
        if request.method != "POST" or "application/json" not in request.headers.get("content-type", ""):
            return Answer(415, refusal(19_415, "unsupported"), kind="list")
        try:
            wanted = [tid for part in json.loads(request.body) for group in part["tournamentId"] for tid in group]
            if not all(isinstance(tid, str) and tid.startswith("sr:tournament:") for tid in wanted):
                raise ValueError("not a list of lists of tournament ids")
        except (ValueError, KeyError, TypeError):
            return Answer(200, refusal(19_002, "invalid parameter"), kind="list")
        return self.content.sportybet_tournaments(now, wanted)


class Bet9jaSite:
    """/desktop/feapi/PalimpsestAjax; R says whether it worked, E also for throttling."""

    slug = "bet9ja"
    _PREFIX = "/desktop/feapi/PalimpsestAjax/"

    def __init__(self, content: Content):
        self.content = content

    def answer(self, request: Request, now: float) -> Answer:
        path = request.path.removeprefix(self._PREFIX)
        kinds = {"GetSports": "tree", "GetEventsInGroup": "list", "GetEventsInGroupV2": "list", "GetEvent": "detail"}
        if path == request.path or path not in kinds or request.method != "GET":
            return not_found()
        kind, parameters = kinds[path], request.parameters
        if not parameters.get("v_cache_version"):
            return Answer(403, b"", HTML, kind)
        if kind != "detail" and parameters.get("DISP") != "0":
            return self.refused(kind)
        if path == "GetSports":
            return self.content.named(self.slug, "tree", now)
        if kind == "list":
            group = parameters.get("GROUPID", "")
            if not group.isdigit() or (path.endswith("V2") and parameters.get("GROUPMARKETID") != "1"):
                return self.refused(kind)
            return self.content.bet9ja_group(now, int(group))
        event_id = parameters.get("EVENTID", "")
        found = self.content.detail(self.slug, event_id, now)
        if found is not None:
            return found
        if event_id.isdigit() and int(event_id) % 2:
            return Answer(200, render_bet9ja.envelope(False), kind=kind, event_id=event_id)
        return self.refused(kind, event_id)

    @staticmethod
    def refused(kind: str, event_id: str = "") -> Answer:
        return Answer(200, dumps({"R": "E", "D": None}), kind=kind, event_id=event_id)


def all_sites(content) -> dict[str, object]:
    return {site.slug: site(content) for site in (BetpawaSite, SportybetSite, Bet9jaSite)}
