"""Who may do what, as one table: API, admin and socket, for every kind of visitor."""

import json
from datetime import UTC, datetime

import pytest
from channels.db import database_sync_to_async
from django.urls import get_resolver

from mappings import services
from mappings.models import IgnoreRule, MappingAuditLog, UnmappedMarketLog, UserMarketMapping
from odds.tests.builders import make_event
from oddsproject.api.tests.people import COLUMNS, client_of, make_person
from oddsproject.realtime import publish
from oddsproject.realtime.tests.helpers import read, session_cookie, socket
from scraping.models import ScrapeRun

# Answers of the five columns: anonymous, signed in without a role, viewer, trader, lead.
READ = (401, 403, 200, 200, 200)
TRADE = (401, 403, 403, 200, 200)
LEAD_ONLY = (401, 403, 403, 403, 200)
NO_SUCH_METHOD = (401, 403, 403, 405, 405)
NO_SUCH_METHOD_FOR_LEADS = (401, 403, 403, 403, 405)
PUBLIC = (200,) * 5
TO_SIGN_IN = 302

MARKET = {
    "canonicalId": "matrix",
    "name": "Matrix",
    "betpawaId": "777001",
    "bet9jaKey": "S_MATRIX",
    "outcomeMapping": [{"canonicalId": name, "betpawaName": name, "bet9jaSuffix": name} for name in "1X2"],
}

API = [
    # Public
    ("GET", "/healthz", None, PUBLIC),
    ("GET", "/readyz", None, PUBLIC),
    ("GET", "/admin/login/", None, (200, 200, TO_SIGN_IN, TO_SIGN_IN, TO_SIGN_IN)),
    # Reading
    ("GET", "/api/schema", None, READ),
    ("GET", "/api/docs", None, READ),
    ("GET", "/api/health", None, READ),
    ("GET", "/api/events", None, READ),
    ("GET", "/api/events/{event}", None, READ),
    ("GET", "/api/events/countries", None, READ),
    ("GET", "/api/events/tournaments", None, READ),
    ("GET", "/api/events/unmatched", None, READ),
    ("GET", "/api/events/{event}/markets/3743/history", None, (401, 403, 404, 404, 404)),
    ("GET", "/api/events/{event}/markets/3743/margin-history", None, (401, 403, 404, 404, 404)),
    ("GET", "/api/coverage", None, READ),
    ("GET", "/api/unmapped", None, READ),
    ("GET", "/api/unmapped/high-priority", None, READ),
    ("GET", "/api/unmapped/counts", None, READ),
    ("GET", "/api/unmapped/{unmapped}/suggestions", None, READ),
    ("GET", "/api/unmapped/ignore-rules", None, READ),
    ("GET", "/api/unmapped/ignore-rules/{rule}", None, READ),
    ("POST", "/api/unmapped/ignore-rules/preview", {"conditions": {"nameContains": "x"}}, READ),
    ("GET", "/api/unmapped/{unmapped}", None, READ),
    ("GET", "/api/mappings", None, READ),
    ("GET", "/api/mappings/1x2_ft", None, READ),
    ("GET", "/api/mappings/stats", None, READ),
    ("GET", "/api/mappings/audit-log", None, READ),
    ("GET", "/api/mappings/search?q=o25", None, READ),
    ("GET", "/api/mappings/coverage", None, READ),
    ("GET", "/api/mappings/suggestion-precision", None, READ),
    ("GET", "/api/mappings/decisions", None, READ),
    ("GET", "/api/mappings/decisions/{batch}", None, READ),
    ("GET", "/api/mappings/own/versions", None, READ),
    ("GET", "/api/mappings/own/price-check", None, READ),
    ("GET", "/api/mappings/pack", None, READ),
    ("POST", "/api/mappings/preview", {"canonicalId": "own"}, READ),
    ("GET", "/api/alerts", None, READ),
    ("GET", "/api/scrape/runs", None, READ),
    ("GET", "/api/scrape/runs/{run}", None, READ),
    ("GET", "/api/scrape/runs/active", None, READ),
    ("GET", "/api/scrape/stats", None, READ),
    ("GET", "/api/scheduler/status", None, READ),
    ("GET", "/api/settings", None, READ),
    ("GET", "/api/storage/sizes", None, READ),
    # Writing
    ("PATCH", "/api/unmapped/{unmapped}", {"status": "ACKNOWLEDGED"}, TRADE),
    ("PATCH", "/api/unmapped/{unmapped}", {"occurrenceCount": 0}, (401, 403, 403, 400, 400)),
    ("POST", "/api/unmapped", {}, NO_SUCH_METHOD),
    ("PUT", "/api/unmapped/{unmapped}", {}, NO_SUCH_METHOD),
    ("DELETE", "/api/unmapped/{unmapped}", None, NO_SUCH_METHOD),
    ("POST", "/api/unmapped/bulk", {"action": "acknowledge", "ids": [1]}, TRADE),
    ("POST", "/api/unmapped/bulk", {"action": "map", "canonicalId": "own", "ids": [1], "dryRun": True}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/acknowledge", {}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/ignore", {}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/snooze", {"until": "2030-01-01T00:00:00Z"}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/claim", {"minutes": 1}, (401, 403, 403, 200, 409)),
    ("POST", "/api/unmapped/{unmapped}/claim", {"force": True}, LEAD_ONLY),
    ("POST", "/api/unmapped/{unmapped}/release", {}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/reopen", {}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/close-review", {}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/accept-best", {}, (401, 403, 403, 409, 409)),
    ("POST", "/api/unmapped/{unmapped}/suggestions/reject", {"betpawaId": "1"}, TRADE),
    ("POST", "/api/unmapped/{unmapped}/map", {"canonicalId": "own", "reason": "Seen"}, TRADE),
    ("POST", "/api/unmapped/ignore-rules", {"name": "R", "conditions": {"family": "x"}}, (401, 403, 403, 201, 400)),
    ("PATCH", "/api/unmapped/ignore-rules/{rule}", {"reason": "Why"}, TRADE),
    ("DELETE", "/api/unmapped/ignore-rules/{rule}", {}, (401, 403, 403, 200, 404)),
    ("POST", "/api/mappings/decisions/{batch}/undo", {}, (401, 403, 403, 403, 200)),
    ("POST", "/api/mappings/decisions/undo-last", {}, (401, 403, 403, 409, 409)),
    ("POST", "/api/mappings/own/restore", {"auditId": "{audit}"}, LEAD_ONLY),
    ("POST", "/api/mappings/own/apply", None, (401, 403, 403, 202, 202)),
    ("POST", "/api/mappings/own/price-check", None, TRADE),
    ("POST", "/api/mappings/pack/review", {"pack": {}}, (401, 403, 422, 422, 422)),
    ("POST", "/api/mappings/pack", {"pack": {}, "reason": "Seen"}, (401, 403, 403, 403, 422)),
    ("PUT", "/api/mappings/decisions/{batch}", {}, NO_SUCH_METHOD),
    ("DELETE", "/api/mappings/decisions/{batch}", None, NO_SUCH_METHOD),
    ("POST", "/api/mappings", MARKET, (401, 403, 403, 201, 200)),
    ("PATCH", "/api/mappings/own", {"priority": 5}, TRADE),
    ("DELETE", "/api/mappings/own", None, TRADE),
    ("PUT", "/api/mappings/own", {}, NO_SUCH_METHOD),
    ("POST", "/api/mappings/audit-log", {}, NO_SUCH_METHOD),
    ("POST", "/api/events", {}, NO_SUCH_METHOD),
    ("PATCH", "/api/events/{event}", {}, NO_SUCH_METHOD),
    ("DELETE", "/api/events/{event}", None, NO_SUCH_METHOD),
    ("POST", "/api/events/{event}/markets/3743/history", {}, NO_SUCH_METHOD),
    ("DELETE", "/api/scrape/runs/{run}", None, NO_SUCH_METHOD),
    ("POST", "/api/scrape/event/{sportradar}", None, (401, 403, 403, 202, 202)),
    ("POST", "/api/scrape", {}, (401, 403, 403, 403, 202)),
    ("POST", "/api/scrape/{run}/retry", None, (401, 403, 403, 403, 202)),
    ("POST", "/api/scheduler/pause", {}, LEAD_ONLY),
    ("POST", "/api/scheduler/resume", {}, LEAD_ONLY),
    ("POST", "/api/mappings/reload", None, LEAD_ONLY),
    ("PUT", "/api/settings", {"batchSize": 60}, LEAD_ONLY),
    ("PUT", "/api/settings", {"betpawaUrl": "https://evil.example"}, (401, 403, 403, 403, 400)),
    ("DELETE", "/api/settings", None, NO_SUCH_METHOD_FOR_LEADS),
    ("GET", "/api/no/such/address", None, (401, 403, 404, 404, 404)),
]

SEEN = (TO_SIGN_IN, TO_SIGN_IN, 200, 200, 200)
HIDDEN = (TO_SIGN_IN, TO_SIGN_IN, 403, 403, 403)
ABSENT = (TO_SIGN_IN, TO_SIGN_IN, 404, 404, 404)
FOR_TRADERS = (TO_SIGN_IN, TO_SIGN_IN, 403, 200, 200)
FOR_LEADS = (TO_SIGN_IN, TO_SIGN_IN, 403, 403, 200)
ADMIN = [
    ("/admin/", SEEN),
    ("/admin/mappings/unmappedmarketlog/", SEEN),
    ("/admin/mappings/unmappedmarketlog/add/", HIDDEN),
    ("/admin/mappings/unmappedmarketlog/{unmapped}/delete/", HIDDEN),
    ("/admin/mappings/usermarketmapping/", SEEN),
    ("/admin/mappings/usermarketmapping/add/", FOR_TRADERS),
    ("/admin/mappings/usermarketmapping/{mapping}/delete/", HIDDEN),
    ("/admin/mappings/mappingauditlog/", SEEN),
    ("/admin/mappings/mappingauditlog/add/", HIDDEN),
    ("/admin/mappings/mappingauditlog/{audit}/delete/", HIDDEN),
    # The desk: the same roles as the API's addresses for the same things
    ("/admin/mappings/unmappedmarketlog/{unmapped}/change/", SEEN),
    ("/admin/mappings/unmappedmarketlog/focus/", SEEN),
    ("/admin/mappings/unmappedmarketlog/rules/", SEEN),
    ("/admin/mappings/unmappedmarketlog/rules/add/", FOR_TRADERS),
    ("/admin/mappings/unmappedmarketlog/rules/{rule}/", FOR_TRADERS),
    ("/admin/mappings/unmappedmarketlog/map/?ids={unmapped}", FOR_TRADERS),
    ("/admin/mappings/unmappedmarketlog/decide/?decision=ignore&ids={unmapped}", FOR_TRADERS),
    ("/admin/mappings/unmappedmarketlog/batch/{batch}/", SEEN),
    ("/admin/mapping/own/", SEEN),
    ("/admin/mapping/own/switch/", FOR_TRADERS),
    ("/admin/mapping/own/restore/{audit}/", FOR_LEADS),
    ("/admin/mapping-packs/", SEEN),
    ("/admin/mapping-packs/export/", SEEN),
    ("/admin/mappings/precision/", SEEN),
    ("/admin/decisions/", SEEN),
    ("/admin/odds/event/", SEEN),
    ("/admin/odds/event/add/", HIDDEN),
    ("/admin/odds/event/{event}/delete/", HIDDEN),
    ("/admin/odds/marketoddscurrent/", SEEN),
    ("/admin/odds/marketoddscurrent/add/", HIDDEN),
    ("/admin/scraping/scraperun/", SEEN),
    ("/admin/scraping/scraperun/add/", HIDDEN),
    ("/admin/scraping/scraperun/{run}/delete/", HIDDEN),
    ("/admin/auth/user/", FOR_LEADS),
    ("/admin/auth/user/add/", FOR_LEADS),
    ("/admin/auth/group/add/", HIDDEN),
    ("/admin/django_q/success/", FOR_LEADS),
    ("/admin/django_q/success/add/", HIDDEN),
    ("/admin/admin/logentry/", FOR_LEADS),
    ("/admin/api/apitoken/", SEEN),
    ("/admin/api/apitoken/add/", SEEN),
    ("/admin/django_q/schedule/", ABSENT),
    ("/admin/django_q/ormq/", ABSENT),
    ("/admin/sessions/session/", ABSENT),
    ("/admin/auth/permission/", ABSENT),
]


@pytest.fixture
def things(db):
    """One of each thing that addresses name."""
    event = make_event(links={"betpawa": "matrix-1"})
    outcomes = [
        {"canonical_id": name, "betpawa_name": name, "bet9ja_suffix": name, "position": n}
        for n, name in enumerate("1X2")
    ]
    own = UserMarketMapping.objects.create(
        canonical_id="own", name="Own", betpawa_id="777000", outcome_mapping=outcomes
    )
    run = ScrapeRun.objects.create(
        trigger="manual", status="failed", bookmakers=["betpawa"], finished_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    unmapped, other = (
        UnmappedMarketLog.objects.create(source="bet9ja", external_market_id=key, sample_outcomes=[])
        for key in ("S_M", "S_N")
    )
    return {
        "event": event.pk,
        "sportradar": event.sportradar_id,
        "unmapped": unmapped.pk,
        "rule": IgnoreRule.objects.create(name="Rule", conditions={"key_prefix": "NONE"}).pk,
        "batch": services.acknowledge(ids=[other.pk], user="somebody").batch_id,
        "mapping": own.pk,
        "audit": MappingAuditLog.objects.latest("id").pk,
        "run": run.pk,
    }


@pytest.mark.parametrize(("method", "address", "body", "expected"), API, ids=lambda value: str(value)[:60])
def test_api(things, method, address, body, expected):
    address = address.format(**things)
    answers = []
    for column in COLUMNS:
        text = json.dumps(body).replace('"{audit}"', str(things["audit"]))
        sent = {"data": text, "content_type": "application/json"} if body is not None else {}
        response = client_of(column).generic(method, address, **sent)
        answers.append(response.status_code)
        if response.status_code == 401:
            assert response["WWW-Authenticate"]
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json"
    assert tuple(answers) == expected


@pytest.mark.parametrize(("address", "expected"), ADMIN, ids=lambda value: str(value)[:60])
def test_admin(things, address, expected):
    address = address.format(**things)
    answers = [client_of(column).get(address).status_code for column in COLUMNS]
    assert tuple(answers) == expected


def test_every_address_of_the_api_is_in_the_table(things):
    """A new endpoint has to say here who may use it."""
    api = next(pattern for pattern in get_resolver().url_patterns if str(pattern.pattern) == "api/")
    known = {address.format(**things).partition("?")[0] for _, address, _, _ in API}
    missing = []
    for name, pattern in _named(api.url_patterns):
        if not any(pattern(address.removeprefix("/api/")) for address in known if address.startswith("/api/")):
            missing.append(name)
    assert not missing


def _named(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _named(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name, pattern.pattern.match


SOCKET = [(None, (False, False, True, True, True)), (b"http://evil.example", (False,) * 5), (b"null", (False,) * 5)]


@pytest.mark.parametrize(("origin", "expected"), SOCKET)
@pytest.mark.django_db(transaction=True)
async def test_socket(origin, expected):
    opened = []
    for column in COLUMNS:
        user = await database_sync_to_async(make_person)(column)
        cookie = await database_sync_to_async(session_cookie)(user) if user else None
        browser = socket("/api/ws?topics=odds_updates,secrets", cookie, **({"origin": origin} if origin else {}))
        accepted, _ = await browser.connect()
        opened.append(accepted)
        if accepted:
            assert (await read(browser, "connection_ack"))["data"]["topics"] == ["odds_updates"]
            assert (await read(browser, "error"))["data"]["code"] == "unknown_topic"
            notice = await database_sync_to_async(publish)("odds_updates", "odds_update", {"eventIds": [1]})
            await browser.send_to(f'{{"type": "resume", "since": {notice.id - 1}}}')
            assert (await read(browser, "odds_update"))["seq"] == notice.id
            await browser.disconnect()
    assert tuple(opened) == expected
