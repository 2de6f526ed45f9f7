"""A new unmapped market is announced once, with everything else that is new, when it is committed."""

from threading import Barrier, Thread

import pytest
from django.db import connections, transaction

from mappings.alerts import announce_new_unmapped
from mappings.models import UnmappedMarketLog
from mappings.queue_filter import QueueFilter
from mappings.tests.test_unmapped_logger import cycle, entry
from mappings.unmapped_logger import unmapped_logger
from oddsproject.realtime.models import Notice

pytestmark = pytest.mark.django_db(transaction=True)


def alerts():
    return [notice.data for notice in Notice.objects.filter(topic="unmapped_alerts").order_by("id")]


def test_all_new_markets_go_into_one_alert_once():
    cycle(1, entry("b"), entry("a", market_name=None))
    assert announce_new_unmapped(1) == 2
    assert announce_new_unmapped(1) == 0
    (told,) = set(UnmappedMarketLog.objects.values_list("alerted_at", flat=True))
    assert alerts() == [
        {
            "count": 2,
            "announcedAt": told.isoformat().replace("+00:00", "Z"),
            "markets": [
                {"source": "bet9ja", "externalMarketId": "a", "marketName": None},
                {"source": "bet9ja", "externalMarketId": "b", "marketName": "Three corners"},
            ],
        }
    ]
    assert QueueFilter.from_query({"tab": "NEW", "announced": alerts()[0]["announcedAt"]}).count() == (2, True)


def test_a_market_that_came_back_is_announced_again():
    cycle(1, entry())
    announce_new_unmapped()
    UnmappedMarketLog.objects.update(status="MAPPED")
    cycle(2, entry())
    assert announce_new_unmapped() == 1
    assert len(alerts()) == 2


def test_what_is_ignored_is_not_announced():
    cycle(1, entry())
    UnmappedMarketLog.objects.update(status="IGNORED")
    assert announce_new_unmapped() == 0 and alerts() == []


def test_an_alert_that_is_rolled_back_is_sent_next_time():
    cycle(1, entry())
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce_new_unmapped()
        raise ZeroDivisionError
    assert alerts() == []
    assert announce_new_unmapped() == 1


def test_of_several_workers_one_announces():
    cycle(1, *(entry(f"k{number}") for number in range(50)))
    together = Barrier(4)
    counts = []

    def work():
        try:
            together.wait(10)
            counts.append(announce_new_unmapped())
        finally:
            connections["default"].close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(counts) == [0, 0, 0, 50]
    assert len(alerts()) == 1


def test_the_list_of_new_markets_is_cleared_with_the_alert():
    cycle(1, entry(), logger=unmapped_logger)
    assert unmapped_logger.get_new_markets()
    announce_new_unmapped()
    assert unmapped_logger.get_new_markets() == []


def test_a_first_run_names_five_hundred_and_counts_all():
    cycle(1, *(entry(f"k{number:04}") for number in range(700)))
    assert announce_new_unmapped() == 700
    (alert,) = alerts()
    assert alert["count"] == 700 and len(alert["markets"]) == 500


def test_a_rule_that_fails_keeps_nobody_from_hearing(monkeypatch, caplog):
    def fails():
        raise ValueError("a rule that cannot be applied")

    monkeypatch.setattr("mappings.ignore_rules.apply_rules", fails)
    UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_HEARD")
    assert announce_new_unmapped() == 1
