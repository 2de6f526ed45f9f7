"""Asking BetPawa: the whole sport's listing in pages, and one detail per event."""

import json
import re
from urllib.parse import quote

from django.conf import settings

from scraping.bookmakers.base import USER_AGENT, Discovery, ListedEvent
from scraping.bookmakers.betpawa import decoder
from scraping.bookmakers.decoding import changed, check_event_id, decode_in_steps, open_list, open_object
from scraping.bookmakers.lists import finish, listed_events, read_lists
from scraping.exceptions import EventGone, FetchError, PayloadChanged

FOOTBALL = "2"
PAGE_SIZE = 100
MAX_PAGES = 60  # five times the busiest listing seen
GONE = (404, 410)

_ID = re.compile(r"[0-9]{1,20}")


class BetPawa:
    slug = decoder.SLUG
    decode_event = staticmethod(decoder.decode_event)
    describe = staticmethod(decoder.describe)
    default_limits = {"details": 50, "lists": 5, "delay_ms": 0}
    headers = {
        "accept": "application/json",  # anything looser is answered in protobuf
        "x-pawa-brand": "betpawa-nigeria",
        "devicetype": "web",
        "accept-language": "en",
        "user-agent": USER_AGENT,
    }

    def discover(self, client, on_progress=None) -> Discovery:
        """Pages of the whole sport, as many side by side as lists may be, until a short one."""
        before = client.requests_sent
        events, errors, seen_pages = [], [], set()
        page, last_page_seen = 0, False
        while not last_page_seen and not errors and page < MAX_PAGES:
            numbers = range(page, min(page + client.list_width(), MAX_PAGES))
            answers, failed = read_lists(client, numbers, lambda number: self._page(client, number))
            errors += failed
            for items, problems in answers:
                errors += problems
                identity = tuple(event.external_id for event in items)
                if len(items) + len(problems) < PAGE_SIZE:
                    last_page_seen = True
                elif identity in seen_pages:
                    errors.append(self._error("REPEATED_PAGE", "The listing answers the same page again."))
                seen_pages.add(identity)
                events += items
            page = numbers.stop
            if on_progress is not None:
                on_progress(page, page if last_page_seen else page + 1)
        if not last_page_seen and not errors:
            errors.append(self._error("TOO_MANY_PAGES", f"The listing does not end within {MAX_PAGES} pages."))
        return finish(client, events, errors, before)

    def _page(self, client, number) -> tuple[list[ListedEvent], list[FetchError]]:
        query = {
            "queries": [
                {
                    "query": {"eventType": "UPCOMING", "categories": [FOOTBALL], "hasOdds": True},
                    "view": {},
                    "skip": number * PAGE_SIZE,
                    "take": PAGE_SIZE,
                }
            ]
        }
        q = quote(json.dumps(query, separators=(",", ":")), safe="")
        payload = client.get(f"{self._api()}/events/lists/by-queries?q={q}", kind="lists")
        return decode_in_steps(self.slug, payload, _read_page, _read_page)

    def fetch_event(self, client, external_id: str) -> bytes:
        """The detail answer. Raises EventGone on 404."""
        check_event_id(self.slug, _ID, external_id)
        try:
            return client.get(f"{self._api()}/events/{external_id}")
        except PayloadChanged as error:
            if error.status in GONE:
                raise EventGone(
                    "NOT_FOUND", bookmaker=self.slug, detail=error.detail, sample=error.sample, status=error.status
                ) from error
            raise

    def event_url(self, external_id: str) -> str:
        return f"https://www.betpawa.ng/event/{quote(external_id, safe='')}"

    def _api(self):
        return f"/api/sportsbook/{settings.BETPAWA_API_VERSION}"

    def _error(self, code, detail):
        return PayloadChanged(code, bookmaker=self.slug, detail=detail)


def _read_page(payload) -> tuple[list[ListedEvent], list[FetchError]]:
    slug = decoder.SLUG
    outer = open_list(slug, open_object(slug, payload, "the answer").get("responses"), "responses")
    if not outer:
        raise changed(slug, "responses is empty.", payload)
    items = open_list(slug, open_object(slug, outer[0], "responses[0]").get("responses"), "responses[0].responses")
    return listed_events(slug, items, decoder.event_header)


BETPAWA = BetPawa()
