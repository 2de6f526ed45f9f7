"""A mapping is applied at once where that is asked for, as a part of the decision, and one can read what came of it."""

import pytest

from mappings.deciding import deciding
from mappings.services import apply_now, create_mapping, last_applied, map_to, update_mapping
from mappings.tests.preview_builders import queue_row, yes_no
from oddsproject.realtime import publish

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


def test_the_last_application_is_found_by_its_mapping():
    assert last_applied("pen") is None
    for events, canonical_id in enumerate(("pen", "pen", "other")):
        data = {"canonicalId": canonical_id, "mappingVersion": 7, "actor": "ada", "eventsApplied": events}
        publish(
            "unmapped_alerts", "mapping_applied", data | {"eventsChanged": 0, "eventsWaiting": 5, "marketsChanged": 0}
        )
    found = last_applied("pen")
    assert (found.actor, found.mapping_version, found.events_applied, found.events_waiting) == ("ada", 7, 1, 5)
    assert found.at is not None


@pytest.mark.django_db(transaction=True)
def test_a_decision_that_fails_leaves_no_task():
    from django_q.models import OrmQ

    with pytest.raises(RuntimeError), deciding("mapping", "ada"):
        create_mapping(canonical_id="pen", values=NEW | {"sportybet_id": "999"}, user="ada", apply_now=True)
        raise RuntimeError("no")
    assert not OrmQ.objects.exists()
