"""Taking a change of a mapping back brings back the rows that had come to the queue for it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mappings.cache import mapping_cache
from mappings.models import DecisionBatch, PriceFixture, UnmappedMarketLog, UserMarketMapping
from mappings.services import (
    activate_mapping,
    create_mapping,
    deactivate_mapping,
    foresee,
    ignore,
    map_to,
    reopen,
    set_notes,
    undo_batch,
    undo_batches,
    update_mapping,
)
from mappings.services.returning import return_seen
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture
from mappings.tests.test_services import CORNERS
from mappings.tests.test_undo import decision_of
from mappings.tests.test_unmapped_logger import cycle, entry

pytestmark = pytest.mark.django_db
TEXTS = {"yes": "Y", "no": "N"}


@pytest.fixture
def row():
    """One that ada has mapped to the mapping "three"."""
    cycle(1, entry("S_A"))
    row = UnmappedMarketLog.objects.get()
    map_to(ids=[row.pk], canonical_id="three", values=CORNERS, outcome_texts=TEXTS, user="ada", reason="Same")
    return row


def seen_again(number=2, *keys):
    """The next cycle, with the mappings of then."""
    mapping_cache.refresh()
    cycle(number, *(entry(key) for key in keys or ("S_A",)))


def tab_of(row):
    return UnmappedMarketLog.objects.get(pk=row.pk).tab


def without_version(decision):
    return {name: value for name, value in decision.items() if name != "decided_mapping_version"}


def test_a_row_that_came_back_for_a_deactivation_is_mapped_again_when_that_is_undone(row):
    before = decision_of(row)
    off = deactivate_mapping(canonical_id="three", user="bob", reason="Oops")
    seen_again()
    assert tab_of(row) == "NEW"
    undone = undo_batch(off.batch_id, "bob")
    assert undone.done and [(item.kind, item.outcome) for item in undone.items] == [
        ("mapping", "restored"), ("queue", "restored"),
    ]  # fmt: skip
    assert "came back" in undone.items[1].detail
    assert without_version(decision_of(row)) == without_version(before)
    seen_again(2, "other")
    assert tab_of(row) == "MAPPED"
    again = undo_batch(undone.batch_id, "bob")
    assert again.done and tab_of(row) == "NEW" and not UserMarketMapping.objects.get().is_active


def test_a_row_that_somebody_decided_about_since_stays_and_is_said(row):
    off = deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    ignore(ids=[row.pk], user="zoe", reason="Props")
    undone = undo_batch(off.batch_id, "bob")
    assert undone.done and undone.counts == {"restored": 1, "unchanged": 1}
    told = undone.items[1].detail
    assert told.startswith("It came back") and "zoe ignored it " in told
    assert tab_of(row) == "IGNORED" and UserMarketMapping.objects.get().is_active


def test_notes_written_since_stay_beside_the_mapping_that_comes_back(row):
    off = deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    set_notes(id=row.pk, notes="Ask Chidi", user="zoe")
    assert undo_batch(off.batch_id, "bob").counts == {"restored": 1, "merged": 1}
    row.refresh_from_db()
    assert (row.status, row.notes) == ("MAPPED", "Ask Chidi")


def test_a_key_that_was_taken_off_comes_back_with_its_row(row):
    off = update_mapping(canonical_id="three", changes={"bet9ja_key": "S_OTHER"}, user="bob")
    seen_again()
    assert undo_batch(off.batch_id, "bob").done and tab_of(row) == "MAPPED"


def test_what_came_back_for_something_else_stays_where_it_is(row):
    change = update_mapping(canonical_id="three", changes={"name": "Corners, three"}, user="bob")
    off = deactivate_mapping(canonical_id="three", user="zoe")
    seen_again()
    assert undo_batch(change.batch_id, "bob").counts == {"merged": 1}
    assert tab_of(row) == "NEW"
    undo_batch(off.batch_id, "zoe")
    assert tab_of(row) == "MAPPED"


def test_a_mapping_that_is_on_again_already_takes_its_rows_back_all_the_same(row):
    off = deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    activate_mapping(canonical_id="three", user="zoe")
    assert undo_batch(off.batch_id, "bob").done
    assert tab_of(row) == "MAPPED"


def test_a_mapping_that_did_not_map_is_undone_though_a_worker_brought_its_row_back(row):
    made = UnmappedMarketLog.objects.get().changes.latest("id").batch_id
    UserMarketMapping.objects.update(is_active=False)
    seen_again()
    assert undo_batch(made, "ada").done
    row.refresh_from_db()
    assert (row.tab, row.decided_by, row.reopened_reason, row.mapped_to) == ("NEW", None, None, None)


def test_what_was_mapped_reopened_and_ignored_is_undone_step_by_step(row):
    made = row.changes.latest("id").batch_id
    steps = [made, reopen(ids=[row.pk], user="ada").batch_id, ignore(ids=[row.pk], user="ada").batch_id]
    update_mapping(canonical_id="btts_ft", changes={"priority": 1}, user="zoe")  # the mappings' version moves
    assert all(undo_batch(batch_id, "ada").done for batch_id in reversed(steps))
    assert tab_of(row) == "NEW" and not UserMarketMapping.objects.get(canonical_id="three").is_active


def switched_off_and_on_by_undo(row):
    off = deactivate_mapping(canonical_id="three", user="zoe")
    seen_again()
    assert undo_batch(off.batch_id, "zoe").done


def switched_off_and_on(row):
    deactivate_mapping(canonical_id="three", user="zoe")
    seen_again()
    activate_mapping(canonical_id="three", user="zoe")


def missed_by_one_cycle(row):
    deactivate_mapping(canonical_id="three", user="zoe")
    seen_again()
    UserMarketMapping.objects.update(is_active=True)
    keep_fixture(bet9ja=[market("S_A", {"Y": "2", "N": "1.8"})])
    PriceFixture.objects.update(sampled_at=timezone.now() + timedelta(minutes=1))
    assert return_seen(3, ["bet9ja"]) == 1


def back_twice(row):
    switched_off_and_on(row)
    off = deactivate_mapping(canonical_id="three", user="zoe")
    seen_again(3)
    assert undo_batch(off.batch_id, "zoe").done


@pytest.mark.parametrize(
    "came_and_went", [switched_off_and_on_by_undo, switched_off_and_on, missed_by_one_cycle, back_twice]
)
def test_what_came_back_and_was_mapped_again_is_undone_as_if_it_had_never_left(row, came_and_went):
    made = row.changes.latest("id").batch_id
    came_and_went(row)
    assert tab_of(row) == "MAPPED"
    assert foresee([DecisionBatch.objects.get(pk=made)], "ada")[0].is_done
    assert undo_batch(made, "ada").done
    row.refresh_from_db()
    assert (row.tab, row.decided_by, row.reopened_reason, row.mapped_to) == ("NEW", None, None, None)


def test_what_sent_a_row_back_and_what_had_mapped_it_are_taken_back_together(row):
    made = row.changes.latest("id").batch_id
    off = deactivate_mapping(canonical_id="three", user="ada")
    seen_again()
    ids = [off.batch_id, made]
    assert all(told.is_done for told in foresee(DecisionBatch.objects.filter(pk__in=ids), "ada"))
    assert all(told.is_done for told in undo_batches(ids, "ada"))
    assert tab_of(row) == "NEW" and not UserMarketMapping.objects.get().is_active


def test_who_decided_after_a_row_had_come_back_is_told_and_not_who_brought_it_back(row):
    made = row.changes.latest("id").batch_id
    switched_off_and_on(row)
    reopen(ids=[row.pk], user="bob")
    ignore(ids=[row.pk], user="bob", reason="Props")
    (refused,) = undo_batch(made, "ada").refused
    assert "since: bob " in refused.detail and tab_of(row) == "IGNORED"


def test_who_mapped_a_row_again_by_hand_is_told(row):
    made = row.changes.latest("id").batch_id
    deactivate_mapping(canonical_id="three", user="zoe")
    seen_again()
    map_to(ids=[row.pk], canonical_id="three", values=CORNERS, outcome_texts=TEXTS, user="bob")
    assert (
        "since: bob mapped it " in next(item for item in undo_batch(made, "ada").refused if item.kind == "queue").detail
    )


def test_who_wrote_another_note_is_told(row):
    set_notes(id=row.pk, notes="Ask Chidi", user="ada")
    noted = row.changes.latest("id").batch_id
    set_notes(id=row.pk, notes="Ask Ngozi", user="bob")
    assert "since: bob " in undo_batch(noted, "ada").refused[0].detail


def test_undoing_a_note_maps_no_row_that_came_back_since(row):
    set_notes(id=row.pk, notes="Ask Chidi", user="ada")
    noted = row.changes.latest("id").batch_id
    deactivate_mapping(canonical_id="three", user="zoe")
    seen_again()
    assert undo_batch(noted, "ada").done
    row.refresh_from_db()
    assert (row.status, row.notes) == ("NEW", "Same")


def test_a_reopening_is_not_undone_onto_a_mapping_that_was_switched_off_since(row):
    reopened = reopen(ids=[row.pk], user="ada").batch_id
    deactivate_mapping(canonical_id="three", user="bob", reason="Wrong")
    for dry_run in (True, False):
        undone = undo_batch(reopened, "ada", dry_run=dry_run)
        (refused,) = undone.refused
        assert not undone.done and refused.detail.startswith("It was mapped to three, which bob switched off, ")
    assert tab_of(row) == "NEW"
    activate_mapping(canonical_id="three", user="zoe")
    assert undo_batch(reopened, "ada").done and tab_of(row) == "MAPPED"


def test_a_mapping_that_the_same_undo_brings_back_stands_in_no_rows_way(row):
    made = row.changes.latest("id").batch_id
    undone = undo_batch(made, "ada")
    assert tab_of(row) == "NEW" and not UserMarketMapping.objects.get().is_active
    assert undo_batch(undone.batch_id, "ada").done and tab_of(row) == "MAPPED"


def test_of_a_take_back_each_undo_is_judged_by_the_mappings_that_those_before_leave(row):
    reopened = reopen(ids=[row.pk], user="ada").batch_id
    off = deactivate_mapping(canonical_id="three", user="bob").batch_id
    assert all(told.is_done for told in undo_batches([off, reopened], "ada"))
    assert tab_of(row) == "MAPPED" and UserMarketMapping.objects.get().is_active


def test_a_row_is_not_mapped_to_what_the_same_take_back_has_switched_off_before():
    cycle(1, entry("S_A"))
    row = UnmappedMarketLog.objects.get()
    made = create_mapping(canonical_id="three", values=CORNERS | {"bet9ja_key": "S_A"}, user="bob").batch_id
    map_to(ids=[row.pk], canonical_id="three", user="ada")
    reopened = reopen(ids=[row.pk], user="ada").batch_id
    first, second = undo_batches([made, reopened], "ada")
    assert first.is_done and not second.is_done and tab_of(row) == "NEW"
    assert second.standing[0].detail == "It was mapped to three, which is switched off by what is undone before."


def test_a_note_is_undone_on_a_row_whose_mapping_is_switched_off(row):
    set_notes(id=row.pk, notes="Ask Chidi", user="ada")
    noted = row.changes.latest("id").batch_id
    deactivate_mapping(canonical_id="three", user="bob")
    assert undo_batch(noted, "ada").done and tab_of(row) == "MAPPED"
