"""Taking a change of a mapping back where others have changed it since: pure, field by field.

Three values: old, what it was before the change; new, what the change made of it; current, what it
is now. Where nobody else touched it, it becomes old again. Lists and objects are taken apart, so
that two people who each added a key or a text do not stand in each other's way.
"""


class Clash(Exception):
    """Somebody has since set the very thing that would be taken back."""


def without_change(field: str, old, new, current):
    """The value of a field of a mapping with the change old → new taken back. Raises Clash."""
    if current == old or old == new:
        return current
    if current == new:
        return old
    if field == "extra_source_keys":
        return _items(old, new, current)
    if field == "specifier_filters":
        return _object(old, new, current)
    if field == "outcome_mapping":
        return _outcomes(old, new, current)
    raise Clash(field)


def _items(old, new, current):
    """A list whose order means nothing but preference."""
    kept = [item for item in current if item in old or item not in new]
    return kept + [item for item in old if item not in new and item not in kept]


_ABSENT = object()


def _object(old, new, current):
    merged = dict(current)
    for name in [*new, *(name for name in old if name not in new)]:
        was, became, is_now = old.get(name, _ABSENT), new.get(name, _ABSENT), current.get(name, _ABSENT)
        if was == became or is_now == was:
            continue
        if isinstance(was, dict) and isinstance(became, dict) and isinstance(is_now, dict):
            merged[name] = _object(was, became, is_now)
        elif is_now != became:
            raise Clash(name)
        elif was is _ABSENT:
            del merged[name]
        else:
            merged[name] = was
    return merged


def _outcomes(old, new, current):
    """Outcomes are the same by canonical_id; their order stays, those that come back go last."""
    merged = _object(*({o["canonical_id"]: _without_place(o) for o in side} for side in (old, new, current)))
    places = {outcome["canonical_id"]: outcome.get("position", n) for n, outcome in enumerate(current)}
    last = max(places.values(), default=-1)
    for outcome in old:
        if outcome["canonical_id"] in merged and outcome["canonical_id"] not in places:
            last += 1
            places[outcome["canonical_id"]] = last
    return [{**outcome, "position": places[id]} for id, outcome in merged.items()]


def _without_place(outcome):
    return {name: value for name, value in outcome.items() if name != "position"}
