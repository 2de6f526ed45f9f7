"""What people chose is remembered, can be taken back, and shows whether the bands keep their word."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mappings import services
from mappings.ignore_rules import create_rule
from mappings.models import Band, DecisionBatch, MarketSuggestion, RejectedPair, SuggestionOutcome, UnmappedMarketLog
from mappings.suggestions import calibration, memory

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    return DecisionBatch.objects.create(kind="map", actor="ada")


def row_with(key, *ids, band=Band.STRONG):
    row = UnmappedMarketLog.objects.create(source="sportybet", external_market_id=key)
    for rank, betpawa_id in enumerate(ids, 1):
        MarketSuggestion.objects.create(
            unmapped=row, rank=rank, betpawa_id=betpawa_id, name=betpawa_id, confidence=0.9 / rank,
            band=band if rank == 1 else Band.WEAK, score=1.0,
        )  # fmt: skip
    return row


def test_what_was_chosen_is_noted_with_its_rank(batch):
    row = row_with("1", "5000", "5006")
    for chosen, rank in (("5000", 1), ("5006", 2), ("4693", None), ("", None)):
        found = memory.record_outcome(row, chosen, batch, "ada")
        assert (found.chosen_betpawa_id, found.chosen_rank, found.offered_betpawa_id) == (chosen, rank, "5000")


def test_a_decision_without_suggestions_teaches_nothing(batch):
    assert memory.record_outcome(row_with("1"), "5000", batch, "ada") is None


def test_precision_is_by_band_and_bookmaker(batch):
    for number in range(4):
        memory.record_outcome(row_with(f"s{number}", "5000"), "5000" if number else "5006", batch, "ada")
    memory.record_outcome(row_with("w", "1", "2", band=Band.WEAK), "2", batch, "ada")
    strong, weak = calibration.report()
    assert (strong.band, strong.source, strong.offered, strong.accepted, strong.precision) == (
        "strong", "sportybet", 4, 3, 0.75,
    )  # fmt: skip
    assert (weak.band, weak.accepted, weak.among) == ("weak", 0, 1)


def test_what_is_undone_counts_no_more_and_is_offered_again(batch):
    memory.record_outcome(row_with("1", "5000"), "5000", batch, "ada")
    memory.reject("sportybet", "1", "5000", batch, "ada")
    assert memory.take_back([batch.pk]) == 3
    assert not RejectedPair.objects.exists()
    assert not SuggestionOutcome.objects.filter(is_undone=False).exists()
    assert calibration.report() == []
    assert memory.take_back([batch.pk]) == 0


def suggested(key, band=Band.STRONG):
    row = row_with(key, "5000", "5006", band=band)
    best = {"best_betpawa_id": "5000", "best_name": "5000", "best_confidence": 0.9, "best_band": band}
    UnmappedMarketLog.objects.filter(pk=row.pk).update(family="over_under", **best)
    return row


def counts():
    return [(one.offered, one.accepted, one.rejected, one.no_counterpart) for one in calibration.report()]


def test_a_first_suggestion_that_is_rejected_was_wrong_until_that_is_undone():
    row = suggested("1")
    made = services.reject_suggestion(id=row.pk, betpawa_id="5000", user="ada")
    assert counts() == [(1, 0, 1, 0)]
    undone = services.undo_batch(made.batch_id, "ada")
    assert counts() == []
    services.undo_batch(undone.batch_id, "ada")
    assert counts() == [(1, 0, 1, 0)]


def test_rejecting_another_than_the_first_says_nothing_about_the_first():
    services.reject_suggestion(id=suggested("1").pk, betpawa_id="5006", user="ada")
    assert counts() == []


@pytest.mark.parametrize(("until", "count"), [
    (None, 1), ({"kind": "betpawa_family"}, 1), ({"kind": "events"}, 0),
    ({"kind": "date", "at": timezone.now() + timedelta(days=30)}, 0),
])  # fmt: skip
def test_ignoring_what_betpawa_does_not_have_says_that_its_suggestion_was_wrong(until, count):
    rows = [suggested("1"), suggested("2"), row_with("bare")]
    made = services.ignore(ids=[row.pk for row in rows], user="ada", until=until)
    assert len(made.changed) >= 2
    assert counts() == [(2, 0, 0, 2)] * count
    services.undo_batch(made.batch_id, "ada")
    assert counts() == []


def test_putting_a_market_off_or_ignoring_it_by_rule_says_nothing_about_its_suggestion():
    row, ruled = suggested("1"), suggested("900")
    services.acknowledge(ids=[row.pk], user="ada")
    services.snooze(ids=[row.pk], user="ada", until=timezone.now() + timedelta(days=1))
    create_rule(name="Nine hundreds", conditions={"key_prefix": "900"}, user="ada")
    ruled.refresh_from_db()
    assert ruled.status == "IGNORED" and counts() == []
