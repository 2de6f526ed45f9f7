"""Until when an ignored market stays ignored: what a person says, and what is kept of it.

Kept (UnmappedMarketLog.ignore_until): null is for good;
{"kind": "date", "at": ISO time};
{"kind": "events", "from": N, "atLeast": M}: back when so many events carry it;
{"kind": "betpawa_family", "family": "over_under:corners", "offered": [ids]}: back when BetPawa has
a market of the family that is not among those it had then ("over_under": of whatever is counted).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import F, Func, JSONField, Value
from django.db.models.functions import Coalesce, Greatest, JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from mappings.families import ROW_FAMILY, betpawa_families, ids_in
from oddsproject.desk.formats import lagos_text

DATE, EVENTS, FAMILY = "date", "events", "betpawa_family"
KINDS = (DATE, EVENTS, FAMILY)
LEAST_EVENTS = 10  # "doubled" of one event is two, which is no news
MOST_EVENTS = 1_000_000
FURTHEST = timedelta(days=3653)  # of any "until"


def read_until(until) -> dict | None:
    """What a person said, checked: None, {"kind": "date", "at": time or ISO text},
    {"kind": "events"[, "atLeast": N]} or {"kind": "betpawa_family"[, "family": F]}."""
    if until in (None, {}):
        return None
    if not isinstance(until, Mapping) or until.get("kind") not in KINDS:
        raise ValidationError({"until": f"kind must be one of: {', '.join(KINDS)}."})
    allowed = {DATE: {"at"}, EVENTS: {"atLeast", "from"}, FAMILY: {"family", "offered"}}[until["kind"]]
    unknown = sorted(set(until) - allowed - {"kind"})
    if unknown:
        raise ValidationError({"until": f"Not known for {until['kind']}: {', '.join(unknown)}."})
    return _CHECKS[until["kind"]](until)


def stored_until(until: dict | None):
    """The value or expression for the column ignore_until; until: as read_until returns it."""
    if until is None or until["kind"] == DATE:
        return until if until is None else Value(until, JSONField())
    if until["kind"] == EVENTS:
        at_least = until.get("atLeast")
        reached = Value(at_least) if at_least else Greatest(F("event_count") * 2, Value(LEAST_EVENTS))
        return JSONObject(**{"kind": Value(EVENTS), "from": F("event_count"), "atLeast": reached})
    families = betpawa_families()
    if until.get("family"):
        return Value(until | {"offered": ids_in(families, until["family"])}, JSONField())
    offered = Func(Value(families, JSONField()), ROW_FAMILY, function="jsonb_extract_path", output_field=JSONField())
    none = Value([], JSONField())
    return JSONObject(kind=Value(FAMILY), family=ROW_FAMILY, offered=Coalesce(offered, none))


def needs_a_family(until: dict | None) -> bool:
    """Whether the condition is about the row's own family, which then must be known."""
    return until is not None and until["kind"] == FAMILY and not until.get("family")


def coming(until) -> datetime:
    """An aware time that lies ahead, but not so far that neither clocks nor the database could tell
    it; or ValidationError."""
    if not isinstance(until, datetime) or timezone.is_naive(until):
        raise ValidationError({"until": "A time with its zone is needed."})
    now = timezone.now()
    if abs(until - now) > FURTHEST:
        raise ValidationError({"until": f"Only times of the next {FURTHEST.days // 365} years will do."})
    if until <= now:
        raise ValidationError({"until": f"{lagos_text(until)} is over already."})
    return until


def until_words(until):
    """The condition of an ignored row: "for good", "until 40 events carry it"."""
    if not isinstance(until, dict):
        return "for good"
    if until.get("kind") == "events":
        return f"until {until.get('atLeast')} events carry it (it was {until.get('from')})"
    if until.get("kind") == "betpawa_family":
        return f"until BetPawa offers {str(until.get('family') or 'its family').replace('_', ' ')}"
    at = parse_datetime(str(until.get("at") or ""))
    return f"until {lagos_text(at)}" if at else "until a day"


def _date(until):
    at = until.get("at")
    if isinstance(at, str):
        try:
            at = parse_datetime(at)
        except ValueError:
            at = None
    if not isinstance(at, datetime):
        raise ValidationError({"until": "at must be a time with its zone."})
    return {"kind": DATE, "at": coming(at).isoformat()}


def _events(until):
    at_least = until.get("atLeast")
    if at_least is None:
        return {"kind": EVENTS}
    if not isinstance(at_least, int) or isinstance(at_least, bool) or not 1 <= at_least <= MOST_EVENTS:
        raise ValidationError({"until": f"atLeast must be a whole number from 1 to {MOST_EVENTS}."})
    return {"kind": EVENTS, "atLeast": at_least}


def _family(until):
    family = until.get("family", "")
    if not isinstance(family, str) or len(family) > 40:
        raise ValidationError({"until": "family must be the name of a family."})
    return {"kind": FAMILY, "family": family.strip()}


_CHECKS = {DATE: _date, EVENTS: _events, FAMILY: _family}
