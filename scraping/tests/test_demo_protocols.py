"""The three protocols: paths, mandatory headers and parameters, envelopes, paging."""

import json
from datetime import datetime

import pytest
import requests

from scraping.demo.server import DemoServer
from scraping.demo.world import SLUGS
from scraping.tests.demo_talk import (
    AJAX,
    BETPAWA_HEADERS,
    HEADERS,
    MOMENT,
    SPORTYBET_HEADERS,
    detail_path,
    page_path,
    tree_path,
)


@pytest.fixture(scope="module")
def demo():
    quick = dict.fromkeys(SLUGS, 0)
    with DemoServer(seed=7, events=260, clock=MOMENT, frozen=True, latency=quick) as server:
        yield server


def ask(demo, slug, path, *, headers=None, **options):
    return requests.get(
        demo.urls[slug] + path, headers=HEADERS[slug] if headers is None else headers, timeout=60, **options
    )


def items(demo, skip=0, take=100, **query):
    return ask(demo, "betpawa", page_path(skip, take, **query)).json()["responses"][0]["responses"]


def test_betpawa_pages_are_capped_at_a_hundred_and_end_with_a_short_one(demo):
    first, second, third = items(demo), items(demo, 100, 500), items(demo, 200, 100)
    assert (len(first), len(second)) == (100, 100) and 0 < len(third) < 100
    assert len({item["id"] for item in first + second + third}) == 200 + len(third)


def test_betpawa_lists_one_competition(demo):
    competition = items(demo)[0]["competition"]["id"]
    found = items(demo, zones={"competitions": [competition]})
    assert found and {item["competition"]["id"] for item in found} == {competition}


def test_betpawa_answers_protobuf_unless_json_is_accepted(demo):
    answer = ask(demo, "betpawa", page_path(), headers=BETPAWA_HEADERS | {"accept": "*/*"})
    assert answer.headers["content-type"] == "application/x-protobuf"


@pytest.mark.parametrize("name", ["x-pawa-brand", "devicetype"])
def test_betpawa_refuses_a_request_without_its_headers(demo, name):
    headers = {key: value for key, value in BETPAWA_HEADERS.items() if key != name}
    assert ask(demo, "betpawa", page_path(), headers=headers).status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/sportsbook/v3/categories/list/2?includeRegions=true", "/api/sportsbook/v4/events/12", "/nowhere"]
)
def test_betpawa_does_not_know_old_versions_gone_events_and_other_paths(demo, path):
    assert ask(demo, "betpawa", path).status_code == 404


def test_betpawa_detail_has_the_fields_of_the_real_one(demo):
    listed = items(demo)[0]
    event = ask(demo, "betpawa", detail_path("betpawa", listed["id"])).json()
    assert event["participants"][0]["position"] == 1
    assert datetime.fromisoformat(event["startTime"]).utcoffset().total_seconds() == 0
    assert event["competition"] == listed["competition"] and event["region"] == listed["region"]
    assert {"widgets", "version", "totalMarketCount", "neutralVenue", "results", "additionalInfo"} <= set(event)
    market = event["markets"][0]
    assert {"id", "name", "displayName", "tabs", "handicapType", "priceColumnCount"} <= set(market["marketType"])
    price = market["row"][0]["prices"][0]
    assert isinstance(price["price"], float) and price["suspended"] is False and "probability" in price


def test_sportybet_tree_lists_and_details_hang_together(demo):
    tree = ask(demo, "sportybet", tree_path("sportybet")).json()
    assert tree["bizCode"] == 10000
    football = next(sport for sport in tree["data"]["sportList"] if sport["id"] == "sr:sport:1")
    tournaments = [entry for category in football["categories"] for entry in category["tournaments"]]
    assert sum(entry["eventSize"] for entry in tournaments) == football["eventSize"]
    wanted = [tournaments[0]["id"], tournaments[1]["id"]]
    body = [{"sportId": "sr:sport:1", "marketId": "1,18,10", "tournamentId": [wanted]}]
    lists = requests.post(
        f"{demo.urls['sportybet']}/api/ng/factsCenter/pcEvents", json=body, headers=SPORTYBET_HEADERS, timeout=10
    ).json()
    assert [entry["id"] for entry in lists["data"]] == wanted
    listed = lists["data"][0]["events"][0]
    event = ask(demo, "sportybet", detail_path("sportybet", listed["eventId"])).json()["data"]
    assert event["estimateStartTime"] == listed["estimateStartTime"]
    assert event["sport"]["category"]["tournament"]["id"] == wanted[0]
    assert len(event["markets"]) > len(listed["markets"])
    assert event["markets"][0]["lastOddsChangeTime"] <= MOMENT * 1000


@pytest.mark.parametrize("name", ["operid", "clientid", "platform"])
def test_sportybet_refuses_a_request_without_its_headers(demo, name):
    headers = {key: value for key, value in SPORTYBET_HEADERS.items() if key != name}
    assert ask(demo, "sportybet", tree_path("sportybet"), headers=headers).json()["bizCode"] != 10000


@pytest.mark.parametrize(
    "path",
    [
        "/api/ng/factsCenter/event?eventId=sr:match:1&productId=3&_t=1",
        "/api/ng/factsCenter/event?eventId=sr:match:1&productId=3",
        "/api/ng/factsCenter/popularAndSportList?sportId=sr:sport:1&timeline=&_t=1",
    ],
)
def test_sportybet_errors_come_with_http_200_and_another_bizcode(demo, path):
    answer = ask(demo, "sportybet", path)
    assert answer.status_code == 200 and answer.json()["bizCode"] != 10000


def test_sportybet_wants_a_list_of_lists_of_tournaments(demo):
    body = [{"sportId": "sr:sport:1", "marketId": "1", "tournamentId": ["sr:tournament:103"]}]
    url = f"{demo.urls['sportybet']}/api/ng/factsCenter/pcEvents"
    assert requests.post(url, json=body, headers=SPORTYBET_HEADERS, timeout=60).json()["bizCode"] != 10000
    assert ask(demo, "sportybet", "/api/ng/factsCenter/sportsMenu/list").status_code == 404


def test_bet9ja_tree_groups_and_details_hang_together(demo):
    tree = ask(demo, "bet9ja", tree_path("bet9ja")).json()
    assert tree["R"] == "OK"
    country = next(iter(tree["D"]["PAL"]["1"]["SG"].values()))
    group, entry = next(iter(country["G"].items()))
    for name in ("GetEventsInGroup?", "GetEventsInGroupV2?GROUPMARKETID=1&"):
        listed = ask(demo, "bet9ja", f"{AJAX}/{name}GROUPID={group}&DISP=0&v_cache_version=1").json()["D"]["E"]
        assert len(listed) == entry["NUM"]
    event = ask(demo, "bet9ja", detail_path("bet9ja", listed[0]["ID"])).json()["D"]
    assert event["GID"] == int(group) and event["SG"] == country["SG_DESC"] and event["EXTID"] == listed[0]["EXTID"]
    assert datetime.strptime(event["STARTDATE"], "%Y-%m-%d %H:%M:%S")
    assert " - " in event["DS"] and set(listed[0]["O"]) < set(event["O"])


@pytest.mark.parametrize(
    ("query", "refused"),
    [("eventid={id}&v_cache_version=1", True), ("EVENTID={id}", True), ("EVENTID={code}&v_cache_version=1", True)],
)
def test_bet9ja_wants_its_exact_parameters(demo, query, refused):
    tree = ask(demo, "bet9ja", tree_path("bet9ja")).json()
    group = next(iter(next(iter(tree["D"]["PAL"]["1"]["SG"].values()))["G"]))
    listed = ask(demo, "bet9ja", f"{AJAX}/GetEventsInGroup?GROUPID={group}&DISP=0&v_cache_version=1").json()["D"]["E"][
        0
    ]
    answer = ask(demo, "bet9ja", f"{AJAX}/GetEvent?{query.format(id=listed['ID'], code=listed['C'])}")
    worked = answer.status_code == 200 and answer.json()["R"] == "OK" and isinstance(answer.json()["D"], dict)
    assert worked is not refused


def test_bet9ja_lists_want_disp(demo):
    assert ask(demo, "bet9ja", f"{AJAX}/GetSports?v_cache_version=1").json()["R"] == "E"


def test_one_match_has_the_same_sportradar_id_and_kickoff_everywhere(demo):
    listed = next(item for item in items(demo) if item.get("widgets"))
    number = listed["widgets"][0]["id"]
    rival = ask(demo, "sportybet", detail_path("sportybet", f"sr:match:{number}")).json()
    if rival["bizCode"] == 10000:
        kickoff = datetime.fromisoformat(listed["startTime"]).timestamp()
        assert rival["data"]["estimateStartTime"] == kickoff * 1000


@pytest.mark.parametrize("slug", SLUGS)
def test_compression_is_used_when_asked_for_and_changes_nothing(demo, slug):
    packed = ask(demo, slug, tree_path(slug))
    plain = ask(demo, slug, tree_path(slug), headers=HEADERS[slug] | {"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content


def test_a_bet9ja_detail_is_the_same_packed_and_plain(demo):
    """Its end is packed apart from its beginning."""
    tree = ask(demo, "bet9ja", tree_path("bet9ja")).json()
    group = next(iter(next(iter(tree["D"]["PAL"]["1"]["SG"].values()))["G"]))
    listed = ask(demo, "bet9ja", f"{AJAX}/GetEventsInGroup?GROUPID={group}&DISP=0&v_cache_version=1").json()["D"]["E"][
        0
    ]
    path = detail_path("bet9ja", listed["ID"])
    assert (
        ask(demo, "bet9ja", path).content == ask(demo, "bet9ja", path, headers={"accept-encoding": "identity"}).content
    )


def test_one_connection_serves_many_requests(demo):
    with requests.Session() as session:
        for _ in range(3):
            answer = session.get(demo.urls["bet9ja"] + tree_path("bet9ja"), timeout=60)
            assert answer.raw.version == 11 and json.loads(answer.content)["R"] == "OK"
        pool = next(iter(session.adapters["http://"].poolmanager.pools._container.values()))
        assert pool.num_connections == 1
