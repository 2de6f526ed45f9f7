"""Asking Bet9ja: the tree, one list per group (tournament), one detail per event."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from django.conf import settings

from mappings.shapes import ScrapedEvent
from scraping.bookmakers.base import Discovery, ListedEvent
from scraping.bookmakers.bet9ja import decoder
from scraping.bookmakers.decoding import UNDECODABLE, changed, decode_in_steps, open_list, open_object, value_of
from scraping.bookmakers.lists import finish, look_twice, read_lists
from scraping.bookmakers.text import clean_text
from scraping.exceptions import EventGone, FetchError, PayloadChanged

FOOTBALL = "1"
API = "/desktop/feapi/PalimpsestAjax"

_ID = re.compile(r"[0-9]{1,20}")
# The envelope's start as it is always sent; anything else is opened properly.
_GOOD_START = re.compile(rb'\s*\{\s*"R"\s*:\s*"(?:OK|D)"\s*,\s*"D"\s*:\s*\{')


class Bet9ja:
    slug = decoder.SLUG
    default_limits = {"details": 15, "lists": 15, "delay_ms": 25}
    headers = {
        "accept": "*/*",
        "accept-language": "en-GB,en;q=0.9",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    }

    def discover(self, client, on_progress=None) -> Discovery:
        """The tree, then every football group: there is no global list."""
        before = client.requests_sent
        try:
            groups = self._tree(client)
        except FetchError as error:
            return finish(client, [], [error], before)
        answers, errors = read_lists(client, groups, lambda group: self._group(client, *group), on_progress)
        events = []
        for listed, problems in answers:
            events += listed
            errors += problems
        return finish(client, events, errors, before)

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
        if not _ID.fullmatch(external_id):
            raise EventGone("INVALID_ID", bookmaker=self.slug, detail=f"{external_id[:100]!r} is no event id.")
        return look_twice(client, lambda: self._ask(client, external_id))

    def _ask(self, client, external_id):
        payload = client.get(f"{API}/GetEvent?EVENTID={external_id}&{_version()}")
        if not _GOOD_START.match(payload):
            decode_in_steps(self.slug, payload, decoder.open_answer, decoder.open_answer)
        return payload

    def decode_event(self, payload: bytes, external_id: str | None = None) -> ScrapedEvent:
        return decoder.decode_event(payload, external_id)

    def describe(self, payload: bytes, keys: Iterable[str]) -> dict:
        return decoder.describe(payload, keys)

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
    slug = decoder.SLUG
    events, problems = [], []
    for raw in open_list(slug, decoder.open_answer(payload).get("E"), "D.E"):
        try:
            header = decoder.event_header(open_object(slug, raw, "an event"))
            events.append(
                ListedEvent(
                    header.external_id,
                    header.sportradar_id,
                    header.home_team,
                    header.away_team,
                    header.kickoff_at,
                    header.tournament_name or tournament,
                    header.country or country,
                    slug,
                )
            )
        except PayloadChanged as error:
            problems.append(error)
        except UNDECODABLE as error:
            problems.append(changed(slug, f"A listed event is unreadable: {error}.", bytes(raw)))
    return events, problems


BET9JA = Bet9ja()
