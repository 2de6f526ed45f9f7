"""Who decides waits for others' decisions, longer than for a database that is silent, and is told the truth."""

import time
from threading import Event

import pytest
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client

from mappings import deciding
from mappings.deciding import take_turn
from mappings.models import UnmappedMarketLog, UserMarketMapping
from mappings.services import acknowledge, create_mapping, update_mapping
from mappings.tests.test_accepting import row
from mappings.tests.test_services import CORNERS
from mappings.tests.test_two_traders import at_once, somebody_waits
from oddsproject.api.tests.people import client_of, make_person
from oddsproject.bounded_connection import BoundedConnection

pytestmark = pytest.mark.django_db(transaction=True)
HOME = "http://testserver/admin/"


@pytest.fixture(autouse=True)
def bounded(monkeypatch):
    """Connections made from here on are as in the web process, with a shorter limit."""
    monkeypatch.setattr("django.db.backends.postgresql.base.Database.connect", BoundedConnection.connect)
    monkeypatch.setattr(BoundedConnection, "answer_seconds", 2.0)


def beside(hold, seconds, work):
    """What work gives while another transaction holds something, and for so many seconds after somebody waits."""
    is_held = Event()

    def holder():
        with transaction.atomic():
            hold()
            is_held.set()
            somebody_waits()
            time.sleep(seconds)

    def other():
        assert is_held.wait(60)
        return work()

    nothing, given = at_once(holder, other)
    assert nothing is None, nothing
    return given


def the_row():
    list(UnmappedMarketLog.objects.select_for_update())


def test_who_changes_a_mapping_waits_for_the_turn_longer_than_for_a_silent_database():
    create_mapping(canonical_id="c", values=CORNERS, user="zoe")
    change = {"canonical_id": "c", "changes": {"name": "B"}, "user": "bob"}
    changed = beside(take_turn, 3, lambda: update_mapping(**change))
    assert changed.outcome == "updated", changed


def test_who_decides_about_a_market_waits_for_its_row_longer_too():
    one = row()
    made = beside(the_row, 3, lambda: acknowledge(ids=[one.pk], user="bob"))
    assert made.counts == {"changed": 1}, made


def test_a_database_that_is_silent_outside_a_decision_is_given_up_as_soon_as_ever():
    one = row()

    def decided_and_read():
        acknowledge(ids=[one.pk], user="bob")
        with transaction.atomic():
            the_row()

    assert beside(the_row, 0, decided_and_read) is None
    failed = beside(the_row, 4, lambda: transaction.atomic(the_row)())
    assert "not answered within 2 s" in str(failed)


def patched():
    """The API's answer to a change of the mapping "c"."""
    client = client_of("trader")
    return lambda: client.patch("/api/mappings/c", {"name": "B"})


def switched():
    client = Client()
    client.force_login(make_person("trader"))
    return lambda: client.post("/admin/mapping/c/switch/", {"reason": "r"}, headers={"referer": HOME})


def asked_by_a_script():
    client = Client()
    client.force_login(make_person("trader"))
    accept = {"accept": "application/json"}
    return lambda: client.post("/admin/mapping/c/switch/", {"reason": "r"}, headers=accept)


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr(deciding, "WAIT_SECONDS", 1.0, raising=False)
    create_mapping(canonical_id="c", values=CORNERS, user="zoe")


def test_who_has_waited_long_enough_is_told_what_for_over_the_api(no_patience):
    answer = beside(take_turn, 2, patched())
    assert answer.status_code == 503 and answer["Retry-After"] == "5", answer
    assert answer["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "still_saving" and "nothing was changed" in answer.json()["detail"]
    assert UserMarketMapping.objects.get().name == CORNERS["name"]


def test_who_has_waited_long_enough_is_told_what_for_on_the_page_that_was_left(no_patience):
    answer = beside(take_turn, 2, switched())
    assert (answer.status_code, answer.url) == (302, HOME)
    (told,) = get_messages(answer.wsgi_request)
    assert "still being saved" in str(told) and UserMarketMapping.objects.get().is_active


def test_a_script_of_the_desk_is_told_in_its_form(no_patience):
    answer = beside(take_turn, 2, asked_by_a_script())
    assert answer.status_code == 503
    assert answer.json()["problem"] == "still_saving" and "still being saved" in answer.json()["detail"]
