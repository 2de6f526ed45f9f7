"""Faults do what they say, over real sockets, and can be switched while the server runs."""

import json
import socket
import zlib
from email.utils import parsedate_to_datetime
from threading import Thread

import pytest
import requests

from scraping.demo.faults import ALL, ANSWERS, DELIVERIES
from scraping.demo.mutations import MUTATIONS
from scraping.demo.server import DemoServer
from scraping.demo.world import SLUGS
from scraping.tests.demo_talk import HEADERS, MOMENT, detail_path, page_path, tree_path, wait_until


@pytest.fixture(scope="module")
def demo():
    quick = dict.fromkeys(SLUGS, 0)
    with DemoServer(seed=7, events=20, clock=MOMENT, frozen=True, latency=quick) as server:
        yield server


@pytest.fixture(autouse=True)
def healthy(demo):
    yield
    demo.control({"faults": [], "hidden": [], "limits": dict.fromkeys(SLUGS), "latency": dict.fromkeys(SLUGS, 0)})


@pytest.fixture(scope="module")
def event_ids(demo):
    content = demo.app.control.content
    return {slug: [event.external_id(slug) for event in content.world.offered(slug, MOMENT)] for slug in SLUGS}


def ask(demo, slug, path, **options):
    return requests.get(demo.urls[slug] + path, headers=HEADERS[slug], timeout=options.pop("timeout", 5), **options)


def detail(demo, event_ids, slug="sportybet", **options):
    return ask(demo, slug, detail_path(slug, event_ids[slug][0]), **options)


def switch(demo, fault, **options):
    demo.control({"faults": [{"fault": fault, **options}]})


def test_429_tells_how_long_to_wait_in_seconds_or_as_a_date(demo, event_ids):
    switch(demo, "429", bookmaker="sportybet", retry_after=17)
    assert (detail(demo, event_ids).status_code, detail(demo, event_ids).headers["retry-after"]) == (429, "17")
    switch(demo, "429", retry_after=17, as_date=True)
    assert parsedate_to_datetime(detail(demo, event_ids).headers["retry-after"]).tzinfo


@pytest.mark.parametrize(
    ("fault", "options", "status"),
    [("status", {"status": 502}, 502), ("403", {}, 403), ("202", {}, 202), ("html", {}, 200)],
)
def test_statuses_and_challenge_pages(demo, event_ids, fault, options, status):
    switch(demo, fault, **options)
    answer = detail(demo, event_ids)
    assert answer.status_code == status
    if fault == "202":
        assert answer.content == b""
    if fault == "html":
        assert answer.headers["content-type"].startswith("text/html")


def test_a_redirect_points_where_it_is_told_to(demo, event_ids):
    switch(demo, "redirect", location="http://127.0.0.1:1/inner")
    answer = detail(demo, event_ids, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:1/inner")


def test_business_errors(demo, event_ids):
    switch(demo, "bizcode")
    assert detail(demo, event_ids).json()["bizCode"] == 19_999
    switch(demo, "r_error")
    assert detail(demo, event_ids, "bet9ja").json() == {"R": "E", "D": None}
    switch(demo, "d_false")
    assert detail(demo, event_ids, "bet9ja").json()["D"] is False


@pytest.mark.parametrize("slug", SLUGS)
def test_empty_markets_and_empty_trees_are_valid_answers_with_nothing_inside(demo, event_ids, slug):
    demo.control({"faults": [{"fault": "empty_markets", "path": "detail"}, {"fault": "empty_tree", "path": "tree"}]})
    event = detail(demo, event_ids, slug).json()
    event = event.get("data") or event.get("D") or event
    assert not event.get("markets") and not event.get("O")
    tree = ask(demo, slug, tree_path(slug)).json()
    inner = tree.get("data", {}).get("sportList") or tree.get("withRegions") or tree.get("D", {}).get("PAL")
    assert not inner


def test_a_stalled_request_never_answers(demo, event_ids):
    switch(demo, "stall")
    with pytest.raises(requests.ReadTimeout):
        detail(demo, event_ids, timeout=0.3)


def test_a_drip_sends_a_byte_at_a_time(demo, event_ids):
    switch(demo, "drip", seconds=0.05)
    answer = detail(demo, event_ids, stream=True)
    assert answer.status_code == 200
    assert len(answer.raw.read(1)) == 1
    answer.close()


@pytest.mark.parametrize("fault", ["reset", "content_length"])
def test_cut_bodies_do_not_arrive_whole(demo, event_ids, fault):
    switch(demo, fault)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        detail(demo, event_ids)


def test_half_a_gzip_stream_has_a_matching_length_and_no_end(demo, event_ids):
    switch(demo, "truncated_gzip")
    answer = detail(demo, event_ids, stream=True)
    body = answer.raw.read(decode_content=False)
    assert len(body) == int(answer.headers["content-length"])
    unpacker = zlib.decompressobj(31)
    unpacker.decompress(body)
    assert not unpacker.eof


def test_a_gzip_bomb_is_small_outside_and_large_inside(demo, event_ids):
    switch(demo, "gzip_bomb", megabytes=8)
    answer = detail(demo, event_ids, stream=True)
    body = answer.raw.read(decode_content=False)
    assert len(body) < 100_000 and len(zlib.decompress(body, 31)) > 8_000_000


def test_an_endless_body_goes_on_until_the_reader_leaves(demo, event_ids):
    switch(demo, "endless_body")
    answer = detail(demo, event_ids, stream=True)
    assert len(answer.raw.read(3_000_000)) == 3_000_000
    answer.close()


def test_a_refused_connection_is_closed_without_an_answer(demo, event_ids):
    switch(demo, "refuse")
    with pytest.raises(requests.ConnectionError):
        detail(demo, event_ids)


def test_an_endless_page_gives_the_first_events_for_ever(demo):
    switch(demo, "endless_page", path="list")
    pages = [ask(demo, "betpawa", page_path(skip, 5)).json() for skip in (0, 5, 500)]
    assert pages[0] == pages[1] == pages[2] and pages[0]["responses"][0]["responses"]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("fault", MUTATIONS)
def test_every_mutation_changes_the_detail_and_keeps_it_an_answer(demo, event_ids, slug, fault):
    healthy = detail(demo, event_ids, slug).content
    switch(demo, fault, markets=300, characters=300)
    answer = detail(demo, event_ids, slug)
    assert answer.status_code == 200 and answer.content != healthy
    json.loads(answer.content)


@pytest.mark.parametrize(("value", "raw"), [("NaN", True), ("1e999", True), ("-3", False), ("abc", False)])
def test_bad_prices_stand_in_the_answer_as_asked(demo, event_ids, value, raw):
    switch(demo, "bad_price", value=value, raw=raw)
    text = detail(demo, event_ids).text
    assert f'"odds":{value}' in text if raw else f'"odds":"{value}"' in text


def test_a_duplicate_key_of_bet9ja_is_there_twice(demo, event_ids):
    switch(demo, "duplicate_market", different=True)
    text = detail(demo, event_ids, "bet9ja").text
    first = sorted(json.loads(text)["D"]["O"])
    assert any(text.count(f'"{key}":') > 1 for key in first)


def test_hostile_names_arrive_unescaped(demo, event_ids):
    switch(demo, "nul")
    assert "\x00" in detail(demo, event_ids).json()["data"]["homeTeamName"]
    switch(demo, "markup")
    assert "<script>" in detail(demo, event_ids, "bet9ja").json()["D"]["DS"]


def test_a_fault_hits_only_what_it_names_and_only_so_often(demo, event_ids):
    first, second = event_ids["sportybet"][:2]
    switch(demo, "403", bookmaker="sportybet", path="detail", event=first, count=2)
    assert ask(demo, "sportybet", tree_path("sportybet")).status_code == 200
    assert ask(demo, "sportybet", detail_path("sportybet", second)).status_code == 200
    assert [ask(demo, "sportybet", detail_path("sportybet", first)).status_code for _ in range(3)] == [403, 403, 200]
    assert demo.state()["faults"][0]["hits"] == 2


def test_a_fault_with_a_probability_hits_some(demo, event_ids):
    switch(demo, "403", probability=0.5)
    statuses = {detail(demo, event_ids).status_code for _ in range(40)}
    assert statuses == {200, 403}


def test_all_faults_are_told_apart_and_unknown_ones_refused(demo):
    assert len(set(ALL)) == len(ANSWERS) + len(DELIVERIES) + len(MUTATIONS)
    with pytest.raises(ValueError, match="unknown fault"):
        demo.control({"faults": [{"fault": "gremlins"}]})
    with pytest.raises(ValueError, match="unknown setting"):
        demo.control({"weather": 1})


def test_a_bad_change_changes_nothing(demo):
    before = demo.state()
    with pytest.raises(ValueError, match="unknown bookmaker"):
        demo.control({"latency": {"betpawa": 99, "other": 1}})
    with pytest.raises(ValueError):
        demo.control({"latency": {"betpawa": 99}, "faults": [{"fault": "nope"}]})
    assert demo.state()["latency"] == before["latency"]


@pytest.mark.parametrize("slug", SLUGS)
def test_more_requests_at_once_than_allowed_are_refused_and_the_maximum_is_kept(demo, event_ids, slug):
    demo.control({"limits": {slug: 2}, "latency": {slug: 300}, "stats": "reset"})
    found = []
    threads = [Thread(target=lambda: found.append(detail(demo, event_ids, slug))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = demo.stats()
    assert stats["max_concurrency"][slug] > 2
    assert stats["refused"][slug] == sum(
        answer.status_code != 200 or answer.content == b'{"R":"E","D":null}' for answer in found
    )
    assert stats["refused"][slug] > 0 and stats["in_flight"] == {}


def test_a_client_that_leaves_frees_its_place(demo, event_ids):
    demo.control({"latency": {"bet9ja": 5000}, "stats": "reset"})
    host, port = demo.base_url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(f"GET /bet9ja{tree_path('bet9ja')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    wait_until(lambda: demo.stats()["in_flight"] == {"bet9ja": 1})
    connection.close()
    wait_until(lambda: not demo.stats()["in_flight"])


def test_garbage_is_answered_with_400_and_the_server_lives_on(demo, event_ids):
    host, port = demo.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"rubbish\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert detail(demo, event_ids).status_code == 200


def test_a_failure_of_the_server_itself_is_a_500_and_not_a_hang(demo, event_ids, monkeypatch):
    monkeypatch.setattr(demo.app, "answer", lambda slug, request: 1 / 0)
    assert detail(demo, event_ids).status_code == 500
