"""Asking Bet9ja: the tree, one list per group (tournament), one detail per event."""

import re
from urllib.parse import quote

from django.conf import settings

from scraping.bookmakers.base import USER_AGENT, Discovery, ListedEvent
from scraping.bookmakers.bet9ja import decoder
from scraping.bookmakers.decoding import changed, check_event_id, decode_in_steps, open_list, open_object, value_of
from scraping.bookmakers.lists import listed_events, look_twice, read_tree
from scraping.bookmakers.text import clean_text
from scraping.exceptions import EventGone, FetchError

FOOTBALL = "1"
API = "/desktop/feapi/PalimpsestAjax"

_ID = re.compile(r"[0-9]{1,20}")
# The envelope's start as it is always sent; anything else is opened properly.
_GOOD_START = re.compile(rb'\s*\{\s*"R"\s*:\s*"(?:OK|D)"\s*,\s*"D"\s*:\s*\{')


class Bet9ja:
    slug = decoder.SLUG
    decode_event = staticmethod(decoder.decode_event)
    describe = staticmethod(decoder.describe)
    default_limits = {"details": 15, "lists": 15, "delay_ms": 25}
    headers = {
        "accept": "*/*",
        "accept-language": "en-GB,en;q=0.9",
        "user-agent": USER_AGENT,
    }

    def discover(self, client, on_progress=None) -> Discovery:
        """The tree, then every football group: there is no global list."""
        return read_tree(client, self._tree, self._group, on_progress)

    def _tree(self, client) -> list[tuple[str, str, str]]:
        """[(group id, tournament, country)] of football."""
        payload = client.get(f"{API}/GetSports?DISP=0&{_version()}", kind="lists")
        found = decode_in_steps(self.slug, payload, _read_tree, _read_tree)
        if not found:
            raise changed(self.slug, "The tree holds no football group.", payload, code="EMPTY_TREE")
        return found

    def _group(self, client, group_id, name, country):
        def ask():
            payload = client.get(f"{API}/GetEventsInGroup?GROUPID={group_id}&DISP=0&{_version()}", kind="lists")
            return decode_in_steps(self.slug, payload, read, read)

        def read(payload):
            return _read_group(payload, name, country)

        try:
            return look_twice(client, ask)
        except EventGone as error:
            # "Not found" about a list that the tree has just named is no statement about its events.
            raise changed(self.slug, f"Group {group_id}: {error.detail}", error.sample, code="LIST_REFUSED") from error

    def fetch_event(self, client, external_id: str) -> bytes:
        """The detail answer. Raises EventGone when it is refused twice."""
        check_event_id(self.slug, _ID, external_id)
        return look_twice(client, lambda: self._ask(client, external_id))

    def _ask(self, client, external_id):
        payload = client.get(f"{API}/GetEvent?EVENTID={external_id}&{_version()}")
        if not _GOOD_START.match(payload):
            decode_in_steps(self.slug, payload, decoder.open_answer, decoder.open_answer)
        return payload

    def event_url(self, external_id: str) -> str:
        return f"https://sports.bet9ja.com/event/{quote(external_id, safe='')}"


def _version():
    return f"v_cache_version={quote(settings.BET9JA_CACHE_VERSION, safe='.')}"


def _read_tree(payload):
    slug = decoder.SLUG
    data = decoder.open_answer(payload)
    sports = open_object(slug, data.get("PAL", b"null"), "D.PAL")
    football = open_object(slug, sports.get(FOOTBALL, b"null"), "D.PAL.1")
    found = []
    for raw_country in open_object(slug, football.get("SG", b"null"), "SG").values():
        country = open_object(slug, raw_country, "a country")
        country_name = clean_text(value_of(country.get("SG_DESC")))
        for group_id, raw in open_object(slug, country.get("G", b"null"), "G").items():
            if not _ID.fullmatch(group_id):
                raise changed(slug, f"Group id {group_id[:100]!r} is no number.", bytes(raw))
            name = clean_text(value_of(open_object(slug, raw, "a group").get("G_DESC")))
            found.append((group_id, name, country_name))
    return found


def _read_group(payload, tournament, country) -> tuple[list[ListedEvent], list[FetchError]]:
    raws = open_list(decoder.SLUG, decoder.open_answer(payload).get("E"), "D.E")
    return listed_events(decoder.SLUG, raws, decoder.event_header, tournament, country)


BET9JA = Bet9ja()
