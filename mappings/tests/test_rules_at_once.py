"""People who change ignore rules, workers that apply them and people who undo wait for each other; nobody is
told of a deadlock."""

from threading import Event

import pytest
from django.db import transaction

from mappings.deciding import deciding
from mappings.ignore_rules import apply_rules, create_rule, delete_rule, update_rule
from mappings.models import IgnoreRule, UnmappedMarketLog
from mappings.services import reopen, undo_batch
from mappings.tests.test_two_traders import at_once, somebody_waits
from mappings.tests.test_unmapped_logger import cycle, entry

pytestmark = pytest.mark.django_db(transaction=True)
PLAYERS = {"name_contains": "player"}


@pytest.fixture
def rule():
    return create_rule(name="Players", conditions=PLAYERS, user="ada").rule


def players(number=1, *keys):
    cycle(number, *(entry(key, market_name="Player to score") for key in keys or ("a", "b")))


def statuses():
    return set(UnmappedMarketLog.objects.values_list("status", flat=True))


def renamed(rule):
    return update_rule(id=rule.pk, changes={"name": "Others"}, user="ada", reopen_rows=True, apply_now=True)


def edited(rule):
    return update_rule(id=rule.pk, changes={"reason": "Props"}, user="ada", reopen_rows=True, apply_now=True)


def deleted(rule):
    return delete_rule(id=rule.pk, user="ada", reopen_rows=True)


@pytest.mark.parametrize("change", [renamed, edited, deleted])
def test_a_rule_is_changed_while_a_worker_applies_it(rule, change):
    players()
    begun = Event()

    def work():
        with transaction.atomic():
            ignored = apply_rules()
            begun.set()
            somebody_waits()
        return ignored

    def decide():
        assert begun.wait(10)
        return change(rule).outcome

    assert at_once(work, decide) == [2, "deleted" if change is deleted else "updated"]
    assert statuses() == ({"NEW"} if change is deleted else {"IGNORED"})


@pytest.mark.parametrize("change", [renamed, edited, deleted])
def test_a_worker_applies_a_rule_as_it_is_when_its_turn_comes(rule, change):
    players()
    begun = Event()

    def decide():
        with transaction.atomic():
            outcome = change(rule).outcome
            begun.set()
            somebody_waits()
        return outcome

    def work():
        assert begun.wait(10)
        return apply_rules()

    outcome, ignored = at_once(decide, work)
    assert (outcome, ignored) == ("deleted" if change is deleted else "updated", 0)
    assert statuses() == ({"NEW"} if change is deleted else {"IGNORED"})


@pytest.mark.parametrize("change", [renamed, edited, deleted])
@pytest.mark.parametrize("undone", ["the rule", "what was taken from it"])
def test_a_rule_is_changed_while_somebody_undoes_what_it_did(change, undone):
    players()
    made = create_rule(name="Players", conditions=PLAYERS, user="ada")
    batch_id = made.batch_id
    if undone != "the rule":
        batch_id = reopen(ids=list(UnmappedMarketLog.objects.values_list("pk", flat=True)), user="ada").batch_id
    begun = Event()

    def decide():
        with deciding("rule", "bob"):
            update_rule(id=made.rule.pk, changes={"position": 7}, user="bob")
            begun.set()
            somebody_waits()
            return change(made.rule).outcome

    def undo():
        assert begun.wait(10)
        return undo_batch(batch_id, "ada", partly=True)

    results = at_once(decide, undo)
    assert not [result for result in results if isinstance(result, Exception)]
    assert IgnoreRule.objects.count() == (0 if change is deleted else 1)
