"""Asking SportyBet: the tournament tree, one list per tournament, one detail per event."""

import json
import re
import time
from urllib.parse import quote

from mappings.shapes import ScrapedEvent
from scraping.bookmakers.base import USER_AGENT, Discovery, ListedEvent
from scraping.bookmakers.decoding import changed, check_event_id, decode_in_steps, open_list, open_object, value_of
from scraping.bookmakers.lists import listed_events, look_twice, read_tree
from scraping.bookmakers.sportybet import decoder
from scraping.bookmakers.text import clean_text, sample
from scraping.exceptions import EventGone, FetchError

FOOTBALL = "sr:sport:1"
PREMATCH = "3"
LISTED_MARKETS = "1,18,10,29,11,26,36,14"
API = "/api/ng/factsCenter"

_ID = re.compile(r"sr:match:[0-9]{1,19}")
# The envelope's start as it is always sent; anything else is opened properly.
_GOOD_START = re.compile(
    rb'\s*\{\s*"bizCode"\s*:\s*10000\s*,(?:\s*"message"\s*:\s*"[^"\\]{0,200}"\s*,)?\s*"data"\s*:\s*\{'
)


class SportyBet:
    slug = decoder.SLUG
    decode_event = staticmethod(decoder.decode_event)
    describe = staticmethod(decoder.describe)
    default_limits = {"details": 50, "lists": 10, "delay_ms": 0}
    headers = {
        "accept": "*/*",
        "accept-language": "en",
        "clientid": "web",
        "platform": "web",
        "operid": "2",
        "user-agent": USER_AGENT,
    }

    def discover(self, client, on_progress=None) -> Discovery:
        """The tree, then one request per tournament: a list that fails costs that tournament only."""
        return read_tree(client, self._tree, self._tournament, on_progress)

    def _tree(self, client) -> list[tuple[str, str, str]]:
        """[(tournament id, tournament, country)] of football."""
        path = f"{API}/popularAndSportList?sportId={FOOTBALL}&timeline=&productId={PREMATCH}&_t={_now()}"
        payload = client.get(path, kind="lists")
        found = decode_in_steps(self.slug, payload, _read_tree, _read_tree)
        if not found:
            raise changed(self.slug, "The tree holds no football tournament.", payload, code="EMPTY_TREE")
        return found

    def _tournament(self, client, tournament_id, name, country):
        body = [{"sportId": FOOTBALL, "marketId": LISTED_MARKETS, "tournamentId": [[tournament_id]]}]
        payload = client.post(f"{API}/pcEvents", json.dumps(body).encode(), kind="lists")

        def read(text):
            return _read_list(text, name, country)

        return decode_in_steps(self.slug, payload, read, read)

    def fetch_event(self, client, external_id: str) -> bytes:
        """The detail answer. Raises EventGone when it is refused twice."""
        check_event_id(self.slug, _ID, external_id)
        return look_twice(client, lambda: self._ask(client, external_id))

    def find_event(self, client, sportradar_id: str) -> ScrapedEvent | None:
        """The event with this SportRadar id, which is its address here."""
        external_id = f"{decoder.EVENT_PREFIX}{sportradar_id}"
        try:
            event = self.decode_event(self._ask(client, external_id), external_id)
        except EventGone:
            return None
        return event if event.markets else None

    def _ask(self, client, external_id):
        payload = client.get(f"{API}/event?eventId={quote(external_id, safe=':')}&productId={PREMATCH}&_t={_now()}")
        if not _GOOD_START.match(payload):
            decode_in_steps(self.slug, payload, _check_detail, _check_detail)
        return payload

    def event_url(self, external_id: str) -> str:
        return f"https://www.sportybet.com/ng/sport/football/{quote(external_id, safe=':')}"


def _now():
    return int(time.time() * 1000)


def _check_detail(payload):
    answer = open_object(decoder.SLUG, payload, "the answer")
    decoder.check_success(value_of(answer.get("bizCode")), payload)
    open_object(decoder.SLUG, answer.get("data", b"null"), "data")


def _listing(payload):
    """data of a list answer; a business error there is not about an event."""
    answer = open_object(decoder.SLUG, payload, "the answer")
    code = value_of(answer.get("bizCode"))
    if str(code) != str(decoder.SUCCESS):
        raise changed(decoder.SLUG, f"bizCode {sample(code)[:100]} on a list.", payload, code="BIZ_CODE")
    return answer.get("data")


def _read_tree(payload):
    slug = decoder.SLUG
    data = open_object(slug, _listing(payload) or b"null", "data")
    found = []
    for raw_sport in open_list(slug, data.get("sportList"), "data.sportList"):
        sport = open_object(slug, raw_sport, "a sport")
        if value_of(sport.get("id")) != FOOTBALL:
            continue
        for raw_category in open_list(slug, sport.get("categories"), "categories"):
            category = open_object(slug, raw_category, "a category")
            country = clean_text(value_of(category.get("name")))
            for raw in open_list(slug, category.get("tournaments"), "tournaments"):
                tournament = open_object(slug, raw, "a tournament")
                tournament_id = value_of(tournament.get("id"))
                if not isinstance(tournament_id, str):
                    raise changed(slug, "A tournament has no id.", bytes(raw))
                found.append((tournament_id, clean_text(value_of(tournament.get("name"))), country))
    return found


def _read_list(payload, tournament, country) -> tuple[list[ListedEvent], list[FetchError]]:
    slug = decoder.SLUG
    blocks = [open_object(slug, block, "data[0]") for block in open_list(slug, _listing(payload), "data")]
    raws = [raw for block in blocks for raw in open_list(slug, block.get("events"), "events")]
    return listed_events(slug, raws, _header, tournament, country)


def _header(event: dict) -> ScrapedEvent:
    header = decoder.event_header(event)
    if not _ID.fullmatch(header.external_id):
        raise changed(decoder.SLUG, f"Listed event {header.external_id!r} has an unknown kind of id.")
    return header


SPORTYBET = SportyBet()
