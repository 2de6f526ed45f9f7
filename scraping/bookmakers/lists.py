"""Reading a bookmaker's many lists: side by side within its list limit, each failure its own."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import structlog

from scraping.bookmakers.base import Discovery, ListedEvent
from scraping.bookmakers.decoding import UNDECODABLE, changed, open_object
from scraping.exceptions import Blocked, EventGone, FetchError, PayloadChanged, Unavailable

log = structlog.get_logger(__name__)

MAX_ERRORS = 50
HOPELESS_AFTER = 20  # lists in a row that the bookmaker refused: the rest would be refused too


def read_lists(client, lists: Iterable, read: Callable, on_progress=None) -> tuple[list, list[FetchError]]:
    """[read(list), ...] of those that could be read, in the lists' order, and the errors of the others.

    read(list) raises FetchError. Stops asking when the bookmaker has refused many in a row.
    """
    lists = list(lists)
    refused = _InARow(HOPELESS_AFTER)
    done = _Count()

    def attempt(one):
        if refused.too_many():
            return Unavailable("NOT_ASKED", bookmaker=client.slug, detail="Too many lists before it were refused.")
        try:
            result = read(one)
        except FetchError as error:
            result = error
        except Exception as error:
            log.exception("discovery.list_bug", bookmaker=client.slug, list=str(one)[:200])
            result = PayloadChanged("LIST_BUG", bookmaker=client.slug, detail=repr(error))
        refused.note(isinstance(result, Blocked | Unavailable))
        if on_progress is not None:
            on_progress(done.up(), len(lists))
        return result

    width = max(1, min(client.list_width(), len(lists)))
    with ThreadPoolExecutor(max_workers=width, thread_name_prefix=f"lists-{client.slug}") as pool:
        results = list(pool.map(attempt, lists))
    errors = [result for result in results if isinstance(result, FetchError)]
    return [result for result in results if not isinstance(result, FetchError)], errors


class _Count:
    def __init__(self):
        self._lock = threading.Lock()
        self._value = 0

    def up(self) -> int:
        with self._lock:
            self._value += 1
            return self._value


class _InARow:
    """How many refusals came without an answer between them."""

    def __init__(self, limit):
        self._limit, self._count = limit, 0
        self._lock = threading.Lock()

    def note(self, refused: bool):
        with self._lock:
            self._count = self._count + 1 if refused else 0

    def too_many(self) -> bool:
        return self._count >= self._limit


def read_tree(client, tree: Callable, read: Callable, on_progress=None) -> Discovery:
    """Discovery by a tree and a list per entry of it. tree(client) -> entries,
    read(client, *entry) -> (events, problems); both raise FetchError."""
    before = client.requests_sent
    try:
        entries = tree(client)
    except FetchError as error:
        return finish(client, [], [error], before)
    answers, errors = read_lists(client, entries, lambda entry: read(client, *entry), on_progress)
    events = [event for listed, _ in answers for event in listed]
    return finish(client, events, errors + [error for _, problems in answers for error in problems], before)


def listed_events(
    slug: str, raws: list, header_of: Callable, tournament="", country=""
) -> tuple[list[ListedEvent], list[PayloadChanged]]:
    """The events of one list, and what was wrong with the others.

    header_of(opened object) -> ScrapedEvent. tournament, country: the list's, for events that do not say.
    """
    events, problems = [], []
    for raw in raws:
        try:
            header = header_of(open_object(slug, raw, "an event"))
        except PayloadChanged as error:
            problems.append(error)
        except UNDECODABLE as error:
            problems.append(changed(slug, f"A listed event is unreadable: {error}.", bytes(raw)))
        else:
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
    return events, problems


def finish(client, events: Iterable[ListedEvent], errors: list[FetchError], started_requests: int) -> Discovery:
    """The Discovery: each external id once, the errors bounded, nothing found told as an error."""
    unique = {event.external_id: event for event in events}
    if not unique and not errors:
        errors = [PayloadChanged("NO_EVENTS", bookmaker=client.slug, detail="Discovery found no event at all.")]
    shown = errors[:MAX_ERRORS]
    if len(errors) > MAX_ERRORS:
        more = f"{len(errors) - MAX_ERRORS} more errors, the last: {errors[-1]}"
        shown.append(FetchError("MORE_ERRORS", bookmaker=client.slug, detail=more))
    return Discovery(
        events=list(unique.values()),
        complete=not errors,
        errors=shown,
        requests=client.requests_sent - started_requests,
    )


def look_twice(client, ask: Callable[[], bytes]) -> bytes:
    """ask(), and once more, slower, when the bookmaker says that the event does not exist.

    In a burst of requests "not found" may mean "not now"; two of them, seconds apart, mean gone.
    """
    try:
        return ask()
    except EventGone:
        time.sleep(client.second_look_delay())
        return ask()
