"""What is different between two versions of a mapping, field by field and outcome by outcome. Pure."""

import json
from dataclasses import dataclass

from mappings.definitions import OUTCOME_COLUMNS
from mappings.services.mappings import EDITABLE
from mappings.services.merging import Clash, without_change
from mappings.services.versions import BOOKKEEPING

LONGEST = 200
LABELS = {
    "line_semantics": "line", "betpawa_id": "BetPawa id", "sportybet_id": "SportyBet id", "bet9ja_key": "Bet9ja key",
    "extra_source_keys": "further source keys", "specifier_filters": "specifier filters", "is_active": "state",
    "outcome_mapping": "outcomes",
}  # fmt: skip
TEXTS = {"betpawa_name": "BetPawa", "sportybet_desc": "SportyBet", "bet9ja_suffix": "Bet9ja", "position": "place"}


@dataclass(frozen=True, slots=True)
class Difference:
    """field: for people, "outcome home: SportyBet". old, new: text for people, None where there was
    or is nothing."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Merged:
    """values: what to save. beside: fields that somebody else changed too, put together. clashes:
    {field: (mine, theirs)} of which only one can be had; values has mine."""

    values: dict
    beside: tuple[str, ...]
    clashes: dict[str, tuple]


def differences(old: dict | None, new: dict | None) -> list[Difference]:
    """old, new: rows as the audit log keeps them, None where there was none. Bookkeeping is left out."""
    before, after = old or {}, new or {}
    found = []
    known = {**dict.fromkeys(EDITABLE), **before, **after}
    for name in (name for name in known if name not in BOOKKEEPING and name != "canonical_id"):
        was, now = before.get(name), after.get(name)
        if was == now or not (was or now or isinstance(was, bool) or isinstance(now, bool)):
            continue
        if name == "outcome_mapping":
            found += _of_outcomes(was, now)
        elif name == "extra_source_keys":
            found += _of_keys(was or [], now or [])
        elif name == "specifier_filters":
            found += _of_filters(was or {}, now or {})
        else:
            found.append(Difference(label(name), shown(was), shown(now)))
    return found


def label(field: str) -> str:
    return LABELS.get(field, field.replace("_", " "))


def shown(value) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "in force" if value else "switched off"  # is_active: there is no other
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def merged(base: dict, mine: dict, theirs: dict) -> Merged:
    """What I changed from base, laid over what somebody else made of it meanwhile.

    mine: {field: value} that I changed. base, theirs: whole rows.
    """
    values, beside, clashes = {}, [], {}
    for field, value in mine.items():
        was, now = base.get(field), theirs.get(field)
        if now in (was, value):
            values[field] = value
            continue
        beside.append(field)
        try:
            # Taking "mine → base" back from theirs is putting "base → mine" on it.
            values[field] = without_change(field, value, was, now)
        except Clash:
            values[field], clashes[field] = value, (value, now)
    return Merged(values, tuple(beside), clashes)


# --- Parts of a row -------------------------------------------------------------------------------


def _of_outcomes(old, new):
    try:
        before, after = ({outcome["canonical_id"]: outcome for outcome in table or []} for table in (old, new))
    except (TypeError, KeyError):
        return [Difference(label("outcome_mapping"), shown(old), shown(new))]
    found = []
    for id in {**before, **after}:
        was, now = before.get(id), after.get(id)
        if was is None or now is None:
            found.append(Difference(f"outcome {id}", _outcome(was), _outcome(now)))
            continue
        one, other = _texts(was), _texts(now)
        found += [
            Difference(f"outcome {id}: {name}", shown(one.get(name)), shown(other.get(name)))
            for name in {**one, **other}
            if (one.get(name) or None) != (other.get(name) or None)
        ]
    order, ordered = ([id for id in table if id in before and id in after] for table in (before, after))
    if _ordered(order, before) != _ordered(ordered, after):
        found.append(
            Difference("order of outcomes", ", ".join(_ordered(order, before)), ", ".join(_ordered(ordered, after)))
        )
    return found


def _ordered(ids, table):
    return sorted(ids, key=lambda id: (table[id].get("position") or 0, ids.index(id)))


def _texts(outcome):
    texts = {TEXTS[column]: outcome.get(column) for column in OUTCOME_COLUMNS.values()}
    return texts | (outcome.get("sources") or {})


def _outcome(outcome):
    if outcome is None:
        return None
    return ", ".join(f"{name} {text}" for name, text in _texts(outcome).items() if text) or "without texts"


def _of_keys(old, new):
    gone, come = ([item for item in one if item not in other] for one, other in ((old, new), (new, old)))
    return [Difference("source key", _key(item), None) for item in gone] + [
        Difference("source key", None, _key(item)) for item in come
    ]


def _key(item):
    return f"{item.get('bookmaker')} {item.get('key')}" if isinstance(item, dict) else shown(item)


def _of_filters(old, new):
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [Difference(label("specifier_filters"), shown(old), shown(new))]
    return [
        Difference(f"specifier filter of {slug}", shown(old.get(slug)), shown(new.get(slug)))
        for slug in {**old, **new}
        if old.get(slug) != new.get(slug)
    ]
