"""Bad input of any kind is a 4xx that says what is wrong, in one form."""

import pytest

from oddsproject.api.tests.people import client_of

pytestmark = pytest.mark.django_db

DEEP = b"[" * 100_000
NESTED = b'{"a":' * 40 + b"1" + b"}" * 40


def problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status and body["title"] and body["code"] and body["type"]
    return body


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        NESTED,
        b'{"scrapeIntervalMinutes": NaN}',
        b'{"scrapeIntervalMinutes": 1e999}',
        b'{"scrapeIntervalMinutes": ' + b"9" * 5000 + b"}",
        b'{"scrapeIntervalMinutes": ' + b"9" * 40 + b"}",
        b'{"reason": "\\u0000"}',
        b'{"reason": "\\ud800"}',
        b'{"\\u0000": 1}',
        b'{"reason": "a", "reason": "b"}',
        b'{"reason": "\xff\xfe"}',
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"{",
        b"",
        b'{"scrapeIntervalMinutes": "5"}',
        b'{"scrapeIntervalMinutes": true}',
        b'{"scrapeIntervalMinutes": 5.0}',
        b'{"scrapeIntervalMinutes": [5]}',
        b'{"scrapeIntervalMinutes": null}',
        b'{"scrapeIntervalMinutes": 0}',
        b'{"scrapeIntervalMinutes": 14400}',
        b'{"enabledPlatforms": {"betpawa": 1}}',
        b'{"enabledPlatforms": "betpawa"}',
        b'{"enabledPlatforms": ["betway"]}',
        b'{"platformLimits": {"betway": {"details": 1}}}',
        b'{"platformLimits": {"bet9ja": {"details": 10000}}}',
        b'{"platformLimits": {"bet9ja": {"delay_ms": 1}}}',
        b'{"platformLimits": []}',
    ],
)
def test_a_hostile_body_is_refused_and_changes_nothing(lead, body):
    before = lead.get("/api/settings").json()
    problem(lead.generic("PUT", "/api/settings", body, content_type="application/json"), 400)
    assert lead.get("/api/settings").json() == before


def test_every_wrong_field_is_named(lead):
    response = lead.put("/api/settings", {"id": 1, "updatedBy": "x", "scrapeIntervalMinutes": 0, "nonsense": 1})
    body = problem(response, 400)
    assert set(body["errors"]) == {"id", "updatedBy", "nonsense"}
    response = lead.put("/api/settings", {"platformLimits": {"bet9ja": {"delayMs": -1}}, "batchSize": 3})
    assert set(problem(response, 400)["errors"]) == {"platformLimits.bet9ja.delayMs", "batchSize"}


def test_a_body_beyond_the_limit_is_413(lead):
    body = b'{"reason": "' + b"a" * 3_000_000 + b'"}'
    problem(lead.generic("PUT", "/api/settings", body, content_type="application/json"), 413)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
def test_a_body_of_another_kind_is_415(lead, content_type):
    problem(lead.generic("PUT", "/api/settings", b"a=1", content_type=content_type), 415)


def test_a_body_in_another_charset_is_refused(lead):
    body = '{"reason": "x"}'.encode("utf-16")
    problem(lead.generic("PUT", "/api/settings", body, content_type="application/json; charset=utf-16"), 400)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=2", "page"),
        ("page=99999999999999999999999999", "page"),
        ("page=one", "page"),
        ("page=", "page"),
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("page_size=10", "page_size"),
        ("page=1&page=2", "page"),
        ("nonsense=1", "nonsense"),
        ("status=finished", "status[0]"),
        ("kind=%00", "kind"),
        ("status=" + ",".join(["failed"] * 20_000), "status"),
    ],
)
def test_a_bad_parameter_is_named(viewer, query, named):
    assert named in problem(viewer.get(f"/api/scrape/runs?{query}"), 400)["errors"]


@pytest.mark.parametrize(
    "path",
    ["/api/nothing", "/api/scrape/runs/" + "9" * 40, "/api/scrape/runs/%00", "/api/scrape/runs/-1", "/api/"],
)
def test_an_unknown_address_is_a_404_to_those_who_may_know(viewer, path):
    problem(viewer.get(path), 404)


def test_an_unknown_address_is_401_to_strangers(client):
    response = client.get("/api/nothing")
    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/api/scrape/runs", "/api/scrape/runs/"])
def test_the_trailing_slash_is_optional(viewer, path):
    assert viewer.get(path).status_code == 200


def test_a_session_without_its_csrf_token_writes_nothing():
    client = client_of("lead")
    client.handler.enforce_csrf_checks = True
    problem(client.put("/api/settings", {"batchSize": 20}), 403)


def test_what_is_not_allowed_is_said_in_the_allow_header(lead):
    response = lead.delete("/api/settings")
    problem(response, 405)
    assert set(response["Allow"].split(", ")) == {"GET", "PUT", "HEAD", "OPTIONS"}
