"""The small language in which data/unmapped.json says what an outcome means.

    condition  = alternative { "|" alternative }        one of them holds
    alternative = atom { "&" atom }                     all of them hold
    atom = ["!"] ["c:" | "k:"] ["h:" | "s:"] fact       c corners, k cards, else goals; h 1st half, s 2nd half

Facts: `1 X 2 1X X2 12` result; `GG NG` both score; `O2.5 U2.5` total; `T3 H1-2 A3+` counts of all, home, away;
`Todd Heven` parity; `F1 FX F2` who is first; `+1.5` home with a start (win, back); `lead:H:2`, `row:A:3`;
`min:15:1` result at a minute, `tot:5:0.5` over at a minute, `goal:0:10`, `first:0:15`; `p0.35` a plain probability.
"""

import re

import numpy as np

from scraping.demo import goals as g
from scraping.demo.families import in_range
from scraping.demo.goals import SPACES, asian

_RESULTS = {
    "1": lambda h, a: h > a,
    "X": lambda h, a: h == a,
    "2": lambda h, a: h < a,
    "1X": lambda h, a: h >= a,
    "X2": lambda h, a: h <= a,
    "12": lambda h, a: h != a,
    "GG": lambda h, a: (h > 0) & (a > 0),
    "NG": lambda h, a: (h == 0) | (a == 0),
    "F1": lambda h, a: g.first_scorer(h, a),
    "F2": lambda h, a: g.first_scorer(a, h),
    "FX": lambda h, a: (h + a) == 0,
}
_MINUTE = {"1": "home", "X": "draw", "2": "away"}
_COUNT = re.compile(r"^([THA])(odd|even|\d.*)$")
_TOTAL = re.compile(r"^([THA]?)([OU])(\d.*)$")


def evaluate(text: str) -> tuple[str | None, np.ndarray, np.ndarray | None]:
    """(space name, or None for a plain probability; winning weights; returned weights or None)."""
    spaces: set[str] = set()
    failing, back = 1.0, None
    for alternative in text.split("|"):
        win = 1.0
        for atom in alternative.split("&"):
            space, weight, back = _atom(atom)
            spaces |= {space} if space else set()
            if len(spaces) > 1:
                raise ValueError(f"{text!r} mixes {sorted(spaces)}")
            win = win * weight
        failing = failing * (1.0 - win)
    return (spaces.pop() if spaces else None), np.asarray(1.0 - failing, dtype=np.float64), back


def _atom(atom: str):
    negated, atom = atom.startswith("!"), atom.removeprefix("!")
    subject = {"c:": "corners", "k:": "cards"}.get(atom[:2])
    atom = atom[2:] if subject else atom
    period = {"h:": "1H", "s:": "2H"}.get(atom[:2])
    atom = atom[2:] if period else atom
    name = subject or "goals"
    home, away = SPACES[name].period(period or "FT")
    win, back = _fact(atom, home, away)
    win = np.asarray(win, dtype=np.float64)
    return None if atom[0] == "p" else name, 1.0 - win if negated else win, back


def _fact(atom: str, home, away):
    if atom in _RESULTS:
        return _RESULTS[atom](home, away), None
    if atom[0] == "p":
        return np.array(float(atom[1:])), None
    if atom[0] in "+-":
        return asian(home - away, float(atom))
    if atom[0] == "~":  # the other side of a handicap given for the home team
        return asian(away - home, -float(atom[1:]))
    if ":" in atom:
        return _timed(atom.split(":"), home, away), None
    if found := _TOTAL.match(atom):
        count = {"H": home, "A": away}.get(found[1], home + away)
        line = float(found[3])
        return asian(count, -line) if found[2] == "O" else asian(-count, line)
    if found := _COUNT.match(atom):
        count = {"H": home, "A": away}.get(found[1], home + away)
        if found[2] in ("odd", "even"):
            return count % 2 == (found[2] == "odd"), None
        return in_range(count, found[2]), None
    raise ValueError(f"unknown fact {atom!r}")


def _timed(parts: list[str], home, away):
    kind, *arguments = parts
    if kind in ("lead", "row"):
        ours, theirs = (home, away) if arguments[0] == "H" else (away, home)
        return (g.ever_leads if kind == "lead" else g.in_a_row)(ours, theirs, int(arguments[1]))
    if kind == "min":
        return g.minute_result(int(arguments[0]))[_MINUTE[arguments[1]]]
    if kind == "tot":
        return g.total_by_minute(int(arguments[0]), float(arguments[1]))
    if kind == "goal":
        return g.goal_within(int(arguments[0]), int(arguments[1]))
    if kind == "first":
        return g.first_goal_between(int(arguments[0]), int(arguments[1]))
    raise ValueError(f"unknown fact {kind!r}")
