"""The control path: clock, hidden events and markets, new types, liveliness; and the two ways to start a server."""

import json
from argparse import Namespace

import pytest
import requests
from django.core.management import CommandError, call_command

from scraping.demo.server import DemoServer
from scraping.demo.world import SLUGS
from scraping.tests.demo_talk import HEADERS, MOMENT, detail_path, wait_until


@pytest.fixture
def demo():
    quick = dict.fromkeys(SLUGS, 0)
    with DemoServer(seed=7, events=20, clock=MOMENT, frozen=True, latency=quick) as server:
        yield server


def first_id(demo, slug):
    return demo.app.control.content.world.offered(slug, MOMENT)[0].external_id(slug)


def detail(demo, slug, event_id):
    return requests.get(demo.urls[slug] + detail_path(slug, event_id), headers=HEADERS[slug], timeout=60)


def test_a_frozen_clock_gives_the_same_bytes_and_an_advanced_one_others(demo):
    event_id = first_id(demo, "sportybet")
    first = detail(demo, "sportybet", event_id).content
    assert detail(demo, "sportybet", event_id).content == first
    state = demo.control({"clock": {"advance_seconds": 60}})
    assert state["clock"] == {"now": MOMENT + 60, "speed": 0.0}
    assert detail(demo, "sportybet", event_id).content != first
    demo.control({"clock": {"at": MOMENT}})
    assert detail(demo, "sportybet", event_id).content == first


def test_a_clock_can_be_sped_up_and_let_go(demo):
    assert demo.control({"clock": {"speed": 600}})["clock"]["speed"] == 600
    earlier = demo.state()["clock"]["now"]
    wait_until(lambda: demo.state()["clock"]["now"] > earlier)
    assert demo.control({"clock": {"freeze": False}})["clock"]["speed"] == 1


def test_an_event_kicks_off_when_the_clock_passes_its_time(demo):
    event = demo.app.control.content.world.offered("betpawa", MOMENT)[0]
    event_id = event.external_id("betpawa")
    assert detail(demo, "betpawa", event_id).status_code == 200
    demo.control({"clock": {"at": event.kickoff_at(MOMENT) + 4 * 3600}})
    assert detail(demo, "betpawa", event_id).status_code == 404


def test_a_market_can_be_hidden_from_one_event_or_all_and_comes_back(demo):
    event_id = first_id(demo, "sportybet")

    def has_1x2() -> bool:
        return "1" in {market["id"] for market in detail(demo, "sportybet", event_id).json()["data"]["markets"]}

    assert has_1x2()
    demo.control({"hidden": [{"bookmaker": "sportybet", "key": "1", "event": event_id}]})
    assert not has_1x2()
    demo.control({"hidden": [{"bookmaker": "sportybet", "key": "1", "event": "sr:match:1"}]})
    assert has_1x2()
    demo.control({"hidden": [{"bookmaker": "sportybet", "key": "1"}]})
    assert not has_1x2()
    demo.control({"hidden": []})
    assert has_1x2()


def test_an_event_can_be_hidden(demo):
    event_id = first_id(demo, "betpawa")
    demo.control({"hidden": [{"bookmaker": "betpawa", "event": event_id}]})
    assert detail(demo, "betpawa", event_id).status_code == 404


def test_an_event_that_is_hidden_from_the_lists_alone_still_answers(demo):
    event_id = first_id(demo, "sportybet")
    demo.control({"hidden": [{"bookmaker": "sportybet", "event": event_id, "lists": True}]})
    assert detail(demo, "sportybet", event_id).json()["data"]["eventId"] == event_id
    with pytest.raises(ValueError, match="lists is true"):
        demo.control({"hidden": [{"bookmaker": "sportybet", "key": "1", "lists": True}]})


@pytest.mark.parametrize("slug", ["betpawa", "sportybet", "bet9ja"])
def test_a_new_market_type_can_be_brought_out_at_once(demo, slug):
    demo.control({"new_market": {"bookmaker": slug, "name": "Coach wears a hat"}})
    document = detail(demo, slug, first_id(demo, slug)).json()
    if slug == "betpawa":
        new = next(market for market in document["markets"] if market["marketType"]["name"] == "Coach wears a hat")
        assert [price["name"] for price in new["row"][0]["prices"]] == ["Yes", "No"]
        assert all(price["price"] > 1 and not price["suspended"] for price in new["row"][0]["prices"])
    elif slug == "sportybet":
        assert "Coach wears a hat" in {market["name"] for market in document["data"]["markets"]}
    else:
        new = next(market for market in document["D"]["MK"] if market["DS"] == "Coach wears a hat")
        assert {f"{new['ID']}_Y", f"{new['ID']}_N"} <= set(document["D"]["O"])


def test_liveliness_is_settable_and_checked(demo):
    assert demo.control({"life": {"change_rate": 0.2}})["life"]["change_rate"] == 0.2
    with pytest.raises(ValueError, match="unknown"):
        demo.control({"life": {"colour": 1}})


def test_statistics_count_by_bookmaker_and_kind_of_path(demo):
    detail(demo, "bet9ja", first_id(demo, "bet9ja"))
    stats = demo.stats()
    assert stats["requests"] == {"bet9ja": {"detail": 1}} and "bet9ja/detail" in stats["last_request_at"]
    assert demo.control({"stats": "reset"})["stats"]["requests"] == {}


def test_a_server_in_a_process_of_its_own_serves_the_same_world():
    with DemoServer(process=True, seed=7, events=20, clock=MOMENT, frozen=True) as child:
        assert child.state()["world"] == {"seed": 7, "events": 20}
        process = child._child
        with DemoServer(seed=7, events=20, clock=MOMENT, frozen=True) as thread:
            event_id = first_id(thread, "bet9ja")
            assert detail(child, "bet9ja", event_id).content == detail(thread, "bet9ja", event_id).content
    assert process.returncode is not None


def test_the_command_passes_its_options_on(monkeypatch):
    seen = Namespace()
    monkeypatch.setattr(
        "scraping.management.commands.demo_bookmakers.run", lambda settings, announce: setattr(seen, "it", settings)
    )
    call_command(
        "demo_bookmakers",
        "--events",
        "9",
        "--latency",
        "betpawa=380,bet9ja=641.5",
        "--limits",
        "bet9ja=15",
        "--seed",
        "3",
    )
    assert (seen.it.events, seen.it.seed, seen.it.limits) == (9, 3, {"bet9ja": 15})
    assert seen.it.latency == {"betpawa": 380.0, "bet9ja": 641.5}
    with pytest.raises(CommandError, match="betfair"):
        call_command("demo_bookmakers", "--latency", "betfair=1")
    assert json.dumps(vars(seen.it))
