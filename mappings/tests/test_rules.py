"""Ignore rules: previewed, first one wins, before anybody is told, and never against a person."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from mappings import ignore_rules
from mappings.alerts import announce_new_unmapped
from mappings.ignore_rules import StaleRule, apply_rules, create_rule, delete_rule, preview, update_rule
from mappings.models import DecisionBatch, IgnoreRule, UnmappedMarketLog
from mappings.services import claim, ignore, reopen, undo_batch
from mappings.tests.test_unmapped_logger import cycle, entry
from oddsproject.realtime.models import Notice

pytestmark = pytest.mark.django_db


def rule(name="Player props", user="ada", **values):
    return create_rule(**{"name": name, "user": user, "conditions": {"name_contains": "player"}} | values)


def player(key="800117", name="Player To Be Booked", **values):
    return entry(key, source="sportybet", market_name=name, **values)


def status(key="800117"):
    return UnmappedMarketLog.objects.get(external_market_id=key).status


@pytest.mark.parametrize(
    ("conditions", "hits"),
    [
        ({"source": "bet9ja"}, {"S_PL1"}),
        ({"name_contains": "PLAYER"}, {"800117", "S_PL1"}),
        ({"key_prefix": "S_"}, {"S_PL1"}),
        ({"key_from": 800117, "key_to": 800117}, {"800117"}),
        ({"key_from": 1}, {"800117", "900069"}),
        ({"key_to": 900000}, {"800117"}),
        ({"period": "0-5min"}, {"900069"}),
        ({"source": "sportybet", "name_contains": "player"}, {"800117"}),
        ({"name_contains": "%"}, set()),
    ],
)
def test_a_preview_counts_what_the_rule_then_ignores(conditions, hits):
    cycle(1, player(), entry("S_PL1", market_name="Player to score"))
    cycle(1, player("900069", "1X2 from 1 to 5 minute"))
    UnmappedMarketLog.objects.filter(external_market_id="900069").update(period="0-5min", family="1x2")
    count, sample = preview(conditions)
    assert (count, {row.external_market_id for row in sample}) == (len(hits), hits)
    made = create_rule(name="R", conditions=conditions, user="ada")
    ignored = set(UnmappedMarketLog.objects.filter(status="IGNORED").values_list("external_market_id", flat=True))
    assert ignored == hits and made.ignored == len(hits)


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"name_contains": " "},
        {"colour": "red"},
        [],
        "player",
        {"key_from": "1"},
        {"key_from": -1},
        {"key_from": True},
        {"key_from": 9, "key_to": 3},
        {"source": "Bet 9ja"},
        {"name_contains": "x" * 101},
        {"family": 7},
    ],
)
def test_conditions_that_mean_nothing_are_refused_with_a_sentence(conditions):
    for refuse in (lambda: preview(conditions), lambda: create_rule(name="R", conditions=conditions, user="ada")):
        with pytest.raises(ValidationError) as caught:
            refuse()
        assert "conditions" in caught.value.message_dict
    assert not IgnoreRule.objects.exists()


def test_what_a_rule_ignores_is_not_announced_and_goes_on_being_counted():
    made = rule(reason="Not sold")
    cycle(1, player(), entry("S_3CM"))
    assert announce_new_unmapped() == 1
    row = UnmappedMarketLog.objects.get(external_market_id="800117")
    assert (row.status, row.ignored_by_rule_id, row.decided_by) == ("IGNORED", made.rule.pk, "rule:Player props")
    (alert,) = Notice.objects.filter(type="unmapped_alert")
    assert [market["externalMarketId"] for market in alert.data["markets"]] == ["S_3CM"]
    batch = DecisionBatch.objects.get(actor="rule:Player props")
    assert (batch.kind, batch.item_count, batch.reason) == ("rule", 1, "Not sold")
    cycle(2, player())
    row.refresh_from_db()
    assert (row.status, row.occurrence_count) == ("IGNORED", 2)


def test_the_first_active_rule_by_position_decides():
    rule("Off", conditions={"name_contains": "booked"}, is_active=False)
    rule("Third", conditions={"name_contains": "player"}, position=7)
    rule("Second", conditions={"name_contains": "be"}, position=5)
    cycle(1, player())
    assert apply_rules() == 1
    assert UnmappedMarketLog.objects.get().ignored_by_rule.name == "Second"


def test_a_rule_by_family_knows_it_before_the_alert():
    rule(conditions={"family": "over_under"})
    outcomes = [{"key": "Over", "text": "Over 2.5", "price": "2"}, {"key": "Under", "text": "Under 2.5", "price": "2"}]
    cycle(1, entry("18", source="sportybet", market_name="Over/Under", sample_outcomes=outcomes))
    assert announce_new_unmapped() == 0 and status("18") == "IGNORED"


def test_a_rule_touches_nothing_that_a_person_has_looked_at():
    cycle(1, player("1"), player("2"), player("3"))
    ids = dict(UnmappedMarketLog.objects.values_list("external_market_id", "id"))
    ignore(ids=[ids["1"]], user="bob")
    reopen(ids=[ids["1"]], user="bob")
    claim(ids=[ids["2"]], user="bob")
    rule(apply_now=False)
    assert apply_rules() == 1
    assert [status(key) for key in "123"] == ["NEW", "NEW", "IGNORED"]


def test_what_was_taken_back_from_a_rule_is_not_taken_again():
    rule(apply_now=False)
    cycle(1, player())
    apply_rules()
    undo_batch(DecisionBatch.objects.get(actor="rule:Player props").pk, "lena")
    assert apply_rules() == 0 and status() == "NEW"


def test_undoing_a_new_rule_switches_it_off_and_brings_back_what_it_ignored():
    cycle(1, player())
    made = rule()
    assert status() == "IGNORED"
    undone = undo_batch(made.batch_id, "ada")
    assert status() == "NEW" and not IgnoreRule.objects.get().is_active
    undo_batch(undone.batch_id, "ada")
    assert status() == "IGNORED" and IgnoreRule.objects.get().is_active
    assert UnmappedMarketLog.objects.get().ignored_by_rule_id == made.rule.pk


def test_a_rule_is_changed_under_its_version_and_can_let_its_rows_go():
    cycle(1, player())
    made = rule()
    with pytest.raises(StaleRule):
        update_rule(id=made.rule.pk, changes={"name": "Props"}, user="ada", version=9)
    change = update_rule(id=made.rule.pk, changes={"is_active": False}, user="ada", version=1, reopen_rows=True)
    assert (change.rule.version, change.reopened, status()) == (2, 1, "NEW")
    assert "Player props" in UnmappedMarketLog.objects.get().reopened_reason
    undo_batch(change.batch_id, "ada")
    assert status() == "IGNORED" and IgnoreRule.objects.get().is_active
    assert update_rule(id=made.rule.pk, changes={"is_active": True}, user="ada").outcome == "unchanged"


@pytest.mark.parametrize(("reopen_rows", "then"), [(False, "IGNORED"), (True, "NEW")])
def test_a_deleted_rule_leaves_its_rows_or_lets_them_go_and_comes_back_by_undo(reopen_rows, then):
    cycle(1, player())
    made = rule()
    change = delete_rule(id=made.rule.pk, user="ada", reopen_rows=reopen_rows)
    assert status() == then and not IgnoreRule.objects.exists()
    assert UnmappedMarketLog.objects.get().ignored_by_rule_id is None
    undo_batch(change.batch_id, "ada")
    assert IgnoreRule.objects.get().name == "Player props"
    row = UnmappedMarketLog.objects.get()
    assert (row.status, row.ignored_by_rule_id) == ("IGNORED", IgnoreRule.objects.get().pk)


def test_a_rule_that_somebody_changed_since_is_not_put_back():
    made = rule()
    update_rule(id=made.rule.pk, changes={"name": "Props"}, user="bob")
    undone = undo_batch(made.batch_id, "ada")
    assert not undone.done and [item.kind for item in undone.refused] == ["rule"]
    assert IgnoreRule.objects.get().is_active


def test_without_rules_or_without_new_rows_nothing_is_looked_at(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert apply_rules() == 0
    rule()
    with django_assert_num_queries(2):
        assert apply_rules() == 0


def test_what_a_rule_takes_in_chunks_is_one_decision_that_is_undone_whole(monkeypatch):
    monkeypatch.setattr("mappings.bulk.CHUNK", 2)
    cycle(1, *(player(str(number)) for number in range(7)))
    rule()
    assert set(UnmappedMarketLog.objects.values_list("status", flat=True)) == {"IGNORED"}
    (batch,) = DecisionBatch.objects.all()
    assert batch.item_count == 8  # the rule, too
    undo_batch(batch.pk, "ada")
    assert set(UnmappedMarketLog.objects.values_list("status", flat=True)) == {"NEW"}


def test_a_rule_that_is_interrupted_has_ignored_nothing_and_takes_all_the_next_time(monkeypatch):
    rule()
    monkeypatch.setattr("mappings.bulk.CHUNK", 2)
    cycle(1, *(player(str(number)) for number in range(5)))
    decided, calls = ignore_rules.decide, []

    def killed_in_the_second_chunk(*args, **more):
        calls.append(more["ids"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return decided(*args, **more)

    monkeypatch.setattr(ignore_rules, "decide", killed_in_the_second_chunk)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        announce_new_unmapped()
    assert not UnmappedMarketLog.objects.exclude(status="NEW", alerted_at=None).exists()
    monkeypatch.setattr(ignore_rules, "decide", decided)
    assert announce_new_unmapped() == 0
    assert UnmappedMarketLog.objects.filter(status="IGNORED").count() == 5
    assert DecisionBatch.objects.get(actor="rule:Player props").item_count == 5
