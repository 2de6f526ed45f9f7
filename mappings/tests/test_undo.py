"""Every action can be taken back, and nothing that somebody did since is clobbered by it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from mappings.cache import MappingCache
from mappings.models import (
    DecisionBatch,
    MappingAuditLog,
    MarketSuggestion,
    RejectedPair,
    SuggestionOutcome,
    UnmappedChange,
    UnmappedMarketLog,
    UserMarketMapping,
)
from mappings.services import (
    acknowledge,
    claim,
    create_mapping,
    deactivate_mapping,
    ignore,
    last_batch,
    map_to,
    reject_suggestion,
    reopen,
    restore_version,
    set_notes,
    snooze,
    undo_batch,
    undo_last,
    update_mapping,
)
from mappings.services.decisions import JUDGED
from mappings.tests.test_services import CORNERS
from mappings.tests.test_services_queue import many
from mappings.tests.test_unmapped_logger import cycle, entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    cycle(1, entry())
    return UnmappedMarketLog.objects.get()


def decision_of(row):
    """The row's decision; not when it was decided, nor the count of changes."""
    row = UnmappedMarketLog.objects.get(pk=row.pk)
    left_out = ("version", "tab", "event_count")
    return {name: getattr(row, name) for name in JUDGED if name not in left_out}


def mapping(canonical_id="btts_ft"):
    return UserMarketMapping.objects.get(canonical_id=canonical_id)


def person(django_user_model, name, role):
    user = django_user_model.objects.create_user(name)
    user.groups.add(Group.objects.get(name=role))
    return user


def in_an_hour():
    return timezone.now() + timedelta(hours=1)


ACTIONS = {
    "acknowledge": lambda row: acknowledge(ids=[row.pk], user="ada", reason="Later"),
    "ignore": lambda row: ignore(ids=[row.pk], user="ada", reason="Props", until={"kind": "events"}),
    "snooze": lambda row: snooze(ids=[row.pk], user="ada", until=in_an_hour()),
    "map": lambda row: map_to(ids=[row.pk], canonical_id="btts_ft", user="ada"),
    "claim": lambda row: claim(ids=[row.pk], user="ada"),
}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("before", ["new", "acknowledged", "ignored", "snoozed", "reopened"])
def test_any_action_is_undone_to_just_what_was_before_and_done_again_by_undoing_that(row, name, before):
    _prepare(row, before)
    start = decision_of(row)
    batch_id = ACTIONS[name](row).batch_id
    if batch_id is None or decision_of(row) == start:
        return  # the same decision once more
    after = decision_of(row)
    undone = undo_batch(batch_id, "ada")
    assert undone.done and undone.counts in ({"restored": 1}, {"restored": 2})
    assert decision_of(row) == start
    again = undo_batch(undone.batch_id, "ada")
    assert again.done
    if name == "map":
        after["decided_mapping_version"] = decision_of(row)["decided_mapping_version"]
    assert decision_of(row) == after


def _prepare(row, before):
    ids = [row.pk]
    if before == "acknowledged":
        acknowledge(ids=ids, user="zoe", reason="Seen")
    elif before == "ignored":
        ignore(ids=ids, user="zoe", until={"kind": "date", "at": in_an_hour()})
    elif before == "snoozed":
        snooze(ids=ids, user="zoe", until=in_an_hour())
    elif before == "reopened":
        ignore(ids=ids, user="zoe")
        reopen(ids=ids, user="zoe", reason="Look again")


def test_undoing_a_map_switches_the_new_mapping_off_and_redoing_it_on(row):
    made = map_to(ids=[row.pk], canonical_id="three", values=CORNERS, outcome_texts={"yes": "Y", "no": "N"}, user="ada")
    cache = MappingCache()
    undone = undo_batch(made.batch_id, "ada")
    cache.refresh()
    assert not cache.lookup("bet9ja", row.external_market_id)
    undo_batch(undone.batch_id, "ada")
    cache.refresh()
    assert cache.lookup("bet9ja", row.external_market_id)
    row.refresh_from_db()
    assert (row.status, row.mapped_to.canonical_id, row.decided_mapping_version) == ("MAPPED", "three", cache.version)
    actions = MappingAuditLog.objects.order_by("id").values_list("action", "batch__kind")
    assert list(actions) == [("CREATE", "map"), ("DEACTIVATE", "undo"), ("ACTIVATE", "undo")]


def test_five_thousand_rows_are_undone_in_a_handful_of_statements(django_assert_max_num_queries):
    ids = many(5000)
    acknowledge(ids=ids[:2500], user="zoe")
    batch_id = ignore(ids=ids, user="ada", reason="Props").batch_id
    with django_assert_max_num_queries(29):
        undone = undo_batch(batch_id, "ada")
    assert undone.counts == {"restored": 5000}
    assert UnmappedChange.objects.filter(batch_id=undone.batch_id).count() == 5000
    assert UnmappedMarketLog.objects.filter(status="ACKNOWLEDGED", decided_by="zoe", notes=None).count() == 2500
    assert UnmappedMarketLog.objects.filter(status="NEW", decided_by=None, notes=None).count() == 2500
    with django_assert_max_num_queries(29):
        assert undo_batch(undone.batch_id, "ada").counts == {"restored": 5000}
    assert UnmappedMarketLog.objects.filter(status="IGNORED", notes="Props").count() == 5000


def test_a_row_that_somebody_decided_about_since_refuses_with_who_and_what(row):
    batch_id = acknowledge(ids=[row.pk], user="ada").batch_id
    ignore(ids=[row.pk], user="bob", reason="Props")
    after = decision_of(row)
    undone = undo_batch(batch_id, "ada")
    (item,) = undone.items
    assert not undone.done and item.outcome == "refused"
    assert "bob ignored it " in item.detail
    assert decision_of(row) == after and not DecisionBatch.objects.filter(kind="undo").exists()


def test_notes_that_somebody_wrote_since_stay(row):
    batch_id = acknowledge(ids=[row.pk], user="ada").batch_id
    set_notes(id=row.pk, notes="Ask Chidi", user="bob")
    assert undo_batch(batch_id, "ada").counts == {"merged": 1}
    row.refresh_from_db()
    assert (row.status, row.notes) == ("NEW", "Ask Chidi")


def test_one_refused_row_refuses_all_unless_the_rest_is_asked_for():
    cycle(1, entry("a"), entry("b"))
    a, b = UnmappedMarketLog.objects.order_by("external_market_id")
    batch_id = acknowledge(ids=[a.pk, b.pk], user="ada").batch_id
    ignore(ids=[b.pk], user="bob")
    undone = undo_batch(batch_id, "ada")
    assert not undone.done and undone.counts == {"restored": 1, "refused": 1}
    a.refresh_from_db()
    assert a.status == "ACKNOWLEDGED"
    assert undo_batch(batch_id, "ada", partly=True).done
    a.refresh_from_db()
    b.refresh_from_db()
    assert (a.status, b.status) == ("NEW", "IGNORED")


def test_a_dry_run_says_the_same_and_changes_nothing(row):
    batch_id = map_to(ids=[row.pk], canonical_id="btts_ft", user="ada").batch_id
    before, version = decision_of(row), mapping().version
    tried = undo_batch(batch_id, "ada", dry_run=True)
    assert not tried.done and tried.counts == {"restored": 2}
    assert (decision_of(row), mapping().version) == (before, version)
    assert tried.items == undo_batch(batch_id, "ada").items


def test_a_batch_is_undone_once(row):
    batch_id = acknowledge(ids=[row.pk], user="ada").batch_id
    undo_batch(batch_id, "ada")
    with pytest.raises(ValidationError, match="was undone by ada"):
        undo_batch(batch_id, "ada")


def test_two_who_extend_one_mapping_do_not_stand_in_each_others_way():
    cycle(1, entry("a"), entry("b"))
    a, b = UnmappedMarketLog.objects.order_by("external_market_id")
    mine = map_to(ids=[a.pk], canonical_id="btts_ft", user="ada")
    map_to(ids=[b.pk], canonical_id="btts_ft", user="bob")
    undone = undo_batch(mine.batch_id, "ada")
    assert undone.done and undone.counts == {"merged": 1, "restored": 1}
    assert mapping().extra_source_keys == [{"bookmaker": "bet9ja", "key": "b"}]


def test_a_new_mapping_that_somebody_has_extended_is_not_switched_off():
    batch_id = create_mapping(canonical_id="c", values=CORNERS, user="ada").batch_id
    update_mapping(canonical_id="c", changes={"priority": 5}, user="bob")
    (item,) = undo_batch(batch_id, "ada").items
    assert item.outcome == "refused" and "bob, " in item.detail and "priority" in item.detail
    assert mapping("c").is_active


def test_a_field_that_somebody_set_since_refuses_and_other_fields_merge():
    create_mapping(canonical_id="c", values=CORNERS, user="zoe")
    named = update_mapping(canonical_id="c", changes={"name": "B"}, user="ada").batch_id
    raised = update_mapping(canonical_id="c", changes={"priority": 5}, user="bob").batch_id
    assert undo_batch(named, "ada").counts == {"merged": 1}
    assert (mapping("c").name, mapping("c").priority) == ("Three corners", 5)
    update_mapping(canonical_id="c", changes={"priority": 7}, user="ada")
    assert undo_batch(raised, "bob").counts == {"refused": 1}
    assert mapping("c").priority == 7


def test_a_row_that_came_back_by_itself_does_not_stop_its_mapping_from_being_undone(row):
    batch_id = map_to(ids=[row.pk], canonical_id="btts_ft", user="ada").batch_id
    cycle(2, entry())
    UnmappedMarketLog.objects.update(status="NEW", mapped_to=None)
    assert undo_batch(batch_id, "ada").counts == {"restored": 1, "unchanged": 1}
    assert not mapping().is_active


def test_undo_last_goes_back_step_by_step_past_claims_and_undone_things(row):
    acknowledge(ids=[row.pk], user="ada")
    ignore(ids=[row.pk], user="ada")
    claim(ids=[row.pk], user="ada")
    with pytest.raises(ValidationError, match="nothing of yours"):
        undo_last("bob")
    undo_last("ada")
    assert decision_of(row)["status"] == "ACKNOWLEDGED"
    second = undo_last("ada")
    assert decision_of(row)["status"] == "NEW"
    assert last_batch("ada") is None
    undo_batch(second.batch_id, "ada")
    assert decision_of(row)["status"] == "ACKNOWLEDGED"
    undo_last("ada")
    assert decision_of(row)["status"] == "NEW"


def test_own_batches_are_a_traders_to_undo_others_batches_a_leads(row, django_user_model):
    tunde, lena = person(django_user_model, "tunde", "trader"), person(django_user_model, "lena", "lead")
    vera = person(django_user_model, "vera", "viewer")
    batch_id = acknowledge(ids=[row.pk], user="ada").batch_id
    for refused in (tunde, vera):
        with pytest.raises(PermissionDenied):
            undo_batch(batch_id, refused)
    assert undo_batch(batch_id, lena).done
    assert undo_batch(acknowledge(ids=[row.pk], user=tunde).batch_id, tunde).done


def test_any_version_of_a_mapping_can_be_restored_and_that_can_be_undone():
    create_mapping(canonical_id="c", values=CORNERS, user="ada")
    update_mapping(canonical_id="c", changes={"name": "B", "priority": 4}, user="bob")
    deactivate_mapping(canonical_id="c", user="bob")
    first = MappingAuditLog.objects.order_by("id").first()
    tried = restore_version("c", first.pk, "ada", dry_run=True)
    assert set(tried.changed_fields) == {"name", "priority", "is_active"} and tried.batch_id is None
    assert not mapping("c").is_active
    change = restore_version("c", first.pk, "ada", version=3)
    assert (mapping("c").name, mapping("c").priority, mapping("c").is_active) == ("Three corners", 0, True)
    undo_batch(change.batch_id, "ada")
    assert (mapping("c").name, mapping("c").is_active) == ("B", False)


def test_a_mapping_deleted_by_hand_comes_back_from_its_audit_row():
    create_mapping(canonical_id="c", values=CORNERS, user="ada")
    UserMarketMapping.objects.all().delete()
    deleted = MappingAuditLog.objects.order_by("-id").first()
    assert restore_version("c", deleted.pk, "ada").outcome == "created"
    assert mapping("c").name == "Three corners"


def suggest(row, *betpawa_ids):
    UnmappedMarketLog.objects.filter(pk=row.pk).update(best_betpawa_id=betpawa_ids[0], best_band="strong")
    for rank, betpawa_id in enumerate(betpawa_ids, 1):
        MarketSuggestion.objects.create(
            unmapped=row, rank=rank, betpawa_id=betpawa_id, name=betpawa_id, confidence=0.9, band="strong", score=1
        )


def test_what_a_mapping_taught_is_forgotten_with_it_and_learnt_again(row):
    suggest(row, "3795", "3743")
    batch_id = map_to(ids=[row.pk], canonical_id="btts_ft", user="ada").batch_id
    outcome = SuggestionOutcome.objects.get()
    assert (outcome.chosen_rank, outcome.offered_betpawa_id, outcome.batch_id) == (1, "3795", batch_id)
    undone = undo_batch(batch_id, "ada")
    outcome.refresh_from_db()
    assert outcome.is_undone
    undo_batch(undone.batch_id, "ada")
    outcome.refresh_from_db()
    assert not outcome.is_undone


def test_a_rejected_pair_is_allowed_again_by_undo_and_rejected_again_by_undoing_that(row):
    suggest(row, "3795", "3743")
    made = reject_suggestion(id=row.pk, betpawa_id="3795", user="ada")
    assert [decision.outcome for decision in made] == ["changed"]
    assert reject_suggestion(id=row.pk, betpawa_id="3795", user="ada")[0].outcome == "unchanged"
    row.refresh_from_db()
    assert (row.best_betpawa_id, row.version) == ("3743", 1)
    undone = undo_last("ada")
    assert [(item.kind, item.label) for item in undone.items] == [("rejection", "bet9ja S_3CM is not 3795")]
    assert not RejectedPair.objects.exists()
    again = undo_batch(undone.batch_id, "ada")
    assert RejectedPair.objects.get().batch_id == made.batch_id
    undo_batch(again.batch_id, "ada")
    assert not RejectedPair.objects.exists()
