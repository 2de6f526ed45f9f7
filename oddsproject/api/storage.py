"""How much room each table takes, partitions counted with their table."""

from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from .serializers import Serializer, UtcDateTimeField
from .views import APIView

# Row counts are the planner's estimates: counting 20 million rows to show a number is not worth it.
SIZES = """
SELECT tables.relname,
       coalesce(sum(pg_total_relation_size(parts.relid)), 0)::bigint,
       coalesce(sum(greatest(part.reltuples, 0)), 0)::bigint
  FROM pg_class AS tables
  JOIN pg_namespace AS namespace ON namespace.oid = tables.relnamespace
  CROSS JOIN LATERAL (
       SELECT relid FROM pg_partition_tree(tables.oid) WHERE isleaf
       UNION SELECT tables.oid WHERE tables.relkind = 'r') AS parts
  JOIN pg_class AS part ON part.oid = parts.relid
 WHERE namespace.nspname = current_schema() AND tables.relkind IN ('r', 'p') AND NOT tables.relispartition
 GROUP BY tables.relname
 ORDER BY 2 DESC, 1
"""


class TableSerializer(Serializer):
    """row_count: an estimate."""

    table_name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    size_human = serializers.CharField()
    row_count = serializers.IntegerField()


class SizesSerializer(Serializer):
    tables = TableSerializer(many=True)
    total_bytes = serializers.IntegerField()
    total_human = serializers.CharField()
    measured_at = UtcDateTimeField()


class StorageSizes(APIView):
    @extend_schema(responses=SizesSerializer, operation_id="storage_sizes")
    def get(self, request):
        with connection.cursor() as cursor:
            cursor.execute(SIZES)
            rows = cursor.fetchall()
        total = sum(size for _, size, _ in rows)
        return Response(
            SizesSerializer(
                {
                    "tables": [
                        {"table_name": name, "size_bytes": size, "size_human": _human(size), "row_count": count}
                        for name, size, count in rows
                    ],
                    "total_bytes": total,
                    "total_human": _human(total),
                    "measured_at": timezone.now(),
                }
            ).data
        )


def _human(size):
    return filesizeformat(size).replace("\xa0", " ")
