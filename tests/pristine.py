"""The database after a test that commits: what the migrations left, restored where the test wrote.

Django's own way empties every table, so that the rows of migrations (bookmakers, roles) are gone for every
test that follows, and makes permissions and content types anew each time, which takes longer than most tests.
"""

from contextlib import contextmanager

from django.db import connection, transaction

SCHEMA = "pristine"
# A number that only grows; the triggers of the mappings move it on when their table is emptied.
KEPT = {"mapping_version"}


def remember():
    """Keep a copy of what the migrations made. Once, when the test database is new."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for table in _holding_rows(cursor, _tables()):
            cursor.execute(f"CREATE TABLE {SCHEMA}.{table} AS TABLE {table}")


def restore():
    """Make every table hold again what was there at `remember`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA])
        made = {table for (table,) in cursor.fetchall()}
        touched = _holding_rows(cursor, set(_tables()) - made) + _differing(cursor, made)
        if not touched:
            return
        cursor.execute(f"TRUNCATE {', '.join(touched)} CASCADE")
        for table in made:  # foreign keys are looked at when the transaction ends
            cursor.execute(
                f"INSERT INTO {table} SELECT * FROM {SCHEMA}.{table} WHERE NOT EXISTS (SELECT 1 FROM {table})"
            )


@contextmanager
def made_once(blocker):
    """For a fixture of a whole module: what is written with the cursor is there for the module's tests, each of
    which has its own transaction in ours, and is gone afterwards. Tests that commit cannot use it."""
    with blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        yield cursor
        transaction.set_rollback(True)


def _tables():
    return set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT


def _holding_rows(cursor, tables):
    return _named(cursor, {table: f"SELECT 1 FROM {table}" for table in tables})


def _differing(cursor, tables):
    lost = "TABLE {0}.{1} EXCEPT ALL TABLE {1}"
    new = "TABLE {1} EXCEPT ALL TABLE {0}.{1}"
    return _named(cursor, {table: f"({lost}) UNION ALL ({new})".format(SCHEMA, table) for table in tables})


def _named(cursor, queries):
    """The names whose query finds a row."""
    if not queries:
        return []
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS ({query})" for name, query in queries.items()))
    return [name for (name,) in cursor.fetchall()]
