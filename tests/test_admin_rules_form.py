"""The form of an ignore rule: family and period are chosen by the words of the queue's filter."""

import re

import pytest

from mappings.models import IgnoreRule
from tests.admin_rows import make_unmapped, sign_in

pytestmark = pytest.mark.django_db

RULES = "/admin/mappings/unmappedmarketlog/rules/"


def offered(page, name):
    """[(value, words, whether it is chosen)] of the select of that name."""
    (select,) = re.findall(rf'<select[^>]* name="{name}">(.*?)</select>', page.content.decode(), re.S)
    options = re.findall(r'<option\s+value="([^"]*)"(\s+selected)?>([^<]*)</option>', select)
    return [(value, words, bool(chosen)) for value, chosen, words in options]


def test_family_and_period_are_chosen_by_the_words_of_the_queues_filter():
    make_unmapped(1, family="btts", period="FT")
    page = sign_in("trader").post(RULES + "add/", {"step": "preview", "name": "Ours", "period": "FT"})
    assert page.context["hits"]["count"] == 1
    assert offered(page, "period") == [("", "Any", False), ("FT", "full time", True)]
    assert offered(page, "family") == [("", "Any", False), ("btts", "both teams to score", False)]


def test_a_stored_family_and_period_that_no_market_has_any_more_stay_chosen():
    rule = IgnoreRule.objects.create(name="Old", conditions={"family": "corners_race", "period": "80-90"})
    page = sign_in("trader").get(f"{RULES}{rule.pk}/")
    assert offered(page, "family")[-1] == ("corners_race", "corners_race", True)
    assert offered(page, "period")[-1] == ("80-90", "80-90", True)
