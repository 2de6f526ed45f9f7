"""Bet9ja's answers: tree, group lists, event detail (flat odds, market metadata, the whole catalogue of names)."""

from collections import Counter
from datetime import UTC, datetime
from functools import cached_property

from scraping.demo.board import Board, Unit
from scraping.demo.hashing import mix_array, text_key
from scraping.demo.ladders import texts
from scraping.demo.novelties import Novelty
from scraping.demo.places import tournaments
from scraping.demo.prices import Snapshot
from scraping.demo.rules import rules_text
from scraping.demo.templates import dumps
from scraping.demo.world import DemoEvent

_MAIN = ("S_1X2", "S_DC", "S_OU", "S_GGNG")
_CATEGORIES = {
    "POPULAR": "1", "HT": "102", "2T": "103", "GOAL": "104", "HOMEAWAY": "105", "COMBINED": "106", "CORNER": "108",
    "OTHER": "999",
}  # fmt: skip
_COUNTED = {"goals": ("G", "Goals"), "corners": ("CO", "Corners"), "cards": ("C", "Cards")}


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def group_id(number: int) -> int:
    return 1_400_000 + number


def envelope(data) -> bytes:
    return b'{"R":"OK","D":' + (data if isinstance(data, bytes) else dumps(data)) + b"}"


class Bet9jaRenderer:
    """Renders from one key text per outcome and one metadata fragment per market key."""

    slug = "bet9ja"

    def __init__(self, board: Board):
        self.board = board
        self._odds = [f'"{text}"'.encode() for text in texts(self.slug)]
        self._unit_of = board.unit.tolist()
        order = mix_array(9, board.outcome_numbers)  # the real object is in no order either
        self._order = sorted(range(len(order)), key=order.tolist().__getitem__)

    @cached_property
    def _keys(self) -> list[bytes]:
        found = []
        for unit in self.board.units:
            at = f"@{unit.specifier}" if unit.specifier else ""
            found += [f'"{unit.key}{at}_{outcome.text}":'.encode() for outcome in unit.outcomes]
        return found

    @cached_property
    def _first_units(self) -> dict[str, Unit]:
        """The outcomes of all lines of one key, for its description."""
        return {unit.key: unit for unit in reversed(self.board.units)}

    @cached_property
    def _market_info(self) -> dict[str, bytes]:
        return {key: dumps(self._info(place, unit)) for place, (key, unit) in enumerate(self._first_units.items())}

    def _info(self, place: int, unit: Unit) -> dict:
        code, label = _COUNTED.get(unit.market.get("subject", ""), ("GR", "Generic Result"))
        return {
            "ID": unit.key,
            "DS": unit.name,
            "MDESC": rules_text(unit.name, unit.market if "subject" in unit.market else None),
            "P": str(place + 1),
            "VW": "2" if unit.line is not None else "0",
            "GCAT": unit.group if unit.group in _CATEGORIES else "OTHER",
            "MARKETID": str(300 + text_key(unit.key) % 4000),
            "M_PAYOUT": "120",
            "CNT": code,
            "CNTLABEL": label,
            "SGN": [outcome.label for outcome in unit.outcomes],
            "SGNK": [outcome.text for outcome in unit.outcomes],
        }

    @cached_property
    def catalogue(self) -> bytes:
        """`TRANS`: names, rules and labels of every market of the house, offered on this event or not."""
        found: dict = {}
        for key, unit in self._first_units.items():
            self._describe(found, key, unit.name, unit)
        for key, unit in list(self._first_units.items()):  # other sports fill the real catalogue further
            self._describe(found, f"B_{key[2:]}", f"{unit.name} (basketball)", unit)
        return dumps(found)

    @staticmethod
    def _describe(found: dict, key: str, name: str, unit: Unit) -> None:
        found[f"M#{key}"] = {"NAME": name, "DESC": rules_text(name)}
        if unit.line is not None:
            found[f"MH#{key}"] = "|".join(outcome.label for outcome in unit.outcomes)
        for outcome in unit.outcomes:
            found[f"M#{key}_{outcome.text}"] = outcome.label
            found[f"MCU#{key}_{outcome.text}"] = {"1": "{T1}", "2": "{T2}", "X": "Draw"}.get(
                outcome.label, f"{outcome.label} ({{HNDS}})" if unit.line is not None else outcome.label
            )

    @cached_property
    def tail(self) -> bytes:
        """The last part of every detail answer, the same for all events: compressed once."""
        return b',"TRANS":' + self.catalogue + b"}}"

    def odds(self, snapshot: Snapshot, only: tuple[str, ...] = ()) -> bytes:
        """The flat object; a suspended or dead outcome has price 1, a withdrawn market no key."""
        units, keys, prices = self._unit_of, self._keys, self._odds
        rung, dead, suspended = snapshot.rung, snapshot.dead, snapshot.suspended
        shown = [False] * len(self.board.units)
        for number in snapshot.offered:
            shown[number] = not only or self.board.units[number].key in only
        parts = [
            keys[i] + (b'"1"' if dead[i] or suspended[units[i]] else prices[rung[i]])
            for i in self._order
            if shown[units[i]]
        ]
        return b"{" + b",".join(parts) + b"}"

    def lead(self, event: DemoEvent, snapshot: Snapshot, now: float, added: tuple = ()) -> bytes:
        """The detail answer up to TRANS; `tail` completes it. added: new market types (novelties) on top."""
        units = self.board.units
        offered: dict[str, dict[str, float]] = {}
        for number in snapshot.offered:
            lines = offered.setdefault(units[number].key, {})
            if units[number].specifier:
                lines[units[number].specifier] = units[number].line
        auxiliary = {key: {t: _number(line) for t, line in lines.items()} for key, lines in offered.items() if lines}
        info = b",".join([self._market_info[key] for key in offered] + [dumps(_novel_info(new)) for new in added])
        extra = b"".join([_novel_odds(new, event, int(now // 60)) for new in added])
        categories = [{"CODE": code, "VALUE": name} for name, code in _CATEGORIES.items()]
        middle = {"EXCLUDED_BONUS": [], "BOOSTED_ODDS": [], "BOOSTED_MARKETS": []}
        head = {
            "INCTYPE": 0,
            "ST": 1,
            "SPORTCAST_FIXTURE_ID": str(500_000 + event.number % 90_000),
            "PLAYER_EID": 9_000_000 + event.number % 900_000,
            "SID": 1,
            "IS_BOOSTED": False,
            "IS_BETBUILDER": True,
            "ENDVISIBILITYDATE": stamp(event.kickoff_at(now)),
            "TYPE": 0,
            "ISSTREAMINGVIDEO": False,
            "PLAYER_SID": 301,
            "GP": event.tournament.number,
            "S": "Soccer",
        } | self._common(event, now)
        return (
            b'{"R":"OK","D":'
            + dumps(head)[:-1]
            + b',"O":'
            + self.odds(snapshot)[:-1]
            + extra
            + b'},"AUX":'
            + dumps(auxiliary)
            + b","
            + dumps(middle)[1:-1]
            + b',"MK":['
            + info
            + b'],"CATMARKET":'
            + dumps(categories)
        )

    def _common(self, event: DemoEvent, now: float) -> dict:
        home, away = event.teams(self.slug)
        return {
            "ID": int(event.external_id(self.slug)),
            "EXTID": str(event.sportradar_id),
            "C": str(1000 + event.number % 9000),
            "DS": f"{home} - {away}",
            "STARTDATE": stamp(event.kickoff_at(now)),
            "GID": group_id(event.tournament.number),
            "GN": event.tournament.name,
            "SGID": 12_000 + event.tournament.country_number,
            "SG": event.tournament.country,
            "P": 0,
            "PL": 0,
            "PRV": 1,
        }

    def tree(self, events: list[DemoEvent]) -> bytes:
        counts = Counter(event.tournament.number for event in events)
        countries: dict[str, dict] = {}
        for tournament in tournaments():
            size = counts[tournament.number]
            if size:
                country = countries.setdefault(
                    str(12_000 + tournament.country_number), {"SG_DESC": tournament.country, "NUM": 0, "G": {}}
                )
                country["NUM"] += size
                country["G"][str(group_id(tournament.number))] = {"G_DESC": tournament.name, "NUM": size}
        football = {"S_DESC": "Soccer", "NUM": len(events), "SG": countries}
        return envelope({"PAL": {"1": football, "2": {"S_DESC": "Basketball", "NUM": 0, "SG": {}}}})

    def group(self, events: list[DemoEvent], snapshots: list[Snapshot], now: float) -> bytes:
        parts = [
            dumps(self._common(event, now))[:-1] + b',"O":' + self.odds(snapshot, _MAIN) + b"}"
            for event, snapshot in zip(events, snapshots, strict=True)
        ]
        return envelope(b'{"E":[' + b",".join(parts) + b"]}")


def _number(line: float) -> int | float:
    return int(line) if line == int(line) else line


def _novel_odds(new: Novelty, event: DemoEvent, minute: int) -> bytes:
    texts = [f',"{new.key}_{text}":"{new.price(event, n, minute)}"' for n, (text, _) in enumerate(new.outcomes)]
    return "".join(texts).encode()


def _novel_info(new: Novelty) -> dict:
    labels = {"Y": "Yes", "N": "No"}
    return {
        "ID": new.key,
        "DS": new.name,
        "MDESC": rules_text(new.name),
        "P": "999",
        "VW": "0",
        "GCAT": "OTHER",
        "MARKETID": str(5000 + new.number % 4000),
        "M_PAYOUT": "120",
        "CNT": "GR",
        "CNTLABEL": "Generic Result",
        "SGN": [labels[text] for text, _ in new.outcomes],
        "SGNK": [text for text, _ in new.outcomes],
    }
