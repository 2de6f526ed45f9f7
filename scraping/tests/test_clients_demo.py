"""The clients against the demo bookmakers: discovery and details of a whole small world."""

import pytest

from scraping.bookmakers import REGISTRY
from scraping.exceptions import Blocked, EventGone, PayloadChanged, Unavailable
from scraping.http import BookmakerClient
from scraping.limits import Limiter

LIMITS = {slug: {"details": 8, "lists": 4, "delay_ms": 0} for slug in REGISTRY}


@pytest.fixture(scope="module")
def world():
    from scraping.demo.server import DemoServer

    with DemoServer(seed=7, events=25, frozen=True) as demo:
        yield demo


@pytest.fixture
def clients(world, settings):
    settings.BOOKMAKER_ALLOW_LOOPBACK = True
    limiter = Limiter(LIMITS, max_pause_wait=1)
    made = {
        slug: BookmakerClient(slug, world.urls[slug], limiter, headers=bookmaker.headers, backoff_factor=0)
        for slug, bookmaker in REGISTRY.items()
    }
    yield made
    for client in made.values():
        client.close()
    limiter.close()
    world.control({"faults": [], "hidden": []})


@pytest.mark.parametrize("slug", REGISTRY)
def test_everything_on_offer_is_found_and_every_detail_decodes(clients, slug):
    bookmaker, client = REGISTRY[slug], clients[slug]
    found = bookmaker.discover(client)
    assert found.complete, found.errors
    assert len(found.events) >= 15
    for listed in found.events:
        payload = bookmaker.fetch_event(client, listed.external_id)
        event = bookmaker.decode_event(payload, listed.external_id)
        assert event.complete and event.dropped == ()
        assert len(event.markets) > 50
        assert (event.home_team, event.away_team) == (listed.home_team, listed.away_team)
        assert event.kickoff_at == listed.kickoff_at
        assert (event.tournament_name, event.country) == (listed.tournament_name, listed.country)
        assert listed.sportradar_id in (None, event.sportradar_id)
    keys = {market.key for market in event.markets}
    named = bookmaker.describe(payload, keys)
    assert set(named) == keys and all(name for name, _, _ in named.values())


def test_the_three_bookmakers_agree_on_who_plays(clients):
    ids = {
        slug: {event.sportradar_id for event in REGISTRY[slug].discover(client).events if event.sportradar_id}
        for slug, client in clients.items()
    }
    assert len(ids["sportybet"] & ids["bet9ja"]) >= 10


def test_sportybet_finds_an_event_that_no_list_shows_and_says_when_it_has_none(world, clients):
    bookmaker, client = REGISTRY["sportybet"], clients["sportybet"]
    first, *others = bookmaker.discover(client).events
    world.control({"hidden": [{"bookmaker": "sportybet", "event": first.external_id, "lists": True}]})
    assert {event.external_id for event in bookmaker.discover(client).events} == {e.external_id for e in others}
    found = bookmaker.find_event(client, first.sportradar_id)
    assert (found.external_id, found.sportradar_id) == (first.external_id, first.sportradar_id)
    assert bookmaker.find_event(client, "999999999999") is None


FETCH_FAULTS = [
    ({"fault": "429", "retry_after": 60}, Unavailable),
    ({"fault": "429", "retry_after": 60, "as_date": True}, Unavailable),
    ({"fault": "status", "status": 503}, Unavailable),
    ({"fault": "reset"}, Unavailable),
    ({"fault": "truncated_gzip"}, Unavailable),
    ({"fault": "content_length"}, Unavailable),
    ({"fault": "drip"}, Unavailable),
    ({"fault": "stall"}, Unavailable),
    ({"fault": "endless_body"}, (Unavailable, PayloadChanged)),
    ({"fault": "refuse"}, Unavailable),
    ({"fault": "gzip_bomb"}, PayloadChanged),
    ({"fault": "not_json"}, PayloadChanged),
    ({"fault": "403"}, Blocked),
    ({"fault": "202"}, Blocked),
    ({"fault": "html"}, Blocked),
    ({"fault": "redirect"}, Blocked),
]


@pytest.mark.parametrize("slug", REGISTRY)
@pytest.mark.parametrize(("fault", "expected"), FETCH_FAULTS, ids=lambda value: str(value)[:40])
def test_each_fault_is_told_apart_by_what_to_do_next(world, settings, slug, fault, expected):
    settings.BOOKMAKER_ALLOW_LOOPBACK = True
    limiter = Limiter(LIMITS, max_pause_wait=0.2)
    total = 0.25 if fault["fault"] in ("drip", "stall", "endless_body") else 15
    client = BookmakerClient(
        slug, world.urls[slug], limiter, headers=REGISTRY[slug].headers, backoff_factor=0, total_seconds=total
    )
    listed = world_ids(world, slug)
    world.control({"faults": [{**fault, "bookmaker": slug, "path": "detail"}]})
    try:
        with pytest.raises(expected):
            REGISTRY[slug].decode_event(REGISTRY[slug].fetch_event(client, listed))
    finally:
        world.control({"faults": []})
        client.close()
        limiter.close()


@pytest.mark.parametrize(("slug", "fault"), [("sportybet", "bizcode"), ("bet9ja", "r_error"), ("bet9ja", "d_false")])
def test_a_business_error_once_is_forgiven_and_twice_believed(world, clients, slug, fault):
    listed = world_ids(world, slug)
    world.control({"faults": [{"fault": fault, "bookmaker": slug, "path": "detail", "count": 1}]})
    assert REGISTRY[slug].decode_event(REGISTRY[slug].fetch_event(clients[slug], listed)).markets
    world.control({"faults": [{"fault": fault, "bookmaker": slug, "path": "detail"}]})
    with pytest.raises(EventGone):
        REGISTRY[slug].fetch_event(clients[slug], listed)


@pytest.mark.parametrize("slug", ["sportybet", "bet9ja"])
def test_an_empty_tree_is_an_incomplete_discovery(world, clients, slug):
    world.control({"faults": [{"fault": "empty_tree", "bookmaker": slug, "path": "tree"}]})
    found = REGISTRY[slug].discover(clients[slug])
    assert not found.complete and found.errors and found.events == []


def test_a_list_of_another_shape_is_an_incomplete_discovery(world, clients):
    world.control({"faults": [{"fault": "list_as_null", "bookmaker": "betpawa", "path": "list"}]})
    found = REGISTRY["betpawa"].discover(clients["betpawa"])
    assert not found.complete and isinstance(found.errors[0], PayloadChanged)


_ids = {}


def world_ids(world, slug):
    """An event that the bookmaker lists."""
    if slug not in _ids:
        limiter = Limiter(LIMITS)
        client = BookmakerClient(slug, world.urls[slug], limiter, headers=REGISTRY[slug].headers)
        _ids[slug] = REGISTRY[slug].discover(client).events[-1].external_id
        client.close()
        limiter.close()
    return _ids[slug]
