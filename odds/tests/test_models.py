"""What the odds tables promise, whoever writes to them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from odds.models import Bookmaker, MarketOddsCurrent, MarketOddsHistory
from odds.tests.builders import make_event

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def current(event, line, **fields):
    return MarketOddsCurrent.objects.create(
        event=event,
        bookmaker_slug="betpawa",
        betpawa_market_id="5000",
        betpawa_market_name="Over/Under",
        line=line,
        outcomes=[{"name": "Over", "odds": "2.1", "is_active": True}],
        fingerprint=1,
        last_updated_at=NOW,
        **fields,
    )


def history(event, captured_at=NOW):
    return MarketOddsHistory.objects.create(
        event=event, bookmaker_slug="betpawa", betpawa_market_id="5000", outcomes=[], captured_at=captured_at
    )


def test_reference_rows_exist_on_an_empty_database():
    assert list(Bookmaker.objects.values_list("slug", "is_reference")) == [
        ("betpawa", True),
        ("sportybet", False),
        ("bet9ja", False),
    ]


def test_models_and_migrations_agree():
    call_command("makemigrations", "odds", check=True, dry_run=True, stdout=StringIO())


def test_no_line_and_line_0_are_two_markets():
    event = make_event()
    current(event, None)
    current(event, Decimal("0"))
    assert set(MarketOddsCurrent.objects.values_list("line", flat=True)) == {None, Decimal("0")}


@pytest.mark.parametrize("line", [None, Decimal("0"), Decimal("2.50")])
def test_one_market_and_line_has_one_row(line):
    event = make_event()
    current(event, line)
    with pytest.raises(IntegrityError), transaction.atomic():
        current(event, line)


@pytest.mark.parametrize(
    ("written", "read"), [("2.50", "2.5"), ("1E+1", "10"), ("-0.0", "0"), ("-1.25", "-1.25"), ("100", "100")]
)
def test_a_line_is_exact_and_has_no_trailing_zeros(written, read):
    row = current(make_event(), Decimal(written))
    row.refresh_from_db()
    assert str(row.line) == read


def test_withdrawn_without_a_miss_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        current(make_event(), None, unavailable_at=NOW)


@pytest.mark.parametrize("change", ["save", "delete", "bulk update", "bulk delete", "sql"])
def test_history_is_append_only(change):
    row = history(make_event())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        match change:
            case "save":
                row.save()
            case "delete":
                row.delete()
            case "bulk update":
                MarketOddsHistory.objects.update(outcomes=[1])
            case "bulk delete":
                MarketOddsHistory.objects.all().delete()
            case "sql":
                with connection.cursor() as cursor:
                    cursor.execute("UPDATE market_odds_history SET outcomes = '[]'")
    assert MarketOddsHistory.objects.count() == 1


def test_a_missing_partition_never_loses_a_row():
    row = history(make_event(), captured_at=NOW + timedelta(days=4000))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM market_odds_history_default")
        assert cursor.fetchone()[0] == 1
    assert MarketOddsHistory.objects.get(pk=row.pk).captured_at == NOW + timedelta(days=4000)


def test_confirmed_at_is_the_links_unless_the_market_was_missing_from_it():
    event = make_event(links={"betpawa": "1"})
    event.links.update(confirmed_at=NOW)
    current(event, Decimal("1.5"))
    current(event, Decimal("2.5"), missed_count=1, missed_at=NOW, last_seen_at=NOW - timedelta(minutes=5))
    confirmed = dict(MarketOddsCurrent.objects.with_confirmed_at().values_list("line", "last_confirmed_at"))
    assert confirmed == {Decimal("1.5"): NOW, Decimal("2.5"): NOW - timedelta(minutes=5)}


def test_migrations_are_reversible(transactional_db):
    try:
        call_command("migrate", "odds", "zero", verbosity=0)
        assert "market_odds_history" not in connection.introspection.table_names()
    finally:
        call_command("migrate", "odds", verbosity=0)
