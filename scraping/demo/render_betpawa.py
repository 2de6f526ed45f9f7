"""BetPawa's answers: tree, whole-sport and competition lists, event detail (market types with rows)."""

from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime
from functools import cached_property

from scraping.demo.board import Board, Unit, names
from scraping.demo.hashing import mix, text_key
from scraping.demo.ladders import texts
from scraping.demo.novelties import Novelty
from scraping.demo.places import tournaments
from scraping.demo.prices import Snapshot
from scraping.demo.rules import rules_text
from scraping.demo.templates import dumps, fragment, personal, team_tokens
from scraping.demo.world import DemoEvent

CATEGORY = {"id": "2", "name": "Football"}
_TYPES = {"over_under": "NORMAL", "combo": "NORMAL", "handicap_3way": "EUROPEAN", "asian_handicap": "ASIAN"}
_CLOSED = b'"price":0.0,"suspended":true'


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def competition_id(event: DemoEvent) -> str:
    return str(11_000 + event.tournament.number)


class BetpawaRenderer:
    """Renders from fragments made once; only prices, ids and players differ between events."""

    slug = "betpawa"

    def __init__(self, board: Board):
        self.board = board
        self._prices = [f'"price":{text},"suspended":false'.encode() for text in texts(self.slug)]

    @cached_property
    def _types(self) -> dict[str, bytes]:
        return {unit.key: self._type(unit) for unit in self.board.units}

    @cached_property
    def _rows(self) -> list[bytes]:
        return [self._unit_rows(unit, number) for number, unit in enumerate(self.board.units)]

    def _type(self, unit: Unit) -> bytes:
        name, display, tabs, priority, columns = names()[self.slug][unit.key]
        market = unit.market
        number_specifier = market["line_semantics"] == "fixed:1"
        kind = "NUMBER_SPECIFIER" if number_specifier else _TYPES[market["kind"]] if market["has_line"] else ""
        market_type = {
            "id": unit.key,
            "name": name,
            "displayName": display,
            "explainer": rules_text(name, market),
            "priority": priority,
            "tabs": [*tabs, "all"],
            "handicapType": kind,
            "priceColumnCount": columns,
            "priceSortingMethod": "GOALSCORER_SORTING" if market["subkind"] == "player" else "PRICE_TYPE_ID",
        }
        return b'{"marketType":' + fragment(market_type).replace(b"%%", b"%") + b',"row":['

    def _unit_rows(self, unit: Unit, number: int) -> bytes:
        market, start = unit.market, self.board.bounds[number][0]
        line = 1.0 if market["line_semantics"] == "fixed:1" else unit.line
        handicap = None if line is None else int(line * 4)
        kind = market["kind"]
        shown = line is not None and (kind == "handicap_3way" or market["line_semantics"] == "fixed:1")
        columns = 1 if market["subkind"] == "player" else names()[self.slug][unit.key][4]
        whole = len(unit.outcomes) <= columns
        rows = []
        for first in range(0, len(unit.outcomes), columns):
            row = {"id": f"\x02{number:04d}"} if whole else {}
            row |= {"handicap": handicap, "formattedHandicap": f"{line:g}" if shown else None}
            prices = [
                self._price(unit, start + place, place)
                for place in range(first, min(first + columns, len(unit.outcomes)))
            ]
            head = fragment(row)[:-1]
            rows.append(head + b',"prices":[' + b",".join(prices) + b"]}")
        return b",".join(rows)

    def _price(self, unit: Unit, outcome_number: int, place: int) -> bytes:
        outcome, market = unit.outcomes[place], unit.market
        type_id = str(int(unit.key) * 10 + place) if len(unit.key) > 6 else str(int(unit.key) * 100 + place)
        name = team_tokens(outcome.text)
        price = {"id": f"\x02{outcome_number:05d}", "name": name, "typeId": type_id}
        label, display = self._labels(unit, outcome.text)
        tail = {
            "handicap": label,
            "displayName": team_tokens(display),
            "additionalInfo": {"hot": False, "twoUp": False, "anyUp": "NO_UP"},
            "probability": _probability(unit.key, place),
        }
        if market["subkind"] == "player":
            tail["team"] = 1 if place < 11 else 2
        return fragment(price)[:-1] + b",%b," + fragment(tail)[1:]

    @staticmethod
    def _labels(unit: Unit, text: str) -> tuple[str | None, str]:
        kind, line = unit.market["kind"], unit.line
        if line is None:
            return None, text
        if kind == "handicap_3way":
            return (f"Home {line:+g}" if text != "2" else f"Away {-line:+g}"), "{formattedHandicap}"
        if kind == "asian_handicap":
            return f"{line if text == '1' else -line:+g}", "{formattedHandicap}"
        last = text.rpartition(" ")[2] if " - " in text else text
        return f"{line:g}", f"{last} {{formattedHandicap}}"

    def detail(self, event: DemoEvent, snapshot: Snapshot, now: float, added: tuple = ()) -> bytes:
        """The event with everything on show; added: new market types (novelties) on top."""
        board, prices, rows = self.board, self._prices, self._rows
        rung, dead, suspended = snapshot.rung, snapshot.dead, snapshot.suspended
        groups: dict[str, list[bytes]] = {}
        for number in snapshot.offered:
            start, end = board.bounds[number]
            if suspended[number]:
                values = (_CLOSED,) * (end - start)
            else:
                values = tuple([_CLOSED if dead[i] else prices[rung[i]] for i in range(start, end)])
            groups.setdefault(board.units[number].key, []).append(rows[number] % values)
        tail = (
            b'],"displayNameRows":[],"displayNameColumns":[],'
            b'"additionalInfo":{"boosted":false,"cashoutable":true,"twoUp":false}}'
        )
        entries = [self._types[key] + b",".join(parts) + tail for key, parts in groups.items()]
        markets = b",".join(entries + [dumps(_novel(new, event, int(now // 60))) for new in added])
        own_id = event.external_id(self.slug)
        head = dumps(self._head(event, now, len(snapshot.offered), snapshot.version))[:-1]
        return personal(head + b',"markets":[' + markets + b"]}", event, self.slug, own_id)

    def _head(self, event: DemoEvent, now: float, count: int, version: int) -> dict:
        base = self.listed(event, now, count)
        widgets = self._widgets(event) if event.has_widget else []
        widgets.append({"id": str(13_000_000 + event.number % 900_000), "type": "GENIUSSPORTS", "retention": None})
        return base | {
            "results": None,
            "widgets": widgets,
            "totalMarketCount": count,
            "score": float(100 - 20 * event.tier),
            "neutralVenue": False,
            "inplayBooked": True,
            "version": version,
        }

    @staticmethod
    def _widgets(event: DemoEvent) -> list[dict]:
        number = str(event.sportradar_id)
        return [{"id": number, "type": "SPORTRADAR", "retention": part} for part in ("PREMATCH", "INPLAY")]

    def listed(self, event: DemoEvent, now: float, markets: int) -> dict:
        """An event as lists show it; `widgets` is missing for a few."""
        home, away = event.teams(self.slug)
        found = {
            "id": event.external_id(self.slug),
            "name": f"{home} - {away}",
            "participants": [
                {"id": str(100_000 + text_key(name) % 900_000), "name": name, "position": place}
                for place, name in ((1, home), (2, away))
            ],
            "startTime": iso(event.kickoff_at(now)),
            "category": CATEGORY,
            "region": {"id": str(event.tournament.country_number), "name": event.tournament.country},
            "competition": {"id": competition_id(event), "name": event.tournament.name},
            "additionalInfo": {"live": False},
            "marketsCount": markets,
        }
        if event.has_widget and event.widget_in_list:
            found["widgets"] = self._widgets(event)
        return found

    def tree(self, events: list[DemoEvent]) -> bytes:
        """Regions with their competitions that have events."""
        counts = Counter(event.tournament.number for event in events)
        regions: dict[str, dict] = {}
        for tournament in tournaments():
            if counts[tournament.number]:
                region = regions.setdefault(
                    tournament.country,
                    {"region": {"id": str(tournament.country_number), "name": tournament.country}, "competitions": []},
                )
                region["competitions"].append(
                    {
                        "competition": {"id": str(11_000 + tournament.number), "name": tournament.name},
                        "eventCounts": {"upcoming": counts[tournament.number]},
                    }
                )
        return dumps({"withRegions": [{"category": CATEGORY, "regions": list(regions.values())}]})

    def sports(self, events: list[DemoEvent]) -> bytes:
        return dumps({"onlyMeta": [{"category": CATEGORY, "eventCounts": {"upcoming": len(events), "live": 0}}]})

    def page(self, events: list[DemoEvent], now: float, skip: int, take: int) -> bytes:
        items = [self.listed(event, now, 60 + event.number % 60) for event in events[skip : skip + take]]
        return dumps({"responses": [{"responses": items}]})


def _novel(new: Novelty, event: DemoEvent, minute: int) -> dict:
    prices = [
        {
            "id": f"{new.number}{place}",
            "name": text,
            "typeId": f"{new.key}{place}",
            "price": float(new.price(event, place, minute)),
            "suspended": False,
            "displayName": text,
        }
        for place, (text, _) in enumerate(new.outcomes)
    ]
    market_type = {"id": new.key, "name": new.name, "displayName": new.name, "tabs": ["all"], "handicapType": ""}
    return {"marketType": market_type, "row": [{"handicap": None, "prices": prices}]}


def _probability(key: str, place: int) -> str:
    value = mix(text_key(key), place)
    text = f'{{"win":{value},"refund":{mix(value, 1)},"key":-{mix(value, 2)}}}'
    return b64encode(text.encode()).decode()
