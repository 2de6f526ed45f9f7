"""Partitions: made ahead, dropped by retention, and never a row lost for want of one."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from odds.models import Event, EventLink, MarketOddsCurrent, MarketOddsHistory
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, partitions
from odds.storage.checks import run_checks
from odds.tests.builders import make_event, make_market

pytestmark = pytest.mark.django_db
TODAY = timezone.now().astimezone(UTC).date()


def change(days):
    """A history row so many days from today, at noon UTC."""
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    return MarketOddsHistory.objects.create(
        event=make_event(),
        bookmaker_slug="betpawa",
        betpawa_market_id="1",
        outcomes=[],
        captured_at=noon + timedelta(days=days),
    )


def home_of(row):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM market_odds_history WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def days():
    return {partition.day for partition in partitions.report()} - {None}


def test_a_fresh_database_has_today_and_the_days_ahead():
    assert {TODAY + timedelta(days=offset) for offset in range(7)} <= days()


def test_partitions_are_made_ahead_once():
    created, moved = partitions.ensure_partitions(12)
    assert (TODAY + timedelta(days=12)) in days()
    assert created and not moved
    assert partitions.ensure_partitions(12) == ([], 0)


def test_a_row_without_a_partition_is_kept_and_moved_when_its_day_is_made():
    row = change(20)
    assert home_of(row) == partitions.DEFAULT
    assert partitions.rows_in_default() == {TODAY + timedelta(days=20): 1}
    _, moved = partitions.ensure_partitions(1)
    assert moved == 1
    assert home_of(row) == partitions.partition_name(TODAY + timedelta(days=20))
    assert partitions.rows_in_default() == {}


def test_a_made_partition_has_the_keys_and_indexes_of_the_history():
    partitions.ensure_partitions(12)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass",
            [partitions.partition_name(TODAY + timedelta(days=12))],
        )
        assert cursor.fetchone()[0] == 2


def test_retention_drops_whole_days_and_keeps_the_rest():
    old, edge = change(-20), change(-14)
    partitions.ensure_partitions(1)
    result = partitions.maintain(14)
    assert result.dropped == (partitions.partition_name(TODAY - timedelta(days=20)),)
    assert set(MarketOddsHistory.objects.values_list("pk", flat=True)) == {edge.pk}
    assert old.pk != edge.pk


def test_todays_odds_are_never_dropped():
    row = change(0)
    with pytest.raises(ValueError):
        partitions.drop_old(0)
    partitions.drop_old(1)
    assert MarketOddsHistory.objects.get() == row


def test_rows_too_old_for_a_partition_go_with_retention():
    change(-1000)
    result = partitions.maintain(14)
    assert (result.stranded_rows, MarketOddsHistory.objects.count()) == (0, 0)


def test_stranded_rows_are_an_alarm():
    change(1000)
    assert partitions.maintain(14).stranded_rows == 1
    with pytest.raises(CommandError, match="without a partition"):
        call_command("partitions", stdout=StringIO())


def test_the_command_lists_and_maintains():
    out = StringIO()
    call_command("partitions", maintain=True, days_ahead=10, stdout=out)
    assert partitions.partition_name(TODAY + timedelta(days=10)) in out.getvalue()


@pytest.mark.parametrize("options", [{"retention_days": 0}, {"days_ahead": -1}])
def test_the_command_refuses_silly_numbers(options):
    with pytest.raises(CommandError):
        call_command("partitions", stdout=StringIO(), **options)


def test_events_played_longer_ago_than_odds_are_kept_are_forgotten_and_others_not():
    markets = (make_market("3743"),)
    for number, age in enumerate((20, 2)):
        event = make_event(links={"betpawa": str(number)}, kickoff_at=timezone.now() - timedelta(days=age))
        observed = ObservedMarkets(event.pk, "betpawa", event.kickoff_at - timedelta(hours=1), True, markets)
        handle_market_write_batch(MarketWriteBatch((observed,)))
    assert partitions.maintain(14).forgotten_events == 1
    assert MarketOddsCurrent.objects.get().event_id == Event.objects.get().pk == EventLink.objects.get().event_id
    assert run_checks() == []
