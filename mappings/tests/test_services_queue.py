"""Snooze, claims, conditions, notices, and bulk decisions that cost the same however many rows."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from mappings.cache import MappingCache
from mappings.models import DecisionBatch, MappingAuditLog, UnmappedChange, UnmappedMarketLog, UserMarketMapping
from mappings.services import (
    acknowledge,
    claim,
    close_review,
    create_mapping,
    ignore,
    map_to,
    release,
    reopen,
    snooze,
    undo_batch,
)
from mappings.tests.builders import mapped, market
from mappings.tests.preview_builders import outcome
from mappings.tests.test_services import YES_NO, outcomes
from mappings.tests.test_unmapped_logger import cycle, entry
from oddsproject.realtime.models import Notice

pytestmark = pytest.mark.django_db
YES_NO_AT_BET9JA = [outcome("yes", "Yes", bet9ja="Y"), outcome("no", "No", bet9ja="N", position=1)]


@pytest.fixture
def row():
    cycle(1, entry())
    return UnmappedMarketLog.objects.get()


@pytest.fixture
def lead(django_user_model):
    user = django_user_model.objects.create_user("lena")
    user.groups.add(Group.objects.get(name="lead"))
    return user


@pytest.fixture
def trader(django_user_model):
    user = django_user_model.objects.create_user("tunde")
    user.groups.add(Group.objects.get(name="trader"))
    return user


def in_minutes(minutes):
    return timezone.now() + timedelta(minutes=minutes)


def many(count):
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(source="bet9ja", external_market_id=f"S_{number:05}", event_count=number % 40)
        for number in range(count)
    )
    return list(UnmappedMarketLog.objects.order_by("id").values_list("id", flat=True))


def test_five_thousand_rows_are_one_batch_wholly_logged_in_a_handful_of_statements(django_assert_max_num_queries):
    ids = many(5000)
    with django_assert_max_num_queries(16):
        decisions = ignore(ids=ids, user="ada", reason="Props", until={"kind": "events"})
    assert decisions.counts == {"changed": 5000}
    batch = DecisionBatch.objects.get(pk=decisions.batch_id)
    assert (batch.kind, batch.actor, batch.reason, batch.item_count) == ("ignore", "ada", "Props", 5000)
    assert UnmappedChange.objects.filter(batch=batch).count() == 5000
    assert UnmappedMarketLog.objects.filter(status="IGNORED", notes="Props", version=2).count() == 5000


def test_a_decision_that_changed_nothing_has_no_batch(row):
    acknowledge(ids=[row.pk], user="ada")
    assert acknowledge(ids=[row.pk], user="ada").batch_id is None
    assert DecisionBatch.objects.count() == 1


def test_a_snoozed_row_is_out_of_the_new_tab_and_any_decision_ends_the_snooze(row):
    until = in_minutes(90)
    assert outcomes(snooze(ids=[row.pk], user="ada", until=until)) == ["changed"]
    assert outcomes(snooze(ids=[row.pk], user="ada", until=until)) == ["unchanged"]
    row.refresh_from_db()
    assert (row.status, row.tab, row.decided_by) == ("NEW", "SNOOZED", "ada")
    acknowledge(ids=[row.pk], user="bob")
    row.refresh_from_db()
    assert (row.tab, row.snoozed_until, row.earlier_decision["status"]) == ("ACKNOWLEDGED", None, "SNOOZED")


def test_only_open_rows_are_snoozed_and_only_until_a_time_ahead(row):
    ignore(ids=[row.pk], user="ada")
    assert outcomes(snooze(ids=[row.pk], user="ada", until=in_minutes(5))) == ["refused"]
    for wrong in (in_minutes(-1), timezone.now().replace(tzinfo=None), "tomorrow"):
        with pytest.raises(ValidationError):
            snooze(ids=[row.pk], user="ada", until=wrong)


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "9999-12-31T12:00Z"])
def test_a_time_that_no_clock_could_show_is_refused_and_leaves_the_row_readable(row, text):
    with pytest.raises(ValidationError, match="years"):
        snooze(ids=[row.pk], user="ada", until=datetime.fromisoformat(text))
    with pytest.raises(ValidationError, match="years"):
        ignore(ids=[row.pk], user="ada", until={"kind": "date", "at": text})
    row.refresh_from_db()
    assert row.tab == "NEW"


def test_a_colleagues_claim_refuses_politely_and_a_lead_takes_it_over(row, lead, trader):
    claim(ids=[row.pk], user="ada", minutes=20)
    (refused,) = claim(ids=[row.pk], user=trader)
    assert refused.outcome == "refused" and refused.detail.startswith("ada has claimed it until ")
    assert "WAT" in refused.detail
    with pytest.raises(PermissionDenied):
        claim(ids=[row.pk], user=trader, force=True)
    assert outcomes(claim(ids=[row.pk], user=lead, force=True)) == ["changed"]
    assert outcomes(release(ids=[row.pk], user=trader)) == ["refused"]
    assert outcomes(release(ids=[row.pk], user=lead)) == ["changed"]


def test_a_claim_that_ran_out_stops_nobody(row):
    claim(ids=[row.pk], user="ada")
    UnmappedMarketLog.objects.update(claim_expires_at=in_minutes(-1))
    assert outcomes(claim(ids=[row.pk], user="bob")) == ["changed"]


def test_a_claim_is_renewed_when_half_of_it_is_over_and_moves_no_version(row):
    claim(ids=[row.pk], user="ada", minutes=30)
    assert outcomes(claim(ids=[row.pk], user="ada", minutes=30)) == ["unchanged"]
    UnmappedMarketLog.objects.update(claim_expires_at=in_minutes(10))
    assert outcomes(claim(ids=[row.pk], user="ada", minutes=30)) == ["changed"]
    row.refresh_from_db()
    assert row.version == 1 and row.claim_expires_at > in_minutes(25)


def test_deciding_about_a_colleagues_row_works_says_whose_it_was_and_ends_the_claim(row):
    claim(ids=[row.pk], user="ada")
    (decision,) = ignore(ids=[row.pk], user="bob")
    assert decision.outcome == "changed" and "ada has claimed it until" in decision.detail
    row.refresh_from_db()
    assert row.claimed_by is None


def test_ignoring_until_events_double_counts_from_what_carries_it_now(row):
    UnmappedMarketLog.objects.update(event_count=3)
    ignore(ids=[row.pk], user="ada", until={"kind": "events"})
    row.refresh_from_db()
    assert row.ignore_until == {"kind": "events", "from": 3, "atLeast": 10}
    UnmappedMarketLog.objects.update(event_count=40)
    assert outcomes(ignore(ids=[row.pk], user="ada", until={"kind": "events"})) == ["unchanged"]
    assert outcomes(ignore(ids=[row.pk], user="ada", until={"kind": "events", "atLeast": 60})) == ["changed"]
    row.refresh_from_db()
    assert row.ignore_until == {"kind": "events", "from": 40, "atLeast": 60}
    assert outcomes(ignore(ids=[row.pk], user="ada")) == ["changed"]
    row.refresh_from_db()
    assert row.ignore_until is None


@pytest.mark.parametrize(
    "until",
    [
        {"kind": "moon"},
        "tomorrow",
        {"kind": "date"},
        {"kind": "date", "at": "2020-01-01T00:00:00Z"},
        {"kind": "date", "at": "2030-99-01T00:00:00Z"},
        {"kind": "date", "at": "2030-01-01T00:00:00"},
        {"kind": "events", "atLeast": 0},
        {"kind": "events", "atLeast": True},
        {"kind": "events", "at": "x"},
        {"kind": "betpawa_family", "family": 7},
    ],
)
def test_a_condition_that_cannot_be_read_is_refused_before_anything_changes(row, until):
    with pytest.raises(ValidationError) as caught:
        ignore(ids=[row.pk], user="ada", until=until)
    assert "until" in caught.value.message_dict
    row.refresh_from_db()
    assert row.status == "NEW"


def test_a_family_condition_needs_the_rows_family(row):
    assert outcomes(ignore(ids=[row.pk], user="ada", until={"kind": "betpawa_family"})) == ["refused"]


def test_closing_a_review_keeps_the_mapping_and_what_was_found(row):
    map_to(ids=[row.pk], canonical_id="btts_ft", user="ada")
    UnmappedMarketLog.objects.update(review_since=timezone.now(), review={"reason": "Prices are apart"})
    assert outcomes(close_review(ids=[row.pk], user="bob", reason="Looked")) == ["changed"]
    assert outcomes(close_review(ids=[row.pk], user="bob")) == ["unchanged"]
    row.refresh_from_db()
    assert (row.tab, row.mapped_to.canonical_id, row.decided_by) == ("MAPPED", "btts_ft", "ada")
    assert (row.review["reason"], row.review["closedBy"], row.review["closedReason"]) == (
        "Prices are apart",
        "bob",
        "Looked",
    )


def test_the_second_of_two_reads_what_the_first_did(row):
    ignore(ids=[row.pk], user="ada", reason="Props")
    claim(ids=[row.pk], user="cleo")
    (decision,) = acknowledge(ids=[row.pk], user="bob", versions={row.pk: 1})
    assert decision.outcome == "stale"
    assert "ada ignored it " in decision.detail
    assert map_to_is_refused(row) == "ada"


def map_to_is_refused(row):
    with pytest.raises(ValidationError):
        map_to(ids=[row.pk], canonical_id="btts_ft", user="bob", versions={row.pk: 1})
    row.refresh_from_db()
    return row.decided_by


def test_other_peoples_pages_are_told_once_for_each_batch(row):
    ignore(ids=[row.pk], user="ada")
    ignore(ids=[row.pk], user="ada")
    (notice,) = Notice.objects.filter(topic="unmapped_alerts", type="unmapped_changed")
    batch = DecisionBatch.objects.get()
    assert notice.data == {
        "batchId": batch.pk, "kind": "ignore", "actor": "ada", "count": 1, "ids": [row.pk], "undoes": None,
    }  # fmt: skip


def test_reopening_a_snoozed_row_wakes_it(row):
    snooze(ids=[row.pk], user="ada", until=in_minutes(60))
    assert outcomes(reopen(ids=[row.pk], user="bob")) == ["changed"]
    row.refresh_from_db()
    assert (row.tab, row.earlier_decision["until"]["kind"]) == ("NEW", "date")


def test_mapping_a_key_elsewhere_takes_it_off_the_mapping_that_had_it(row):
    map_to(ids=[row.pk], canonical_id="btts_ft", user="ada")
    values = {"name": "Three corners", "betpawa_id": "999001", "outcome_mapping": YES_NO}
    resolution = map_to(
        ids=[row.pk], canonical_id="three", values=values, outcome_texts={"yes": "Y", "no": "N"}, user="bob"
    )
    assert resolution.taken_from == ("btts_ft",)
    cache = MappingCache()
    cache.refresh()
    assert [claim.canonical_id for claim in cache.lookup("bet9ja", row.external_market_id)] == ["three"]
    batches = set(MappingAuditLog.objects.exclude(batch__actor="ada").values_list("batch_id", flat=True))
    assert batches == {resolution.batch_id}


def test_a_mapping_that_loses_its_only_key_is_switched_off_in_the_same_batch_and_undone_with_it(row):
    only_key = {"name": "Three", "bet9ja_key": row.external_market_id, "outcome_mapping": YES_NO_AT_BET9JA}
    create_mapping(canonical_id="keyless", values=only_key, user="ada")
    resolution = map_to(
        ids=[row.pk], canonical_id="three", values={**only_key, "bet9ja_key": None, "betpawa_id": "999001"}, user="bob"
    )
    assert (resolution.taken_from, resolution.switched_off) == (("keyless",), ("keyless",))
    keyless = UserMarketMapping.objects.get(canonical_id="keyless")
    assert (keyless.is_active, keyless.bet9ja_key) == (False, row.external_market_id)
    assert MappingAuditLog.objects.get(canonical_id="keyless", action="DEACTIVATE").batch_id == resolution.batch_id
    assert undo_batch(resolution.batch_id, "bob").done
    keyless.refresh_from_db()
    assert keyless.is_active


def test_the_only_key_of_a_mapping_that_replaces_a_built_in_one_is_not_taken(row):
    create_mapping(canonical_id="btts_ft", values={"betpawa_id": None, "sportybet_id": None, "extra_source_keys": [],
                   "bet9ja_key": row.external_market_id, "outcome_mapping": YES_NO_AT_BET9JA}, user="ada")  # fmt: skip
    values = {"name": "Three", "betpawa_id": "999001", "outcome_mapping": YES_NO_AT_BET9JA}
    with pytest.raises(ValidationError, match="only source key of .*btts_ft.*; switch that off first"):
        map_to(ids=[row.pk], canonical_id="three", values=values, user="bob")
    assert not UserMarketMapping.objects.filter(canonical_id="three").exists()


def test_a_split_key_feeds_two_markets_each_its_own_outcomes(row):
    def half(name, *texts):
        outcome_mapping = [{"canonical_id": text, "betpawa_name": text, "bet9ja_suffix": text} for text in texts]
        values = {"name": name, "betpawa_id": f"77{len(name)}", "outcome_mapping": outcome_mapping}
        return map_to(ids=[row.pk], canonical_id=name, values=values, user="ada", split=True)

    half("home_total", "OH", "UH")
    assert half("away_totals", "OA", "UA").taken_from == ()
    cache = MappingCache()
    cache.refresh()
    found = mapped(
        "bet9ja", market(row.external_market_id, {"OH": "2", "UH": "1.8", "OA": "3", "UA": "1.3"}), cache=cache
    )
    assert sorted(one.canonical_id for one in found.mapped) == ["away_totals", "home_total"]
    row.refresh_from_db()
    assert (row.status, row.mapped_to.canonical_id) == ("MAPPED", "away_totals")


def test_who_was_second_reads_names_and_lagos_times_and_no_numbers_of_the_database(row):
    map_to(ids=[row.pk], canonical_id="btts_ft", user="ada")
    (decision,) = ignore(ids=[row.pk], user="bob", versions={row.pk: 1})
    assert "mapped it to Both Teams To Score" in decision.detail
    reopen(ids=[row.pk], user="ada")
    row.refresh_from_db()
    snooze(ids=[row.pk], user="ada", until=timezone.now() + timedelta(days=1))
    (decision,) = ignore(ids=[row.pk], user="bob", versions={row.pk: row.version})
    assert decision.detail.count(" WAT") == 2


def test_a_mapped_market_is_named_by_its_label_when_it_must_be_reopened_first(row):
    map_to(ids=[row.pk], canonical_id="btts_ft", user="ada")
    assert acknowledge(ids=[row.pk], user="bob")[0].detail == "It is mapped; reopen it first."
