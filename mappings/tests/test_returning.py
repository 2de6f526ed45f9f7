"""What came to the queue because it did not map, and maps again, is MAPPED again without anybody's doing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings.models import DecisionBatch, PriceFixture, UnmappedChange, UnmappedMarketLog, UserMarketMapping
from mappings.services import (
    activate_mapping,
    claim,
    create_mapping,
    deactivate_mapping,
    ignore,
    map_to,
    restore_version,
    returning,
    undo_batch,
    update_mapping,
)
from mappings.services.returning import return_seen
from mappings.tasks import after_cycle
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture
from mappings.tests.test_services import CORNERS
from mappings.tests.test_undo import decision_of
from mappings.tests.test_undo_reopened import TEXTS, row, seen_again, tab_of, without_version
from mappings.tests.test_unmapped_logger import cycle, entry
from mappings.waking import expire_claims

pytestmark = pytest.mark.django_db
__all__ = ["row"]
WHOLE = {"bet9ja": {"seen": 9, "mapped": 9, "whole": True}}


def outcomes(**texts):
    table = [dict(one) for one in UserMarketMapping.objects.get().outcome_mapping]
    return {"outcome_mapping": [{**one, "bet9ja_suffix": texts[one["canonical_id"]]} for one in table]}


def last_reason(row):
    return UnmappedChange.objects.filter(unmapped_id=row.pk).order_by("-id").first().reason


FIXES = {
    "edited": (
        lambda: update_mapping(canonical_id="three", changes={"bet9ja_key": "S_X"}, user="bob"),
        lambda: update_mapping(canonical_id="three", changes={"bet9ja_key": "S_A"}, user="zoe"),
    ),
    "switched": (
        lambda: deactivate_mapping(canonical_id="three", user="bob"),
        lambda: activate_mapping(canonical_id="three", user="zoe"),
    ),
    "restored": (
        lambda: update_mapping(canonical_id="three", changes=outcomes(yes="Q", no="R"), user="bob"),
        lambda: restore_version("three", UserMarketMapping.objects.get().audit_logs.earliest("id").pk, "zoe"),
    ),
}


@pytest.mark.parametrize("how", FIXES)
def test_putting_a_mapping_right_by_hand_brings_its_rows_back_and_says_so(row, how):
    before = decision_of(row)
    broken, fixed = FIXES[how]
    broken()
    seen_again()
    assert tab_of(row) == "NEW"
    change = fixed()
    assert without_version(decision_of(row)) == without_version(before)
    assert last_reason(row).startswith("It maps again since zoe changed Three corners, ")
    undo_batch(change.batch_id, "zoe")
    assert tab_of(row) == "NEW"


def test_a_change_after_which_it_does_not_map_yet_leaves_it_in_the_queue(row):
    update_mapping(canonical_id="three", changes=outcomes(yes="Q", no="R"), user="bob")
    seen_again()
    update_mapping(canonical_id="three", changes={"name": "Corners, three"}, user="zoe")
    assert tab_of(row) == "NEW"


def test_what_somebody_decided_since_stays(row):
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    ignore(ids=[row.pk], user="zoe")
    activate_mapping(canonical_id="three", user="bob")
    assert tab_of(row) == "IGNORED"


def test_who_maps_it_again_decides_once(row):
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    made = map_to(ids=[row.pk], canonical_id="three", user="zoe", values={"bet9ja_key": "S_A"})
    row.refresh_from_db()
    assert (row.tab, row.decided_by, made.decisions[0].version) == ("MAPPED", "zoe", row.version)
    assert UnmappedChange.objects.filter(batch_id=made.batch_id).count() == 1


def sampled_again():
    PriceFixture.objects.all().delete()
    keep_fixture(bet9ja=[market("S_A", {"Y": "2", "N": "1.8"})])
    PriceFixture.objects.update(sampled_at=timezone.now() + timedelta(minutes=1))


def put_right_unseen():
    """By a route that tells nobody."""
    UserMarketMapping.objects.update(is_active=True)


def test_a_whole_cycle_that_saw_it_mapped_brings_it_back_once(row):
    before = decision_of(row)
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again(2)
    put_right_unseen()
    after_cycle(3, WHOLE)
    assert tab_of(row) == "NEW"  # no kept event shows it
    sampled_again()
    assert return_seen(3, []) == 0 and return_seen(2, ["bet9ja"]) == 0
    after_cycle(3, WHOLE)
    after = decision_of(row)
    told = ("status", "mapped_to", "decided_by", "decided_at", "notes", "reopened_reason")
    assert {name: after[name] for name in told} == {name: before[name] for name in told}
    assert last_reason(row).startswith("It maps again since ") and "a whole cycle" in last_reason(row)
    seen_again(4)
    assert tab_of(row) == "NEW"
    sampled_again()
    assert return_seen(5, ["bet9ja"]) == 0 and not DecisionBatch.objects.filter(kind="map", item_count=0).exists()
    assert UnmappedMarketLog.objects.get().tab == "NEW"


@pytest.mark.parametrize("returns", ["by a change", "by a cycle"])
def test_of_a_split_key_the_row_goes_back_to_the_mapping_that_it_had(row, returns):
    before = decision_of(row)
    texts = [{**one, "bet9ja_suffix": one["canonical_id"]} for one in CORNERS["outcome_mapping"]]
    values = {**CORNERS, "betpawa_id": "999002", "bet9ja_key": "S_A", "outcome_mapping": texts, "priority": 9}
    create_mapping(canonical_id="first", values=values, user="bob")
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    if returns == "by a change":
        activate_mapping(canonical_id="three", user="zoe")
    else:
        put_right_unseen()
        sampled_again()
        assert return_seen(3, ["bet9ja"]) == 1
    assert without_version(decision_of(row)) == without_version(before)


def came_back(*keys):
    """Rows that were mapped, came back, and are claimed again, though nobody was told."""
    cycle(1, *(entry(key) for key in keys))
    ids = list(UnmappedMarketLog.objects.values_list("pk", flat=True))
    map_to(ids=ids, canonical_id="three", values=CORNERS, outcome_texts=TEXTS, user="ada")
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again(2, *keys)
    put_right_unseen()


@pytest.mark.parametrize("why_not", ["not claimed", "not kept", "not wholly mapped"])
def test_where_nothing_maps_nothing_is_decided_however_many_rows_are_looked_at(why_not, monkeypatch):
    keys = [f"S_{number}" for number in range(20)]
    came_back(*keys)
    if why_not == "not claimed":
        UserMarketMapping.objects.update(is_active=False)
    if why_not == "not wholly mapped":
        keep_fixture(bet9ja=[market(key, {"Y": "2", "N": "1.8", "?": "3"}) for key in keys])
        PriceFixture.objects.update(sampled_at=timezone.now() + timedelta(minutes=1))
    monkeypatch.setattr(returning, "deciding", None)  # calling it would raise
    with CaptureQueriesContext(connection) as seen:
        assert return_seen(9, ["bet9ja"]) == 0
    assert len(seen) <= 12


def test_many_rows_come_back_at_the_cost_of_one():
    def cost(cycle_id, keys):
        UnmappedMarketLog.objects.all().delete()
        came_back(*keys)
        PriceFixture.objects.all().delete()
        keep_fixture(bet9ja=[market(key, {"Y": "2", "N": "1.8"}) for key in keys])
        PriceFixture.objects.update(sampled_at=timezone.now() + timedelta(minutes=1))
        with CaptureQueriesContext(connection) as seen:
            assert return_seen(cycle_id, ["bet9ja"]) == len(keys)
        return len(seen)

    assert cost(8, ["S_1"]) == cost(9, [f"S_{number}" for number in range(12)])


def test_a_claim_that_ran_out_on_a_mapped_row_is_no_return(row):
    """The desk writes that, too."""
    claim(ids=[row.pk], user="ada")
    UnmappedMarketLog.objects.update(claim_expires_at=timezone.now() - timedelta(minutes=1))
    assert expire_claims() == 1
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    put_right_unseen()
    sampled_again()
    assert return_seen(3, ["bet9ja"]) == 1 and tab_of(row) == "MAPPED"
