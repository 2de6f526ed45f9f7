import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from oddsproject.realtime import build_unmapped_alert, publish
from oddsproject.realtime.models import Notice


class Row:
    source, external_market_id, market_name = "bet9ja", "S_3CM", "Corners\u202e"


def test_the_unmapped_alert_has_the_form_of_the_contract():
    alert = build_unmapped_alert([Row, Row])
    row = {"source": "bet9ja", "externalMarketId": "S_3CM", "marketName": "Corners\u202e"}
    assert alert["type"] == "unmapped_alert"
    assert alert["data"] == {"count": 2, "markets": [row, row]}
    assert set(alert) == {"type", "timestamp", "data"}
    at = datetime.fromisoformat(alert["timestamp"])
    assert alert["timestamp"].endswith("Z") and at.tzinfo == UTC and len(alert["timestamp"].split(".")[1]) == 4


@pytest.mark.django_db(transaction=True)
def test_a_notice_belongs_to_the_transaction_that_caused_it():
    with pytest.raises(RuntimeError), transaction.atomic():
        publish("odds_updates", "odds_update", {"eventIds": [1]})
        raise RuntimeError
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_an_unknown_topic_is_refused():
    with pytest.raises(ValueError, match="Unknown topic"):
        publish("gossip", "gossip", {})


@pytest.mark.django_db
def test_texts_that_the_database_refuses_do_not_cost_the_transaction():
    notice = publish("odds_updates", "odds_update", {"a\x00": ["x\x00y", {"b": "\\u0000"}]})
    assert Notice.objects.get().data == notice.data == {"a": ["xy", {"b": "\\u0000"}]}


@pytest.mark.django_db
def test_not_a_number_is_refused_before_it_reaches_the_database():
    with pytest.raises(ValueError, match="JSON"):
        publish("odds_updates", "odds_update", {"x": float("nan")})


@pytest.mark.django_db(transaction=True)
def test_numbers_commit_in_order_however_long_a_transaction_lasts():
    """A reader who has seen n must never find a smaller number later."""
    in_transaction, release = threading.Event(), threading.Event()
    slow, quick = [], []

    def slow_writer():
        with transaction.atomic():
            slow.append(publish("odds_updates", "odds_update", {}).id)
            in_transaction.set()
            assert release.wait(10)
        connections.close_all()

    def quick_writer():
        assert in_transaction.wait(10)
        quick.append(publish("odds_updates", "odds_update", {}).id)
        connections.close_all()

    threads = [threading.Thread(target=target) for target in (slow_writer, quick_writer)]
    for thread in threads:
        thread.start()
    assert in_transaction.wait(10)
    wait_until(lambda: waiting_for_a_lock() == 1)
    assert not Notice.objects.exists()  # the quick one waits, instead of showing its number first
    release.set()
    for thread in threads:
        thread.join(10)
    assert slow[0] < quick[0]


def waiting_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone()[0]


def wait_until(condition, seconds=10):
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("It did not happen in time.")
