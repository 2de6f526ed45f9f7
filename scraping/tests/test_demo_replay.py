"""Captured payloads come back byte for byte, and can be discovered first."""

import json
from pathlib import Path

import pytest
import requests
from django.conf import settings

from scraping.demo.server import DemoServer
from scraping.tests.demo_talk import AJAX, HEADERS, SPORTYBET_HEADERS, detail_path, page_path, tree_path

PAYLOADS = Path(settings.BASE_DIR).parent / "shared" / "domain" / "payloads"


@pytest.fixture(params=["captured", "made up"])
def replay(request, tmp_path):
    directory = PAYLOADS
    if request.param == "made up":
        directory = made_up(tmp_path)
    elif not directory.is_dir():
        pytest.skip("no captured payloads beside the project")
    with DemoServer(payloads=str(directory)) as server:
        yield server, {path.parent.name: path.read_bytes() for path in directory.glob("*/*.json")}


def made_up(directory: Path) -> Path:
    documents = {
        "betpawa": {
            "id": "5",
            "name": "A - B",
            "participants": [],
            "startTime": "2026-05-06T11:00:00Z",
            "region": {"id": "1", "name": "Here"},
            "competition": {"id": "9", "name": "Cup"},
            "markets": [],
        },
        "sportybet": {
            "bizCode": 10000,
            "data": {
                "eventId": "sr:match:5",
                "sport": {
                    "category": {
                        "id": "sr:category:1",
                        "name": "Here",
                        "tournament": {"id": "sr:tournament:9", "name": "Cup"},
                    }
                },
                "markets": [],
            },
        },
        "bet9ja": {
            "R": "OK",
            "D": {"ID": 5, "GID": 9, "GN": "Cup", "SGID": 1, "SG": "Here", "DS": "A - B", "O": {"S_1X2_1": "2"}},
        },
    }
    for slug, document in documents.items():
        (directory / slug).mkdir()
        (directory / slug / "one.json").write_text(json.dumps(document, indent=3))
    return directory


def get(server, slug, path):
    return requests.get(server.urls[slug] + path, headers=HEADERS[slug], timeout=60)


def test_betpawa_payloads_are_listed_and_returned_byte_for_byte(replay):
    server, bodies = replay
    tree = get(server, "betpawa", tree_path("betpawa")).json()
    competition = tree["withRegions"][0]["regions"][0]["competitions"][0]["competition"]["id"]
    for path in (page_path(), page_path(zones={"competitions": [competition]})):
        listed = get(server, "betpawa", path).json()["responses"][0]["responses"]
        assert len(listed) == 1
    assert get(server, "betpawa", detail_path("betpawa", listed[0]["id"])).content == bodies["betpawa"]


def test_sportybet_payloads_are_listed_and_returned_byte_for_byte(replay):
    server, bodies = replay
    tree = get(server, "sportybet", tree_path("sportybet")).json()
    tournament = tree["data"]["sportList"][0]["categories"][0]["tournaments"][0]["id"]
    body = [{"sportId": "sr:sport:1", "marketId": "1", "tournamentId": [[tournament]]}]
    url = f"{server.urls['sportybet']}/api/ng/factsCenter/pcEvents"
    listed = requests.post(url, json=body, headers=SPORTYBET_HEADERS, timeout=60).json()["data"][0]["events"]
    assert get(server, "sportybet", detail_path("sportybet", listed[0]["eventId"])).content == bodies["sportybet"]


def test_bet9ja_payloads_are_listed_and_returned_byte_for_byte(replay):
    server, bodies = replay
    tree = get(server, "bet9ja", tree_path("bet9ja")).json()
    group = next(iter(next(iter(tree["D"]["PAL"]["1"]["SG"].values()))["G"]))
    listed = get(server, "bet9ja", f"{AJAX}/GetEventsInGroup?GROUPID={group}&DISP=0&v_cache_version=1").json()["D"]["E"]
    assert get(server, "bet9ja", detail_path("bet9ja", listed[0]["ID"])).content == bodies["bet9ja"]


def test_unknown_events_are_refused_as_in_the_world(replay):
    server, _ = replay
    assert get(server, "betpawa", detail_path("betpawa", "12345")).status_code == 404
    assert get(server, "sportybet", detail_path("sportybet", "sr:match:12345")).json()["bizCode"] != 10000


def test_a_directory_without_payloads_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        DemoServer(payloads=str(tmp_path)).start()
