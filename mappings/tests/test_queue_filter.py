"""A filter means the same rows in the list, in its address, in its count and in a bulk action."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from mappings import queue_filter
from mappings.models import UnmappedMarketLog, UnmappedMarketText
from mappings.queue_filter import QueueFilter, siblings, tab_counts
from mappings.services import claim, snooze

pytestmark = pytest.mark.django_db


def make(key, **values):
    return UnmappedMarketLog.objects.create(
        **{"source": "sportybet", "external_market_id": key, "market_name": f"Market {key}"} | values
    )


def keys(**values):
    return sorted(QueueFilter(**values).rows().values_list("external_market_id", flat=True))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["18", "29", "S_HAOU"]),
        ({"tab": "NEW"}, ["29", "S_HAOU"]),
        ({"tab": "IGNORED"}, ["18"]),
        ({"source": "bet9ja"}, ["S_HAOU"]),
        ({"family": "over_under"}, ["S_HAOU"]),
        ({"period": "1H"}, ["29"]),
        ({"error_code": "PARTIAL_OUTCOMES"}, ["29"]),
        ({"min_events": 5}, ["18", "S_HAOU"]),
        ({"min_occurrences": 7}, ["29"]),
        ({"search": "home over"}, ["S_HAOU"]),
        ({"search": "haou"}, ["S_HAOU"]),
        ({"search": "extra time"}, ["29"]),
        ({"search": "18"}, ["18"]),
        ({"search": "%"}, []),
        ({"tab": "NEW", "search": "over"}, ["S_HAOU"]),
        ({"band": "strong"}, ["29"]),
        ({"band": "none"}, ["18", "S_HAOU"]),
        ({"announced": "2026-11-21T16:00:00.123456Z"}, ["18"]),
        ({"announced": "2026-11-21T15:00Z~2026-11-21T18:00:00+01:00"}, ["18"]),
    ],
)
def test_every_part_of_a_filter_narrows(asked, found):
    told = datetime(2026, 11, 21, 16, 0, 0, 123456, UTC)
    make("18", status="IGNORED", event_count=9, alerted_at=told)
    make(
        "29",
        period="1H",
        best_band="strong",
        alerted_at=told + timedelta(hours=2),
        error_code="PARTIAL_OUTCOMES",
        occurrence_count=8,
        rules_text="Without extra time.",
    )
    make("S_HAOU", source="bet9ja", market_name="Home/Away - Over/Under", family="over_under", event_count=5)
    assert keys(**asked) == found
    assert QueueFilter(**asked).count() == (len(found), True)


def test_an_address_and_back_is_the_same_filter():
    at = "2026-11-21T16:00:00Z"
    whole = QueueFilter("NEW", "bet9ja", "over_under", "FT", "UNKNOWN_MARKET", 3, 4, "o25 goals", "ada", "weak", at)
    assert QueueFilter.from_query(whole.as_query()) == whole
    assert QueueFilter.from_query({"tab": "", "p": "2", "min_events": " 3 "}) == QueueFilter(min_events=3)
    assert QueueFilter().as_query() == {}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"tab": "DONE"}, "tab"),
        ({"min_events": "-1"}, "min_events"),
        ({"tab": "MINE"}, "owner"),
        ({"band": "good"}, "band"),
        *(
            ({"announced": text}, "announced")
            for text in ("now", "2026-11-21T16:00:00", "2026-99-21T16:00Z", "~", "a~b~c")
        ),
    ],
)
def test_nonsense_in_an_address_is_named_by_field(query, field):
    with pytest.raises(ValidationError) as caught:
        QueueFilter.from_query(query)
    assert field in caught.value.message_dict


def test_mine_is_what_i_have_claimed_and_the_claim_still_holds():
    first, second = make("1"), make("2")
    claim(ids=[first.pk, second.pk], user="ada")
    UnmappedMarketLog.objects.filter(pk=second.pk).update(claim_expires_at=timezone.now())
    assert QueueFilter.from_query({"tab": "MINE"}, user="ada").rows().get() == first
    assert tab_counts("ada")["MINE"] == 1 and tab_counts("bob")["MINE"] == 0


def test_every_tab_is_counted_in_three_statements(django_assert_num_queries):
    make("1")
    snooze(ids=[make("2").pk], user="ada", until=timezone.now() + timezone.timedelta(hours=1))
    make("3", status="MAPPED", review_since=timezone.now())
    with django_assert_num_queries(3):  # the planner's estimates, the small ones counted, mine
        counts = tab_counts("ada")
    assert counts == {"NEW": 1, "ACKNOWLEDGED": 0, "SNOOZED": 1, "REVIEW": 1, "IGNORED": 0, "MAPPED": 0, "MINE": 0}


def test_beyond_the_bound_a_count_is_an_estimate_and_says_so(monkeypatch):
    monkeypatch.setattr(queue_filter, "EXACT_UP_TO", 5)
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(source="bet9ja", external_market_id=f"S_{number}") for number in range(50)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_log")
    counted, is_exact = QueueFilter(tab="NEW").count()
    assert not is_exact and 20 <= counted <= 100
    assert tab_counts("ada")["NEW"] == counted


def many():
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(source="bet9ja", external_market_id=f"S_{number}", market_name=f"Market {number} HT-1X")
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_log, unmapped_market_text")


def test_a_search_is_answered_by_the_index():
    many()
    for search in ("2741", "market 2741", "z9", "z9 q", "o/u 4.5"):
        plan = QueueFilter(search=search).rows().explain()
        assert "idx_unmapped_text" in plan and "Seq Scan" not in plan, search


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("1x", ["S_1", "S_2"]),  # whole words, whatever stands around them
        ("x", []),
        ("18", ["18"]),
        ("ht 1x", ["S_2"]),
        ("o/u", ["S_3"]),
        ("2.5", ["S_3"]),
        ("double 1", ["S_1"]),  # beside a longer word: any part
        ("s_", ["18"]),  # a sign belongs to its word
        ("% --", []),
        ("%", []),
    ],
)
def test_short_words_by_themselves_are_whole_words(search, found):
    make("S_1", market_name="Double chance 1X")
    make("S_2", market_name="(1X) HT")
    make("S_3", market_name="Goals O/U", rules_text="Over 2.5, [not 12.55].")
    make("18", market_name="s_ 118")
    assert keys(search=search) == sorted(found)


def text_of(row):
    return UnmappedMarketText.objects.get(pk=row.pk).searched


def test_what_is_searched_follows_by_every_route():
    row = make("18", market_name="Goals")
    assert text_of(row) == " GOALS 18  "
    UnmappedMarketLog.objects.filter(pk=row.pk).update(rules_text="x" * 2_000)
    assert text_of(row) == f" GOALS 18 {'X' * 1_000} "
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE unmapped_market_log SET market_name = NULL, rules_text = 'Corners' WHERE id = %s", [row.pk]
        )
    assert text_of(row) == "  18 CORNERS "
    row.refresh_from_db()
    row.external_market_id = "19"
    row.save()
    assert text_of(row) == "  19 CORNERS "
    row.delete()
    assert not UnmappedMarketText.objects.exists()


def test_what_is_searched_is_not_written_when_counters_move():
    row = make("18")
    written = UnmappedMarketText.objects.extra(select={"at": "ctid::text"})
    before = written.get().at
    UnmappedMarketLog.objects.filter(pk=row.pk).update(
        occurrence_count=9, market_name=row.market_name, status="IGNORED"
    )
    assert written.get().at == before


def test_rows_from_before_get_their_text_from_the_migration():
    rows = [make(str(number)) for number in range(3)]
    UnmappedMarketText.objects.all().delete()
    migration = import_module("mappings.migrations.0008_cheap_counting")
    migration.fill(None, SimpleNamespace(connection=connection))
    assert sorted(UnmappedMarketText.objects.values_list("pk", flat=True)) == [row.pk for row in rows]
    assert text_of(rows[0]) == " MARKET 0 0  "


def test_siblings_are_the_open_rows_of_the_same_market_at_the_same_bookmaker():
    row = make("1", sibling_key="goals|over_under")
    make("2", sibling_key="goals|over_under")
    make("3", sibling_key="goals|over_under", status="IGNORED")
    make("4", sibling_key="goals|over_under", source="bet9ja")
    make("5")
    assert [other.external_market_id for other in siblings(row)] == ["2"]
    assert not siblings(make("6")).exists()
