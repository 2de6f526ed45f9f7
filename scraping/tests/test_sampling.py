"""Price fixtures are part of what a batch commits."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mappings.models import PriceFixture
from mappings.unmapped_logger import UnmappedLogger
from scraping.batches import BatchOutcome, store_outcome
from scraping.tests.builders import make_batch, make_run

pytestmark = pytest.mark.django_db


def outcome():
    now = timezone.now()
    fixture = PriceFixture(
        event_key="100", event_id=1, home_team="H", away_team="A", kickoff_at=now + timedelta(hours=1),
        sampled_at=now, books=["betpawa"], keys=["betpawa:3743"], payload=b"x",
    )  # fmt: skip
    return BatchOutcome(fixtures=[fixture])


def test_fixtures_are_stored_with_their_batch():
    store_outcome(make_batch(make_run(), status="running"), outcome(), UnmappedLogger())
    assert PriceFixture.objects.get().event_key == "100"


def test_a_batch_that_somebody_else_took_over_stores_no_fixtures():
    store_outcome(make_batch(make_run(), status="pending"), outcome(), UnmappedLogger())
    assert not PriceFixture.objects.exists()


def test_fixtures_go_with_a_batch_that_is_rolled_back():
    unmapped = UnmappedLogger()
    unmapped.flush = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        store_outcome(make_batch(make_run(), status="running"), outcome(), unmapped)
    assert not PriceFixture.objects.exists()
