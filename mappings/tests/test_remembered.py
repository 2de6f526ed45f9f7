"""Kept fixtures are unpacked once as long as they stay the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mappings.evidence import remembered
from mappings.evidence.remembered import fixtures_of
from mappings.models import PriceFixture
from mappings.tests.builders import market
from mappings.tests.preview_builders import AT, keep_fixture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(remembered, "_known", type(remembered._known)())


def kept(number, **prices):
    return keep_fixture(number, sportybet=[market("1", prices or {"Home": "2"})])


def payloads_read(pks):
    with CaptureQueriesContext(connection) as queries:
        found = fixtures_of(pks)
    return found, len([query for query in queries.captured_queries if '"payload"' in query["sql"]])


def test_a_fixture_is_unpacked_again_only_when_it_was_sampled_again():
    one, two = kept(1), kept(2)
    found, reads = payloads_read([two.pk, one.pk])
    assert ([fixture.event_key for fixture in found], reads) == (["2", "1"], 1)
    assert payloads_read([one.pk, two.pk]) == (found[::-1], 0)
    newer = kept(3, Home="3")
    PriceFixture.objects.filter(pk=one.pk).update(sampled_at=AT, payload=newer.payload)
    found, reads = payloads_read([one.pk, two.pk])
    assert reads == 1
    assert found[0].sampled_at == AT
    assert found[0].books["sportybet"].markets[0].outcomes[0].price == "3"


def test_what_is_gone_or_cannot_be_read_is_left_out():
    gone, broken, left = kept(1), kept(2), kept(3)
    fixtures_of([gone.pk])
    gone_pk = gone.pk
    gone.delete()
    PriceFixture.objects.filter(pk=broken.pk).update(payload=b"?")
    assert [fixture.event_key for fixture in fixtures_of([gone_pk, broken.pk, left.pk])] == ["3"]


def test_few_are_remembered_those_asked_for_last(monkeypatch):
    monkeypatch.setattr(remembered, "MOST_REMEMBERED", 2)
    pks = [kept(number).pk for number in range(3)]
    fixtures_of(pks)
    assert len(remembered._known) == 2
    assert payloads_read(pks[1:])[1] == 0
    assert payloads_read(pks[:1])[1] == 1
