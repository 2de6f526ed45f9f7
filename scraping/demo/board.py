"""Everything a bookmaker could offer on any match: its markets by line, outcomes in its words, each tied to columns.

Built once, from the built-in market table (mappings/catalogue/football.json), the names in data/names.json
and the unmapped types in data/unmapped.json.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from scraping.demo import words
from scraping.demo.columns import Columns
from scraping.demo.expressions import evaluate
from scraping.demo.families import weights
from scraping.demo.hashing import text_key
from scraping.demo.lines import lines_of
from scraping.demo.moved import moved_units
from scraping.demo.world import SLUGS

_DATA = Path(__file__).parent / "data"
_CATALOGUE = Path(__file__).parents[2] / "mappings" / "catalogue" / "football.json"
_TIERS = {"goals": (0.97, 0.93, 0.8), "corners": (0.95, 0.4, 0.06), "cards": (0.85, 0.2, 0.02)}
_MAIN = (1.0, 1.0, 1.0)
_MAIN_MARKETS = {"1x2_ft", "double_chance_ft", "btts_ft", "over_under_ft", "draw_no_bet_ft", "asian_handicap_ft"}
_ENGLISH_CARDS = ("0-3", "4", "5", "6", "7", "8", "9", "10", "11", "12+")
PLAYERS = 22


@dataclass(slots=True)
class Outcome:
    """text: the bookmaker's own (for Bet9ja the suffix). label: what people read. column, back: see Columns."""

    text: str
    label: str
    column: int
    back: int
    identity: str


@dataclass(slots=True)
class Unit:
    """One market with one line at one bookmaker, the smallest thing that is offered, suspended or withdrawn.

    moved_from: for a market under a new key, the place of the unit that it replaces (scraping.demo.moved).
    """

    key: str
    line: float | None
    specifier: str
    name: str
    group: str
    outcomes: list[Outcome]
    tiers: tuple[float, float, float]
    winners: int = 1
    market: dict = field(default_factory=dict)
    novel: bool = False
    moved_from: int | None = None


@dataclass
class Board:
    """One bookmaker's units with flat arrays over all of its outcomes (`unit` = which unit an outcome belongs to)."""

    slug: str
    units: list[Unit]

    def finish(self, columns: Columns) -> None:
        outcomes = [(number, outcome) for number, unit in enumerate(self.units) for outcome in unit.outcomes]
        self.unit = np.array([number for number, _ in outcomes])
        self.column = columns.position[[outcome.column for _, outcome in outcomes]]
        self.back = columns.position[[outcome.back for _, outcome in outcomes]]
        counts = np.array([len(unit.outcomes) for unit in self.units])
        self.start = np.concatenate([[0], np.cumsum(counts)])[:-1]
        self.bounds = list(zip(self.start.tolist(), (self.start + counts).tolist(), strict=True))
        self.two_way = np.array([self._is_two_way(unit) for unit in self.units])[self.unit]
        self.has_line = np.array([unit.line is not None and len(unit.outcomes) < 5 for unit in self.units])
        self.tiers = np.array([unit.tiers for unit in self.units])
        self.numbers = np.arange(len(self.units))
        self.families = np.array([text_key(unit.key) & 0xFFFFFFFF for unit in self.units])
        self.outcome_numbers = np.arange(len(outcomes))
        self.moves = {
            number: (unit.moved_from, text_key(unit.key))
            for number, unit in enumerate(self.units)
            if unit.moved_from is not None
        }
        many = np.array([min(2.2, 1.0 + 0.06 * max(0, len(unit.outcomes) - 3)) for unit in self.units])
        self.margin_factor = many[self.unit]

    @staticmethod
    def _is_two_way(unit: Unit) -> bool:
        return len(unit.outcomes) == 2 and not unit.key.endswith("NOBET")


@cache
def catalogue() -> tuple[dict, ...]:
    return tuple(market for market in _load(_CATALOGUE)["markets"] if market["status"] == "active")


@cache
def names() -> dict:
    return _load(_DATA / "names.json")


@cache
def unmapped_types() -> tuple[dict, ...]:
    return tuple(_load(_DATA / "unmapped.json")["types"])


def _load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def boards() -> tuple[Columns, dict[str, Board]]:
    """The columns and the three boards, built once per process."""
    columns = Columns()
    found = {slug: Board(slug, []) for slug in SLUGS}
    for slug, board in found.items():
        for market in catalogue():
            board.units += _catalogue_units(columns, slug, market)
        for row in unmapped_types():
            if row["source"] == slug:
                board.units += _unmapped_units(columns, row)
        if slug == "bet9ja":
            board.units = _joined(board.units)
        board.units += moved_units(slug, board.units, names(), _MAIN_MARKETS)
    columns.finish()
    for board in found.values():
        board.finish(columns)
    return columns, found


def _catalogue_units(columns: Columns, slug: str, market: dict) -> list[Unit]:
    field_name = {"betpawa": "betpawa_id", "sportybet": "sportybet_id", "bet9ja": "bet9ja_key"}[slug]
    if not market[field_name]:
        return []
    keys = [market[field_name], *(market["bet9ja_extra_keys"] if slug == "bet9ja" else ())]
    if market["canonical_id"] == "anytime_goalscorer":
        return [_players_unit(columns, slug, market)]
    tiers = _MAIN if market["canonical_id"] in _MAIN_MARKETS else _TIERS[market["subject"]]
    units = []
    for key in keys:
        for line in lines_of(market, slug, key):
            outcomes = _catalogue_outcomes(columns, slug, market, line)
            if outcomes:
                name, group = words.name_and_group(slug, key, names(), line)
                specifier = words.specifier(slug, market, line)
                winners = 2 if "double_chance" in market["canonical_id"] else 1
                units.append(Unit(key, line, specifier, name, group, outcomes, tiers, winners, market))
    return units


def _catalogue_outcomes(columns: Columns, slug: str, market: dict, line: float | None) -> list[Outcome]:
    if market["canonical_id"].startswith("bookings_exact"):
        period = "" if market["period"] == "FT" else "h:"
        return [_expressed(columns, text, text, f"k:{period}T{text}") for text in _ENGLISH_CARDS]
    meanings = weights(market, line)
    texts = words.outcome_texts(slug, market, line, names())
    rest = 0.0
    found = []
    for canonical, text, label in texts:
        if canonical == "other":
            continue
        win, back = meanings[canonical]
        rest = rest + win
        found.append((canonical, text, label, win, back))
    for canonical, text, label in texts:
        if canonical == "other":
            found.append((canonical, text, label, 1.0 - rest, None))
    order = {canonical: place for place, (canonical, _, _) in enumerate(texts)}
    found.sort(key=lambda entry: order[entry[0]])
    subject = market["subject"]
    return [
        Outcome(
            text,
            label,
            columns.add(subject, win),
            columns.never if back is None else columns.add(subject, np.asarray(back, dtype=np.float64)),
            f"{market['canonical_id']}/{canonical}",
        )
        for canonical, text, label, win, back in found
    ]


def _players_unit(columns: Columns, slug: str, market: dict) -> Unit:
    key = market["betpawa_id"] if slug == "betpawa" else market["sportybet_id"]
    name, group = words.name_and_group(slug, key, names(), None)
    outcomes = [
        Outcome(
            words.player(slug, place),
            words.player(slug, place),
            columns.constant(round(0.3 - 0.011 * place, 4)),
            columns.never,
            f"anytime_goalscorer/{place}",
        )
        for place in range(PLAYERS)
    ]
    return Unit(key, None, words.specifier(slug, market, None), name, group, outcomes, (0.8, 0.15, 0.0), 0, market)


def _expressed(columns: Columns, text: str, label: str, expression: str) -> Outcome:
    space, win, back = evaluate(expression)
    column = columns.constant(float(win)) if space is None else columns.add(space, win)
    returned = columns.never if back is None or space is None else columns.add(space, back)
    return Outcome(text, label, column, returned, expression)


def _unmapped_units(columns: Columns, row: dict) -> list[Unit]:
    grid = row.get("grid") or {}
    first = row.get("lines") or grid.get("line") or [None]
    minutes = grid.get("minute") or [None]
    tiers = tuple(row.get("tiers") or _TIERS["goals"])
    units = []
    for minute in minutes:
        for line in first:
            values = words.line_values(line, minute, row.get("mean"))
            outcomes = [
                _expressed(columns, words.fill(entry[0], values), entry[-1], words.fill(entry[1], values))
                for entry in row["outcomes"]
            ]
            specifier = words.fill(row.get("specifier", ""), values)
            if row["source"] == "bet9ja":
                specifier = words.plain(line) if line is not None else ""
            name = words.fill(row["name"], values)
            short = {"short": words.fill(row.get("short", name), values)}
            units.append(Unit(row["id"], line, specifier, name, row["group"], outcomes, tiers, 0, short))
    return units


def _joined(units: list[Unit]) -> list[Unit]:
    """One Bet9ja key and line may hold the outcomes of two markets (home and away totals)."""
    found: dict[tuple, Unit] = {}
    for unit in units:
        known = found.setdefault((unit.key, unit.specifier), unit)
        if known is not unit:
            texts = {outcome.text for outcome in known.outcomes}
            known.outcomes = known.outcomes + [outcome for outcome in unit.outcomes if outcome.text not in texts]
            known.winners = 2
    return list(found.values())
