"""Each bookmaker's conversation, over sockets: what is asked, in which words, and what is made of it."""

import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from scraping.bookmakers import REGISTRY
from scraping.exceptions import Blocked, EventGone, PayloadChanged, Unavailable
from scraping.http import BookmakerClient
from scraping.limits import Limiter
from scraping.tests.rude_server import answer, rude


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings):
    settings.BOOKMAKER_ALLOW_LOOPBACK = True


class Conversation:
    """A bookmaker's server made of `reply(path, parameters, number of times this was asked)`: an
    object to send as JSON, or the bytes of a whole answer."""

    def __init__(self, slug, reply):
        self.slug, self.reply, self.asked = slug, reply, []

    def _script(self, number, head, connection):
        target = urlsplit(head.decode().split(" ")[1])
        parameters = {key: values[0] for key, values in parse_qs(target.query, keep_blank_values=True).items()}
        times = sum(path == head for path in self.asked) + 1
        self.asked.append(head)
        result = self.reply(target.path, parameters, times)
        return result if isinstance(result, bytes) else answer(json.dumps(result).encode())

    def run(self, call):
        """call(bookmaker, client); (its result, the heads received)."""
        limiter = Limiter({self.slug: {"details": 4, "lists": 3, "delay_ms": 0}}, max_pause_wait=1)
        bookmaker = REGISTRY[self.slug]
        with rude(self._script) as server:
            client = BookmakerClient(
                self.slug, f"{server.url}/base", limiter, headers=bookmaker.headers, backoff_factor=0
            )
            try:
                return call(bookmaker, client), [head for _, head in server.heads]
            finally:
                client.close()
                limiter.close()


def discover(slug, reply, progress=None):
    return Conversation(slug, reply).run(lambda bookmaker, client: bookmaker.discover(client, progress))


def fetch(slug, reply, external_id):
    return Conversation(slug, reply).run(lambda bookmaker, client: bookmaker.fetch_event(client, external_id))


GONE = answer(b"{}", "404 Not Found")
DOWN = answer(b"{}", "503 Down")


# --- BetPawa ----------------------------------------------------------------------------------------
def pawa_item(number, **changes):
    return {
        "id": str(number),
        "startTime": "2026-05-06T11:00:00Z",
        "participants": [{"name": f"Home {number}", "position": 1}, {"name": f"Away {number}", "position": 2}],
        "competition": {"name": "League"},
        "region": {"name": "Nigeria"},
        "widgets": [{"type": "SPORTRADAR", "id": str(1000 + number)}] if number % 2 else [],
        **changes,
    }


def pawa_pages(items, special=None):
    """A listing of `items`, a hundred a page; special: {page number: answer}."""

    def reply(path, parameters, times):
        assert path == "/base/api/sportsbook/v4/events/lists/by-queries"
        [query] = json.loads(parameters["q"])["queries"]
        assert query["query"] == {"eventType": "UPCOMING", "categories": ["2"], "hasOdds": True}
        page, rest = divmod(query["skip"], 100)
        assert query["take"] == 100 and rest == 0
        if special and page in special:
            return special[page]
        return {"responses": [{"responses": items[query["skip"] : query["skip"] + 100]}]}

    return reply


def test_betpawa_lists_the_whole_sport_to_its_last_page():
    found, heads = discover("betpawa", pawa_pages([pawa_item(number) for number in range(250)]))
    assert found.complete and found.errors == [] and len(found.events) == 250
    first, second = found.events[:2]
    assert first.sportradar_id is None and second.sportradar_id == "1001"
    assert (second.home_team, second.tournament_name, second.country) == ("Home 1", "League", "Nigeria")
    assert second.kickoff_at == datetime(2026, 5, 6, 11, tzinfo=UTC) and second.bookmaker_slug == "betpawa"
    assert found.requests == len(heads) == 3
    for head in heads:
        assert "accept: application/json" in head.lower() and "x-pawa-brand: betpawa-nigeria" in head.lower()
        assert "devicetype: web" in head.lower() and "%25" not in head


def test_betpawa_follows_the_version_setting(settings):
    settings.BETPAWA_API_VERSION = "v5"
    _, heads = discover("betpawa", lambda *_: {"responses": [{"responses": [pawa_item(1)]}]})
    assert "/api/sportsbook/v5/events/lists" in heads[0]


@pytest.mark.parametrize("broken", [GONE, DOWN, {"responses": []}, {"responses": [{"responses": None}]}, {}])
def test_a_page_that_fails_leaves_the_rest_and_the_listing_incomplete(broken):
    found, _ = discover("betpawa", pawa_pages([pawa_item(number) for number in range(250)], {1: broken}))
    assert not found.complete and len(found.errors) == 1
    assert len(found.events) == 150


def test_a_listing_that_repeats_its_page_ends_incomplete():
    page = {"responses": [{"responses": [pawa_item(number) for number in range(100)]}]}
    found, heads = discover("betpawa", lambda *_: page)
    assert not found.complete and found.errors[0].code == "REPEATED_PAGE"
    assert len(found.events) == 100 and len(heads) < 10


def test_a_listing_without_end_is_bounded(monkeypatch):
    monkeypatch.setattr("scraping.bookmakers.betpawa.client.MAX_PAGES", 4)
    found, heads = discover("betpawa", pawa_pages([pawa_item(number) for number in range(1000)]))
    assert not found.complete and [error.code for error in found.errors] == ["TOO_MANY_PAGES"]
    assert len(heads) == 4 and len(found.events) == 400


def test_a_listed_event_without_kick_off_costs_itself_and_completeness():
    items = [pawa_item(1), pawa_item(2, startTime=None), pawa_item(3)]
    found, _ = discover("betpawa", pawa_pages(items))
    assert [event.external_id for event in found.events] == ["1", "3"]
    assert not found.complete and found.errors[0].code == "KICKOFF_MISSING"


def test_betpawas_404_means_gone_at_once():
    with pytest.raises(EventGone) as caught:
        fetch("betpawa", lambda path, *_: GONE, "33289995")
    assert caught.value.code == "NOT_FOUND" and caught.value.status == 404


# --- SportyBet --------------------------------------------------------------------------------------
def sporty_event(number):
    return {
        "eventId": f"sr:match:{number}",
        "estimateStartTime": 1778065200000,
        "homeTeamName": f"Home {number}",
        "awayTeamName": f"Away {number}",
    }


SPORTY_TREE = {
    "bizCode": 10000,
    "data": {
        "sportList": [
            {"id": "sr:sport:2", "categories": None},
            {
                "id": "sr:sport:1",
                "categories": [
                    {"name": "Nigeria", "tournaments": [{"id": "sr:tournament:1", "name": "NPFL"}]},
                    {"name": "China", "tournaments": [{"id": "sr:tournament:2", "name": "Super League"}]},
                ],
            },
        ]
    },
}


def sporty(lists):
    """lists: what pcEvents answers, one after the other."""
    left = list(lists)

    def reply(path, parameters, times):
        if path.endswith("/popularAndSportList"):
            assert parameters["sportId"] == "sr:sport:1" and parameters["productId"] == "3"
            assert parameters["timeline"] == "" and re.fullmatch(r"\d{13}", parameters["_t"])
            return SPORTY_TREE
        assert path == "/base/api/ng/factsCenter/pcEvents"
        return left.pop(0)

    return reply


def test_sportybet_asks_for_each_tournament_of_the_tree():
    lists = [{"bizCode": 10000, "data": [{"events": [sporty_event(number)]}]} for number in (7, 8)]
    seen = []
    found, heads = discover("sportybet", sporty(lists), lambda *done: seen.append(done))
    assert found.complete and {event.external_id for event in found.events} == {"sr:match:7", "sr:match:8"}
    assert {event.sportradar_id for event in found.events} == {"7", "8"}
    assert {(event.country, event.tournament_name) for event in found.events} == {
        ("Nigeria", "NPFL"),
        ("China", "Super League"),
    }
    assert sorted(seen) == [(1, 2), (2, 2)]
    posts = [head for head in heads if head.startswith("POST")]
    assert len(posts) == 2 and found.requests == 3
    assert all("operid: 2" in head.lower() and "clientid: web" in head.lower() for head in heads)
    assert all("content-type: application/json" in head.lower() for head in posts)


@pytest.mark.parametrize(
    "broken", [{"bizCode": 19000}, {"bizCode": 10000, "data": None}, {"bizCode": 10000, "data": [{}]}, DOWN, GONE]
)
def test_one_list_that_fails_leaves_the_others_and_discovery_incomplete(broken):
    good = {"bizCode": 10000, "data": [{"events": [sporty_event(8)]}]}
    # The same answer to every try of one tournament's list, whichever of the two comes first.
    found, _ = discover("sportybet", sporty([good] + [broken] * 3))
    assert not found.complete and len(found.errors) == 1
    assert [event.external_id for event in found.events] == ["sr:match:8"]


def test_an_empty_tournament_is_no_failure_but_no_event_at_all_is():
    empty = {"bizCode": 10000, "data": []}
    one = {"bizCode": 10000, "data": [{"events": [sporty_event(8)]}]}
    assert discover("sportybet", sporty([empty, one]))[0].complete
    found, _ = discover("sportybet", sporty([empty, empty]))
    assert not found.complete and isinstance(found.errors[0], PayloadChanged)
    assert found.errors[0].code == "NO_EVENTS"


@pytest.mark.parametrize(
    ("slug", "tree"),
    [
        ("sportybet", {"bizCode": 10000, "data": {"sportList": []}}),
        ("sportybet", {"bizCode": 10000, "data": {"sportList": [{"id": "sr:sport:1", "categories": []}]}}),
        ("sportybet", {"bizCode": 10000, "data": None}),
        ("sportybet", {"bizCode": 10000, "data": {"sports": []}}),
        ("bet9ja", {"R": "OK", "D": {"PAL": {"1": {"SG": {}}}}}),
        ("bet9ja", {"R": "OK", "D": {"PAL": {}}}),
        ("bet9ja", {"R": "OK", "D": {}}),
    ],
)
def test_an_empty_or_unknown_tree_is_a_failed_look(slug, tree):
    found, _ = discover(slug, lambda *_: tree)
    assert not found.complete and found.events == [] and isinstance(found.errors[0], PayloadChanged)


@pytest.mark.parametrize("slug", REGISTRY)
def test_a_blocked_discovery_is_told_and_does_not_raise(slug):
    found, _ = discover(slug, lambda *_: answer(b"<html>", "403 Forbidden", content_type="text/html"))
    assert not found.complete and isinstance(found.errors[0], Blocked)


SPORTY_DETAIL = {"bizCode": 10000, "message": "0#0", "data": {"eventId": "sr:match:7", "markets": []}}


def test_sportybets_error_is_believed_when_it_is_said_twice():
    def reply(path, parameters, times):
        assert path == "/base/api/ng/factsCenter/event" and parameters["eventId"] == "sr:match:7"
        return answers.pop(0)

    answers = [{"bizCode": 19000, "message": "no"}, SPORTY_DETAIL]
    payload, heads = fetch("sportybet", reply, "sr:match:7")
    assert json.loads(payload) == SPORTY_DETAIL and len(heads) == 2
    answers = [{"bizCode": 19000, "message": "no"}] * 2
    with pytest.raises(EventGone):
        fetch("sportybet", reply, "sr:match:7")
    assert answers == []


# --- Bet9ja -----------------------------------------------------------------------------------------
def nine_event(number, **changes):
    return {"ID": number, "EXTID": str(100 + number), "DS": "H - A", "STARTDATE": "2026-05-06 11:00:00", **changes}


NINE_GROUPS = {"11": {"G_DESC": "NPFL"}, "12": {"G_DESC": "Cup"}}
NINE_TREE = {"R": "OK", "D": {"PAL": {"1": {"SG": {"5": {"SG_DESC": "Nigeria", "G": NINE_GROUPS}}}}}}


def nine(groups):
    """groups: {group id: list of answers, the last one for ever}."""
    counts = dict.fromkeys(groups, 0)

    def reply(path, parameters, times):
        assert parameters["v_cache_version"] and path.startswith("/base/desktop/feapi/PalimpsestAjax/")
        if path.endswith("/GetSports"):
            assert parameters["DISP"] == "0"
            return NINE_TREE
        assert path.endswith("/GetEventsInGroup") and parameters["DISP"] == "0"
        group = parameters["GROUPID"]
        counts[group] += 1
        return groups[group][min(counts[group], len(groups[group])) - 1]

    return reply


def in_group(*events):
    return {"R": "OK", "D": {"E": list(events)}}


def test_bet9ja_walks_every_group_and_uses_the_id_that_details_want():
    found, heads = discover("bet9ja", nine({"11": [in_group(nine_event(1, C="4905"))], "12": [in_group()]}))
    assert found.complete and found.requests == len(heads) == 3
    [event] = found.events
    assert (event.external_id, event.sportradar_id) == ("1", "101")
    assert (event.country, event.tournament_name) == ("Nigeria", "NPFL")
    assert event.kickoff_at == datetime(2026, 5, 6, 11, tzinfo=UTC)


def test_a_throttled_group_gets_a_second_slower_look():
    found, heads = discover(
        "bet9ja", nine({"11": [{"R": "E"}, in_group(nine_event(1))], "12": [in_group(nine_event(2))]})
    )
    assert found.complete and len(found.events) == 2 and len(heads) == 4


def test_a_group_refused_twice_is_unconfirmed_not_empty():
    found, _ = discover("bet9ja", nine({"11": [{"R": "E"}], "12": [in_group(nine_event(2))]}))
    assert not found.complete and found.errors[0].code == "LIST_REFUSED" and len(found.events) == 1


@pytest.mark.parametrize("refusal", [{"R": "E", "D": None}, {"R": "OK", "D": False}])
def test_not_found_in_a_burst_is_asked_again_before_it_is_believed(refusal):
    good = {"R": "OK", "D": nine_event(1, O={})}
    answers = [refusal, good]
    payload, heads = fetch("bet9ja", lambda *_: answers.pop(0), "1")
    assert json.loads(payload) == good and len(heads) == 2 and "EVENTID=1&" in heads[0]
    with pytest.raises(EventGone):
        fetch("bet9ja", lambda *_: refusal, "1")


@pytest.mark.parametrize("slug", REGISTRY)
@pytest.mark.parametrize("external_id", ["", "../../x", "1?x=1", "sr:match:", "1\r\nx: y", "x" * 5000])
def test_an_id_that_is_none_is_never_sent(slug, external_id):
    def nothing_is_sent(*_):
        raise AssertionError("sent")

    with pytest.raises(EventGone) as caught:
        fetch(slug, nothing_is_sent, external_id)
    assert caught.value.code == "INVALID_ID"


def test_many_refused_lists_in_a_row_end_the_asking():
    groups = {str(number): {"G_DESC": "x"} for number in range(100, 200)}
    tree = {"R": "OK", "D": {"PAL": {"1": {"SG": {"5": {"SG_DESC": "N", "G": groups}}}}}}
    found, heads = discover("bet9ja", lambda path, *_: tree if path.endswith("GetSports") else DOWN)
    assert not found.complete and len(heads) < 100
    assert any(isinstance(error, Unavailable) for error in found.errors) and len(found.errors) <= 51


def test_pages_for_people_are_addresses():
    for slug, bookmaker in REGISTRY.items():
        address = bookmaker.event_url('1"><script>')
        assert address.startswith("https://") and "<" not in address and '"' not in address, slug
