"""One market as the mapper sees it, whether the catalogue or a person defined it."""

import re
from decimal import Decimal

import msgspec

SOURCE_COLUMNS = {"betpawa": "betpawa_id", "sportybet": "sportybet_id", "bet9ja": "bet9ja_key"}
OUTCOME_COLUMNS = {"betpawa": "betpawa_name", "sportybet": "sportybet_desc", "bet9ja": "bet9ja_suffix"}
REFERENCE = "betpawa"

SLUG = re.compile(r"[a-z][a-z0-9_]{1,19}", re.ASCII)
LINE_SEMANTICS = re.compile(r"total|home_handicap|fixed:-?[0-9]{1,4}(?:\.[0-9]{1,4})?", re.ASCII)


class OutcomeDefinition(msgspec.Struct, frozen=True):
    """texts: {bookmaker slug: its text}; a bookmaker without this outcome is not in it."""

    canonical_id: str
    position: int
    texts: dict[str, str]

    @property
    def name(self):
        """BetPawa's name, or the nearest thing to it where BetPawa has none."""
        return self.texts.get(REFERENCE) or self.canonical_id


class MarketDefinition(msgspec.Struct, frozen=True):
    """keys: {slug: source keys, the main one first}. filters: {slug: {specifier key: value}}.

    origin: "code" for the catalogue, "db" for a person's row. overrides: a row that replaces the
    built-in entry with its canonical_id.
    """

    canonical_id: str
    name: str
    kind: str
    subkind: str | None
    period: str
    subject: str
    side: str
    line_semantics: str | None
    keys: dict[str, tuple[str, ...]]
    filters: dict[str, dict[str, str]]
    outcomes: tuple[OutcomeDefinition, ...]
    priority: int = 0
    origin: str = "code"
    overrides: bool = False

    @property
    def betpawa_id(self):
        keys = self.keys.get(REFERENCE)
        return keys[0] if keys else ""

    @property
    def fixed_line(self) -> Decimal | None:
        """N of fixed:N, else None."""
        if self.line_semantics and self.line_semantics.startswith("fixed:"):
            return Decimal(self.line_semantics.removeprefix("fixed:"))
        return None

    @property
    def has_line(self):
        return self.line_semantics in ("total", "home_handicap")

    @property
    def is_dynamic(self):
        """Outcomes are players, not a fixed list."""
        return self.subkind == "player"
