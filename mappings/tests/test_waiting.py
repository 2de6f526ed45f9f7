"""Who decides waits for others' decisions, longer than for a database that is silent, and is told the truth."""

import time

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
    monkeypatch.setattr(BoundedConnection, "answer_seconds", 1.0)


def holding(hold, seconds):
    """Holds something that the other waits for, so long."""

    def work():
        with transaction.atomic():
            hold()
            somebody_waits()
            time.sleep(seconds)

    return work


def the_row():
    list(UnmappedMarketLog.objects.select_for_update())


def after_a_moment(work):
    def later():
        time.sleep(0.3)  # the other holds it by now
        return work()

    return later


def test_who_changes_a_mapping_waits_for_the_turn_longer_than_for_a_silent_database():
    create_mapping(canonical_id="c", values=CORNERS, user="zoe")
    change = {"canonical_id": "c", "changes": {"name": "B"}, "user": "bob"}
    held, changed = at_once(holding(take_turn, 1.5), after_a_moment(lambda: update_mapping(**change)))
    assert held is None and changed.outcome == "updated", changed


def test_who_decides_about_a_market_waits_for_its_row_longer_too():
    one = row()
    held, made = at_once(holding(the_row, 1.5), after_a_moment(lambda: acknowledge(ids=[one.pk], user="bob")))
    assert held is None and made.counts == {"changed": 1}, made


def test_a_database_that_is_silent_outside_a_decision_is_given_up_as_soon_as_ever():
    one = row()

    def decided_and_read():
        acknowledge(ids=[one.pk], user="bob")
        with transaction.atomic():
            the_row()

    held, failed = at_once(holding(the_row, 0), decided_and_read)
    assert held is failed is None
    held, failed = at_once(holding(the_row, 2), after_a_moment(lambda: transaction.atomic(the_row)()))
    assert held is None and "not answered within 1 s" in str(failed)


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
    monkeypatch.setattr(deciding, "WAIT_SECONDS", 0.4, raising=False)
    create_mapping(canonical_id="c", values=CORNERS, user="zoe")


def test_who_has_waited_long_enough_is_told_what_for_over_the_api(no_patience):
    held, answer = at_once(holding(take_turn, 1), after_a_moment(patched()))
    assert held is None and answer.status_code == 503 and answer["Retry-After"] == "5", answer
    assert answer["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "still_saving" and "nothing was changed" in answer.json()["detail"]
    assert UserMarketMapping.objects.get().name == CORNERS["name"]


def test_who_has_waited_long_enough_is_told_what_for_on_the_page_that_was_left(no_patience):
    held, answer = at_once(holding(take_turn, 1), after_a_moment(switched()))
    assert held is None and (answer.status_code, answer.url) == (302, HOME)
    (told,) = get_messages(answer.wsgi_request)
    assert "still being saved" in str(told) and UserMarketMapping.objects.get().is_active


def test_a_script_of_the_desk_is_told_in_its_form(no_patience):
    held, answer = at_once(holding(take_turn, 1), after_a_moment(asked_by_a_script()))
    assert held is None and answer.status_code == 503
    assert answer.json()["problem"] == "still_saving" and "still being saved" in answer.json()["detail"]
