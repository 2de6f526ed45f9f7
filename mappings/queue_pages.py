"""One page of the queue by keyset: the rows after a cursor, however deep, cost the same."""

import math
from dataclasses import dataclass, field, replace

from django.db import connection
from django.db.models import QuerySet

from mappings.models import UnmappedMarketLog
from mappings.queue_filter import MINE, QueueFilter, matching_texts

PER_PAGE = 50
MOST_SIBLINGS = 200
LOOKED_THROUGH = 2_000
NOT_IN_A_LIST = ("rules_text", "first_cycle_id", "last_cycle_id")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows of the queue's order. passed: how many rows lie before it, for
    people; backwards: the page that ends here, not the one that begins here."""

    priority: float
    id: int
    passed: int = 0
    backwards: bool = False

    @classmethod
    def read(cls, text: str, *, backwards: bool = False) -> "Cursor | None":
        """From an address; None for what is no cursor."""
        parts = text.split("~")
        numbers = [part for part in parts[1:] if part.isascii() and part.isdigit() and len(part) < 19]
        if len(parts) not in (2, 3) or len(numbers) != len(parts) - 1:
            return None
        try:
            priority = float(parts[0])
        except ValueError:
            return None
        if not math.isfinite(priority):
            return None
        return cls(priority, int(parts[1]), int(parts[2]) if parts[2:] else 0, backwards)

    def __str__(self):
        return f"{self.priority!r}~{self.id}~{self.passed}"


@dataclass(frozen=True, slots=True)
class QueuePage:
    """rows: at most fifty, in the queue's order. first: how many lie before them. siblings:
    {row id: how many other rows of the same tab are siblings}."""

    rows: list
    first: int = 0
    next_cursor: str = ""
    previous_cursor: str = ""
    siblings: dict = field(default_factory=dict)

    @property
    def last(self) -> int:
        return self.first + len(self.rows)


def page_queries(asked: QueueFilter, cursor: Cursor | None = None) -> list[QuerySet]:
    """What together, in order, holds a page's rows and one more, which says whether there is another
    page; backwards in reverse. After a cursor these are first its equals, then what lies beyond:
    as one condition the planner, which looks at the priority alone, takes a million equals for none.
    """
    queries = _in_order(asked, cursor)
    if asked.words:
        # Of all matches the indexes alone say which come first; only these are read.
        whole = _in_order(replace(asked, search=""), cursor)
        pairs = zip(whole, queries, strict=True)
        queries = [rows.filter(pk__in=found.values("pk")[: PER_PAGE + 1]) for rows, found in pairs]
    return [rows[: PER_PAGE + 1] for rows in queries]


def _in_order(asked, cursor):
    rows = asked.rows().select_related("mapped_to").only(*_columns())
    backwards = cursor is not None and cursor.backwards
    rows = rows.order_by(*(("priority", "id") if backwards else ("-priority", "-id")))
    if cursor is None:
        return [rows]
    than = "gt" if backwards else "lt"
    equals = rows.filter(priority=cursor.priority, **{f"id__{than}": cursor.id})
    return [equals, rows.filter(**{f"priority__{than}": cursor.priority})]


def page_rows(asked: QueueFilter, cursor: Cursor | None = None) -> list[UnmappedMarketLog]:
    found = []
    for query, nearest in zip(page_queries(asked, cursor), _nearest(asked, cursor), strict=True):
        wanted = PER_PAGE + 1 - len(found)
        if wanted:
            near = list(nearest[:wanted]) if nearest is not None else []
            found += near if len(near) == wanted else query[:wanted]
    return found


def _nearest(asked, cursor):
    """What a search finds among the next rows of the order, for each query of a page. What is found
    often is found there; only what is not has the index asked for every match, to put them in order."""
    texts = matching_texts(asked.words) if asked.words else None
    queries = _in_order(replace(asked, search=""), cursor)
    if texts is None:
        return [None] * len(queries)
    return [
        query.filter(pk__in=texts.filter(pk__in=query.values("pk")[:LOOKED_THROUGH]).values("pk")[:LOOKED_THROUGH])
        for query in queries
    ]


def queue_page(asked: QueueFilter, cursor: Cursor | None = None) -> QueuePage:
    found = page_rows(asked, cursor)
    has_more, rows = len(found) > PER_PAGE, found[:PER_PAGE]
    passed = cursor.passed if cursor else 0
    if cursor is not None and cursor.backwards:
        rows.reverse()
        first = max(0, passed - len(rows))
        has_before, has_after = has_more, True
    else:
        first, has_before, has_after = passed, cursor is not None, has_more
    return QueuePage(
        rows=together(rows),
        first=first,
        next_cursor=str(Cursor(rows[-1].priority, rows[-1].pk, first + len(rows))) if rows and has_after else "",
        previous_cursor=str(Cursor(rows[0].priority, rows[0].pk, first)) if rows and has_before else "",
        siblings=sibling_counts(rows, asked),
    )


def together(rows: list) -> list:
    """Siblings of one page one under another, where the first of them stands."""
    places = {}
    for place, row in enumerate(rows):
        places.setdefault(_group(row), place)
    return sorted(rows, key=lambda row: places[_group(row)])


COUNTED = """
SELECT g.source, g.sibling_key,
       (SELECT count(*) FROM (SELECT FROM unmapped_market_log AS q
                               WHERE q.sibling_key = g.sibling_key AND q.sibling_key <> '' AND q.source = g.source
                                 AND (q.tab = %(tab)s OR %(tab)s IS NULL) LIMIT %(most)s) AS few)
  FROM unnest(%(sources)s::text[], %(keys)s::text[]) AS g (source, sibling_key)
"""


def sibling_counts(rows: list, asked: QueueFilter) -> dict[int, int]:
    """{row id: other rows of its tab with its sibling key}, up to 200; without those that have none."""
    groups = sorted({(row.source, row.sibling_key) for row in rows if row.sibling_key})
    if not groups:
        return {}
    tab = None if asked.tab in (None, MINE) else asked.tab
    sources, keys = map(list, zip(*groups, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, {"sources": sources, "keys": keys, "tab": tab, "most": MOST_SIBLINGS})
        counts = {(source, key): count - 1 for source, key, count in cursor.fetchall()}
    found = {row.pk: counts.get((row.source, row.sibling_key), 0) for row in rows}
    return {id: count for id, count in found.items() if count > 0}


def sibling_versions(row, tab: str | None) -> dict[int, int]:
    """{id: version} of the siblings that sibling_counts counted, and of the row itself."""
    if not row.sibling_key:
        return {row.pk: row.version}
    same = UnmappedMarketLog.objects.filter(source=row.source, sibling_key=row.sibling_key).exclude(sibling_key="")
    if tab:
        same = same.filter(tab=tab)
    return dict(same.order_by("-priority", "-id").values_list("pk", "version")[:MOST_SIBLINGS])


def _group(row):
    return (row.source, row.sibling_key) if row.sibling_key else row.pk


def _columns():
    own = [f.name for f in UnmappedMarketLog._meta.concrete_fields if f.name not in NOT_IN_A_LIST]
    return [*own, "mapped_to__name", "mapped_to__canonical_id"]
