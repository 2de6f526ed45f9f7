"""What people chose is remembered, can be taken back, and shows whether the bands keep their word."""

import pytest

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
    assert memory.take_back([batch.pk]) == 2
    assert not RejectedPair.objects.exists()
    assert SuggestionOutcome.objects.get().is_undone
    assert calibration.report() == []
    assert memory.take_back([batch.pk]) == 0
