"""The coverage page counts families by kind and by event, and leads to what would gain most."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mappings.coverage_map import coverage_map
from mappings.models import PriceFixture
from mappings.services import create_mapping
from mappings.tests.builders import market
from mappings.tests.preview_builders import keep_fixture, yes_no
from mappings.tests.query_plans import looked_up_by, queue_of_many
from tests.admin_rows import make_unmapped, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/coverage/"


@pytest.fixture
def kept():
    """Three events to come: all carry 900, which is mapped, one carries 901 and two 902, which are not."""
    texts = {"Yes": "1.8", "No": "1.9"}
    for number, keys in enumerate((["900", "901", "902"], ["900", "902"], ["900"])):
        keep_fixture(number, betpawa=[market("777", texts)], sportybet=[market(key, texts) for key in keys])
    PriceFixture.objects.update(kickoff_at=timezone.now() + timedelta(hours=1))
    values = {"name": "Both Teams To Score", "betpawa_id": "777", "sportybet_id": "900", "outcome_mapping": yes_no()}
    create_mapping(canonical_id="mine", values=values, user="ada")
    make_unmapped(1, external_market_id="901", market_name="BTTS", family="btts", best_band="strong")
    make_unmapped(2, external_market_id="902", market_name="BTTS too", family="btts", status="IGNORED")


def test_a_family_is_counted_by_kind_and_by_event_and_its_gain_is_of_what_waits(kept, django_assert_num_queries):
    coverage_map()  # the mappings are read
    with django_assert_num_queries(3):
        slugs, families = coverage_map()
    assert slugs == ["sportybet"] and [family for family, _ in families] == ["btts"]
    cell = families[0][1]["sportybet"]
    assert (cell.seen, cell.mapped, cell.seen_by_event, cell.mapped_by_event) == (3, 1, 6, 3)
    assert (cell.waiting, cell.strong, cell.set_aside) == (1, 1, 1)
    assert cell.gain == pytest.approx(1 / 6)


def test_the_queue_is_asked_by_its_key(kept):
    queue_of_many()
    with CaptureQueriesContext(connection) as asked:
        coverage_map()
    found = looked_up_by(asked, "unmapped_market_log")
    assert "(source)" in found and "(external_market_id)" in found


def test_the_page_leads_to_the_queue_of_what_waits(kept):
    content = sign_in("viewer").get(PAGE).content.decode()
    assert "Map these 1 of SportyBet to gain" in content
    assert "?tab=NEW&amp;source=sportybet&amp;family=btts" in content


def test_an_event_that_has_begun_counts_no_more(kept):
    PriceFixture.objects.update(kickoff_at=timezone.now() - timedelta(minutes=1))
    assert coverage_map() == ([], [])
    assert b"No event to come is kept yet" in sign_in("viewer").get(PAGE).content
