"""The searched text of the rows that are there, and the indexes that reading and counting need now.

Outside a transaction, in parts and with indexes made beside the work: the queue stays in use. After an
interruption all of it is done again, and an index that is there already stops it, finished or left half
made (INVALID). So all four are dropped first, each by a statement of its own; then `manage.py migrate` goes through:

    DROP INDEX CONCURRENTLY IF EXISTS idx_unmapped_text;
    DROP INDEX CONCURRENTLY IF EXISTS idx_unmapped_strong;
    DROP INDEX CONCURRENTLY IF EXISTS idx_audit_log_person;
    DROP INDEX CONCURRENTLY IF EXISTS idx_audit_log_search;

All else may be done twice: texts that are there are left, and old indexes are dropped if they exist.
"""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

PART = 5_000
# A row that is changed meanwhile has its text from the trigger, one that is deleted is left out.
FILL = """
WITH part AS MATERIALIZED (
    SELECT q.id, unmapped_searched(q.market_name, q.external_market_id, q.rules_text) AS searched
      FROM unmapped_market_log AS q
     WHERE q.id > %(after)s
     ORDER BY q.id LIMIT %(most)s
       FOR KEY SHARE OF q
), filled AS (
    INSERT INTO unmapped_market_text (unmapped_id, searched)
    SELECT id, searched FROM part ORDER BY id
    ON CONFLICT DO NOTHING
)
SELECT max(id) FROM part
"""


def fill(apps, schema_editor):
    after = 0
    with schema_editor.connection.cursor() as cursor:
        while after is not None:
            cursor.execute(FILL, {"after": after, "most": PART})
            (after,) = cursor.fetchone()
        cursor.execute("ANALYZE unmapped_market_text")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("mappings", "0007_searched_text")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        # New pages keep room for the next version of their rows, and old ones get it as rows move.
        migrations.RunSQL(
            "ALTER TABLE unmapped_market_log SET (fillfactor = 80)",
            "ALTER TABLE unmapped_market_log RESET (fillfactor)",
        ),
        AddIndexConcurrently(
            model_name="unmappedmarkettext",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["searched"], name="idx_unmapped_text", opclasses=["gin_trgm_ops"]
            ),
        ),
        AddIndexConcurrently(
            model_name="unmappedmarketlog",
            index=models.Index(
                condition=models.Q(("best_band", "strong"), ("tab", "NEW")), fields=["id"], name="idx_unmapped_strong"
            ),
        ),
        RemoveIndexConcurrently(model_name="unmappedmarketlog", name="idx_unmapped_search"),
        RemoveIndexConcurrently(model_name="unmappedmarketlog", name="idx_unmapped_events"),
        AddIndexConcurrently(
            model_name="mappingauditlog",
            index=models.Index(fields=["created_by", "-id"], name="idx_audit_log_person"),
        ),
        AddIndexConcurrently(
            model_name="mappingauditlog",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(Upper("canonical_id"), name="gin_trgm_ops"),
                django.contrib.postgres.indexes.OpClass(Upper("reason"), name="gin_trgm_ops"),
                name="idx_audit_log_search",
            ),
        ),
    ]
