"""A mapping is applied at once where that is asked for, as a part of the decision."""

import pytest

from mappings.deciding import deciding
from mappings.services import apply_now, create_mapping, map_to, update_mapping
from mappings.tests.preview_builders import queue_row, yes_no

pytestmark = pytest.mark.django_db
NEW = {"name": "Penalty awarded", "betpawa_id": "777001", "outcome_mapping": yes_no()}


@pytest.fixture
def asked(monkeypatch):
    """(canonical id, user) of every task that was asked for."""
    asked = []

    class Stored:
        def enqueue_reapply(self, canonical_id, user_name):
            asked.append((canonical_id, user_name))
            return f"task-{len(asked)}"

    monkeypatch.setattr("mappings.ports._registered", Stored())
    return asked


def test_mapping_from_the_queue_applies_once_and_gives_the_task(asked):
    made = map_to(ids=[queue_row().pk], canonical_id="pen", values=NEW, user="ada", apply_now=True)
    assert (made.change.task_id, asked) == ("task-1", [("pen", "ada")])


def test_it_is_not_applied_unasked_nor_where_nothing_changed_or_it_is_off(asked):
    create_mapping(canonical_id="pen", values=NEW | {"sportybet_id": "999"}, user="ada")
    for changes in ({"name": "Penalty awarded"}, {"is_active": False}):
        assert update_mapping(canonical_id="pen", changes=changes, user="ada", apply_now=True).task_id is None
    assert asked == []


def test_an_override_and_a_change_are_applied_when_asked_for(asked):
    assert update_mapping(canonical_id="1x2_ft", changes={"name": "Ours"}, user="ada", apply_now=True).task_id
    assert update_mapping(canonical_id="1x2_ft", changes={"name": "Yours"}, user="bob", apply_now=True).task_id
    assert apply_now(canonical_id="btts_ft", user="eve") == "task-3"
    assert asked == [("1x2_ft", "ada"), ("1x2_ft", "bob"), ("btts_ft", "eve")]


@pytest.mark.django_db(transaction=True)
def test_a_decision_that_fails_leaves_no_task():
    from django_q.models import OrmQ

    with pytest.raises(RuntimeError), deciding("mapping", "ada"):
        create_mapping(canonical_id="pen", values=NEW | {"sportybet_id": "999"}, user="ada", apply_now=True)
        raise RuntimeError("no")
    assert not OrmQ.objects.exists()
