"""How the database answers what was asked, on a queue that is too long to be read whole."""

from django.db import connection

from mappings.models import UnmappedMarketLog


def queue_of_many():
    UnmappedMarketLog.objects.bulk_create(
        UnmappedMarketLog(source=slug, external_market_id=f"MANY_{number}")
        for slug in ("sportybet", "bet9ja")
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unmapped_market_log")


def looked_up_by(asked, table: str) -> str:
    """What the index is asked for by the one of the captured queries that reads the table; all columns of the
    index, where it is not read whole."""
    (statement,) = (query["sql"] for query in asked if f'FROM "{table}"' in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return " ".join(line.strip() for (line,) in cursor if "Index Cond:" in line)
