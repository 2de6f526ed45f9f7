"""The form of a mapping, as the map dialog and the editor have it: outcomes, source keys and filters
as rows of fields. It works without JavaScript: every button of a row is a submit button.

Names of fields: the columns' own; "outcome_mapping:3:betpawa_name", "outcome_mapping:3:source:<slug>",
"key:0:bookmaker", "key:0:key", "filter:0:bookmaker", "filter:0:parameter", "filter:0:value".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mappings.catalogue.loader import built_in
from mappings.definitions import OUTCOME_COLUMNS, REFERENCE, SOURCE_COLUMNS
from mappings.models import MappingKind
from mappings.specifiers import InvalidSpecifier, parse_specifier
from oddsproject.desk.bookmakers import bookmaker_names

TEXT_FIELDS = ("name", "kind", "subkind", "period", "subject", "side", "line_semantics", "betpawa_id",
               "sportybet_id", "bet9ja_key")  # fmt: skip
NULLABLE = frozenset({"subkind", "line_semantics", "betpawa_id", "sportybet_id", "bet9ja_key"})
MOST_ROWS = 400
LONGEST_TEXT = 255
LINES = (
    ("", "none"),
    ("total", "total: Over/Under 2.5, 3.5, …"),
    ("home_handicap", "handicap of the home team"),
    ("fixed:2.5", "always one number (fixed:2.5)"),
)
LINE_OF_KIND = {"over_under": "total", "handicap_3way": "home_handicap", "asian_handicap": "home_handicap"}


# --- Reading what a browser sent ------------------------------------------------------------------


def posted_values(data) -> tuple[dict, dict]:
    """({field: value} of the fields that the form carried, {field: why it cannot be read}): a priority
    that is no number; everything else is judged by whoever saves or previews it."""
    values, problems = {}, {}
    for name in TEXT_FIELDS:
        if name in data:
            text = _text(data[name])
            values[name] = text or None if name in NULLABLE else text
    if "priority" in data:
        text = _text(data["priority"])
        if re.fullmatch(r"-?[0-9]{1,6}", text, re.ASCII):
            values["priority"] = int(text)
        else:
            problems["priority"] = f"A whole number is needed, not “{text}”."
    if "has_keys" in data:
        values["extra_source_keys"] = [
            {"bookmaker": row["bookmaker"], "key": row["key"]}
            for row in _rows(data, "key", ("bookmaker", "key"))
            if row["key"]
        ]
        values["specifier_filters"] = _posted_filters(data)
    if "has_outcomes" in data:
        values["outcome_mapping"] = _posted_outcomes(data)
    return values, problems


def _text(value):
    return " ".join(str(value).replace("\x00", "").split())[:LONGEST_TEXT]


def _rows(data, prefix, columns):
    """Rows in their order; a row that only has blanks is left out."""
    for place in range(MOST_ROWS):
        if f"{prefix}:{place}:{columns[0]}" not in data:
            return
        row = {column: _text(data.get(f"{prefix}:{place}:{column}", "")) for column in columns}
        if any(row.values()):
            yield row


def _posted_filters(data):
    found = {}
    for row in _rows(data, "filter", ("bookmaker", "parameter", "value")):
        if row["parameter"] or row["value"]:
            found.setdefault(row["bookmaker"], []).append(f"{row['parameter']}={row['value']}")
    return {slug: "|".join(parts) for slug, parts in found.items()}


def _posted_outcomes(data):
    slugs = sorted({name.split(":", 3)[3] for name in data if re.fullmatch(r"outcome_mapping:\d+:source:\w+", name)})
    columns = ("canonical_id", *OUTCOME_COLUMNS.values(), *(f"source:{slug}" for slug in slugs))
    outcomes, taken = [], set()
    for row in _rows(data, "outcome_mapping", columns):
        texts = {column: row[column] or None for column in OUTCOME_COLUMNS.values()}
        sources = {slug: text for slug in slugs if (text := row[f"source:{slug}"])}
        if not any(texts.values()) and not sources and not row["canonical_id"]:
            continue
        spelt = texts["betpawa_name"] or next((text for text in (*texts.values(), *sources.values()) if text), "")
        id = row["canonical_id"] or unused(plain_id(spelt), taken)
        taken.add(id)
        outcomes.append(
            {"canonical_id": id, "position": len(outcomes), **texts} | ({"sources": sources} if sources else {})
        )
    return outcomes


def plain_id(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:90] or "outcome"


def unused(wanted: str, taken) -> str:
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def changed_from(base: dict, values: dict) -> dict:
    """What of these values is another than in base. Outcomes are the same when texts and order are."""
    return {name: value for name, value in values.items() if _comparable(name, value) != _comparable(name, base[name])}


def _comparable(name, value):
    if name != "outcome_mapping" or not isinstance(value, list):
        return value
    ordered = sorted(value, key=lambda outcome: outcome.get("position") or 0)
    return [{key: text for key, text in outcome.items() if key != "position" and text} for outcome in ordered]


# --- Showing it -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Row:
    """An outcome of the table. cells: [(field name, text, slug, remark)]. flag: (tone, words)."""

    place: int
    id: str
    cells: list
    flags: list = field(default_factory=list)


@dataclass(slots=True)
class Shown:
    """What the template draws. books: [(slug, name)] in the order of the table's columns."""

    values: dict
    books: list
    rows: list[Row]
    keys: list
    filters: list
    other_books: list
    kinds: list
    lines: tuple
    words: dict
    is_dynamic: bool


def shown_form(values: dict, *, first: Iterable[str] = (), remark=None, flags=None) -> Shown:
    """first: bookmakers whose texts come next to BetPawa's. remark(slug, text): what to say under a
    text, or "". flags: {canonical outcome id: [(tone, words)]}."""
    names = bookmaker_names() | {}
    outcomes = [outcome for outcome in values.get("outcome_mapping") or [] if isinstance(outcome, dict)]
    slugs = list(dict.fromkeys([REFERENCE, *first, *SOURCE_COLUMNS, *_further(outcomes)]))
    books = [(slug, names.get(slug, slug)) for slug in slugs]
    rows = []
    for place, outcome in enumerate(sorted(outcomes, key=lambda outcome: outcome.get("position") or 0)):
        cells = [
            (_field(place, slug), text := text_of(outcome, slug), slug, remark(slug, text) if remark else "")
            for slug in slugs
        ]
        id = str(outcome.get("canonical_id") or "")
        rows.append(Row(place, id, cells, list((flags or {}).get(id, ()))))
    entries = built_in()
    return Shown(
        values=values,
        books=books,
        rows=rows,
        keys=list(enumerate(values.get("extra_source_keys") or [])),
        filters=list(enumerate(_filter_rows(values.get("specifier_filters") or {}))),
        other_books=[(slug, name) for slug, name in {**dict(books), **names}.items()],
        kinds=MappingKind.choices,
        lines=LINES,
        words={
            name: sorted({getattr(entry, name) for entry in entries if getattr(entry, name)})
            for name in ("subkind", "period", "subject", "side")
        },
        is_dynamic=values.get("subkind") == "player",
    )


def _further(outcomes):
    return sorted({slug for outcome in outcomes for slug in outcome.get("sources") or {}})


def _field(place, slug):
    column = OUTCOME_COLUMNS.get(slug)
    return f"outcome_mapping:{place}:{column or f'source:{slug}'}"


def text_of(outcome: dict, slug: str) -> str:
    """A bookmaker's text of an outcome; "" where it has none."""
    column = OUTCOME_COLUMNS.get(slug)
    return (outcome.get(column) if column else (outcome.get("sources") or {}).get(slug)) or ""


def _filter_rows(filters):
    for slug, text in filters.items():
        try:
            pairs = parse_specifier(text).items()
        except InvalidSpecifier:
            pairs = [tuple(text.partition("=")[::2])]
        for parameter, value in pairs:
            yield {"bookmaker": slug, "parameter": parameter, "value": value}


# --- What the buttons of the form do, without JavaScript ------------------------------------------


def after_button(values: dict, button: str) -> dict:
    """The values after a button of a row: "up:2", "down:2", "remove:2", "add", "key-remove:0",
    "key-add", "filter-remove:0", "filter-add". Anything else leaves them as they are."""
    action, _, place = button.partition(":")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else -1
    if action in ("up", "down", "remove", "add"):
        outcomes = [dict(outcome) for outcome in values.get("outcome_mapping") or []]
        _move(outcomes, action, at)
        return values | {"outcome_mapping": [{**one, "position": place} for place, one in enumerate(outcomes)]}
    if action in ("key-add", "key-remove"):
        keys = _added_or_removed(values.get("extra_source_keys"), action, at, {"bookmaker": "", "key": ""})
        return values | {"extra_source_keys": keys}
    return values


def _move(outcomes, action, at):
    if action == "add":
        outcomes.append({"canonical_id": "", **dict.fromkeys(OUTCOME_COLUMNS.values())})
    elif not 0 <= at < len(outcomes):
        return
    elif action == "remove":
        outcomes.pop(at)
    else:
        to = at - 1 if action == "up" else at + 1
        if 0 <= to < len(outcomes):
            outcomes[at], outcomes[to] = outcomes[to], outcomes[at]


def _added_or_removed(rows, action, at, blank):
    rows = list(rows or [])
    if action.endswith("-add"):
        return [*rows, blank]
    return [row for place, row in enumerate(rows) if place != at]
