"""Every unmapped market reaches the queue once, counted once a cycle, and none is lost on the way."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import DatabaseError, connection, connections, transaction

from mappings.models import MappingVersion, UnmappedMarketLog, UserMarketMapping
from mappings.unmapped_logger import UnmappedEntry, UnmappedLogger, identity

NOW = datetime(2026, 5, 6, 8, 0, tzinfo=UTC)


def entry(key="S_3CM", source="bet9ja", **values):
    values = {"market_name": "Three corners", "sample_outcomes": [{"text": "Y", "price": "2"}], "seen_at": NOW} | values
    return UnmappedEntry(source=source, external_market_id=key, **values)


def row(key="S_3CM"):
    return UnmappedMarketLog.objects.get(external_market_id=key)


def cycle(cycle_id, *entries, logger=None):
    """One worker's share of one cycle."""
    logger = logger or UnmappedLogger()
    logger.begin_cycle(cycle_id)
    for one in entries:
        logger.log(one)
    return logger.flush()


def test_logging_says_whether_the_market_is_new_in_this_session():
    logger = UnmappedLogger()
    assert logger.log(entry()) is True
    assert logger.log(entry()) is False
    assert logger.log(entry(source="sportybet")) is True


@pytest.mark.django_db
def test_a_flush_returns_how_many_rows_are_new():
    logger = UnmappedLogger()
    logger.log(entry("a"))
    logger.log(entry("b"))
    assert logger.flush() == 2
    logger.log(entry("a"))
    logger.log(entry("c"))
    assert logger.flush() == 1
    assert logger.flush() == 0


@pytest.mark.django_db
def test_the_new_markets_are_kept_until_cleared():
    logger = UnmappedLogger()
    logger.log(entry("b"))
    logger.log(entry("a"))
    assert logger.get_new_markets() == []
    logger.flush()
    assert [market.external_market_id for market in logger.get_new_markets()] == ["a", "b"]
    logger.clear_new_markets()
    logger.log(entry("a"))
    logger.flush()
    assert logger.get_new_markets() == []


@pytest.mark.django_db
def test_occurrences_rise_once_a_cycle_whatever_the_workers_and_events():
    for cycle_id in (1, 2):
        cycle(cycle_id, entry(event_key="1"), entry(event_key="2"))
        cycle(cycle_id, entry(event_key="3"))
    assert (row().occurrence_count, row().event_count) == (2, 3)
    assert (row().first_cycle_id, row().last_cycle_id) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_an_event_counts_once_in_a_cycle_however_often_one_worker_flushes():
    logger = UnmappedLogger()
    for _ in range(3):
        cycle(1, entry(event_key="1"), logger=logger)
    assert (row().occurrence_count, row().event_count) == (1, 1)


@pytest.mark.django_db
def test_a_late_share_of_an_older_cycle_changes_no_count():
    cycle(2, entry(event_key="1"))
    cycle(1, entry(event_key="2"), entry(event_key="3"))
    assert (row().occurrence_count, row().event_count, row().last_cycle_id) == (1, 1, 2)


@pytest.mark.django_db
def test_without_a_cycle_each_flush_counts():
    for _ in range(3):
        logger = UnmappedLogger()
        logger.log(entry())
        logger.flush()
    assert row().occurrence_count == 3


@pytest.mark.django_db
def test_the_soonest_kickoff_and_the_newest_time_are_kept():
    late, soon = NOW + timedelta(hours=5), NOW + timedelta(hours=1)
    cycle(1, entry(kickoff_at=late, seen_at=NOW), entry(kickoff_at=soon, seen_at=NOW + timedelta(seconds=9)))
    assert (row().next_kickoff_at, row().last_seen_at) == (soon, NOW + timedelta(seconds=9))
    cycle(2, entry(kickoff_at=late))
    assert row().next_kickoff_at == late


@pytest.mark.django_db
def test_within_a_cycle_the_time_moves_in_steps_and_never_back():
    seen = [NOW, NOW + timedelta(minutes=4), NOW + timedelta(minutes=5), NOW]
    times = []
    for at in seen:
        cycle(1, entry(seen_at=at))
        times.append(row().last_seen_at)
    assert times == [NOW, NOW, seen[2], seen[2]]
    cycle(2, entry(seen_at=NOW + timedelta(minutes=6)))
    assert row().last_seen_at == NOW + timedelta(minutes=6)


INDEXED = """
SELECT DISTINCT a.attname::text
  FROM pg_index AS i JOIN pg_depend AS d ON d.objid = i.indexrelid AND d.refobjid = i.indrelid
  JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
 WHERE i.indrelid = 'unmapped_market_log'::regclass
"""


@pytest.mark.django_db
def test_within_a_cycle_counting_again_moves_no_column_that_an_index_holds():
    """So the new version of a row stays within its page, and no index is written."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXED)
        indexed = [name for (name,) in cursor.fetchall()]
    assert {"priority", "last_seen_at", "snoozed_until", "best_band"} <= set(indexed)
    looks = []
    for number, event in enumerate("ab"):
        later = NOW + timedelta(minutes=number)
        cycle(1, entry(event_key=event, seen_at=later, kickoff_at=NOW, sample_outcomes=[{"price": event}]))
        looks.append(UnmappedMarketLog.objects.values(*indexed).get())
    assert looks[0] == looks[1] and row().event_count == 2


@pytest.mark.django_db
def test_a_row_without_a_name_gets_name_and_sample_as_soon_as_they_are_seen():
    cycle(1, entry(market_name=None, sample_outcomes=[{"text": "?"}]))
    cycle(1, entry(market_name=None, sample_outcomes=[{"text": "!"}]))
    cycle(1, entry())
    assert (row().market_name, row().sample_outcomes) == ("Three corners", [{"text": "Y", "price": "2"}])
    cycle(1, entry(sample_outcomes=[{"text": "Y", "price": "3"}]))
    assert row().sample_outcomes == [{"text": "Y", "price": "2"}]
    cycle(2, entry(sample_outcomes=[{"text": "Y", "price": "3"}]))
    assert row().sample_outcomes == [{"text": "Y", "price": "3"}]


@pytest.mark.django_db
def test_a_sighting_without_a_name_does_not_wipe_the_description():
    cycle(1, entry(rules_text="How it is settled."))
    cycle(2, entry(market_name=None, sample_outcomes=[{"text": "?"}], rules_text=""))
    found = row()
    assert (found.market_name, found.rules_text) == ("Three corners", "How it is settled.")
    assert found.sample_outcomes == [{"text": "Y", "price": "2"}]
    cycle(3, entry("bare", market_name=None, sample_outcomes=None))
    assert row("bare").sample_outcomes is None


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["ACKNOWLEDGED", "IGNORED"])
def test_a_decision_stays_while_counting_goes_on(status):
    cycle(1, entry())
    UnmappedMarketLog.objects.update(status=status)
    cycle(2, entry())
    assert (row().status, row().occurrence_count, row().reopened_reason) == (status, 2, None)


@pytest.mark.django_db
def test_a_mapped_market_that_fails_again_comes_back_and_says_why():
    cycle(1, entry())
    mapping = UserMarketMapping.objects.create(canonical_id="three_corners", name="Three corners")
    UnmappedMarketLog.objects.update(
        status="MAPPED", decided_by="alice", decided_at=NOW, mapped_to=mapping, alerted_at=NOW
    )
    logger = UnmappedLogger()
    cycle(2, entry(error_code="PARTIAL_OUTCOMES"), logger=logger)
    found = row()
    assert (found.status, found.alerted_at, found.version) == ("NEW", None, 2)
    for word in ("three_corners", "alice", "Wed 6 May 2026, 09:00 WAT", "partial outcomes"):
        assert word in found.reopened_reason
    assert found.earlier_decision["mappedTo"] == "three_corners"
    assert [market.external_market_id for market in logger.get_new_markets()] == ["S_3CM"]


@pytest.mark.django_db
def test_a_worker_that_has_not_read_the_mapping_yet_does_not_reopen_its_market():
    cycle(1, entry())
    newer = MappingVersion.objects.get().version + 1
    UnmappedMarketLog.objects.update(status="MAPPED", decided_mapping_version=newer)
    logger = UnmappedLogger()
    logger.begin_cycle(2)
    logger.log(entry())
    logger._waiting["bet9ja", "S_3CM"].mapping_version = newer - 1
    logger.flush()
    assert row().status == "MAPPED"
    logger.log(entry())
    logger._waiting["bet9ja", "S_3CM"].mapping_version = newer
    logger.flush()
    assert row().status == "NEW"


@pytest.mark.django_db
def test_a_market_mapped_to_what_betpawa_lacks_stays_mapped():
    cycle(1, entry())
    mapping = UserMarketMapping.objects.create(canonical_id="rivals_only", name="Rivals only")
    UnmappedMarketLog.objects.update(status="MAPPED", mapped_to=mapping)
    cycle(2, entry(error_code="UNSUPPORTED_PLATFORM"))
    assert row().status == "MAPPED"


@pytest.mark.django_db
@pytest.mark.parametrize("now", [{"is_active": False}, {"betpawa_id": "777"}])
def test_a_market_that_betpawa_lacks_comes_back_when_the_mapping_that_said_so_is_off_or_says_otherwise(now):
    """Its key is a built-in entry's again, which BetPawa does not have either."""
    cycle(1, entry())
    mapping = UserMarketMapping.objects.create(canonical_id="by_hand", name="By hand", sportybet_id="29")
    UnmappedMarketLog.objects.update(status="MAPPED", mapped_to=mapping)
    UserMarketMapping.objects.update(**now)
    cycle(2, entry(error_code="UNSUPPORTED_PLATFORM"))
    assert row().status == "NEW" and "by_hand" in row().reopened_reason


@pytest.mark.django_db
def test_a_flush_that_fails_keeps_its_entries(monkeypatch):
    logger = UnmappedLogger()
    logger.log(entry(event_key="1"))

    def broken(*arguments):
        raise DatabaseError("away")

    with monkeypatch.context() as patched:
        patched.setattr("mappings.unmapped_logger.upsert_sightings", broken)
        with pytest.raises(DatabaseError):
            logger.flush()
    logger.log(entry(event_key="2"))
    assert logger.flush() == 1
    assert row().event_count == 2


@pytest.mark.django_db(transaction=True)
def test_a_flush_whose_transaction_is_rolled_back_later_keeps_its_entries():
    logger = UnmappedLogger()
    logger.log(entry(event_key="1"))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert logger.flush() == 1
        assert logger.get_new_markets()
        raise ZeroDivisionError
    assert not UnmappedMarketLog.objects.exists()
    assert logger.flush() == 1
    assert (row().occurrence_count, row().event_count) == (1, 1)
    assert logger.flush() == 0


@pytest.mark.django_db(transaction=True)
def test_two_flushes_in_one_transaction_store_each_sighting_once():
    logger = UnmappedLogger()
    logger.begin_cycle(1)
    with transaction.atomic():
        logger.log(entry(event_key="1"))
        logger.flush()
        logger.flush()
        logger.log(entry(event_key="2"))
        logger.flush()
    assert (row().occurrence_count, row().event_count) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_workers_that_flush_at_once_neither_deadlock_nor_lose_a_count():
    def work(worker):
        try:
            keys = [f"k{i:03}" for i in range(200)]
            if worker % 2:
                keys.reverse()
            cycle(1, *(entry(key, event_key=str(worker)) for key in keys))
        finally:
            connections["default"].close()

    workers = [Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(UnmappedMarketLog.objects.values_list("occurrence_count", "event_count")) == {(1, 4)}
    assert UnmappedMarketLog.objects.count() == 200


@pytest.mark.django_db
def test_threads_that_log_at_once_lose_nothing():
    logger = UnmappedLogger()

    def work(worker):
        for number in range(300):
            logger.log(entry(f"k{number % 30}", event_key=f"{worker}-{number}"))

    workers = [Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert logger.flush() == 30
    assert set(UnmappedMarketLog.objects.values_list("event_count", flat=True)) == {40}


@pytest.mark.django_db
def test_hostile_texts_are_stored_harmless_and_bounded():
    logger = UnmappedLogger()
    hostile = "Evil\x00\x1b[31m\u202e name\nwith lines\ud800"
    logger.log(
        entry(
            hostile + "k" * 5_000,
            market_name=hostile * 1_000,
            rules_text=hostile * 10_000,
            sample_outcomes=[{"text": hostile * 100, "price": "NaN\x00"}] * 100,
        )
    )
    assert logger.flush() == 1
    found = UnmappedMarketLog.objects.get()
    assert len(found.external_market_id) == 100 and len(found.market_name) <= 255 and len(found.rules_text) <= 4_000
    assert len(found.sample_outcomes) == 12 and all(len(o["text"]) <= 100 for o in found.sample_outcomes)
    for text in (found.external_market_id, found.market_name, found.sample_outcomes[0]["text"]):
        assert text.isprintable()


def test_one_key_with_and_without_hidden_characters_is_one_market():
    assert identity("S_3\u200bCM\x00") == identity("S_3CM") == "S_3CM"


@pytest.mark.django_db
def test_a_flush_is_one_statement_however_many_markets(django_assert_num_queries):
    logger = UnmappedLogger()
    for number in range(500):
        logger.log(entry(f"k{number}"))
    with django_assert_num_queries(3):  # savepoint, insert, release
        logger.flush()
