"""Changes of ignore rules taken back one after the other: each is planned on what those before it leave."""

import pytest

from mappings.ignore_rules import StaleRule, create_rule, delete_rule, update_rule
from mappings.models import DecisionBatch, IgnoreRule
from mappings.services import foresee, undo_batch, undo_batches

pytestmark = pytest.mark.django_db
NAME_TAKEN = "Another rule has its name now."


def rule(name):
    return create_rule(name=name, conditions={"name_contains": name}, user="ada").rule


def renamed(rule, name):
    return update_rule(id=rule.pk, changes={"name": name}, user="ada")


def taken_back(batches=None):
    """What was foreseen of each, the newest first, which is what then became of it: (done, what stands)."""
    batches = list(DecisionBatch.objects.order_by("-id")) if batches is None else batches
    foreseen = told(foresee(batches, "lena", partly=True))
    assert foreseen == told(undo_batches([batch.pk for batch in batches], "lena", partly=True))
    return foreseen


def told(found):
    return [(one.is_done, [item.detail for item in one.standing]) for one in found]


def names():
    return dict(IgnoreRule.objects.values_list("pk", "name"))


def test_a_deleted_rule_stays_away_where_an_earlier_step_gives_its_name_to_another():
    delete_rule(id=rule("X").pk, user="ada")
    second = rule("X")
    renamed(second, "V")
    # The deletion is refused, and the making of what stays deleted, too.
    steps = taken_back()
    assert steps == [(True, []), (True, []), (False, [NAME_TAKEN]), (False, ["It was deleted since."])]
    assert names() == {second.pk: "X"} and not IgnoreRule.objects.get().is_active


def test_a_rule_has_its_name_back_that_an_earlier_step_gives_up():
    first, second = rule("P"), rule("W")
    made = set(DecisionBatch.objects.values_list("pk", flat=True))
    renamed(first, "Y")
    renamed(second, "P")
    assert taken_back(DecisionBatch.objects.exclude(pk__in=made).order_by("-id")) == [(True, []), (True, [])]
    assert names() == {first.pk: "P", second.pk: "W"}


def test_a_name_that_an_undo_which_is_not_carried_out_would_give_up_is_taken():
    first, second = rule("P"), rule("W")
    early, late = renamed(first, "Y"), renamed(second, "P")
    update_rule(id=second.pk, changes={"reason": "Meant so"}, user="bob")
    batches = [DecisionBatch.objects.get(pk=change.batch_id) for change in (late, early)]
    assert taken_back(batches) == [(False, ["It was changed since."]), (False, [NAME_TAKEN])]
    assert names() == {first.pk: "Y", second.pk: "P"}


def test_a_name_is_taken_by_a_rule_that_nobody_takes_back():
    deleted = delete_rule(id=rule("X").pk, user="ada")
    other = rule("X")
    assert taken_back([DecisionBatch.objects.get(pk=deleted.batch_id)]) == [(False, [NAME_TAKEN])]
    assert names() == {other.pk: "X"}


def test_a_rule_that_comes_back_has_a_version_that_it_never_had():
    read = renamed(rule("X"), "Y").rule  # by who saves last
    for version in (3, 5):
        undo_batch(delete_rule(id=read.pk, user="ada").batch_id, "ada")
        assert IgnoreRule.objects.get().version == version
        assert update_rule(id=read.pk, changes={"reason": f"Meant so {version}"}, user="ada").rule.version > version
        with pytest.raises(StaleRule):
            update_rule(id=read.pk, changes={"reason": "Overwritten"}, user="bob", version=read.version)


def test_a_deletion_that_remembers_no_version_gives_one_that_the_rule_cannot_have_had():
    """As an earlier release has kept it."""
    gone = renamed(rule("X"), "Y").rule
    deleted = DecisionBatch.objects.get(pk=delete_rule(id=gone.pk, user="ada").batch_id)
    del deleted.summary["rules"][0]["version"]
    deleted.save()
    undo_batch(deleted.pk, "ada")
    assert IgnoreRule.objects.get().version > gone.version
