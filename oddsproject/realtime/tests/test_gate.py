"""Who is let in: 403 for everybody else, before the socket opens."""

import pytest

from oddsproject.api.tokens import issue_token
from oddsproject.realtime.gate import parse_origin
from oddsproject.realtime.tests.helpers import make_user, read, session_cookie, socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


async def is_let_in(communicator):
    accepted, _ = await communicator.connect()
    if accepted:
        await read(communicator, "connection_ack")
        await communicator.disconnect()
    return accepted


@pytest.mark.parametrize(
    "origin",
    [
        None,
        b"null",
        b"",
        b"http://evil.example",
        b"http://testserver:8001",
        b"https://testserver",
        b"http://testserver/path",
        b"http://testserver@evil.example",
        b"http://user@testserver",
        b"http://testserver.evil.example",
        b"http://[::1",
        b"http://testserver:99999",
        b"http://testserver:abc",
        b"//testserver",
        b"http://" + b"a" * 9000,
        b"\xff\xfe",
        b"file://",
    ],
)
async def test_a_foreign_missing_or_malformed_origin_is_refused(cookie, origin):
    assert not await is_let_in(socket(cookie=cookie, origin=origin))


@pytest.mark.parametrize(
    ("host", "scheme", "origin"),
    [
        (b"testserver", "ws", b"http://testserver"),
        (b"testserver:80", "ws", b"http://testserver"),
        (b"testserver:8123", "ws", b"http://testserver:8123"),
        (b"testserver", "wss", b"https://testserver"),
        (b"TESTSERVER", "wss", b"https://testserver:443"),
    ],
)
async def test_our_own_origin_is_let_in(cookie, host, scheme, origin):
    assert await is_let_in(socket(cookie=cookie, host=host, scheme=scheme, origin=origin))


async def test_a_host_that_is_not_ours_is_refused_even_when_the_origin_agrees(cookie):
    assert not await is_let_in(socket(cookie=cookie, host=b"evil.example", origin=b"http://evil.example"))


async def test_two_origins_are_refused(cookie):
    assert not await is_let_in(socket(cookie=cookie, extra=[(b"origin", b"http://testserver")]))


async def test_a_trusted_origin_is_let_in(cookie, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://desk.example"]
    assert await is_let_in(socket(cookie=cookie, origin=b"https://desk.example"))


async def test_behind_a_proxy_the_scheme_is_what_the_proxy_says(cookie, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    proxied = [(b"x-forwarded-proto", b"https")]
    assert await is_let_in(socket(cookie=cookie, origin=b"https://testserver", extra=proxied))
    assert not await is_let_in(socket(cookie=cookie, origin=b"http://testserver", extra=proxied))


@pytest.mark.parametrize("key", [None, "", "x" * 32, "a%00b", "\u0101", "a" * 500, "' OR 1=1"])
async def test_without_a_valid_session_nobody_is_let_in(transactional_db, key):
    assert not await is_let_in(socket(cookie=key))


async def test_the_path_may_end_with_a_slash(cookie):
    assert await is_let_in(socket("/api/ws/?topics=odds_updates", cookie=cookie))


@pytest.mark.parametrize(("role", "allowed"), [(None, False), ("viewer", True), ("trader", True), ("lead", True)])
async def test_viewers_and_above_are_let_in(transactional_db, in_thread, role, allowed):
    user = await in_thread(make_user)("pat", role)
    assert await is_let_in(socket(cookie=await in_thread(session_cookie)(user))) is allowed


async def test_a_program_is_let_in_by_the_token_in_its_header_only(viewer, in_thread):
    _, token = await in_thread(issue_token)(user=viewer, name="feed", role="viewer")
    header = [(b"authorization", f"Bearer {token}".encode())]
    assert await is_let_in(socket(origin=None, extra=header))
    assert not await is_let_in(socket(origin=b"http://evil.example", extra=header))
    assert not await is_let_in(socket(f"/api/ws?token={token}", origin=None))
    assert not await is_let_in(socket(origin=None, extra=[(b"authorization", b"Bearer odds_0_0")]))


async def test_default_ports_are_the_same_origin():
    assert parse_origin("https://desk.example") == parse_origin("https://desk.example:443")
    assert parse_origin("http://[::1]:8000") == ("http", "::1", 8000)
