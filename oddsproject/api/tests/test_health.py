import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from oddsproject.api import health
from oddsproject.api.tests.people import client_of
from oddsproject.realtime.models import Notice
from scraping.models import BookmakerHealth


@pytest.mark.django_db
def test_alive_asks_neither_session_nor_database_not_even_for_somebody_signed_in(django_assert_num_queries):
    signed_in = client_of("viewer")
    with django_assert_num_queries(0):
        answer = signed_in.get("/healthz")
    assert answer.json() == {"status": "alive"}
    assert "vary" not in answer.headers


@pytest.mark.django_db
def test_strangers_read_one_word_and_viewers_the_parts():
    assert set(APIClient().get("/readyz").json()) == {"status"}
    assert set(client_of("plain").get("/readyz").json()) == {"status"}
    parts = client_of("viewer").get("/readyz").json()["parts"]
    assert set(parts) == {"database", "redis", "notices", "feeds", "queue"}
    assert parts["database"]["ok"] and parts["redis"]["ok"] and parts["notices"]["ok"]


@pytest.mark.django_db
def test_a_source_that_is_down_and_notices_that_nobody_sends_are_said():
    BookmakerHealth.objects.create(bookmaker_slug="bet9ja", state="down", reason="No complete cycle for 2 cycles.")
    notice = Notice.objects.create(topic="odds_updates", type="odds_update", data={})
    Notice.objects.filter(pk=notice.pk).update(created_at="2026-01-01T00:00:00Z")
    body = client_of("viewer").get("/api/health").json()
    assert body["status"] == "degraded"
    assert body["database"] is True and body["notices"] is False
    platform = body["platforms"][0]
    assert (platform["platform"], platform["status"]) == ("bet9ja", "down")
    assert platform["since"].endswith("Z")
    assert APIClient().get("/readyz").json() == {"status": "degraded"}


@pytest.mark.django_db
def test_redis_away_is_degraded_and_not_unavailable(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = APIClient().get("/readyz")
    assert answer.status_code == 200 and answer.json() == {"status": "degraded"}


def test_the_database_away_is_503_in_one_word(monkeypatch):
    def away():
        raise OperationalError("connection refused at 10.1.2.3")

    monkeypatch.setattr(health.connection, "cursor", away)
    answer = APIClient().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable"}


@pytest.mark.django_db
def test_storage_sizes_count_partitions_with_their_table():
    body = client_of("viewer").get("/api/storage/sizes").json()
    names = [table["tableName"] for table in body["tables"]]
    assert "market_odds_history" in names and len(set(names)) == len(names)
    assert not [name for name in names if name.startswith("market_odds_history_")]
    assert body["totalBytes"] == sum(table["sizeBytes"] for table in body["tables"]) > 0
    assert body["totalHuman"] and body["measuredAt"].endswith("Z")


@pytest.mark.django_db
def test_alerts_since_a_number_come_in_order():
    from oddsproject.realtime import publish

    first, second = (publish("unmapped_alerts", "unmapped_alert", {"count": n, "markets": []}) for n in (1, 2))
    publish("odds_updates", "odds_update", {"eventIds": []})
    viewer = client_of("viewer")
    assert [row["seq"] for row in viewer.get("/api/alerts").json()["items"]] == [first.id, second.id]
    body = viewer.get(f"/api/alerts?since={first.id}").json()
    assert body["total"] == 1
    assert body["items"][0]["data"] == {"count": 2, "markets": []}
    assert body["items"][0]["timestamp"].endswith("Z")
    assert viewer.get(f"/api/alerts?since={first.id}&topics=unmapped_alerts,odds_updates").json()["total"] == 2
    assert viewer.get("/api/alerts?since=-1").status_code == 400
    assert viewer.get("/api/alerts?topics=secrets").status_code == 400
