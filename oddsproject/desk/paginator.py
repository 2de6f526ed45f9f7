"""Counting that stays cheap on tables of millions."""

import json

from django.core.paginator import Paginator
from django.db import connections
from django.utils.functional import cached_property

EXACT_UP_TO = 10_000
MAX_PAGES = 400  # an offset beyond reads everything before it; filters get there faster


def bounded_count(queryset, exact_up_to=EXACT_UP_TO):
    """(rows, whether that is the planner's estimate): exact up to a bound, so never a long count."""
    queryset = queryset.order_by()
    counted = queryset[: exact_up_to + 1].count()
    if counted <= exact_up_to:
        return counted, False
    return max(counted, planned_rows(queryset)), True


def planned_rows(queryset):
    """How many rows the planner thinks there are."""
    sql, parameters = queryset.query.get_compiler(queryset.db).as_sql()
    with connections[queryset.db].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


class BoundedPaginator(Paginator):
    """Exact up to EXACT_UP_TO rows, the planner's estimate beyond, and never more than MAX_PAGES."""

    template_name = "desk/pagination.html"
    is_estimate = False

    @cached_property
    def count(self):
        counted, self.is_estimate = bounded_count(self.object_list)
        return counted

    @cached_property
    def num_pages(self):
        return min(super().num_pages, MAX_PAGES)
