"""What of the queue somebody looks at: one frozen value for the list, its address, its count, and
"all that match this filter"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mappings.actors import name_of
from mappings.models import Band, Tab, UnmappedMarketLog, UnmappedMarketText

MINE = "MINE"
TABS = (*Tab.values, MINE)
NO_BAND = "none"
BANDS = (*Band.values, NO_BAND)
EXACT_UP_TO = 10_000
LONGEST_SEARCH = 100
EVERY = 1_000_000_000
LETTER = re.compile(r"[^\W_]")
LONG = re.compile(r"[^\W_]{3}")
AROUND = r"[ !-/:-@[-`{-~]"
NUMBERS = ("min_events", "min_occurrences")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Rows for which everything that is given holds.

    tab: one of TABS; MINE needs owner. owner: who holds a claim that has not run out.
    search: in name, key and rules text, every word of it in any order.
    band: of the best suggestion; NO_BAND is without one. announced: when people were told of it, as ISO
    text with a zone, or two of them around "~".
    """

    tab: str | None = None
    source: str | None = None
    family: str | None = None
    period: str | None = None
    error_code: str | None = None
    min_events: int | None = None
    min_occurrences: int | None = None
    search: str = ""
    owner: str | None = None
    band: str | None = None
    announced: str = ""

    def __post_init__(self):
        if self.band is not None and self.band not in BANDS:
            raise ValidationError({"band": f"One of: {', '.join(BANDS)}."})
        if self.announced:
            _moments(self.announced)
        if self.tab is not None and self.tab not in TABS:
            raise ValidationError({"tab": f"One of: {', '.join(TABS)}."})
        if self.tab == MINE and not self.owner:
            raise ValidationError({"owner": "Whose?"})

    @classmethod
    def from_query(cls, query: Mapping, *, user=None) -> "QueueFilter":
        """From an address's parameters, named as the fields are; empty ones and others are left
        out. user: whose MINE is. Raises ValidationError by field."""
        values = {}
        for field in fields(cls):
            text = str(query.get(field.name) or "").replace("\x00", "").strip()
            if text:
                values[field.name] = _number(field.name, text) if field.name in NUMBERS else text
        if "search" in values:
            values["search"] = values["search"][:LONGEST_SEARCH]
        if values.get("tab") == MINE and "owner" not in values and user is not None:
            values["owner"] = name_of(user)
        return cls(**values)

    def as_query(self) -> dict[str, str]:
        """The parameters that from_query reads back into the same."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in given.items() if value not in (None, "")}

    @property
    def words(self) -> list[str]:
        return self.search.upper().split()

    def rows(self) -> QuerySet:
        """The rows, in no particular order."""
        rows = UnmappedMarketLog.objects.order_by()
        exact = {"tab": self.tab, "source": self.source, "family": self.family, "period": self.period}
        exact |= {"error_code": self.error_code}
        rows = rows.filter(**{n: value for n, value in exact.items() if value and not (n == "tab" and value == MINE)})
        if self.band:
            rows = rows.filter(best_band="" if self.band == NO_BAND else self.band)
        if self.announced:
            rows = rows.filter(alerted_at__range=_moments(self.announced))
        if self.min_events is not None:
            rows = rows.filter(event_count__gte=self.min_events)
        if self.min_occurrences is not None:
            rows = rows.filter(occurrence_count__gte=self.min_occurrences)
        if self.owner:
            rows = rows.filter(claimed_by=self.owner, claim_expires_at__gt=timezone.now())
        return _searched(rows, self.words)

    def count(self) -> tuple[int, bool]:
        """(how many, True), or beyond 10,000 (about how many, False): the planner's estimate."""
        counted = self.rows().values("pk")[: EXACT_UP_TO + 1].count()
        if counted <= EXACT_UP_TO:
            return counted, True
        return max(_estimated(self.rows()), counted), False


# The tab as a constant and the index's own order: a plan that reads at most so many entries of
# idx_unmapped_tab_priority, wherever in the table a tab's rows lie.
COUNT_OF_TAB = """
SELECT '{tab}', (SELECT count(*) FROM (SELECT FROM unmapped_market_log WHERE tab = '{tab}'
                                        ORDER BY priority DESC, id DESC LIMIT %(most)s) AS few)
"""


def tab_counts(user) -> dict[str, int]:
    """{tab: rows} with every tab, and MINE. Above 10,000 the planner's estimate, so that it takes
    milliseconds however many there are: what is surely more than that is not counted at all."""
    estimates = _estimates([QueueFilter(tab=tab).rows() for tab in Tab.values])
    counts = dict(zip(Tab.values, estimates, strict=True))
    small = [tab for tab, estimate in counts.items() if estimate <= 2 * EXACT_UP_TO]
    if small:
        with connection.cursor() as cursor:
            sql = " UNION ALL ".join(COUNT_OF_TAB.format(tab=tab) for tab in small)
            cursor.execute(sql, {"most": EXACT_UP_TO + 1})
            counted = dict(cursor.fetchall())
        counts |= {tab: n if n <= EXACT_UP_TO else max(n, counts[tab]) for tab, n in counted.items()}
    return counts | {MINE: QueueFilter(tab=MINE, owner=name_of(user)).rows().count()}


def siblings(row: UnmappedMarketLog) -> QuerySet:
    """The other open rows of the same market: its lines, sides and halves, so that one decision
    clears them all. None where the name said nothing about it."""
    if not row.sibling_key:
        return UnmappedMarketLog.objects.none()
    same = UnmappedMarketLog.objects.filter(source=row.source, sibling_key=row.sibling_key)
    return same.filter(tab__in=(Tab.NEW, Tab.ACKNOWLEDGED, Tab.SNOOZED)).exclude(pk=row.pk).order_by("-priority", "id")


def _searched(rows, words):
    if not words:
        return rows
    # Limited, so that the index is asked first whatever the planner hopes to meet at the top of an order.
    texts = matching_texts(words)
    return rows.none() if texts is None else rows.filter(pk__in=texts.values("pk")[:EVERY])


def matching_texts(words: Sequence[str]) -> QuerySet | None:
    """The texts with every word somewhere; None where nothing can match.

    The index knows runs of three letters or digits. Shorter words only narrow what a longer one
    finds; by themselves they are looked for as whole words, which it knows as well. Signs alone are
    found nowhere.
    """
    texts = UnmappedMarketText.objects.order_by()
    if any(map(LONG.search, words)):
        for word in words:
            texts = texts.filter(searched__contains=word)
        return texts
    whole = [word for word in words if LETTER.search(word)]
    for word in whole:
        texts = texts.filter(searched__regex=f"{AROUND}{re.escape(word)}{AROUND}")
    return texts if whole else None


def _moments(text):
    """(from, to) of an announcement; raises ValidationError."""
    try:
        first, last = (parse_datetime(part) for part in (text.split("~") if "~" in text else (text, text)))
    except ValueError:
        first = last = None
    if first is None or last is None or timezone.is_naive(first) or timezone.is_naive(last):
        raise ValidationError({"announced": "A time with its zone, or two of them around ~."})
    return first, last


def _number(name, text):
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValidationError({name: "A whole number, zero or more."})
    return int(text)


def _estimated(rows):
    return _estimates([rows])[0]


def _estimates(querysets):
    """How many rows the planner thinks there are in each; one statement, none of them is read."""
    parts = [rows.values("pk").query.sql_with_params() for rows in querysets]
    # Never true, so that a single one has the same form of plan as many.
    sql = " UNION ALL ".join(f"({sql})" for sql, _ in parts) + " UNION ALL (SELECT 0 WHERE random() < 0)"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", [value for _, params in parts for value in params])
        (plan,) = cursor.fetchone()
    return [int(part["Plan Rows"]) for part in plan[0]["Plan"]["Plans"][: len(parts)]]
