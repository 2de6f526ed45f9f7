"""Benchmark (a): decode + map + fingerprint of one event, against nothing but a typed decode.

Payloads: the captured ones beside the repository, else the demo bookmakers'. The floor decodes the
same bytes into structs that hold the fields a price needs, and does nothing with them. Per
bookmaker, four states of the process's memory, which change the work and never the result:

    unchanged   the same event again, no price moved since it was last seen
    5-percent   the same event again, one price in twenty moved
    all-moved   every price moved; keys, lines and texts are known. What a worker meets that never
                sees an event twice before its memory is full
    cold        the first event of a fresh process, mappings already loaded

Values and floor are taken in turn within each round, on fresh bytes.
"""

import random
import re
import sys
import time
from importlib import import_module
from pathlib import Path

import msgspec

from mappings.cache import MappingCache
from mappings.mapper import map_event

CAPTURED = Path(__file__).resolve().parents[2] / "shared" / "domain" / "payloads"
ROUNDS = 60
COLD_ROUNDS = 15
STATES = {"unchanged": 0.0, "5-percent": 0.05, "all-moved": 1.0}
PRICES = {
    "betpawa": re.compile(rb'("price"\s*:\s*)(\d+(?:\.\d+)?)'),
    "sportybet": re.compile(rb'("odds"\s*:\s*")(\d+(?:\.\d+)?)'),
    "bet9ja": re.compile(rb'("S_[^"]+"\s*:\s*")(\d+(?:\.\d+)?)(?=")'),
}


class _Price(msgspec.Struct):
    name: str
    price: float
    suspended: bool = False


class _Row(msgspec.Struct):
    prices: list[_Price]
    handicap: int | None = None


class _Type(msgspec.Struct):
    id: str


class _BetpawaMarket(msgspec.Struct):
    marketType: _Type
    row: list[_Row]


class _Betpawa(msgspec.Struct):
    id: str
    markets: list[_BetpawaMarket]


class _Outcome(msgspec.Struct):
    desc: str
    odds: str
    isActive: int = 0


class _SportybetMarket(msgspec.Struct):
    id: str
    outcomes: list[_Outcome]
    specifier: str = ""
    status: int = 0


class _SportybetEvent(msgspec.Struct):
    eventId: str
    markets: list[_SportybetMarket]


class _Sportybet(msgspec.Struct):
    bizCode: int
    data: _SportybetEvent


class _Bet9jaEvent(msgspec.Struct):
    ID: int
    O: dict[str, str]  # noqa: E741 - the bookmaker's name


class _Bet9ja(msgspec.Struct):
    R: str
    D: _Bet9jaEvent


FLOORS = {
    slug: msgspec.json.Decoder(shape).decode
    for slug, shape in {"betpawa": _Betpawa, "sportybet": _Sportybet, "bet9ja": _Bet9ja}.items()
}


def run(report):
    for slug, payload in payloads().items():
        for state, share in STATES.items():
            values, floors = warm_rounds(slug, payload, share)
            report.add(name=f"decode-map-{slug}-{state}", unit="ms", values=values, floor_values=floors)
        values, floors = cold_rounds(slug, payload)
        report.add(name=f"decode-map-{slug}-cold", unit="ms", values=values, floor_values=floors)


def warm_rounds(slug, payload, share):
    """([ms], [ms]): one event after another, each with `share` of the prices of the last one moved."""
    decode, cache, generator = decoder(slug), MappingCache(use_database=False), random.Random(7)
    for _ in range(5):
        payload = moved(slug, payload, share, generator)
        event(slug, decode, payload, cache)
    values, floors = [], []
    for _ in range(ROUNDS):
        payload = moved(slug, payload, share, generator)
        floors.append(milliseconds(FLOORS[slug], bytes(bytearray(payload))))
        values.append(milliseconds(event, slug, decode, bytes(bytearray(payload)), cache))
    return values, floors


def cold_rounds(slug, payload):
    """([ms], [ms]): each round with a cache that has mapped nothing yet."""
    decode = decoder(slug)
    values, floors = [], []
    for _ in range(COLD_ROUNDS):
        cache = MappingCache(use_database=False)
        cache.snapshot.table(slug)
        floors.append(milliseconds(FLOORS[slug], bytes(bytearray(payload))))
        values.append(milliseconds(event, slug, decode, bytes(bytearray(payload)), cache))
    return values, floors


def event(slug, decode, payload, cache):
    """What a worker does with one answer; the fingerprints are part of what is mapped."""
    scraped = decode(payload)
    return map_event(slug, scraped.home_team, scraped.away_team, scraped.markets, cache)


def milliseconds(work, *arguments):
    started = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - started) * 1000


def decoder(slug):
    return import_module(f"scraping.bookmakers.{slug}.decoder").decode_event


def moved(slug, payload, share, generator):
    """The payload with this share of its bettable prices a few hundredths away."""
    if not share:
        return payload

    def move(found):
        price = float(found[2])
        if price <= 1.05 or generator.random() >= share:
            return found[0]
        return found[1] + b"%.2f" % max(1.06, min(9_000, price * generator.uniform(0.93, 1.07)))

    return PRICES[slug].sub(move, payload)


def payloads():
    """{slug: bytes of one event's answer}"""
    if CAPTURED.exists():
        print("decode_map: captured payloads", file=sys.stderr)
        return {slug: (CAPTURED / slug / "prematch.json").read_bytes() for slug in FLOORS}
    print("decode_map: payloads of the demo bookmakers", file=sys.stderr)
    return demo_payloads()


def demo_payloads():
    from scraping.demo.content import Content
    from scraping.demo.prices import Life
    from scraping.demo.world import World

    now = time.time()
    world = World(seed=7, events=40)
    content = Content(world, Life())
    chosen = {}
    for slug in FLOORS:
        offered = world.offered(slug, now)
        bodies = (content.detail(slug, offer.external_id(slug), now).plain() for offer in offered[:10])
        chosen[slug] = max(bodies, key=len)
    return chosen
