"""What a finished cycle gives the mapping desk to do."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from mappings import tasks
from mappings.evidence.coverage import prune_samples
from mappings.models import CoverageSample, PriceFixture
from mappings.tasks import after_cycle, nightly, only_one
from oddsproject.locks import AdvisoryLock

pytestmark = pytest.mark.django_db
COUNTS = {
    "betpawa": {"seen": 900, "mapped": 900},
    "sportybet": {"seen": 400, "mapped": 300},
    "bet9ja": {"seen": 0, "mapped": 0},
}


@pytest.fixture
def fixture():
    return PriceFixture.objects.create(
        event_key="1", event_id=1, home_team="H", away_team="A",
        kickoff_at=timezone.now() + timedelta(hours=1), sampled_at=timezone.now(), payload=b"",
        keys=["betpawa:3743", "sportybet:1", "sportybet:18", "sportybet:999999"],
    )  # fmt: skip


@pytest.fixture
def elsewhere():
    """A connection of another worker's."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        yield other


def test_a_cycle_leaves_its_coverage_by_types_and_by_markets_once(fixture):
    after_cycle(7, COUNTS)
    after_cycle(7, COUNTS)
    sample = CoverageSample.objects.get()
    assert (sample.bookmaker_slug, sample.scrape_run_id) == ("sportybet", 7)
    assert (sample.types_seen, sample.types_mapped) == (3, 2)
    assert (sample.markets_seen, sample.markets_mapped) == (400, 300)


def test_a_step_that_fails_is_raised_and_the_others_are_done_all_the_same(fixture, monkeypatch, caplog):
    def broken(*args):
        raise RuntimeError("no counts today")

    PriceFixture.objects.update(sampled_at=timezone.now() - timedelta(days=30))
    monkeypatch.setattr(tasks, "sample_coverage", broken)
    with pytest.raises(ExceptionGroup) as raised:
        after_cycle(7, COUNTS)
    assert [str(error) for error in raised.value.exceptions] == ["no counts today"]
    assert "step_failed" in caplog.text
    assert not PriceFixture.objects.exists()  # pruned


def test_one_at_a_time_and_the_lock_is_given_back_also_after_a_failure(elsewhere, monkeypatch):
    elsewhere.execute("SELECT pg_advisory_lock(%s), pg_advisory_lock(%s)", [
        AdvisoryLock.AFTER_CYCLE, AdvisoryLock.AUDIT_PRICES,
    ])  # fmt: skip
    assert (after_cycle(7, COUNTS), nightly()) == ("busy", "busy")
    assert not CoverageSample.objects.exists()
    elsewhere.execute("SELECT pg_advisory_unlock_all()")
    with pytest.raises(ZeroDivisionError), only_one(AdvisoryLock.AFTER_CYCLE):
        _ = 1 / 0
    free = elsewhere.execute("SELECT pg_try_advisory_lock(%s)", [AdvisoryLock.AFTER_CYCLE]).fetchone()
    assert free == (True,)


def test_the_nightly_check_says_what_it_did():
    assert "reviews opened" in nightly()


def test_coverage_is_forgotten_after_a_year_and_a_bit():
    for days in (1, 399, 401):
        CoverageSample.objects.create(
            bookmaker_slug="bet9ja", taken_at=timezone.now() - timedelta(days=days), types_seen=1, types_mapped=1,
            markets_seen=1, markets_mapped=1,
        )  # fmt: skip
    assert prune_samples() == 1
    assert CoverageSample.objects.count() == 2
