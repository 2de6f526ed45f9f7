"""Faults that can be switched on while the server runs: which request they hit, and what they do to its answer.

A fault either replaces the answer before it is made (`early`), changes the answer (`mangled`, see mutations.py),
or changes how its bytes are sent (`Delivery`).
"""

import json
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from itertools import count
from random import Random
from time import time

from scraping.demo.answers import JSON, Answer
from scraping.demo.mutations import MUTATIONS, mutated
from scraping.demo.templates import dumps

HTML = "text/html; charset=utf-8"
_PAGE = b"<!doctype html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
DELIVERIES = ("stall", "drip", "reset", "truncated_gzip", "content_length", "gzip_bomb", "endless_body", "refuse")
ANSWERS = (
    "429", "status", "403", "202", "html", "redirect", "bizcode", "r_error", "d_false", "empty_tree", "empty_markets",
    "endless_page", "not_json",
)  # fmt: skip
ALL = (*ANSWERS, *DELIVERIES, *MUTATIONS)


class BadFault(ValueError):
    """A fault that cannot be set, with the reason."""


@dataclass
class Fault:
    """One rule. probability or count (or both) decide how often; options are the fault's own settings."""

    name: str
    bookmaker: str = "*"
    path: str = "*"
    event: str = "*"
    probability: float = 1.0
    count: int | None = None
    options: dict = field(default_factory=dict)
    number: int = 0
    hits: int = 0

    def matches(self, slug: str, kind: str, event_id: str) -> bool:
        if self.count is not None and self.hits >= self.count:
            return False
        return self.bookmaker in ("*", slug) and self.path in ("*", kind) and self.event in ("*", event_id)

    def as_dict(self) -> dict:
        shown = {name: getattr(self, name) for name in ("bookmaker", "path", "event", "probability", "count", "hits")}
        return {"id": self.number, "fault": self.name} | shown | self.options


_FIELDS = {"fault", "bookmaker", "path", "event", "probability", "count"}
_numbers = count(1)


def parse(rule: dict) -> Fault:
    """A fault from its JSON form. Raises BadFault."""
    name = rule.get("fault")
    if name not in ALL:
        raise BadFault(f"unknown fault {name!r}; known: {', '.join(ALL)}")
    if rule.get("bookmaker", "*") not in ("*", "betpawa", "sportybet", "bet9ja"):
        raise BadFault(f"unknown bookmaker {rule['bookmaker']!r}")
    if rule.get("path", "*") not in ("*", "tree", "list", "detail"):
        raise BadFault(f"unknown path {rule['path']!r}; known: tree, list, detail, *")
    return Fault(
        name,
        rule.get("bookmaker", "*"),
        rule.get("path", "*"),
        str(rule.get("event", "*")),
        float(rule.get("probability", 1.0)),
        None if rule.get("count") is None else int(rule["count"]),
        {key: value for key, value in rule.items() if key not in _FIELDS},
        next(_numbers),
    )


@dataclass
class Delivery:
    """How the bytes leave. name "" = normally."""

    name: str = ""
    options: dict = field(default_factory=dict)


class Faults:
    """The rules in force, in order; the first that matches and is drawn is applied."""

    def __init__(self, seed: int):
        self.rules: list[Fault] = []
        self._random = Random(seed)

    def draw(self, slug: str, kind: str, event_id: str) -> Fault | None:
        for rule in self.rules:
            if rule.matches(slug, kind, event_id) and self._random.random() < rule.probability:
                rule.hits += 1
                return rule
        return None


def apply(fault: Fault, slug: str, answer: Answer, repeat) -> tuple[Answer, Delivery]:
    """The answer and its delivery under a fault. repeat(): the same request answered as if it asked for page one."""
    options = fault.options
    if fault.name in DELIVERIES:
        return answer, Delivery(fault.name, options)
    changes = fault.name in MUTATIONS or fault.name == "empty_markets"
    if changes and (answer.status != 200 or answer.content_type != JSON):
        return answer, Delivery()  # a refusal has nothing inside that could drift
    if fault.name in MUTATIONS:
        return _replaced(answer, mutated(fault.name, slug, answer.plain(), options)), Delivery()
    return _answer(fault, slug, answer, repeat), Delivery()


def _replaced(answer: Answer, body: bytes) -> Answer:
    return Answer(answer.status, body, answer.content_type, answer.kind, answer.event_id)


def _answer(fault: Fault, slug: str, answer: Answer, repeat) -> Answer:
    options, name = fault.options, fault.name

    def made(status: int, body: bytes = b"", content_type: str = JSON, **headers: str) -> Answer:
        found = Answer(status, body, content_type, answer.kind, answer.event_id)
        found.headers.update({key.replace("_", "-"): value for key, value in headers.items()})
        return found

    if name == "429":
        wait = options.get("retry_after", 2)
        if options.get("as_date"):
            wait = formatdate(time() + float(wait), usegmt=True)
        return made(429, b'{"error":"Too Many Requests"}', Retry_After=str(wait))
    if name == "status":
        return made(int(options.get("status", 503)), b'{"error":"Service Unavailable"}')
    if name == "403":
        return made(403, _PAGE, HTML)
    if name == "202":
        return made(202, b"", HTML)
    if name == "html":
        return made(200, _PAGE, HTML)
    if name == "not_json":
        return made(200, b"{oops")
    if name == "redirect":
        return made(
            int(options.get("status", 302)), b"", HTML, Location=str(options.get("location", "http://127.0.0.1:9/"))
        )
    if name == "bizcode":
        return made(200, dumps({"bizCode": options.get("code", 19_999), "message": "system busy", "data": None}))
    if name == "r_error":
        return made(200, dumps({"R": options.get("r", "E"), "D": None}))
    if name == "d_false":
        return made(200, dumps({"R": "OK", "D": False}))
    if name == "empty_tree":
        return made(200, _empty_tree(slug))
    if name == "endless_page":
        return repeat()
    return made(200, _without_markets(slug, answer.plain()))


def _empty_tree(slug: str) -> bytes:
    return dumps(
        {
            "betpawa": {"withRegions": []},
            "sportybet": {"bizCode": 10000, "message": "0#0", "data": {"sportList": []}},
            "bet9ja": {"R": "OK", "D": {"PAL": {}}},
        }[slug]
    )


def _without_markets(slug: str, body: bytes) -> bytes:
    """A valid success answer of the event, with nothing to bet on."""
    document = json.loads(body)
    if slug == "betpawa":
        document |= {"markets": [], "totalMarketCount": 0}
    elif slug == "sportybet" and isinstance(document.get("data"), dict):
        document["data"]["markets"] = []
    elif slug == "bet9ja" and isinstance(document.get("D"), dict):
        document["D"] |= {"O": {}, "MK": [], "AUX": {}}
    return dumps(document)


@cache
def bomb(megabytes: int) -> bytes:
    """A small gzip stream that inflates to so many megabytes of JSON text."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = b" " * 1_048_576
    parts = [packer.compress(b'{"pad":"')] + [packer.compress(chunk) for _ in range(megabytes)]
    return b"".join((*parts, packer.compress(b'"}'), packer.flush()))
