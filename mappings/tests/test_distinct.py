"""What a log or the queue is asked for by name is found without reading all of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mappings.admin_changes import FILTERS, filtered
from mappings.distinct import distinct_values
from mappings.models import MappingAuditLog, UnmappedMarketLog
from mappings.standing import strong_waiting

pytestmark = pytest.mark.django_db

CHANGES = """
INSERT INTO mapping_audit_log (canonical_id, action, reason, created_by)
SELECT 'market_' || n %% 90, 'UPDATE', CASE WHEN n %% 2 = 0 THEN 'Reason ' || n END, 'trader' || n %% 3
  FROM generate_series(1, 5000) AS n
"""


@pytest.fixture
def changes():
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, [])
        cursor.execute("INSERT INTO mapping_audit_log (canonical_id, action) VALUES ('nobodys', 'UPDATE')")
        cursor.execute("SELECT gin_clean_pending_list('idx_audit_log_search')")  # as vacuum does
        cursor.execute("ANALYZE mapping_audit_log")
        cursor.execute("SET LOCAL enable_seqscan = off")  # of so few rows it may be the cheaper


def plan_of(do):
    """(what it returns, the plan of its only statement)"""
    with CaptureQueriesContext(connection) as asked:
        found = do()
    (statement,) = asked
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement['sql']}")
        return found, "\n".join(line for (line,) in cursor)


def test_who_has_changed_mappings_is_read_from_an_index(changes):
    people, plan = plan_of(lambda: distinct_values(MappingAuditLog, "created_by", 10))
    assert people == ["trader0", "trader1", "trader2"]
    assert "idx_audit_log_person" in plan and "Seq Scan" not in plan
    assert distinct_values(MappingAuditLog, "created_by", 2) == people[:2]


@pytest.mark.parametrize(
    ("asked", "found", "index"),
    [
        ({"search": "REASON 480"}, 6, "idx_audit_log_search"),
        ({"search": "obody"}, 1, "idx_audit_log_search"),
        ({"person": "nobody"}, 0, "idx_audit_log_person"),
    ],
)
def test_the_log_of_changes_is_searched_by_index(changes, asked, found, index):
    rows, plan = plan_of(lambda: list(filtered({name: asked.get(name, "") for name in FILTERS})))
    assert len(rows) == found
    assert index in plan and "Seq Scan" not in plan


def test_strong_ones_that_wait_are_counted_without_reading_the_queue():
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(
            source="bet9ja", external_market_id=f"S_{number}", best_band="strong" if number % 100 == 0 else "weak",
            status="IGNORED" if number % 200 == 0 else "NEW",
        )
        for number in range(3_000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_log")
    count, plan = plan_of(strong_waiting)
    assert count == 15
    assert "idx_unmapped_strong" in plan and "Seq Scan" not in plan
