"""The queue by keyset: a page costs the same however many rows lie before it."""

from collections.abc import Iterable

from mappings.models import Tab, UnmappedStatus
from mappings.queue_pages import Cursor

# Where rows of a status may lie; the index begins with the tab.
TABS_OF = {
    UnmappedStatus.NEW: (Tab.NEW, Tab.SNOOZED, Tab.REVIEW),
    UnmappedStatus.ACKNOWLEDGED: (Tab.ACKNOWLEDGED, Tab.SNOOZED, Tab.REVIEW),
    UnmappedStatus.IGNORED: (Tab.IGNORED, Tab.REVIEW),
    UnmappedStatus.MAPPED: (Tab.MAPPED, Tab.REVIEW),
}


def tabs_of(statuses: Iterable[str]) -> list[str]:
    """The tabs in which rows of these statuses lie; all of them for none."""
    if not statuses:
        return list(Tab)
    return list(dict.fromkeys(tab for status in statuses for tab in TABS_OF[UnmappedStatus(status)]))


def page_after(rows, cursor: Cursor | None, size: int, tabs: Iterable[str]) -> tuple[list, str | None]:
    """(rows by priority that come after the cursor, the cursor of the next page or None).

    tabs: where the rows lie. Two statements, whatever is before: the ids, from the first few of each
    tab, then their rows.
    """
    ids = [id for _, id in _places(rows, cursor, size, tabs)]
    found = {row.pk: row for row in rows.filter(pk__in=ids[:size])}
    page = [found[id] for id in ids[:size] if id in found]
    return page, cursor_after(page[-1]) if len(ids) > size and page else None


def cursor_after(row) -> str:
    return str(Cursor(row.priority, row.pk))


def _places(rows, cursor, size, tabs):
    """[(priority, id)] of one row more than a page has.

    After a cursor each tab gives its equals, then what lies beyond: as one condition the planner,
    which looks at the priority alone, takes a million equals for none.
    """
    parts = []
    for tab in tabs:
        of_tab = rows.filter(tab=tab).order_by("-priority", "-id").values_list("priority", "id")
        if cursor is None:
            parts.append(of_tab[: size + 1])
        else:
            parts.append(of_tab.filter(priority=cursor.priority, id__lt=cursor.id)[: size + 1])
            parts.append(of_tab.filter(priority__lt=cursor.priority)[: size + 1])
    if len(parts) == 1:
        return list(parts[0])
    return list(parts[0].union(*parts[1:], all=True).order_by("-priority", "-id")[: size + 1])
