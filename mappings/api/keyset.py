"""The queue by keyset: a page costs the same however many rows lie before it."""

from mappings.queue_pages import Cursor


def page_after(rows, cursor: Cursor | None, size: int) -> tuple[list, str | None]:
    """(rows by priority that come after the cursor, the cursor of the next page or None).

    Two short queries: what is as high as the cursor's row, then what lies below it. As one condition
    the planner, which looks at the priority alone, takes a million equals for none.
    """
    rows = rows.order_by("-priority", "-id")
    if cursor is None:
        found = list(rows[: size + 1])
    else:
        found = list(rows.filter(priority=cursor.priority, id__lt=cursor.id)[: size + 1])
        if len(found) <= size:
            found += rows.filter(priority__lt=cursor.priority)[: size + 1 - len(found)]
    more = len(found) > size
    found = found[:size]
    return found, cursor_after(found[-1]) if more else None


def cursor_after(row) -> str:
    return str(Cursor(row.priority, row.pk))
