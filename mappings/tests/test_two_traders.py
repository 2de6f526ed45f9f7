"""Two people at one time: one of them is first, the other is told, nothing is lost and nobody hangs."""

import time
from threading import Barrier, Event, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections

from mappings import accepting
from mappings.cache import mapping_cache
from mappings.deciding import deciding, rehearsal
from mappings.models import DecisionBatch, UnmappedChange, UnmappedMarketLog, UserMarketMapping
from mappings.services import (
    StaleVersion,
    acknowledge,
    claim,
    create_mapping,
    ignore,
    map_to,
    undo_batch,
    update_mapping,
)
from mappings.tests.test_accepting import row, suggest
from mappings.tests.test_services import CORNERS
from mappings.tests.test_unmapped_logger import cycle, entry

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works):
    """The results (or exceptions) of functions that start together, each on its own connection."""
    together = Barrier(len(works))
    results = [None] * len(works)

    def run(place, work):
        try:
            together.wait(10)
            results[place] = work()
        except Exception as error:
            results[place] = error
        finally:
            connections["default"].close()

    threads = [Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_of_two_who_read_the_same_version_one_decides_and_the_other_reads_who():
    cycle(1, entry())
    id = UnmappedMarketLog.objects.get().pk
    versions = {id: 1}
    results = at_once(
        lambda: acknowledge(ids=[id], user="ada", versions=versions),
        lambda: ignore(ids=[id], user="bob", versions=versions),
    )
    assert sorted(decisions[0].outcome for decisions in results) == ["changed", "stale"]
    (second,) = [decisions[0] for decisions in results if decisions[0].outcome == "stale"]
    assert second.decided_by in ("ada", "bob") and second.decided_by in second.detail
    assert UnmappedChange.objects.count() == DecisionBatch.objects.count() == 1


def test_of_two_who_claim_one_row_one_has_it():
    cycle(1, entry())
    id = UnmappedMarketLog.objects.get().pk
    results = at_once(lambda: claim(ids=[id], user="ada"), lambda: claim(ids=[id], user="bob"))
    assert sorted(decisions[0].outcome for decisions in results) == ["changed", "refused"]


def test_of_two_editors_of_a_mapping_the_second_is_told_and_the_first_is_kept():
    create_mapping(canonical_id="c", values=CORNERS, user="zoe")
    results = at_once(
        lambda: update_mapping(canonical_id="c", changes={"name": "A"}, user="ada", version=1),
        lambda: update_mapping(canonical_id="c", changes={"name": "B"}, user="bob", version=1),
    )
    (stale,) = [result for result in results if isinstance(result, StaleVersion)]
    kept = UserMarketMapping.objects.get()
    assert [(change.field, change.new) for change in stale.changes] == [("name", kept.name)]
    assert kept.version == 2


def test_of_two_who_undo_one_batch_one_does():
    cycle(1, entry())
    batch_id = acknowledge(ids=[UnmappedMarketLog.objects.get().pk], user="ada").batch_id
    results = at_once(lambda: undo_batch(batch_id, "ada"), lambda: undo_batch(batch_id, "lena"))
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    assert UnmappedMarketLog.objects.get().status == "NEW"


def test_bulk_decisions_in_any_order_beside_a_flush_wait_and_never_deadlock():
    keys = [f"k{number:03}" for number in range(300)]
    cycle(1, *(entry(key) for key in reversed(keys)))
    ids = list(UnmappedMarketLog.objects.order_by("id").values_list("id", flat=True))
    results = at_once(
        lambda: [ignore(ids=ids, user="ada"), acknowledge(ids=ids, user="ada")],
        lambda: [acknowledge(ids=ids[::-1], user="bob"), ignore(ids=ids[::-1], user="bob")],
        lambda: [cycle(number, *(entry(key) for key in keys)) for number in range(2, 6)],
    )
    assert not [result for result in results if isinstance(result, Exception)]
    assert UnmappedMarketLog.objects.filter(occurrence_count=5).count() == 300


def somebody_waits():
    """Until another connection waits for a lock; fails after ten seconds."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


def test_two_who_change_the_same_mappings_in_other_orders_take_turns():
    for id in ("one", "two"):
        create_mapping(canonical_id=id, values={**CORNERS, "betpawa_id": id}, user="zoe")
    begun = Event()

    def one_then_two():
        with deciding("mapping", "ada"):
            update_mapping(canonical_id="one", changes={"name": "A"}, user="ada")
            begun.set()
            somebody_waits()
            return update_mapping(canonical_id="two", changes={"name": "A"}, user="ada").outcome

    def two():
        assert begun.wait(10)
        return update_mapping(canonical_id="two", changes={"name": "B"}, user="bob").outcome

    assert at_once(one_then_two, two) == ["updated", "updated"]


def test_who_accepts_many_keeps_nobody_from_mapping_while_they_are_checked_and_is_told_who_was_first(monkeypatch):
    mapping_cache.refresh(force=True)
    create_mapping(canonical_id="btts_ft", values={}, user="zoe")
    rows = [row("1001"), row("1002")]
    for one in rows:
        suggest(one)
    preview = accepting.preview_mapping

    def mapped_meanwhile(**asked):
        if asked["ids"] == [rows[1].pk]:
            (mapped,) = at_once(lambda: map_to(ids=[rows[1].pk], canonical_id="btts_ft", user="bob"))
            assert mapped.decisions[0].outcome == "changed"
        return preview(**asked)

    monkeypatch.setattr(accepting, "preview_mapping", mapped_meanwhile)
    made = accepting.accept_best(ids=[one.pk for one in rows], user="ada")
    assert [decision.outcome for decision in made] == ["stale", "stale"]
    assert "bob, " in made[0].detail and "extra_source_keys" in made[0].detail and "bob mapped it to " in made[1].detail


def test_a_rehearsal_numbers_no_notice_and_so_holds_nobody_up():
    one = row()
    with rehearsal(), connection.cursor() as cursor:
        assert acknowledge(ids=[one.pk], user="ada").changed
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
    one.refresh_from_db()
    assert one.status == "NEW" and not DecisionBatch.objects.exists()
