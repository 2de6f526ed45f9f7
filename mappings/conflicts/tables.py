"""Outcome tables with something put right: what fixes are made of. Pure."""

from mappings.catalogue.loader import text_key
from mappings.definitions import OUTCOME_COLUMNS, REFERENCE
from mappings.pairing import meaning


def with_texts(outcomes: list[dict], slug: str, texts: dict[str, str]) -> list[dict]:
    """An outcome table with these texts of a bookmaker, {canonical outcome id: text}."""
    column, changed = OUTCOME_COLUMNS.get(slug), []
    for outcome in outcomes:
        text = texts.get(outcome["canonical_id"])
        if text is None:
            changed.append(outcome)
        elif column:
            changed.append({**outcome, column: text})
        else:
            changed.append({**outcome, "sources": {**(outcome.get("sources") or {}), slug: text}})
    return changed


def without_repetitions(outcomes: list[dict]) -> list[dict]:
    """An outcome table without outcomes that are there twice, position apart, and without a text on
    all outcomes but the only one whose BetPawa name means the same. What leaves doubt stays."""
    kept, contents = [], []
    for outcome in outcomes:
        content = {name: value for name, value in outcome.items() if name != "position" and value}
        if content not in contents:
            kept.append(outcome)
            contents.append(content)
    for slug, column in OUTCOME_COLUMNS.items():
        if slug == REFERENCE:
            continue
        holders = {}
        for index, outcome in enumerate(kept):
            if outcome.get(column):
                holders.setdefault(text_key(slug, outcome[column]), []).append(index)
        for indices in holders.values():
            right = [i for i in indices if meaning(kept[i].get("betpawa_name") or "") == meaning(kept[i][column])]
            if len(indices) > 1 and len(right) == 1:
                for index in set(indices) - set(right):
                    kept[index] = {**kept[index], column: None}
    return kept
