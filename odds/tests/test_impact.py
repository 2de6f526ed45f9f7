"""The figures of a mapping's preview: what they count, and what they read for it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from odds import impact
from odds.impact import StoredRows, reference_rows, stored_rows
from odds.models import LinkFingerprints, LinkMarkets
from odds.storage import MarketWriteBatch, ObservedMarkets, handle_market_write_batch, withdraw_due
from odds.tests.builders import at, make_event, make_market

pytestmark = pytest.mark.django_db


def store(event, minute, *markets, slug="betpawa"):
    handle_market_write_batch(MarketWriteBatch((ObservedMarkets(event.pk, slug, at(minute), True, markets),)))


def totals(*lines):
    return [make_market("5000", ("1.9", "1.8"), line=line) for line in lines]


@pytest.fixture
def events():
    """Two to come and one that has kicked off, all with the same markets at two bookmakers."""
    both = {"betpawa", "sportybet"}
    found = [make_event(links=dict.fromkeys(both, f"e{number}")) for number in range(2)]
    started = make_event(links=dict.fromkeys(both, "old"), kickoff_at=timezone.now() - timedelta(minutes=1))
    for event in (*found, started):
        for slug in both:
            store(event, 0, make_market("3743"), make_market("500"), *totals(None, "2.5"), slug=slug)
    return found


def test_rows_of_one_market_at_one_bookmaker_are_counted_on_events_to_come(events):
    assert stored_rows("sportybet", "5000") == StoredRows(events=2, markets=2, rows=4)
    store(events[0], 1, *totals(None, "2.5", "3.5"), slug="sportybet")
    assert stored_rows("sportybet", "5000") == StoredRows(events=2, markets=3, rows=5)
    assert stored_rows("betpawa", "5000") == StoredRows(events=2, markets=2, rows=4)
    assert stored_rows("bet9ja", "5000") == stored_rows("betpawa", "50") == StoredRows(0, 0, 0)


def test_the_reference_is_counted_for_each_market_asked_for(events):
    store(events[0], 1, make_market("3743"), make_market("9"))
    assert reference_rows(["3743", "9", "5000", "77"]) == {"3743": 2, "9": 1, "5000": 2, "77": 0}
    assert reference_rows([]) == {}


def withdraw_a_line(event):
    rest = make_market("3743"), make_market("500"), *totals(None)
    for minute in (1, 2):
        store(event, minute, *rest)
    assert withdraw_due("betpawa", at(3), hold_share=1).withdrawn == 1


def test_what_is_withdrawn_is_not_on_offer(events):
    withdraw_a_line(events[0])
    assert stored_rows("betpawa", "5000") == StoredRows(events=2, markets=2, rows=3)


@pytest.mark.parametrize("lost", [LinkMarkets, LinkFingerprints])
def test_without_packed_state_the_rows_are_counted(events, lost):
    withdraw_a_line(events[0])
    lost.objects.filter(link__event=events[0]).delete()
    assert stored_rows("betpawa", "5000") == StoredRows(events=2, markets=2, rows=3)
    assert reference_rows(["5000", "500"]) == {"5000": 2, "500": 2}


def test_nothing_is_read_row_by_row():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {impact.PACKED_KEYS}", ["betpawa"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "market_odds_current" not in plan and "Seq Scan" not in plan
        cursor.execute(f"EXPLAIN {impact.ROW_KEYS}", [[1, 2], "betpawa"])
        assert "uq_market_odds_current" in cursor.fetchone()[0] + cursor.fetchone()[0]


def test_what_is_remembered_of_a_market_is_never_what_has_changed_since(events):
    assert stored_rows("betpawa", "5000") == stored_rows("betpawa", "5000") == StoredRows(events=2, markets=2, rows=4)
    store(events[0], 1, *totals("4.5"))
    assert stored_rows("betpawa", "5000") == StoredRows(events=2, markets=3, rows=5)
    withdraw_a_line(events[1])
    assert stored_rows("betpawa", "5000") == StoredRows(events=2, markets=3, rows=4)


def test_a_market_whose_id_is_a_part_of_anothers_is_not_it(events):
    store(events[0], 1, make_market("3743"), make_market("13743"), make_market("37433"))
    assert stored_rows("betpawa", "3743") == StoredRows(events=2, markets=1, rows=2)
    assert stored_rows("betpawa", "374") == StoredRows(0, 0, 0)
