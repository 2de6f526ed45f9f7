"""Faults that change what is inside an answer: drifting shapes, bad prices, hostile text."""

import json
import re

from scraping.demo.templates import dumps

HOSTILE = {
    "nul": "Bad\x00Name\x07",
    "control": "Line\nBreak\x1b[31m\u202eRTL\u200bzero\ttab",
    "markup": '<script>alert(1)</script>"><img src=x onerror=alert(2)> {{7*7}}',
}
MUTATIONS = (
    "missing_field", "number_as_text", "list_as_null", "new_nesting", "bad_price", "nul", "control", "markup",
    "oversize_name", "duplicate_market", "bad_id", "bad_kickoff", "many_markets",
)  # fmt: skip
_MARK = "@@RAW@@"


def mutated(name: str, slug: str, body: bytes, options: dict) -> bytes:
    """The answer's bytes with the fault inside. Answers without an event in them come back unchanged."""
    document = json.loads(body)
    event = _event(slug, document)
    if event is None:
        return _mutated_list(name, slug, document)
    if name == "duplicate_market" and slug == "bet9ja":
        return _duplicate_key(document, options)
    if name in HOSTILE:
        _rename(slug, event, HOSTILE[name])
    elif name == "oversize_name":
        _rename(slug, event, "N" * int(options.get("characters", 100_000)))
    elif name == "bad_id":
        _set_sportradar(slug, event, options.get("value", "null"))
    elif name == "bad_kickoff":
        event[{"betpawa": "startTime", "sportybet": "estimateStartTime", "bet9ja": "STARTDATE"}[slug]] = options.get(
            "value"
        )
    else:
        _MARKET_CHANGES[name](slug, document, event, options)
    text = dumps(document)
    return re.sub(rf'"{_MARK}([^"]*)"'.encode(), rb"\1", text)


def _event(slug: str, document) -> dict | None:
    event = {"betpawa": document, "sportybet": document.get("data"), "bet9ja": document.get("D")}[slug]
    marker = {"betpawa": "markets", "sportybet": "markets", "bet9ja": "O"}[slug]
    return event if isinstance(event, dict) and marker in event else None


def _mutated_list(name: str, slug: str, document) -> bytes:
    """Trees and lists only know shape drift: their outermost collection goes."""
    if name in ("missing_field", "list_as_null", "new_nesting"):
        key = next(iter({"betpawa": document, "sportybet": {"data": 0}, "bet9ja": {"D": 0}}[slug]))
        if name == "missing_field":
            document.pop(key, None)
        else:
            document[key] = None if name == "list_as_null" else {"items": document[key]}
    return dumps(document)


def _rename(slug: str, event: dict, text: str) -> None:
    if slug == "betpawa":
        event["participants"][0]["name"] = text
        event["competition"]["name"] = text
        for market in event["markets"][:5]:
            market["marketType"]["name"] = text
    elif slug == "sportybet":
        event["homeTeamName"] = text
        for market in event["markets"][:5]:
            market["name"] = market["desc"] = text
            market["outcomes"][0]["desc"] = text
    else:
        event["DS"] = f"{text} - Away"
        for market in event["MK"][:5]:
            market["DS"] = text
        for key in list(event["O"])[:3]:
            event["O"][key + text] = event["O"].pop(key)


def _set_sportradar(slug: str, event: dict, value) -> None:
    if slug == "betpawa":
        for widget in event["widgets"]:
            widget["id"] = value
    elif slug == "sportybet":
        event["eventId"] = value
    else:
        event["EXTID"] = value


def _markets(slug: str, event: dict) -> list:
    return event["markets"] if slug != "bet9ja" else event["MK"]


def _missing_field(slug: str, document: dict, event: dict, options: dict) -> None:
    share = float(options.get("share", 1.0))
    if slug == "bet9ja" and share == 1.0:
        del event["O"]
        return
    parts = list(event["O"]) if slug == "bet9ja" else event["markets"]
    for part in parts[: max(1, int(len(parts) * share))]:
        if slug == "bet9ja":
            event["O"][part] = None
        else:
            del part["outcomes" if slug == "sportybet" else "row"]


def _number_as_text(slug: str, document: dict, event: dict, options: dict) -> None:
    if slug == "betpawa":
        for market in event["markets"]:
            for row in market["row"]:
                row["handicap"] = None if row["handicap"] is None else str(row["handicap"])
                for price in row["prices"]:
                    price["price"] = str(price["price"])
    elif slug == "sportybet":
        event["estimateStartTime"] = str(event["estimateStartTime"])
        for market in event["markets"]:
            market["status"] = str(market["status"])
    else:
        event["ID"] = str(event["ID"])
        event["O"] = {key: float(value) for key, value in event["O"].items()}


def _list_as_null(slug: str, document: dict, event: dict, options: dict) -> None:
    event["O" if slug == "bet9ja" else "markets"] = None


def _new_nesting(slug: str, document: dict, event: dict, options: dict) -> None:
    key = "O" if slug == "bet9ja" else "markets"
    event[key] = {"items": event[key]}


def _bad_price(slug: str, document: dict, event: dict, options: dict) -> None:
    """value: what stands where the first `markets` markets' first price was; raw JSON when `raw` is set."""
    value = options.get("value", "NaN")
    value = f"{_MARK}{value}" if options.get("raw", value in ("NaN", "Infinity", "1e999")) else value
    some = int(options.get("markets", 1))
    if slug == "betpawa":
        for market in event["markets"][:some]:
            market["row"][0]["prices"][0]["price"] = value
    elif slug == "sportybet":
        for market in event["markets"][:some]:
            market["outcomes"][0]["odds"] = value
    else:
        for key in sorted(event["O"])[:some]:
            event["O"][key] = value


def _duplicate_market(slug: str, document: dict, event: dict, options: dict) -> None:
    """The first market a second time at the end; `different`: with another price."""
    copy = json.loads(json.dumps(event["markets"][0]))
    if options.get("different"):
        if slug == "betpawa":
            copy["row"][0]["prices"][0]["price"] = 9.9
        else:
            copy["outcomes"][0]["odds"] = "9.90"
    event["markets"].append(copy)


def _duplicate_key(document: dict, options: dict) -> bytes:
    """Bet9ja's odds are one object: the same key twice exists only in its text."""
    key = sorted(document["D"]["O"])[0]
    price = "9.9" if options.get("different") else document["D"]["O"][key]
    again = dumps({key: price})[1:-1]
    return dumps(document).replace(b'"O":{', b'"O":{' + again + b",", 1)


def _many_markets(slug: str, document: dict, event: dict, options: dict) -> None:
    wanted = int(options.get("markets", 20_000))
    if slug == "bet9ja":
        event["O"] |= {f"S_MANY{number}_Y": "2" for number in range(wanted)}
    else:
        event["markets"] = (event["markets"] * (wanted // max(1, len(event["markets"])) + 1))[:wanted]


_MARKET_CHANGES = {
    "missing_field": _missing_field,
    "number_as_text": _number_as_text,
    "list_as_null": _list_as_null,
    "new_nesting": _new_nesting,
    "bad_price": _bad_price,
    "duplicate_market": _duplicate_market,
    "many_markets": _many_markets,
}
