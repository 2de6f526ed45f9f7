"""The client over real sockets: what is retried, what is refused, what is given up."""

import gzip
import pickle
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.exceptions import AddressRefused, Blocked, FetchError, PayloadChanged, Unavailable
from scraping.http import BookmakerClient, client_for, retry_after_seconds
from scraping.limits import Limiter
from scraping.tests.rude_server import answer, rude

SLUG = "bet9ja"
BODY = b'{"R":"OK","D":{}}'
GOOD_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings):
    settings.BOOKMAKER_ALLOW_LOOPBACK = True


@pytest.fixture
def ask():
    """ask(script, **client options) -> (what client.get returns or raises, the server)"""
    opened = []

    def run(script, *, path="/x", max_pause_wait=0.5, probe_seconds=30.0, client=None, **options):
        limiter = Limiter(
            {SLUG: {"details": 4, "lists": 2, "delay_ms": 0}},
            max_pause_wait=max_pause_wait,
            probe_seconds=probe_seconds,
        )
        opened.append(limiter)
        with rude(script) as server:
            asking = BookmakerClient(SLUG, server.url, limiter, backoff_factor=0, **options)
            opened.append(asking)
            try:
                outcome = (client or (lambda one: one.get(path)))(asking)
            except FetchError as error:
                outcome = error
            return outcome, server

    yield run
    for one in opened:
        one.close()


def always(*answers):
    """One answer after the other, the last one for ever."""
    return lambda number, head, connection: answers[min(number, len(answers)) - 1]


def test_a_good_answer_is_inflated_and_its_connection_is_used_again(ask):
    script = always(answer(gzip.compress(BODY), content_encoding="gzip"))
    result, server = ask(script, client=lambda one: [one.get("/x?a=%7B"), one.get("/x"), one.post("/y", b"[1]")])
    assert result == [BODY] * 3
    heads = [head for _, head in server.heads]
    assert heads[0].startswith("GET /x?a=%7B HTTP/1.1") and "accept-encoding: gzip" in heads[0].lower()
    assert heads[2].startswith("POST /y") and "content-type: application/json" in heads[2]


def test_cookies_of_a_bookmaker_are_not_sent_back(ask):
    script = always(answer(BODY, set_cookie="who=me; path=/"))
    _, server = ask(script, client=lambda one: [one.get("/x"), one.get("/x")])
    assert not any("cookie" in head.lower() for _, head in server.heads)


def test_the_environments_proxy_is_ignored(ask, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    result, _ = ask(always(answer(BODY)))
    assert result == BODY


@pytest.mark.parametrize("status", ["408 X", "425 X", "429 X", "500 X", "503 X"])
def test_what_may_succeed_is_tried_three_times(ask, status):
    result, server = ask(always(answer(b"{}", status)))
    assert isinstance(result, Unavailable) and result.code == f"HTTP_{status[:3]}"
    assert len(server.heads) == 3
    result, server = ask(always(answer(b"{}", status), answer(BODY)))
    assert result == BODY and len(server.heads) == 2


@pytest.mark.parametrize("status", ["400 X", "404 X", "410 X"])
def test_what_will_not_change_is_asked_once(ask, status):
    result, server = ask(always(answer(b"{}", status)))
    assert isinstance(result, PayloadChanged) and result.status == int(status[:3])
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (answer(b"<html>who are you</html>", content_type="text/html"), "CHALLENGE"),
        (answer(b"\x08\x01", content_type="application/x-protobuf"), "CONTENT_TYPE"),
        (answer(b"{}", content_type=None), "CHALLENGE"),
        (answer(b""), "CHALLENGE"),
        (answer(b" \n"), "CHALLENGE"),
        (answer(b"", "202 Accepted"), "CHALLENGE"),
        (answer(b"", "204 No Content", content_type=None), "CHALLENGE"),
        (answer(b"<html>no</html>", "403 Forbidden", content_type="text/html"), "FORBIDDEN"),
    ],
)
def test_a_refusal_is_told_from_an_answer_and_not_repeated(ask, bad, code):
    result, server = ask(always(bad))
    assert isinstance(result, Blocked) and result.code == code
    assert len(server.heads) == 1


def test_a_refusal_keeps_a_bounded_sample(ask):
    page = b"<html>" + b"x" * 200_000
    bad = answer(gzip.compress(page), "403 Forbidden", content_type="text/html", content_encoding="gzip")
    result, _ = ask(always(bad))
    assert result.sample == page[: 64 * 1024]
    assert pickle.loads(pickle.dumps(result)).sample == result.sample


@pytest.mark.parametrize("status", ["301 X", "302 X", "307 X", "308 X"])
def test_a_redirect_is_a_failure_and_its_target_hears_nothing(ask, status):
    with rude(always(answer(b"{}"))) as target:
        result, server = ask(always(answer(b"", status, location=f"{target.url}/latest/meta-data")))
        assert isinstance(result, Blocked) and result.code == "REDIRECT"
        assert len(server.heads) == 1 and target.heads == []


def trickle(before):
    def script(number, head, connection):
        connection.sendall(before)
        while True:
            time.sleep(0.02)
            connection.sendall(b" ")

    return script


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nx-slow: ",
        GOOD_HEAD + b"content-length: 9999\r\n\r\n",
    ],
    ids=["status line", "headers", "body"],
)
def test_a_drip_is_given_up_at_the_total_wherever_it_drips(ask, before):
    began = time.monotonic()
    result, server = ask(trickle(before), total_seconds=0.25)
    assert isinstance(result, Unavailable) and result.code == "TIMEOUT"
    assert len(server.heads) == 3
    assert time.monotonic() - began < 10  # three totals; the drip itself would last for ever


def test_silence_is_given_up_at_the_total(ask):
    held = threading.Event()
    result, _ = ask(lambda number, head, connection: held.wait(60) and None, total_seconds=0.4)
    held.set()
    assert isinstance(result, Unavailable) and result.code == "TIMEOUT"


def test_a_refused_connection_is_unavailable(ask):
    with rude(always(b"")) as gone:
        address = gone.url
    limiter = Limiter({SLUG: {"details": 1}})
    client = BookmakerClient(SLUG, address, limiter, backoff_factor=0)
    with pytest.raises(Unavailable) as caught:
        client.get("/x")
    assert caught.value.code == "CONNECTION" and client.requests_sent == 3
    limiter.close()


ZIPPED = gzip.compress(BODY * 50)


@pytest.mark.parametrize(
    "cut",
    [
        answer(ZIPPED[: len(ZIPPED) // 2], content_encoding="gzip"),
        answer(ZIPPED[:-4], content_encoding="gzip"),
        answer(ZIPPED[:-1] + b"\xff", content_encoding="gzip"),
        answer(ZIPPED + b"more", content_encoding="gzip"),
        answer(b"plain, not gzip", content_encoding="gzip"),
        answer(BODY, length=500, connection="close"),
        answer(ZIPPED, length=500, content_encoding="gzip", connection="close"),
        GOOD_HEAD + b'transfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\n{"R"\r\n',
        b"this is not HTTP at all\r\n\r\n",
    ],
    ids=["half gzip", "no trailer", "bad checksum", "tail", "no gzip", "short", "short gzip", "cut chunks", "no HTTP"],
)
def test_a_cut_body_is_a_failed_fetch_that_is_tried_again(ask, cut):
    result, server = ask(always(cut))
    assert isinstance(result, Unavailable)
    assert len(server.heads) == 3
    assert ask(always(cut, answer(BODY)))[0] == BODY


def test_a_gzip_bomb_is_refused_without_being_inflated(ask):
    bomb = answer(gzip.compress(b"0" * 200_000_000, 1), content_encoding="gzip")
    tracemalloc.start()
    try:
        result, server = ask(always(bomb))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(result, PayloadChanged) and result.code == "TOO_LARGE"
    assert len(server.heads) == 1
    assert peak < 64 * 1024 * 1024


def test_a_plain_body_over_the_cap_is_refused(ask):
    result, _ = ask(always(answer(b"[" + b"1," * 600 + b"1]")), max_bytes=1000)
    assert isinstance(result, PayloadChanged) and result.code == "TOO_LARGE"


def test_an_encoding_nobody_asked_for_is_refused(ask):
    result, _ = ask(always(answer(b"\x0b\x02", content_encoding="br")))
    assert isinstance(result, PayloadChanged) and result.code == "CONTENT_ENCODING"


# --- Retry-After and the circuit ------------------------------------------------------------------
def test_nobody_asks_before_the_time_that_a_429_names(ask):
    script = always(answer(b"{}", "429 X", retry_after="1"), answer(BODY))

    def all_at_once(client):
        first = client.get("/first")
        return [first, client.get("/second")]

    result, server = ask(script, client=all_at_once, max_pause_wait=5.0)
    assert result == [BODY, BODY]
    refused, *later = [at for at, _ in server.heads]
    assert later and min(later) - refused >= 0.99


def test_a_retry_after_that_is_far_away_fails_at_once_and_holds_for_everybody(ask):
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)

    def twice(client):
        errors = []
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                client.get("/x")
            errors.append(caught.value)
        return errors

    (first, second), server = ask(always(answer(b"{}", "429 X", retry_after=at)), client=twice)
    assert first.code == "HTTP_429" and 590 < first.retry_after <= 600
    assert second.code == "PAUSED" and 590 < second.retry_after <= 600
    assert len(server.heads) == 1


def test_an_absurd_retry_after_does_not_switch_a_bookmaker_off_for_ever(ask):
    def paused_for(client):
        with pytest.raises(Unavailable):
            client.get("/x")
        return client.limiter.paused_for(SLUG)

    seconds, _ = ask(always(answer(b"{}", "503 X", retry_after="99999999999")), client=paused_for)
    assert 3590 < seconds <= 3600


def test_a_storm_of_errors_opens_the_circuit_and_a_good_probe_closes_it(ask):
    healthy = threading.Event()

    def script(number, head, connection):
        return answer(BODY) if healthy.is_set() else answer(b"{}", "503 X")

    def storm(client):
        codes = []
        for _ in range(20):
            with pytest.raises(Unavailable) as caught:
                client.get("/x")
            codes.append(caught.value.code)
        sent = client.requests_sent
        healthy.set()
        end = time.monotonic() + 15
        while client.limiter.paused_for(SLUG):
            assert time.monotonic() < end
            time.sleep(0.02)
        return codes, sent, [client.get("/x") for _ in range(5)]

    (codes, sent, after), _ = ask(script, client=storm, probe_seconds=1.0, max_pause_wait=0.05, failures_to_open=6)
    assert codes[:1] == ["HTTP_503"] and codes[-1] == "PAUSED"
    assert sent < 20
    assert after == [BODY] * 5


def test_a_failed_probe_keeps_the_circuit_open(ask):
    def storm(client):
        for _ in range(5):
            with pytest.raises(Unavailable):
                client.get("/x")
        sent = client.requests_sent
        end = time.monotonic() + 15
        while client.limiter.paused_for(SLUG):
            assert time.monotonic() < end
            time.sleep(0.02)
        for _ in range(5):
            with pytest.raises(Unavailable):
                client.get("/x")
        return client.requests_sent - sent

    probes, _ = ask(
        always(answer(b"{}", "503 X")), client=storm, probe_seconds=1.0, max_pause_wait=0.0, failures_to_open=3
    )
    assert probes == 1


# --- Addresses ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://www.betpawa.ng",
        "https://www.betpawa.ng:8443",
        "https://user:secret@www.betpawa.ng",
        "https://www.betpawa.ng.example.org",
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://www.betpawa.ng?x=1",
        "https://www.betpawa.ng\\@127.0.0.1",
        "https://[::1",
        "ftp://www.betpawa.ng",
        "",
    ],
)
def test_an_address_off_the_list_is_refused_and_nothing_is_sent(address):
    client = BookmakerClient("betpawa", address, Limiter({}))
    with pytest.raises(AddressRefused) as caught:
        client.get("/x")
    assert client.requests_sent == 0 and "is not used" in caught.value.detail


def test_loopback_is_refused_outside_debug(settings):
    settings.BOOKMAKER_ALLOW_LOOPBACK = False
    with rude(always(answer(BODY))) as server:
        with pytest.raises(AddressRefused):
            BookmakerClient(SLUG, server.url, Limiter({})).get("/x")
        assert server.heads == []


def test_a_client_is_shared_and_follows_the_deployments_address(settings):
    settings.BOOKMAKER_URLS = {"betpawa": "https://www.betpawa.ng/"}
    client = client_for("betpawa")
    assert client is client_for("betpawa") and client.base_url == "https://www.betpawa.ng"
    settings.BOOKMAKER_URLS = {"betpawa": "http://127.0.0.1:1/betpawa"}
    assert client_for("betpawa").base_url == "http://127.0.0.1:1/betpawa"


# --- Retry-After, as text -------------------------------------------------------------------------
NOW = datetime(2026, 5, 6, 11, tzinfo=UTC)


@given(st.integers(0, 10**9))
def test_retry_after_in_seconds_and_as_a_date_mean_the_same(seconds):
    assert retry_after_seconds(str(seconds), NOW) == seconds
    at = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_seconds(f" {at} ", NOW) == seconds


@given(st.one_of(st.none(), st.text(max_size=60), st.sampled_from(["-1", "1.5", "soon", "Wed, 99 Xxx 2026", "²"])))
def test_retry_after_never_raises_and_is_never_negative(text):
    seconds = retry_after_seconds(text, NOW)
    assert seconds is None or seconds >= 0


def test_a_date_that_has_passed_means_now():
    assert retry_after_seconds("Wed, 06 May 2026 10:00:00 GMT", NOW) == 0
