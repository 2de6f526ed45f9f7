"""A rule that a colleague deletes while somebody works on its page: told in words, and nothing is changed."""

from threading import Event

import pytest
from django.db import transaction

from mappings.ignore_rules import create_rule, delete_rule
from mappings.models import DecisionBatch, IgnoreRule
from mappings.tests.test_two_traders import at_once, somebody_waits
from tests.admin_rows import sign_in

RULES = "/admin/mappings/unmappedmarketlog/rules/"
SAVED = {
    "step": "save", "name": "B", "name_contains": "b", "until": "forever", "previewed": '{"name_contains": "b"}',
}  # fmt: skip
SENT = [*(("change/", {"do": what}) for what in ("on", "off", "up", "down", "delete")), ("", SAVED)]


@pytest.fixture
def rule():
    """With a neighbour on either side."""
    return [create_rule(name=name, conditions={"name_contains": name}, user="ada").rule for name in "ABC"][1]


def told_of_it(answer):
    assert answer.redirect_chain == [(RULES, 302)]
    return answer.context["said"]["words"] == "Nothing was changed. The rule was deleted meanwhile."


@pytest.mark.parametrize(("address", "sent"), SENT)
@pytest.mark.django_db
def test_who_sends_something_about_a_deleted_rule_is_told_so(rule, address, sent):
    delete_rule(id=rule.pk, user="bob")
    before = DecisionBatch.objects.count(), list(IgnoreRule.objects.values())
    assert told_of_it(sign_in("trader").post(f"{RULES}{rule.pk}/{address}", sent, follow=True))
    assert (DecisionBatch.objects.count(), list(IgnoreRule.objects.values())) == before


@pytest.mark.parametrize(("address", "sent"), SENT)
@pytest.mark.django_db(transaction=True)
def test_who_waits_while_it_is_deleted_is_told_so(rule, address, sent):
    client, begun = sign_in("trader"), Event()

    def delete():
        with transaction.atomic():
            delete_rule(id=rule.pk, user="bob")
            begun.set()
            somebody_waits()

    def send():
        assert begun.wait(10)
        return client.post(f"{RULES}{rule.pk}/{address}", sent, follow=True)

    assert told_of_it(at_once(delete, send)[1])
    assert list(IgnoreRule.objects.values_list("name", "position", "version")) == [("A", 0, 1), ("C", 2, 1)]


@pytest.mark.django_db
def test_the_page_of_a_deleted_rule_is_not_found(rule):
    delete_rule(id=rule.pk, user="bob")
    assert sign_in("trader").get(f"{RULES}{rule.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_rule_whose_only_neighbour_below_is_deleted_stays_where_it_is(rule):
    client, begun = sign_in("trader"), Event()

    def delete():
        with transaction.atomic():
            delete_rule(id=IgnoreRule.objects.get(name="C").pk, user="bob")
            begun.set()
            somebody_waits()

    def move():
        assert begun.wait(10)
        return client.post(f"{RULES}{rule.pk}/change/", {"do": "down"}, follow=True)

    assert at_once(delete, move)[1].context["said"]["words"] == "“B” stays where it is."
    assert list(IgnoreRule.objects.values_list("name", "position")) == [("A", 0), ("B", 1)]
