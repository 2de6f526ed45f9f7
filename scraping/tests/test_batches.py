"""Batches that come to nothing."""

import pytest

from mappings.unmapped_logger import UnmappedLogger
from scraping.batches import BatchOutcome, described, fail_batch, store_outcome
from scraping.tests.builders import make_batch, make_run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("end", ["failed", "taken over"])
def test_names_of_markets_are_read_again_when_those_read_may_not_have_been_stored(end):
    batch = make_batch(make_run(), status="running" if end == "failed" else "pending")
    described.remember("bet9ja", {"S_NEW"})
    assert described.new("bet9ja", {"S_NEW"}) == set()
    if end == "failed":
        fail_batch(batch, "the database went away")
    else:
        store_outcome(batch, BatchOutcome(), UnmappedLogger())
    assert described.new("bet9ja", {"S_NEW"}) == {"S_NEW"}
