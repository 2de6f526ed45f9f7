"""Outcome texts as roles: the same short words for the same outcome, whoever wrote it.

"Home & Over 2.5", "1 & Over" and "1 - Over" are all "1&O"; "1X", "Home or Draw" and, in a double
chance, "Home/Draw" are "1X". What a text means can depend on its neighbours ("1" is a side beside
"X", a count beside "0"), so roles are read for all texts of a market together.
"""

import re
from functools import lru_cache

OPEN, ONE, TWO = "open", "one", "two"

_BLANKS = re.compile(r"\s+")
_LINE = re.compile(r"(?<=[a-z])\s*\(?[+-]?\{?(?:\d{1,3}\.\d{1,2}|line|formattedhandicap|handicap)\}?\)?(?![\w:])")
_WHOLE_LINE = re.compile(r"\b(over|under)\s+\d{1,3}(?![\w:.+-])")
_TRAILING = re.compile(r"\s*\([^()]*\)$")
_SCORE = re.compile(r"(\d{1,2})\s*[:-]\s*(\d{1,2})")
_BAND = re.compile(r"(\d{1,2})\s*-\s*(\d{1,2})\+?")
# Bounded, and \d where str.isdigit() would also take "²", which is no number.
_NUMBER = re.compile(r"(\d{1,4})(\+?)")
_BELOW = re.compile(r"<\s*(\d{1,2})")
_COUNT = re.compile(r"(?:exactly\s+)?(\d{1,2})\s*(\+|or more|and over|or over)?")
_UNIT = re.compile(r"\b(?:goals?|corners?|cards?|bookings?)\b|\bht\b$|\bft\b$")
_MARGIN = re.compile(r"(1|2|home|away)\s+by\s+(?:(>)\s*)?(\d)\s*(\+|or more)?")
_SIDES = {
    "1": "1", "home": "1", "home team": "1", "{home}": "1", "x": "X", "draw": "X", "tie": "X", "equal": "X",
    "2": "2", "away": "2", "away team": "2", "{away}": "2",
}  # fmt: skip
_WORDS = _SIDES | {
    "1x": "1X", "home or draw": "1X", "1 or x": "1X", "x2": "X2", "draw or away": "X2", "x or 2": "X2",
    "12": "12", "home or away": "12", "1 or 2": "12",
    "yes": "Y", "y": "Y", "gg": "Y", "no": "N", "n": "N", "ng": "N",
    "over": "O", "o": "O", "ov": "O", "under": "U", "u": "U", "un": "U",
    "odd": "odd", "od": "odd", "even": "even", "ev": "even",
    "none": "none", "no goal": "none", "no goals": "none", "neither": "none", "nobody": "none",
    "no goalscorer": "none", "no corner": "none", "no card": "none",
    "other": "other", "oth": "other", "any other": "other", "others": "other", "any other score": "other",
    "only home": "1", "only away": "2", "both": "both", "both teams": "both",
    "1st half": "h1", "first half": "h1", "1st": "h1", "1h": "h1", "2nd half": "h2", "second half": "h2",
    "2nd": "h2", "2h": "h2",
    "home over": "1O", "home under": "1U", "away over": "2O", "away under": "2U",
    "home corner over": "O", "home corner under": "U", "away corner over": "O", "away corner under": "U",
}  # fmt: skip
_DOUBLE = {("1", "X"): "1X", ("X", "1"): "1X", ("X", "2"): "X2", ("2", "X"): "X2", ("1", "2"): "12", ("2", "1"): "12"}
_JOINTS = (" & ", " + ", " and ", " - ")


def plain_text(text: str) -> str:
    """Small letters, one blank, without a line or a trailing remark. Teams are templated by the caller."""
    text = _BLANKS.sub(" ", text).strip().casefold()
    text = _WHOLE_LINE.sub(r"\1", _LINE.sub("", text))
    return _BLANKS.sub(" ", _TRAILING.sub("", text)).strip()


@lru_cache(maxsize=20_000)
def roles_of(texts: tuple[str, ...]) -> tuple[str, ...]:
    """One role per text, "" where none is known. texts: labels of one market, teams templated."""
    plain = [plain_text(text) for text in texts]
    counts = _are_counts(plain)
    scores = not counts and any(_is_score(text) for text in plain)
    pairs = {tuple(side for side in map(_SIDES.get, text.split("/")) if side) for text in map(_first_part, plain)}
    halves = any(len(pair) == 2 and pair[0] == pair[1] for pair in pairs)
    roles = tuple(_role(text, counts, scores, halves) for text in plain)
    if "none" in roles:
        if "Y" in roles and "N" not in roles:
            roles = tuple("both" if role == "Y" else role for role in roles)
    elif "h1" in roles and "h2" in roles:
        return roles
    elif {"O", "odd"} <= set(roles):
        roles = tuple({"O": "odd"}.get(role, role) for role in roles)
    if set(roles) == {"O", ""} and "e" in plain:
        roles = tuple("odd" if role == "O" else "even" for role in roles)
    return roles


def _first_part(text):
    for joint in _JOINTS[:3]:
        text = text.partition(joint)[0]
    return text


def _are_counts(plain):
    """Whether numbers stand for how many: some text is "0", "3", "2+" or a band, and none is a draw."""
    if any(text in ("x", "draw", "1x", "x2") or ":" in text for text in plain):
        return False
    bare = [_UNIT.sub("", text).strip() for text in plain]
    if any(_is_score(text) and not _rising(text) for text in bare):
        return False
    numbers = [found for text in bare if (found := _NUMBER.fullmatch(text))]
    return any(found[2] or int(found[1]) > 2 or found[1] == "0" for found in numbers) or (
        sum(1 for text in bare if _BAND.fullmatch(text)) * 2 > len(bare)
    )


def _rising(text):
    low, high = map(int, _SCORE.fullmatch(text).groups())
    return low < high


def _is_score(text):
    return _SCORE.fullmatch(text) is not None


def _role(text, counts, scores, halves):
    if counts:
        found = _count_role(text)
        if found:
            return found
    if scores:
        found = _SCORE.fullmatch(text)
        if found:
            return f"{found[1]}:{found[2]}"
    if text in _WORDS:
        return _WORDS[text]
    margin = _MARGIN.fullmatch(text)
    if margin:
        number = int(margin[3]) + (1 if margin[2] else 0)
        return f"{_SIDES[margin[1]]}by{number}{'+' if margin[2] or margin[4] else ''}"
    return _joined_role(text, counts, halves)


def _count_role(text):
    bare = _UNIT.sub("", text).strip()
    band = _BAND.fullmatch(bare)
    if band:
        return f"n{band[1]}-{band[2]}" + ("+" if bare.endswith("+") else "")
    count = _COUNT.fullmatch(bare)
    if count:
        return f"n{int(count[1])}{'+' if count[2] else ''}"
    below = _BELOW.fullmatch(bare)
    if below:
        return f"n0-{int(below[1]) - 1}"
    return "n0" if text in ("none", "no goal", "no goals") else ""


def _joined_role(text, counts, halves):
    for joint in _JOINTS:
        if joint in text:
            parts = [_role(part.strip(), counts, False, halves) for part in text.split(joint)]
            return "&".join(sorted(parts)) if all(parts) else ""
    if " or " in text:
        parts = [_role(part.strip(), counts, False, halves) for part in text.split(" or ")]
        return "|".join(sorted(parts)) if all(parts) else ""
    if "/" in text:
        parts = text.split("/")
        if all(_is_score(part.strip()) or part.strip() == "4+" for part in parts):
            return "/".join(part.strip().replace("-", ":").replace(" ", "") for part in parts)
        sides = tuple(_WORDS.get(part.strip(), "") for part in parts)
        if all(sides):
            return "/".join(sides) if halves or sides not in _DOUBLE else _DOUBLE[sides]
    scores = text.split(" ")
    if len(scores) == 2 and all(_is_score(part) or part == "4+" for part in scores):
        return "/".join(part.replace("-", ":") for part in scores)
    return ""


def shape_of(roles: tuple[str, ...]) -> str:
    """How many outcomes win together, from what the roles say: one, two, or open (it varies)."""
    known = [role for role in roles if role]
    if not known:
        return OPEN
    if set(known) <= {"1X", "X2", "12"} or all(role.split("&")[0] in ("12", "1X", "X2") for role in known):
        return TWO
    if set(known) == {"1O", "1U", "2O", "2U"}:
        return TWO
    if any("|" in role for role in known):
        return OPEN
    return OPEN if bands_overlap(known) else ONE


def bands_overlap(roles) -> bool:
    """Whether two count bands share a number ("1-2" and "1-3")."""
    seen: set[int] = set()
    for role in roles:
        if not role.startswith("n") or not role[1:2].isdigit():
            continue
        low, _, high = role[1:].rstrip("+").partition("-")
        numbers = set(range(int(low), (99 if role.endswith("+") else int(high or low)) + 1))
        if seen & numbers:
            return True
        seen |= numbers
    return False


def family_of_roles(roles: tuple[str, ...]) -> str:
    """What kind of market the outcomes alone speak of, "" when they could be several."""
    known = {role for role in roles if role}
    if not known or len(known) * 2 < len(set(roles)):
        return ""
    if known <= {"O", "U"} or known == {"1O", "1U", "2O", "2U"}:
        return "over_under"
    if known <= {"odd", "even"}:
        return "odd_even"
    if all(role.startswith("n") and role[1:2].isdigit() for role in known):
        if bands_overlap(known):
            return "multigoals"
        return "range" if any("-" in role and not role.endswith("-1") for role in known) else "exact"
    if sum(1 for role in known if re.fullmatch(r"\d+:\d+", role)) * 2 > len(known):
        return "correct_score"
    if any(re.fullmatch(r"[1X2]/[1X2]", role) for role in known):
        return "htft"
    return "double_chance" if known <= {"1X", "X2", "12"} else ""
