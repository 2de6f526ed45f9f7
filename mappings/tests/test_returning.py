"""What lies in the queue and maps, again or by now, is MAPPED without anybody's doing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings.models import (
    DecisionBatch,
    MappingVersion,
    PriceFixture,
    UnmappedChange,
    UnmappedMarketLog,
    UserMarketMapping,
)
from mappings.services import (
    acknowledge,
    activate_mapping,
    claim,
    create_mapping,
    deactivate_mapping,
    foresee,
    ignore,
    map_to,
    reopen,
    restore_version,
    returning,
    set_notes,
    snooze,
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
from mappings.waking import expire_claims, wake_due

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


def mapped_for_the_first_time(*keys):
    """Rows that nobody has decided about, and that a mapping claims by now."""
    cycle(2, *(entry(key) for key in keys))
    mapping = UserMarketMapping.objects.get()
    mapping.extra_source_keys = mapping.extra_source_keys + [{"bookmaker": "bet9ja", "key": key} for key in keys]
    mapping.save()


@pytest.mark.parametrize("why_not", ["not claimed", "not kept", "not wholly mapped"])
def test_where_nothing_maps_nothing_is_decided_however_many_rows_are_looked_at(why_not, monkeypatch):
    keys = [f"S_{number}" for number in range(20)]
    came_back(*keys[:10])
    mapped_for_the_first_time(*keys[10:])
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
        mapped_for_the_first_time(*(f"{key}_2" for key in keys))
        PriceFixture.objects.all().delete()
        keep_fixture(bet9ja=[market(key + end, {"Y": "2", "N": "1.8"}) for key in keys for end in ("", "_2")])
        PriceFixture.objects.update(sampled_at=timezone.now() + timedelta(minutes=1))
        with CaptureQueriesContext(connection) as seen:
            assert return_seen(cycle_id, ["bet9ja"]) == 2 * len(keys)
        return len(seen)

    assert cost(8, ["S_1"]) == cost(9, [f"S_{number}" for number in range(12)])


def never_decided():
    """A row that nobody has decided about, seen by the second cycle only."""
    cycle(2, entry("S_A"))
    return UnmappedMarketLog.objects.get()


def mapped_by_now():
    texts = [{**one, "bet9ja_suffix": TEXTS[one["canonical_id"]]} for one in CORNERS["outcome_mapping"]]
    values = {**CORNERS, "bet9ja_key": "S_A", "outcome_mapping": texts}
    create_mapping(canonical_id="three", values=values, user="zoe")
    keep_fixture(bet9ja=[market("S_A", {"Y": "2", "N": "1.8"})])


def test_what_a_change_sent_to_the_queue_for_the_first_time_is_mapped_when_the_built_in_mapping_maps_it_again():
    broken = update_mapping(canonical_id="btts_ft", changes={"bet9ja_key": "S_X"}, user="bob")
    seen_again(2, "S_GGNG")
    row = UnmappedMarketLog.objects.get()
    undo_batch(broken.batch_id, "bob")
    after_cycle(3, WHOLE)
    assert tab_of(row) == "NEW"  # no kept event shows it
    keep_fixture(bet9ja=[market("S_GGNG", {"Y": "2", "N": "1.8"})])
    after_cycle(4, WHOLE)
    row.refresh_from_db()
    assert (row.tab, row.mapped_to, row.decided_by, row.reopened_reason) == ("MAPPED", None, "desk", None)
    assert row.decided_mapping_version == MappingVersion.objects.get().version and row.decided_at is not None
    change = row.changes.latest("id")
    assert (change.created_by, change.batch.actor, change.batch.kind) == ("desk", "desk", "map")
    assert change.batch.item_count == 1 and change.batch.reason == "It maps."
    assert change.reason.startswith("It maps since ")
    assert change.reason.endswith(": a whole cycle did not see it unmapped.")


def test_what_a_mapping_of_people_claims_by_now_is_mapped_to_it_beside_what_was_noted():
    row = never_decided()
    set_notes(id=row.pk, notes="Ask Chidi", user="ada")
    mapped_by_now()
    assert return_seen(3, ["bet9ja"]) == 1
    row.refresh_from_db()
    assert (row.tab, row.mapped_to.canonical_id, row.notes) == ("MAPPED", "three", "Ask Chidi")


def test_what_came_back_by_itself_and_maps_by_now_is_mapped():
    row = never_decided()
    ignore(ids=[row.pk], user="ada", until={"kind": "date", "at": timezone.now() + timedelta(hours=1)})
    UnmappedMarketLog.objects.update(ignore_until={"kind": "date", "at": "2026-05-01T00:00:00+00:00"})
    assert wake_due() == 1
    mapped_by_now()
    assert return_seen(3, ["bet9ja"]) == 1
    row.refresh_from_db()
    assert (row.tab, row.decided_by, row.earlier_decision["status"]) == ("MAPPED", "desk", "IGNORED")


def seen_by_this_cycle_too():
    UnmappedMarketLog.objects.update(last_cycle_id=3)


def seen_after_the_events_were_kept():
    PriceFixture.objects.update(sampled_at=UnmappedMarketLog.objects.get().last_seen_at)


def one_event_does_not_map_whole():
    keep_fixture(2, bet9ja=[market("S_A", {"Y": "2", "N": "1.8", "?": "3"})])


def switched_off():
    deactivate_mapping(canonical_id="three", user="bob")


def settled_without_a_name():
    """By another program, as the API's users had it."""
    UnmappedMarketLog.objects.update(status="IGNORED")


def decided(how, **more):
    return lambda: how(ids=[UnmappedMarketLog.objects.get().pk], user="ada", **more)


@pytest.mark.parametrize(
    "why_not",
    [
        seen_by_this_cycle_too,
        seen_after_the_events_were_kept,
        one_event_does_not_map_whole,
        switched_off,
        PriceFixture.objects.all().delete,
        settled_without_a_name,
        decided(acknowledge),
        decided(ignore),
        decided(snooze, until=timezone.now() + timedelta(days=1)),
        lambda: [decided(ignore)(), decided(reopen)()],
    ],
)
def test_what_is_not_shown_to_map_or_somebody_decided_about_stays(why_not):
    row = never_decided()
    mapped_by_now()
    why_not()
    tab, batches = tab_of(row), DecisionBatch.objects.count()
    assert return_seen(3, ["bet9ja"]) == 0
    assert tab_of(row) == tab and DecisionBatch.objects.count() == batches


def test_of_a_bookmaker_that_was_not_read_whole_nothing_is_mapped():
    row = never_decided()
    mapped_by_now()
    assert return_seen(3, []) == return_seen(3, ["sportybet"]) == 0
    assert tab_of(row) == "NEW"


def test_what_a_person_takes_back_from_the_desk_is_left_alone():
    row = never_decided()
    mapped_by_now()
    before = decision_of(row)
    return_seen(3, ["bet9ja"])
    made = row.changes.latest("id").batch_id
    assert foresee([DecisionBatch.objects.get(pk=made)], "zoe")[0].is_done
    undone = undo_batch(made, "zoe")
    assert undone.done and decision_of(row) == before
    assert return_seen(4, ["bet9ja"]) == 0 and tab_of(row) == "NEW"
    assert undo_batch(undone.batch_id, "zoe").done and tab_of(row) == "MAPPED"


def test_what_the_desk_had_put_back_and_a_person_took_back_is_left_alone(row):
    deactivate_mapping(canonical_id="three", user="bob")
    seen_again()
    put_right_unseen()
    sampled_again()
    assert return_seen(3, ["bet9ja"]) == 1
    undo_batch(row.changes.latest("id").batch_id, "zoe")
    assert return_seen(4, ["bet9ja"]) == 0 and tab_of(row) == "NEW"


def test_what_the_desk_has_mapped_and_does_not_map_again_is_the_traders():
    row = never_decided()
    mapped_by_now()
    assert return_seen(3, ["bet9ja"]) == 1
    seen_again(4)
    assert tab_of(row) == "NEW"
    sampled_again()
    assert return_seen(5, ["bet9ja"]) == 0 and tab_of(row) == "NEW"


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


def test_what_maps_again_and_what_maps_for_the_first_time_are_two_decisions():
    came_back("S_1")
    mapped_for_the_first_time("S_2")
    keep_fixture(bet9ja=[market(key, {"Y": "2", "N": "1.8"}) for key in ("S_1", "S_2")])
    PriceFixture.objects.update(sampled_at=timezone.now() + timedelta(minutes=1))
    assert return_seen(3, ["bet9ja"]) == 2
    told = DecisionBatch.objects.filter(actor="desk").order_by("id").values_list("reason", "item_count")
    assert list(told) == [("It maps again.", 1), ("It maps.", 1)]
    signed = dict(UnmappedMarketLog.objects.values_list("external_market_id", "decided_by"))
    assert signed == {"S_1": "ada", "S_2": "desk"}
