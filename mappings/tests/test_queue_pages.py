"""The queue's pages by cursor: which index answers them, and that no row is lost or shown twice."""

import json

import pytest
from django.db import connection

from mappings import queue_pages
from mappings.models import UnmappedMarketLog
from mappings.queue_filter import QueueFilter
from mappings.queue_pages import PER_PAGE, Cursor, page_queries, page_rows, queue_page, sibling_counts
from tests.pristine import made_once

pytestmark = pytest.mark.django_db

FILL = """
INSERT INTO unmapped_market_log
       (source, external_market_id, market_name, family, period, error_code, priority, event_count, status, sibling_key,
        best_band, alerted_at)
SELECT CASE WHEN n %% 2 = 0 THEN 'bet9ja' ELSE 'sportybet' END, n::text, 'Market ' || n,
       CASE WHEN n %% 10 = 1 THEN 'props' ELSE 'over_under' END, 'FT', 'UNKNOWN_MARKET',
       CASE WHEN n %% 10 = 1 THEN 0 ELSE n %% 97 END, n %% 400, CASE WHEN n %% 3 = 0 THEN 'MAPPED' ELSE 'NEW' END, '',
       CASE WHEN n %% 10 = 1 THEN 'weak' ELSE 'strong' END, date '2026-11-01' + n / 40 * interval '1 hour'
  FROM generate_series(1, %(rows)s) AS n
"""


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    """Twenty thousand rows, made once; those of one family all lie at the bottom of the order."""
    with made_once(django_db_blocker) as cursor:
        cursor.execute(FILL, {"rows": 20_000})
        cursor.execute("ANALYZE unmapped_market_log")
        yield


@pytest.fixture
def filled(once, db):
    """Those rows, for tests that do not change them."""


def nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def read_rows(query):
    """(indexes used, rows of the queue that were read) by a statement."""
    sql, parameters = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0]
    plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "unmapped_market_log"]
    read = sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)
    return {node.get("Index Name") for node in scans}, read


def test_siblings_are_counted_in_their_tab_and_bounded():
    def make(key, tab="NEW", source="bet9ja", sibling_key="k"):
        return UnmappedMarketLog.objects.create(
            source=source, external_market_id=key, status=tab, sibling_key=sibling_key
        )

    rows = [make("1"), make("2"), make("3", "IGNORED"), make("4", source="sportybet"), make("5", sibling_key="")]
    assert sibling_counts(rows, QueueFilter(tab="NEW")) == {rows[0].pk: 1, rows[1].pk: 1, rows[2].pk: 1}


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"tab": "NEW"}, "idx_unmapped_tab_priority"),
        ({"tab": "NEW", "source": "bet9ja"}, "idx_unmapped_source"),
        ({"tab": "NEW", "family": "props"}, "idx_unmapped_by_family"),
        ({"tab": "NEW", "band": "weak"}, "idx_unmapped_by_band"),
        ({"tab": "NEW", "announced": "2026-11-02T00:00Z"}, "idx_unmapped_alerted"),
    ],
)
def test_a_page_reads_about_as_many_rows_as_it_shows(filled, asked, index):
    for cursor in (None, Cursor(20.0, 1), Cursor(20.0, 1, backwards=True)):
        for query in page_queries(QueueFilter(**asked), cursor):
            used, read = read_rows(query)
            assert read <= 4 * PER_PAGE, (cursor, used, read)
    assert read_rows(page_queries(QueueFilter(**asked))[0])[0] == {index}


def test_among_thousands_of_equals_a_page_begins_at_its_cursor(filled):
    """The planner looks at the priority alone and would take the equals for none."""
    asked = QueueFilter(tab="NEW", family="props")
    ids = list(asked.rows().order_by("-id").values_list("pk", flat=True))
    for query in page_queries(asked, Cursor(0.0, ids[500])):
        assert read_rows(query)[1] <= 2 * PER_PAGE
    assert [row.pk for row in queue_page(asked, Cursor(0.0, ids[500])).rows] == ids[501 : 501 + PER_PAGE]


def test_a_list_by_cursor_holds_every_row_once(filled):
    asked, seen, cursor = QueueFilter(tab="NEW", source="sportybet", family="props"), [], None
    while True:
        page = queue_page(asked, cursor)
        seen += [row.pk for row in page.rows]
        if not page.next_cursor:
            break
        cursor = Cursor.read(page.next_cursor)
    assert seen == list(asked.rows().order_by("-priority", "-id").values_list("pk", flat=True))


@pytest.mark.parametrize("text", ["", "x", "1~", "nan~3~0", "inf~3~0", "1~2~3~4", "1~-2~0", "1~" + "9" * 30, "1~²~0"])
def test_what_is_no_cursor_is_the_first_page(text):
    assert Cursor.read(text) is None


def test_a_cursor_reads_back_as_it_was_written():
    cursor = Cursor(0.1 + 0.2, 10**17, 150)
    assert Cursor.read(str(cursor)) == cursor


def test_a_search_pages_through_the_same_rows_however_many_are_looked_through_first(filled, monkeypatch):
    """Near the top or at the bottom of the order: what is found, and in which order, is the same."""
    for looked_through in (60, 2_000):
        monkeypatch.setattr(queue_pages, "LOOKED_THROUGH", looked_through)
        for search in ("market 77", "market 1111", "77"):
            asked = QueueFilter(tab="NEW", search=search)
            wanted = list(asked.rows().order_by("-priority", "-id").values_list("pk", flat=True)[:120])
            first = page_rows(asked)[:PER_PAGE]
            seen = [row.pk for row in first]
            if len(wanted) > PER_PAGE:
                second = page_rows(asked, Cursor(first[-1].priority, first[-1].pk))[:PER_PAGE]
                back = page_rows(asked, Cursor(second[0].priority, second[0].pk, backwards=True))[:PER_PAGE]
                assert [row.pk for row in reversed(back)] == seen
                seen += [row.pk for row in second]
            assert seen == wanted[: 2 * PER_PAGE] and seen


def test_what_a_search_finds_at_the_bottom_of_the_order_is_found_by_its_index(filled):
    """The planner would hope to meet it at the top, and read every row."""
    UnmappedMarketLog.objects.filter(family="props", pk__gt=UnmappedMarketLog.objects.latest("pk").pk - 2_000).update(
        market_name="Goalscorer"
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_text")
    asked = QueueFilter(tab="NEW", search="goalscorer")
    (query,) = page_queries(asked)
    assert "idx_unmapped_text" in query.explain()
    assert len(page_rows(asked)) == PER_PAGE + 1
