"""Bet9ja answers as records. Odds are one flat object whose keys carry market, line and outcome."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec
import structlog

from mappings.shapes import ScrapedEvent, ScrapedMarket, ScrapedOutcome
from scraping.bookmakers.base import MAX_OUTCOMES
from scraping.bookmakers.decoding import (
    UNDECODABLE,
    Dropped,
    Unusable,
    bounded,
    changed,
    decode_in_steps,
    dict_of,
    event_record,
    finished,
    open_object,
    price_value,
    too_many_outcomes,
    value_of,
)
from scraping.bookmakers.text import clean_text, sample
from scraping.exceptions import EventGone

log = structlog.get_logger(__name__)

SLUG = "bet9ja"
SUCCESS = ("OK", "D")
NOT_FOUND = "E"
FOOTBALL = "S_"
CLOSED_PRICE = 1


class _Odds(msgspec.Struct):
    ID: int
    DS: str
    STARTDATE: str
    O: dict[str, str]  # noqa: E741 - the bookmaker's name
    EXTID: str | int | None = None
    GN: str = ""
    SG: str = ""


class _Answer(msgspec.Struct):
    R: str
    D: _Odds


_WHOLE = msgspec.json.Decoder(_Answer)

# The names of the whole catalogue follow the odds and are nine tenths of the answer. These bytes
# cannot occur inside a JSON string (its quotes would be escaped), and where they are anything but
# the key in D the shortened answer is no JSON any more.
_CATALOGUE = b'"MK"'
_END = re.compile(rb"\}\s*\}\s*$")


def decode_event(payload: bytes, external_id: str | None = None) -> ScrapedEvent:
    """The GetEvent answer. Raises EventGone (E, or no object in D) and PayloadChanged."""
    event, odds, dropped = decode_in_steps(SLUG, payload, _decode_whole, _decode_by_part)
    markets = _group(odds, dropped)
    if odds and not markets and all(piece.reason == "INVALID_KEY_FORMAT" for piece in dropped):
        # Keys, and not one of them a football market: another layout, not an event without markets.
        raise changed(SLUG, f"None of the {len(odds)} keys of D.O is a football market.", payload)
    return finished(event, markets, dropped, external_id)


def _decode_whole(payload):
    answer = _decode_head(payload) or _WHOLE.decode(payload)
    check_success(answer.R, payload)
    head = answer.D
    return _event(head.ID, head.DS, head.STARTDATE, head.EXTID, head.GN, head.SG), head.O, []


def _decode_head(payload):
    """The answer without the catalogue behind the odds; None when it is not laid out that way."""
    cut = payload.find(_CATALOGUE)
    head = payload[: max(cut, 0)].rstrip()
    if not head.endswith(b",") or not _END.search(payload[-64:]):
        return None
    try:
        return _WHOLE.decode(head[:-1] + b"}}")
    except UNDECODABLE:
        return None


def _decode_by_part(payload):
    data = open_answer(payload)
    event = event_header(data)
    if "O" not in data:
        raise changed(SLUG, "D.O is missing.", payload)
    odds, dropped, broken = {}, [], set()
    for key, raw in open_object(SLUG, data["O"], "D.O").items():
        group, _ = _PLACES[key]
        if group is None:
            odds[key] = ""  # no price of football, whatever it is
            continue
        try:
            odds[key] = price_value(value_of(raw))
        except Unusable as error:
            broken.add(group)
            dropped.append(Dropped(key[:200], error.reason, sample(raw), group[0]))
    # A line with one unreadable price is not a whole market: its other outcomes go with it.
    return event, {key: price for key, price in odds.items() if _PLACES[key][0] not in broken}, dropped


def open_answer(payload: bytes) -> dict:
    """D, opened one level. Raises EventGone when the envelope says so."""
    answer = open_object(SLUG, payload, "the answer")
    check_success(value_of(answer.get("R")), payload)
    data = value_of(answer.get("D")) if bytes(answer.get("D", b"null"))[:1] != b"{" else None
    if data is not None or "D" not in answer:
        raise EventGone("NO_DATA", bookmaker=SLUG, detail=f"D is {sample(data)[:100]}", sample=payload)
    return open_object(SLUG, answer["D"], "D")


def check_success(result, payload: bytes):
    """Raises EventGone for E (not found, or throttled: the client asks again), PayloadChanged else."""
    if result in SUCCESS:
        return
    if result == NOT_FOUND:
        raise EventGone("NOT_FOUND", bookmaker=SLUG, detail="R is E", sample=payload)
    raise changed(SLUG, f"R is {sample(result)[:100]}.", payload, code="RESULT_UNKNOWN")


def event_header(data: dict) -> ScrapedEvent:
    """Names, ids and kick-off of an event opened with `open_object`; detail and list share it."""
    return _event(
        *(value_of(data.get(name)) for name in ("ID", "DS", "STARTDATE", "EXTID", "GN", "SG")),
    )


def _event(event_id, names, start, radar, tournament, country) -> ScrapedEvent:
    """start: "2026-05-06 11:00:00", without a zone, is UTC."""
    try:
        kickoff_at = datetime.fromisoformat(start.strip())
    except (AttributeError, ValueError):
        kickoff_at = None
    return event_record(SLUG, event_id, radar, *split_names(names), kickoff_at, tournament, country)


def split_names(text) -> tuple[str, str]:
    """ "Home - Away" cut at the first " - "; a hyphen without blanks belongs to a name."""
    home, _, away = text.partition(" - ") if isinstance(text, str) else ("", "", "")
    return clean_text(home), clean_text(away)


# --- Odds keys ---------------------------------------------------------------------------------
_KEY = re.compile(r"S_([^_@]+)(?:@([^_@]*))?_(.+)", re.DOTALL)


def split_key(key: str) -> tuple[str, str, str] | None:
    """S_<MARKET>[@<LINE>]_<OUTCOME> -> ("S_<MARKET>", line text or "", outcome); None when it is not that.

    Cut at the first "_", then the left part at "@"; an outcome may hold any character.
    """
    match = _KEY.fullmatch(key)
    if match is None or match[2] == "":
        return None
    return FOOTBALL + match[1], match[2] or "", match[3]


class _Memory(dict):
    """Answers of a pure function by its argument, emptied when hostile input has filled it.

    A look-up is a plain dict's: this runs a thousand times an event.
    """

    def __init__(self, function, limit):
        self._function, self._limit = function, limit

    def __missing__(self, argument):
        if len(self) >= self._limit:
            self.clear()
        answer = self[argument] = self._function(argument)
        return answer


def _place(key: str) -> tuple[tuple[str, str] | None, str]:
    """((market, line), outcome); None for the group when the key is not one of football's grammar."""
    parts = split_key(key)
    return (None, key) if parts is None else (_GROUPS[parts[:2]], parts[2])


def _is_open(price) -> bool:
    """A price of 1 or below means closed. What is no number is the mapper's to refuse."""
    try:
        return float(price) > CLOSED_PRICE
    except ValueError:
        return True


_GROUPS = _Memory(lambda group: group, 20_000)  # one object per (market, line): equal by identity
_PLACES = _Memory(_place, 60_000)
_OPEN = _Memory(_is_open, 60_000)


def _group(odds: dict, dropped: list) -> list[ScrapedMarket]:
    """One market per (key, line), in the order of the answer."""
    groups = defaultdict(list)
    places, is_open, make = _PLACES, _OPEN, ScrapedOutcome
    for key, price in odds.items():
        group, outcome = places[key]
        groups[group].append(make(outcome, price, is_open[price]))
    foreign = groups.pop(None, None)
    if foreign is not None:
        _note_foreign(foreign, dropped)
    markets = []
    for group, outcomes in bounded(list(groups.items()), "D.O", dropped):
        if len(outcomes) > MAX_OUTCOMES:
            dropped.append(too_many_outcomes("@".join(group), len(outcomes), group[0]))
        else:
            markets.append(ScrapedMarket(group[0], group[1], tuple(outcomes)))
    return markets


def _note_foreign(outcomes, dropped):
    """Keys of other sports and of live betting are counted; football keys out of grammar set aside."""
    malformed = [outcome for outcome in outcomes if outcome.text.startswith(FOOTBALL)]
    for outcome in malformed[:MAX_OUTCOMES]:
        dropped.append(Dropped(outcome.text[:200], "INVALID_KEY_FORMAT", sample(f"{outcome.text}: {outcome.price}")))
    if len(outcomes) > len(malformed):
        log.debug("bet9ja.other_keys_ignored", keys=len(outcomes) - len(malformed))


# --- Names -------------------------------------------------------------------------------------
def describe(payload: bytes, keys: Iterable[str]) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Names, rules and outcome labels of the asked keys: from D.MK, else from D.TRANS."""
    wanted, found = set(keys), {}
    if not wanted:
        return found
    data = decode_in_steps(SLUG, payload, open_answer, open_answer)
    for market in value_of(data.get("MK"), []) or ():
        if isinstance(market, dict) and market.get("ID") in wanted:
            suffixes, labels = market.get("SGNK"), market.get("SGN")
            paired = (
                zip(suffixes, labels, strict=False) if isinstance(suffixes, list) and isinstance(labels, list) else ()
            )
            found[market["ID"]] = (
                clean_text(market.get("DS")),
                clean_text(market.get("MDESC"), limit=2000),
                {suffix: clean_text(label) for suffix, label in paired if isinstance(suffix, str)},
            )
    if wanted - set(found):
        translations = dict_of(data.get("TRANS"))
        for key in wanted - set(found):
            named = _from_translations(translations, key)
            if named is not None:
                found[key] = named
    return found


def _from_translations(translations, key):
    entry = translations.get(f"M#{key}")
    if not isinstance(entry, dict):
        return None
    prefix = f"M#{key}_"
    labels = {
        name[len(prefix) :]: clean_text(label)
        for name, label in translations.items()
        if name.startswith(prefix) and isinstance(label, str)
    }
    return clean_text(entry.get("NAME")), clean_text(entry.get("DESC"), limit=2000), labels
