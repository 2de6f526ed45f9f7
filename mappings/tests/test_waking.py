"""What was put aside comes back when it was to, once, with what had been decided."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from mappings import waking
from mappings.alerts import announce_new_unmapped
from mappings.cache import mapping_cache
from mappings.models import DecisionBatch, UnmappedChange, UnmappedMarketLog, UserMarketMapping
from mappings.services import acknowledge, claim, create_mapping, ignore, map_to, snooze, undo_batch
from mappings.tests.test_unmapped_logger import cycle, entry
from mappings.waking import wake_due
from oddsproject.realtime.models import Notice

pytestmark = pytest.mark.django_db
OVER_UNDER = [{"key": "Over", "text": "Over 9.5", "price": "2"}, {"key": "Under", "text": "Under 9.5", "price": "2"}]


@pytest.fixture
def row():
    cycle(1, entry())
    announce_new_unmapped()
    return UnmappedMarketLog.objects.get()


def past(row, **columns):
    """Time goes by: move what the row waits for into the past."""
    UnmappedMarketLog.objects.filter(pk=row.pk).update(**columns)


def ago(**span):
    return timezone.now() - timedelta(**span)


def ahead():
    return timezone.now() + timedelta(hours=1)


def test_a_snooze_ends_once_with_who_snoozed_and_rings_no_bell(row):
    acknowledge(ids=[row.pk], user="bob")
    snooze(ids=[row.pk], user="ada", until=ahead())
    assert wake_due() == 0
    past(row, snoozed_until=ago(seconds=1))
    assert wake_due() == 1
    assert wake_due() == 0
    row.refresh_from_db()
    assert (row.tab, row.snoozed_until, row.decided_by) == ("NEW", None, None)
    assert row.reopened_reason.startswith("Snoozed by ada until ") and "WAT" in row.reopened_reason
    assert (row.earlier_decision["status"], row.earlier_decision["decidedBy"]) == ("SNOOZED", "ada")
    assert announce_new_unmapped() == 0


def test_what_is_ignored_for_good_stays_ignored_and_counts(row):
    ignore(ids=[row.pk], user="ada")
    cycle(2, *(entry(event_key=f"e{number}") for number in range(90)))
    assert wake_due() == 0
    row.refresh_from_db()
    assert (row.status, row.event_count, row.occurrence_count) == ("IGNORED", 90, 2)


def test_ignored_until_a_date_comes_back_after_it_and_is_announced(row):
    ignore(ids=[row.pk], user="ada", reason="Summer", until={"kind": "date", "at": ahead()})
    assert wake_due() == 0
    past(row, ignore_until={"kind": "date", "at": ago(minutes=1).isoformat()})
    assert wake_due() == 1
    row.refresh_from_db()
    assert row.status == "NEW" and row.ignore_until is None and row.reopened_reason.startswith("Ignored until ")
    assert (row.earlier_decision["decidedBy"], row.earlier_decision["notes"]) == ("ada", "Summer")
    assert row.earlier_decision["until"]["kind"] == "date"
    assert announce_new_unmapped() == 1


def test_ignored_until_events_double_comes_back_once_they_have(row):
    past(row, event_count=8)
    ignore(ids=[row.pk], user="ada", until={"kind": "events"})
    cycle(2, *(entry(event_key=f"e{number}") for number in range(15)))
    assert wake_due() == 0
    cycle(3, *(entry(event_key=f"e{number}") for number in range(16)))
    assert wake_due() == 1
    row.refresh_from_db()
    assert row.reopened_reason == "Ignored until 16 events carry it; now 16 do."
    cycle(4, *(entry(event_key=f"e{number}") for number in range(40)))
    assert wake_due() == 0


def test_ignored_until_betpawa_offers_the_family_comes_back_when_it_offers_more_of_it():
    cycle(1, entry("166", source="sportybet", market_name="Total Corners", sample_outcomes=OVER_UNDER))
    row = UnmappedMarketLog.objects.get()
    waking_families(row)
    ignore(ids=[row.pk], user="ada", until={"kind": "betpawa_family"})
    row.refresh_from_db()
    assert row.ignore_until["family"] == "over_under:corners"
    assert wake_due() == 0
    create_mapping(
        canonical_id="more_corners",
        values={"name": "Total Corners, Second Half", "betpawa_id": "990001", "kind": "over_under",
                "line_semantics": "total", "subject": "corners", "outcome_mapping": CORNERS_OUTCOMES},
        user="zoe",
    )  # fmt: skip
    assert wake_due() == 1
    row.refresh_from_db()
    assert "BetPawa" in row.reopened_reason
    assert wake_due() == 0


CORNERS_OUTCOMES = [
    {"canonical_id": "over", "betpawa_name": "Over", "position": 0},
    {"canonical_id": "under", "betpawa_name": "Under", "position": 1},
]


def waking_families(row):
    from mappings.families import name_families

    name_families(UnmappedMarketLog.objects.filter(pk=row.pk))
    row.refresh_from_db()
    assert row.family


def test_acknowledged_and_forgotten_comes_back_unless_somebody_is_at_it(row):
    acknowledge(ids=[row.pk], user="ada")
    past(row, decided_at=ago(days=waking.ACKNOWLEDGED_DAYS, minutes=1))
    claim(ids=[row.pk], user="bob")
    assert wake_due() == 0
    past(row, claim_expires_at=ago(minutes=1))
    assert wake_due() == 1
    row.refresh_from_db()
    assert row.status == "NEW" and row.reopened_reason.startswith("Acknowledged by ada on ")
    assert row.claimed_by is None


def test_waking_is_one_batch_that_can_be_undone_and_other_pages_are_told(row):
    cycle(1, entry("b"))
    ids = list(UnmappedMarketLog.objects.values_list("id", flat=True))
    snooze(ids=ids, user="ada", until=ahead())
    UnmappedMarketLog.objects.update(snoozed_until=ago(seconds=1))
    assert wake_due() == 2
    batch = DecisionBatch.objects.get(actor="desk")
    assert (batch.kind, batch.item_count) == ("reopen", 2)
    assert UnmappedChange.objects.filter(batch=batch, created_by="desk").count() == 2
    assert Notice.objects.filter(type="unmapped_changed").latest("id").data["batchId"] == batch.pk
    assert undo_batch(batch.pk, "lena").counts == {"restored": 2}


def test_a_claim_that_ran_out_is_cleared_and_one_that_holds_is_not(row):
    claim(ids=[row.pk], user="ada")
    assert waking.expire_claims() == 0
    past(row, claim_expires_at=ago(seconds=1))
    assert waking.expire_claims() == 1
    row.refresh_from_db()
    assert (row.claimed_by, row.version) == (None, 1)


# One row in a thousand is ignored until a day.
MANY = """
INSERT INTO unmapped_market_log (source, external_market_id, status, ignore_until)
SELECT 'bet9ja', 'S_' || n, CASE n % 2 WHEN 1 THEN 'IGNORED' ELSE 'NEW' END,
       CASE n % 1000 WHEN 1 THEN '{"kind": "date", "at": "2030-01-01T00:00:00+00:00"}'::jsonb END
  FROM generate_series(1, 10000) AS n
"""


@pytest.mark.parametrize(("sql", "parameters"), [(waking.DUE, {"days": 7, "offered": "{}"}), (waking.FAMILIES, None)])
def test_what_is_due_is_found_without_reading_the_queue(sql, parameters):
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("ANALYZE unmapped_market_log")
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(line for (line,) in cursor)
    assert "idx_unmapped_conditions" in plan and "Seq Scan" not in plan


def test_with_nothing_due_a_look_is_few_queries_and_leaves_no_trace(row, django_assert_max_num_queries):
    batches = DecisionBatch.objects.count()
    with django_assert_max_num_queries(5):
        assert wake_due() == 0
    assert DecisionBatch.objects.count() == batches


def test_a_mapped_market_that_fails_again_comes_back_once_and_leaves_review(row):
    map_to(ids=[row.pk], canonical_id="btts_ft", user="ada", reason="Same")
    past(row, review_since=timezone.now(), review={"reason": "apart"})
    UserMarketMapping.objects.update(is_active=False)
    mapping_cache.refresh()
    cycle(2, entry(), entry("other"))
    cycle(3, entry())
    row.refresh_from_db()
    assert (row.status, row.tab, row.version) == ("NEW", "NEW", 3)
    assert (row.earlier_decision["mappedTo"], row.earlier_decision["decidedBy"]) == ("btts_ft", "ada")
    change = UnmappedChange.objects.filter(new_value__status="NEW").get()
    assert (change.created_by, change.batch_id) == ("scraper", None)
