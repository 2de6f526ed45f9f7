"""What was decided about markets travels in a pack too, to a desk that has seen them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mappings.models import DecisionBatch, UnmappedMarketLog
from mappings.packs import export_pack, import_pack, read_pack, review
from mappings.packs.format import written
from mappings.services import acknowledge, ignore, map_to
from mappings.tests.pack_builders import NEW, content_of, emptied, taken
from mappings.tests.preview_builders import queue_row
from mappings.tests.query_plans import looked_up_by, queue_of_many

pytestmark = pytest.mark.django_db


def decisions():
    rows = UnmappedMarketLog.objects.order_by("external_market_id")
    return [
        (row.external_market_id, row.status, row.notes, row.mapped_to and row.mapped_to.canonical_id) for row in rows
    ]


def test_decisions_are_made_again_at_a_desk_that_has_seen_the_markets():
    keys = ("999", "1001", "1002", "1003")
    rows = {key: queue_row(key, event_count=3) for key in keys}
    map_to(ids=[rows["999"].pk], canonical_id="penalty", values=NEW, user="ada", reason="Same rules")
    ignore(ids=[rows["1001"].pk], user="ada", reason="Never", until={"kind": "events", "atLeast": 50})
    acknowledge(ids=[rows["1002"].pk], user="ada")
    data, before = export_pack(with_decisions=True), decisions()
    assert "decisions" not in content_of(export_pack())
    emptied()
    UnmappedMarketLog.objects.all().delete()
    for key in keys[:2] + keys[3:]:
        queue_row(key, event_count=8)
    diff = review(read_pack(data)).decisions
    assert (diff.apply, diff.not_seen) == (2, 1)
    batch = DecisionBatch.objects.get(pk=taken(data))
    assert (batch.kind, batch.item_count) == ("import", 3)
    assert decisions() == [row for row in before if row[0] != "1002"]
    assert UnmappedMarketLog.objects.get(external_market_id="1001").ignore_until["atLeast"] == 50
    assert review(read_pack(data)).decisions.same == 2


def test_what_was_decided_otherwise_here_stays():
    row = queue_row()
    ignore(ids=[row.pk], user="ada")
    data = export_pack(with_decisions=True)
    UnmappedMarketLog.objects.all().delete()
    acknowledge(ids=[queue_row().pk], user="bob")
    assert review(read_pack(data)).decisions.decided_here == 1
    assert taken(data) is None


def test_a_market_is_not_mapped_to_a_mapping_that_has_not_its_key():
    row = queue_row()
    map_to(ids=[row.pk], canonical_id="penalty", values=NEW, user="ada")
    content = content_of(export_pack(with_decisions=True))
    content["mappings"][0] |= {"sportybet_id": None, "extra_source_keys": [{"bookmaker": "rival", "key": "1"}]}
    emptied()
    UnmappedMarketLog.objects.all().delete()
    queue_row()
    pack = read_pack(written(content))
    assert review(pack).decisions.no_mapping == 1
    import_pack(pack, user="ada", reason="x")
    assert decisions() == [("999", "NEW", None, None)]


def test_the_queue_is_asked_by_its_key():
    ignore(ids=[queue_row().pk], user="ada")
    pack = read_pack(export_pack(with_decisions=True))
    queue_of_many()
    with CaptureQueriesContext(connection) as asked:
        assert review(pack).decisions.same == 1
    found = looked_up_by(asked, "unmapped_market_log")
    assert "(source)" in found and "(external_market_id)" in found
