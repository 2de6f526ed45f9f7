"""The tables keep their own promises, whoever writes to them."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def test_a_row_inserted_by_sql_gets_every_default():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO user_market_mappings (canonical_id, name) VALUES ('plain_sql', 'Plain SQL')")
        cursor.execute("INSERT INTO unmapped_market_log (source, external_market_id) VALUES ('bet9ja', 'S_X')")
        cursor.execute("SELECT status, occurrence_count, event_count FROM unmapped_market_log")
        assert cursor.fetchone() == ("NEW", 1, 0)
        cursor.execute("SELECT is_active, priority, version, outcome_mapping::text FROM user_market_mappings")
        assert cursor.fetchone() == (True, 0, 1, "[]")
