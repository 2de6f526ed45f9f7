"""Outcome texts: from a bookmaker's wording to the form that the catalogue holds."""

import re
import unicodedata

LONGEST = 255
_BLANKS = re.compile(r"\s+")
_TRAILING_PARENTHESES = re.compile(r"\s*\([^()]*\)\s*$")
_RESERVED = frozenset(
    ("home", "away", "draw", "over", "under", "yes", "no", "none", "both", "either", "equal", "odd", "even", "other")
    + ("or", "by", "only", "goal", "goals", "team", "teams", "half")
)


def clean_text(text: str, longest: int = LONGEST) -> str:
    """One line of visible text: control and format characters out, blanks collapsed, cut."""
    if text.isascii() and text.isprintable() and len(text) <= longest and "  " not in text:
        return text.strip()
    visible = "".join(
        " " if character.isspace() else character
        for character in text[: longest * 4]
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return _BLANKS.sub(" ", visible).strip()[:longest]


class TeamTemplate:
    """Replaces the two team names of one event by Home and Away; the longer name goes first.

    A team whose whole name is a word of the outcomes' own vocabulary is left alone: nothing could
    tell the two apart.
    """

    __slots__ = ("_names", "_pattern")

    def __init__(self, home_team: str, away_team: str):
        names = {}
        for team, word in ((home_team, "home"), (away_team, "away")):
            name = _BLANKS.sub(" ", team).strip().casefold()
            if name and name not in _RESERVED:
                names.setdefault(name, word)
        self._names = names if home_team.strip().casefold() != away_team.strip().casefold() else {}
        ordered = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, ordered)) + r")(?!\w)") if ordered else None

    def apply(self, text: str) -> str:
        """text: casefolded, blanks collapsed."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._names[found[0]], text)


def comparable(text: str, line_texts=()) -> str:
    """casefolded, blanks collapsed, each of line_texts dropped as a whole word, a trailing (…) dropped."""
    text = _BLANKS.sub(" ", text).strip().casefold()
    for line_text in line_texts:
        text = re.sub(rf"(?<![\w.+:-])[+]?{re.escape(line_text)}(?![\w.:])", " ", text)
    text = _TRAILING_PARENTHESES.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def player_name(text: str) -> str:
    """ "Last, First (Team)" -> "First Last"; a name without a comma stays as it is."""
    name = clean_text(_TRAILING_PARENTHESES.sub("", text))
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma else name
