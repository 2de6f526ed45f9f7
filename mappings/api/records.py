"""Mappings as one list: the built-in catalogue and people's rows, each id once."""

from django.db.models import F, Func, IntegerField

from mappings.catalogue.loader import built_in
from mappings.definitions import SOURCE_COLUMNS
from mappings.models import UserMarketMapping
from mappings.services.mappings import catalogue_entry, new_row
from mappings.services.versions import NO_ROW

LISTED_COLUMNS = (
    "canonical_id", "name", "kind", *SOURCE_COLUMNS.values(), "extra_source_keys", "is_active", "priority"
)  # fmt: skip


def listed_mappings():
    """Dicts in order of canonical id, with the bookmakers of which each has a key. Two sources, one query.

    An inactive row above a built-in entry is not in force, so the entry is what is listed.
    """
    outcome_count = Func(F("outcome_mapping"), function="jsonb_array_length", output_field=IntegerField())
    rows = UserMarketMapping.objects.annotate(outcome_count=outcome_count).values(*LISTED_COLUMNS, "outcome_count")
    catalogue = {entry.canonical_id: entry for entry in built_in()}
    found = {entry.canonical_id: _of_entry(entry) for entry in built_in()}
    for row in rows:
        overrides = row["canonical_id"] in catalogue
        if row["is_active"] or not overrides:
            extra = {item["bookmaker"] for item in row.pop("extra_source_keys")}
            slugs = extra | {slug for slug, column in SOURCE_COLUMNS.items() if row[column]}
            found[row["canonical_id"]] = {**row, "bookmakers": slugs, "source": "db", "overrides": overrides}
    return [found[canonical_id] for canonical_id in sorted(found)]


def matching(mappings, query):
    """Those that the parameters of the list leave."""
    text = query.get("search", "").casefold()
    return [
        mapping
        for mapping in mappings
        if ("source" not in query or mapping["source"] == query["source"])
        and ("is_active" not in query or mapping["is_active"] == query["is_active"])
        and ("platform" not in query or query["platform"] in mapping["bookmakers"])
        and (not text or any(text in str(mapping[name] or "").casefold() for name in SEARCHED))
    ]


SEARCHED = ("canonical_id", "name", *SOURCE_COLUMNS.values())


def mapping_values(body):
    """The fields of a mapping in a validated body, as the services take them."""
    values = {name: value for name, value in body.items() if name not in ("reason", "version", "unmapped_ids")}
    if "outcome_mapping" in values:
        values["outcome_mapping"] = [
            {**{"position": index}, **{name: value for name, value in outcome.items() if name != "sources" or value}}
            for index, outcome in enumerate(values["outcome_mapping"])
        ]
    if "extra_source_keys" in values:
        values["extra_source_keys"] = [dict(item) for item in values["extra_source_keys"]]
    return values


def full_mapping(canonical_id):
    """The row, or the built-in entry as one; None when there is neither.

    An inactive row is shown as it is: it is what can be switched on again.
    """
    row = UserMarketMapping.objects.filter(canonical_id=canonical_id).first()
    entry = catalogue_entry(canonical_id)
    if row is None and entry is None:
        return None
    is_row = row is not None
    row = row or new_row(canonical_id)
    row.source = "db" if is_row else "code"
    row.overrides = is_row and entry is not None
    row.outcome_mapping = [_whole_outcome(outcome, index) for index, outcome in enumerate(row.outcome_mapping)]
    if not is_row:
        row.version, row.created_at, row.updated_at = NO_ROW, None, None
    return row


def _of_entry(entry):
    keys = {column: (entry.keys.get(slug) or (None,))[0] for slug, column in SOURCE_COLUMNS.items()}
    return {
        "canonical_id": entry.canonical_id,
        "name": entry.name,
        "kind": entry.kind,
        **keys,
        "bookmakers": {slug for slug, of_slug in entry.keys.items() if of_slug},
        "outcome_count": len(entry.outcomes),
        "source": "code",
        "overrides": False,
        "is_active": True,
        "priority": entry.priority,
    }


def _whole_outcome(outcome, index):
    """All names present: rows made by hand may lack some."""
    names = dict.fromkeys(("betpawa_name", "sportybet_desc", "bet9ja_suffix"))
    return {**names, "position": index, "sources": {}, **outcome}
