"""What every bookmaker's folder provides, and the records it hands out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from mappings.shapes import ScrapedEvent
from scraping.exceptions import FetchError

MAX_MARKETS = 5000
MAX_OUTCOMES = 1000
MAX_NESTING = 32
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """One event as a bookmaker's lists show it. sportradar_id: None when the list does not say."""

    external_id: str
    sportradar_id: str | None
    home_team: str
    away_team: str
    kickoff_at: datetime
    tournament_name: str
    country: str
    bookmaker_slug: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a bookmaker offers. complete: every list was read to its end, so absence means absence.

    errors: one per list, page or entry that failed. requests: HTTP requests sent, retries included.
    """

    events: list[ListedEvent]
    complete: bool
    errors: list[FetchError] = field(default_factory=list)
    requests: int = 0


class Bookmaker(Protocol):
    """A bookmaker's own part; everything else in the project treats all of them alike."""

    slug: str
    default_limits: dict[str, int]  # {"details": at once, "lists": at once, "delay_ms": after each request}
    headers: dict[str, str]

    def discover(self, client, on_progress: Callable[[int, int], None] | None = None) -> Discovery:
        """All events on offer. Never raises FetchError: it lands in `errors` and clears `complete`.

        on_progress(lists read, lists known) is called from the discovering threads.
        """

    def fetch_event(self, client, external_id: str) -> bytes:
        """The detail answer of one event, its envelope checked. Raises FetchError."""

    def decode_event(self, payload: bytes, external_id: str | None = None) -> ScrapedEvent:
        """The answer as records. external_id: refuse an answer about another event.

        Raises PayloadChanged or EventGone; a malformed market only lands in `dropped`.
        """

    def describe(self, payload: bytes, keys: Iterable[str]) -> dict[str, tuple[str, str, dict[str, str]]]:
        """{key: (name, rules text, {outcome text: label})} of the asked market keys, cleaned."""

    def event_url(self, external_id: str) -> str:
        """The bookmaker's own page of the event, for people."""


@runtime_checkable
class FindsBySportradarId(Protocol):
    """What a bookmaker has besides when its events can be asked for by SportRadar id."""

    def find_event(self, client, sportradar_id: str) -> ScrapedEvent | None:
        """The event, asked for once; None when it is not on offer. Raises FetchError."""
