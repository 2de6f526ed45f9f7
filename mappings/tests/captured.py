"""The captured payloads, decoded as plainly as possible, independent of the real decoders.

They lie beside the repository and are never part of it; tests that need them skip without them.
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from mappings.shapes import ScrapedMarket, ScrapedOutcome

DOMAIN = Path(__file__).resolve().parents[3] / "shared" / "domain"
needs_captures = pytest.mark.skipif(not DOMAIN.exists(), reason="the captured payloads are not here")


def payload(slug):
    return json.loads((DOMAIN / "payloads" / slug / "prematch.json").read_bytes())


def golden():
    return json.loads((DOMAIN / "golden-mapping.json").read_bytes())


def betpawa():
    """(home, away, markets)"""
    event = payload("betpawa")
    rows = {}
    for market in event["markets"]:
        for row in market["row"]:
            handicap = "" if row["handicap"] is None else str(row["handicap"])
            kind, outcomes = rows.setdefault((market["marketType"]["id"], handicap), (market["marketType"], []))
            outcomes += [ScrapedOutcome(p["name"], p["price"], not p["suspended"]) for p in row["prices"]]
    markets = [
        ScrapedMarket(
            key=key,
            specifier=handicap,
            outcomes=tuple(outcomes),
            line=Decimal(handicap) / 4 if handicap else None,
            name=kind["name"],
            groups=tuple(tab for tab in kind["tabs"] if tab != "all"),
            handicap_type=kind["handicapType"] or "",
        )
        for (key, handicap), (kind, outcomes) in rows.items()
    ]
    teams = {participant["position"]: participant["name"] for participant in event["participants"]}
    return teams[1], teams[2], markets


def sportybet():
    """(home, away, markets)"""
    event = payload("sportybet")["data"]
    markets = [
        ScrapedMarket(
            key=market["id"],
            specifier=market.get("specifier", ""),
            outcomes=tuple(
                ScrapedOutcome(o["desc"], o["odds"], o["isActive"] == 1 and market["status"] == 0)
                for o in market["outcomes"]
            ),
            name=market.get("name") or market["desc"],
        )
        for market in event["markets"]
    ]
    return event["homeTeamName"], event["awayTeamName"], markets


def bet9ja():
    """(home, away, markets)"""
    event = payload("bet9ja")["D"]
    groups = {}
    for key, price in event["O"].items():
        market, suffix = key.removeprefix("S_").split("_", 1)
        market, _, line = market.partition("@")
        groups.setdefault((f"S_{market}", line), []).append(ScrapedOutcome(suffix, price, float(price) > 1))
    markets = [ScrapedMarket(key, line, tuple(outcomes)) for (key, line), outcomes in groups.items()]
    home, away = event["DS"].split(" - ", 1)
    return home, away, markets


EVENTS = {"betpawa": betpawa, "sportybet": sportybet, "bet9ja": bet9ja}
UNITS = {"betpawa": 117, "sportybet": 201, "bet9ja": 148}


def units_of(result, snapshot):
    """A MappingResult as the golden file writes it: {(canonical id, line): {outcome: [odds, active]}}."""
    recognised = [market for error in result.errors for market in error.recognised]
    units = {}
    for market in result.mapped + recognised:
        ids = {outcome.name: outcome.canonical_id for outcome in snapshot.by_canonical_id[market.canonical_id].outcomes}
        key = (market.canonical_id, None if market.line is None else float(market.line))
        assert key not in units, f"{key} came twice"
        units[key] = {ids.get(o.name, o.name): [float(o.odds), o.is_active] for o in market.outcomes}
    return units


def difference(expected_units, units):
    """Lines that say what differs from the golden result, [] when nothing does."""
    expected = {(unit["canonical_id"], unit["line"]): unit["outcomes"] for unit in expected_units}
    lines = [f"missing  {market} line {line}" for market, line in sorted(expected.keys() - units.keys(), key=str)]
    lines += [f"surplus  {market} line {line}" for market, line in sorted(units.keys() - expected.keys(), key=str)]
    for key in sorted(expected.keys() & units.keys(), key=str):
        wanted, found = expected[key], units[key]
        for outcome in sorted(wanted.keys() | found.keys()):
            if wanted.get(outcome) != found.get(outcome):
                lines.append(
                    f"differs  {key[0]} line {key[1]} {outcome}: {wanted.get(outcome)} != {found.get(outcome)}"
                )
    return lines
