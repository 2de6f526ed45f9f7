"""Captured payloads served through the same paths, byte for byte, with trees and lists made from them."""

import json
from dataclasses import dataclass
from pathlib import Path

from scraping.demo.answers import Answer
from scraping.demo.templates import dumps
from scraping.demo.world import SLUGS


@dataclass
class Captured:
    """One payload file and what lists need to know of it."""

    body: bytes
    event_id: str
    document: dict


class ReplayContent:
    """Stands where Content stands; DIR/<bookmaker>/*.json are the details."""

    def __init__(self, directory: Path):
        self.found: dict[str, dict[str, Captured]] = {slug: {} for slug in SLUGS}
        for slug in SLUGS:
            for path in sorted((directory / slug).glob("*.json")):
                body = path.read_bytes()
                document = json.loads(body)
                event = {"betpawa": document, "sportybet": document.get("data"), "bet9ja": document.get("D")}[slug]
                event_id = str(event[{"betpawa": "id", "sportybet": "eventId", "bet9ja": "ID"}[slug]])
                self.found[slug][event_id] = Captured(body, event_id, event)
        if not any(self.found.values()):
            raise FileNotFoundError(f"no payloads in {directory}/<bookmaker>/*.json")

    def warm_up(self, now: float) -> None:
        """Nothing to prepare."""

    def detail(self, slug: str, event_id: str, now: float) -> Answer | None:
        captured = self.found[slug].get(event_id)
        return captured and Answer(200, captured.body, kind="detail", event_id=event_id)

    def named(self, slug: str, name: str, now: float) -> Answer:
        events = [captured.document for captured in self.found[slug].values()]
        return Answer(200, dumps(_TREES[slug](events) if name == "tree" else _sports(events)), kind="tree")

    def betpawa_page(self, now: float, skip: int, take: int, competitions: set[int] | None) -> Answer:
        shown = ("id", "name", "startTime", "participants", "category", "competition", "region", "widgets")
        items = [
            {name: event[name] for name in shown if name in event} | {"marketsCount": event.get("totalMarketCount", 0)}
            for event in (captured.document for captured in self.found["betpawa"].values())
            if competitions is None or int(event["competition"]["id"]) - 11_000 in competitions
        ]
        return Answer(200, dumps({"responses": [{"responses": items[skip : skip + take]}]}), kind="list")

    def sportybet_tournaments(self, now: float, wanted: list[str]) -> Answer:
        events = []
        for captured in self.found["sportybet"].values():
            tournament = captured.document["sport"]["category"]["tournament"]
            if tournament["id"] in wanted:
                events.append({**captured.document, "markets": captured.document["markets"][:4]})
        data = [{"id": wanted[0], "events": events}] if events else []
        return Answer(200, dumps({"bizCode": 10000, "message": "0#0", "data": data}), kind="list")

    def bet9ja_group(self, now: float, wanted: int) -> Answer:
        shown = ("ID", "EXTID", "C", "DS", "STARTDATE", "GID", "GN", "SGID", "SG")
        events = [
            {name: event[name] for name in shown if name in event}
            | {"O": {key: price for key, price in event["O"].items() if key.startswith("S_1X2_")}}
            for event in (captured.document for captured in self.found["bet9ja"].values())
            if event["GID"] == wanted
        ]
        return Answer(200, dumps({"R": "OK", "D": {"E": events}}), kind="list")


def _sports(events: list[dict]) -> dict:
    return {
        "onlyMeta": [{"category": {"id": "2", "name": "Football"}, "eventCounts": {"upcoming": len(events), "live": 0}}]
    }


def _betpawa_tree(events: list[dict]) -> dict:
    regions: dict[str, dict] = {}
    for event in events:
        region = regions.setdefault(event["region"]["id"], {"region": event["region"], "competitions": []})
        entry = {"competition": event["competition"]}
        if entry not in region["competitions"]:
            region["competitions"].append(entry)
    return {"withRegions": [{"category": {"id": "2", "name": "Football"}, "regions": list(regions.values())}]}


def _sportybet_tree(events: list[dict]) -> dict:
    categories: dict[str, dict] = {}
    for event in events:
        category = event["sport"]["category"]
        entry = categories.setdefault(
            category["id"], {"id": category["id"], "name": category["name"], "eventSize": 0, "tournaments": []}
        )
        entry["eventSize"] += 1
        tournament = {**category["tournament"], "eventSize": 1}
        if tournament not in entry["tournaments"]:
            entry["tournaments"].append(tournament)
    sport = {"id": "sr:sport:1", "name": "Football", "eventSize": len(events), "categories": list(categories.values())}
    return {"bizCode": 10000, "message": "0#0", "data": {"sportList": [sport]}}


def _bet9ja_tree(events: list[dict]) -> dict:
    countries: dict[str, dict] = {}
    for event in events:
        country = countries.setdefault(str(event["SGID"]), {"SG_DESC": event["SG"], "NUM": 0, "G": {}})
        country["NUM"] += 1
        group = country["G"].setdefault(str(event["GID"]), {"G_DESC": event["GN"], "NUM": 0})
        group["NUM"] += 1
    football = {"S_DESC": "Soccer", "NUM": len(events), "SG": countries}
    return {"R": "OK", "D": {"PAL": {"1": football}}}


_TREES = {"betpawa": _betpawa_tree, "sportybet": _sportybet_tree, "bet9ja": _bet9ja_tree}
