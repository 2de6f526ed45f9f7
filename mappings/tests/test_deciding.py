"""One action, one batch, and its id on every row that the database writes about it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from mappings.cache import mapping_cache
from mappings.deciding import deciding, rehearsal
from mappings.models import DecisionBatch, MappingAuditLog, UnmappedChange, UnmappedMarketLog, UserMarketMapping
from mappings.tests.test_services import CORNERS

pytestmark = pytest.mark.django_db


def queue_row(key="18"):
    return UnmappedMarketLog.objects.create(source="sportybet", external_market_id=key)


def test_changes_of_mappings_and_queue_rows_carry_the_batch_of_the_action():
    row = queue_row()
    with deciding("map", "ada", "price check") as batch:
        UserMarketMapping.objects.create(canonical_id="a", name="A", betpawa_id="1")
        UnmappedMarketLog.objects.filter(pk=row.pk).update(status="MAPPED")
        batch.item_count = 1
    change = UnmappedChange.objects.get()
    assert (change.batch_id, change.created_by, change.reason) == (batch.pk, "ada", "price check")
    assert (change.old_value["status"], change.new_value["status"]) == ("NEW", "MAPPED")
    assert MappingAuditLog.objects.get().batch_id == batch.pk
    assert MappingAuditLog.objects.get().mapping_version


def test_a_nested_action_joins_the_outer_batch():
    with deciding("map", "ada") as outer:
        with deciding("mapping", "ada") as inner:
            inner.item_count += 1
        assert inner is outer
    assert DecisionBatch.objects.get().kind == "map"


def test_an_action_that_changed_nothing_leaves_no_batch():
    with deciding("ignore", "ada") as batch:
        pass
    assert batch.pk is None
    assert not DecisionBatch.objects.exists()


def test_after_an_action_changes_belong_to_no_batch():
    row = queue_row()
    with deciding("note", "ada") as batch:
        batch.item_count = 1
    UnmappedMarketLog.objects.filter(pk=row.pk).update(status="IGNORED")
    assert UnmappedChange.objects.get().batch_id is None


def test_counting_a_sighting_is_no_decision():
    row = queue_row()
    UnmappedMarketLog.objects.filter(pk=row.pk).update(occurrence_count=9, event_count=4)
    assert not UnmappedChange.objects.exists()


def test_the_database_refuses_to_change_or_delete_a_logged_decision():
    row = queue_row()
    UnmappedMarketLog.objects.filter(pk=row.pk).update(status="IGNORED")
    for statement in ("UPDATE unmapped_change_log SET reason = 'x'", "DELETE FROM unmapped_change_log"):
        with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
            cursor.execute("SAVEPOINT before")
            try:
                cursor.execute(statement)
            finally:
                cursor.execute("ROLLBACK TO SAVEPOINT before")


@pytest.mark.parametrize(
    ("fields", "tab"),
    [
        ({}, "NEW"),
        ({"status": "ACKNOWLEDGED", "snoozed_until": "2030-01-01T00:00Z"}, "SNOOZED"),
        ({"status": "IGNORED", "snoozed_until": "2030-01-01T00:00Z"}, "IGNORED"),
        ({"status": "MAPPED", "review_since": "2026-01-01T00:00Z"}, "REVIEW"),
    ],
)
def test_the_tab_follows_from_status_snooze_and_review(fields, tab):
    row = UnmappedMarketLog.objects.create(source="bet9ja", external_market_id="S_X", **fields)
    row.refresh_from_db()
    assert row.tab == tab


def known_here(canonical_id):
    return canonical_id in mapping_cache.snapshot.by_canonical_id


@pytest.mark.django_db(transaction=True)
def test_a_mapping_that_was_taken_back_was_never_in_force_in_this_process():
    mapping_cache.refresh()
    with pytest.raises(RuntimeError), deciding("map", "ada"):
        UserMarketMapping.objects.create(canonical_id="never", **CORNERS)
        mapping_cache.refresh()
        assert known_here("never")
        raise RuntimeError
    assert not known_here("never")
    with rehearsal():
        with deciding("map", "ada"):
            UserMarketMapping.objects.create(canonical_id="never", **CORNERS)
        mapping_cache.refresh()
        assert known_here("never")
    assert not known_here("never")


@pytest.mark.django_db(transaction=True)
def test_what_a_decision_reads_of_its_own_changes_is_not_seen_by_other_threads_of_the_process():
    mapping_cache.refresh()
    with ThreadPoolExecutor(1) as other, deciding("map", "ada") as batch:
        UserMarketMapping.objects.create(canonical_id="soon", **CORNERS)
        mapping_cache.refresh()
        assert known_here("soon") and not other.submit(known_here, "soon").result()
        batch.item_count = 1
    assert mapping_cache.refresh() and known_here("soon")
