"""A source market's name and outcomes as coordinates: what is counted, when, for whom, in what shape.

Pure. Two markets of two bookmakers that are the same have the same coordinates, however they are
called; the reverse does not hold, which is what prices and the other evidence are for.
"""

import re
from functools import lru_cache

import msgspec

from mappings.outcome_text import TeamTemplate
from mappings.suggestions import vocabulary
from mappings.suggestions.roles import family_of_roles, roles_of, shape_of

MATCH, HOME, AWAY, BOTH, PLAYER = "match", "home", "away", "both", "player"


class Coordinates(msgspec.Struct, frozen=True, gc=False):
    """family: "1x2", "over_under", "1x2+btts" (both at once), "1x2|btts" (either), "" when unknown.
    statistic: "goals", "corners", "bookings", …. period: "FT", "1H", "2H", "0-10min", "halves".
    subject: "match", "home", "away", "both" (home and away in one market), "player".
    qualifiers: what makes a near twin ("up1", "first", "row"). words: the rest of the name.
    roles: one per outcome, "" unknown. shape: how many outcomes win, "one", "two" or "open".
    sibling_key: equal for markets of one bookmaker that differ in side, half or line only.
    """

    family: str
    statistic: str
    period: str
    subject: str
    qualifiers: frozenset
    words: frozenset
    roles: tuple
    shape: str
    sibling_key: str

    @property
    def side(self) -> str:
        """The catalogue's word: home or away, else match."""
        return self.subject if self.subject in (HOME, AWAY) else MATCH

    @property
    def parts(self) -> frozenset:
        """The kinds of market that the family is put together from."""
        return frozenset(re.split(r"[+|]", self.family)) - {""}


def _compiled(entries):
    return [(re.compile(pattern), value) for pattern, value in entries]


_FAMILIES, _QUALIFIERS, _STATISTICS, _PERIODS, _SUBJECTS = map(
    _compiled,
    (
        vocabulary.FAMILIES,
        vocabulary.QUALIFIERS,
        vocabulary.STATISTICS,
        vocabulary.PERIODS,
        vocabulary.SUBJECTS,
    ),
)
_JOINT = re.compile(r"[&+|]|\band\b|(?<=\s)-(?=\s)")
_WORD = re.compile(r"[a-z0-9.{}]+(?:-[a-z0-9.]+)?")
_BY_ROLES = frozenset({"over_under", "odd_even", "exact", "range", "multigoals"})
_COUNTED = frozenset({"over_under", "exact", "range", "multigoals"})


def template(text: str, home: str = "", away: str = "") -> str:
    """Small letters, one blank, the two team names as "home" and "away"."""
    text = re.sub(r"\s+", " ", text).strip().casefold()
    return TeamTemplate(home, away).apply(text) if home or away else text


def says_period(name: str) -> bool:
    """Whether a name tells the half, or that it is the whole match; most names of the latter do not."""
    return any(pattern.search(template(name)) for pattern, _ in _PERIODS)


def coordinates_of(slug, key, name, outcome_texts, *, home="", away="") -> Coordinates:
    """slug, key: whose market it is; name: as people see it; outcome_texts: labels, in any order.

    home, away: the teams of the event that the texts come from, replaced before anything is read.
    """
    texts = tuple(template(text, home, away) for text in outcome_texts)
    return _read(slug, template(name or "", home, away), texts)


@lru_cache(maxsize=20_000)
def _read(slug, name, texts):
    reading = _Reading(name)
    roles = roles_of(texts)
    family = _family(reading.families, roles, reading.qualifiers)
    subject = _subject(reading.subjects, roles, family, texts)
    words = reading.words
    plain = "~".join(sorted(reading.qualifiers | words))
    return Coordinates(
        family=family,
        statistic=reading.statistic,
        period=reading.period,
        subject=subject,
        qualifiers=reading.qualifiers,
        words=words,
        roles=roles,
        shape=shape_of(roles),
        sibling_key=f"{slug}:{family}:{reading.statistic}:{plain}"[:150] if family or plain else "",
    )


class _Reading:
    """One name, taken apart word by word."""

    def __init__(self, name):
        self.rest = name
        self.families = []
        minutes = self._minutes()
        # Halves inside a kind of market ("score in both halves") are not periods: kinds go first.
        shielded = self._take(_PERIODS[:1])
        found_qualifiers = self._take(_QUALIFIERS)
        self.families = self._take(_FAMILIES)
        self.period = minutes or self._period(shielded)
        statistics = self._take(_STATISTICS)
        if "points" in found_qualifiers:
            statistics.insert(0, "booking_points")
        named = [statistic for statistic in statistics if statistic != "goals"]
        self.statistic = named[0] if named else "goals"
        if "sending_off" in self.families:
            self.statistic = "bookings"
        self.subjects = self._take(_SUBJECTS)
        extra = {f"{q}" for q in found_qualifiers if q}
        extra |= {f"also_{statistic}" for statistic in named[1:] if statistic != self.statistic}
        self.qualifiers = frozenset(extra)
        self.words = frozenset(_WORD.findall(self.rest)) - vocabulary.STOPWORDS

    def _period(self, shielded):
        """A half that is named after "and" belongs to that part of a combination only: "part_1H"."""
        found = _PERIODS[1][0].search(self.rest) or _PERIODS[2][0].search(self.rest)
        joint = _JOINT.findall(self.rest[: found.start()])[-1:] if found else []
        halves = [period for period in shielded + self._take(_PERIODS) if period != "FT"]
        if len(set(halves)) > 1:
            return "halves"
        if not halves:
            return "FT"
        return f"part_{halves[0]}" if joint and joint[0] in ("&", "+", "and") else halves[0]

    def _minutes(self):
        found = vocabulary.MINUTES.search(self.rest)
        if not found:
            return ""
        self.rest = self.rest[: found.start()] + " ; " + self.rest[found.end() :]
        return f"0-{found[1].strip('{}')}min"

    def _take(self, entries):
        """Values of the entries that match, in the order of the list; their words go."""
        values = []
        for pattern, value in entries:
            found = pattern.search(self.rest)
            while found:
                number = next((group for group in found.groups() if group and group.isdigit()), "")
                if value == "band":
                    values.append(found[0].replace(" ", ""))
                elif value == "plus":
                    values.append(f"{number}+")
                elif number and entries is _QUALIFIERS:
                    values.append(f"{value}{number}")
                elif not values or values[-1] != value:
                    values.append(value)
                self.rest = f"{self.rest[: found.start()]} ; {self.rest[found.end() :]}"
                found = pattern.search(self.rest)
        return values


def _family(named, roles, qualifiers):
    """The named kinds in alphabetical order; outcomes settle what names leave open."""
    by_roles = family_of_roles(roles)
    kinds = list(dict.fromkeys(named))
    sides = {role for role in roles if role}
    if "handicap" in kinds and sides:
        kinds[kinds.index("handicap")] = "handicap_3way" if "X" in sides else "handicap_2way"
    if "handicap_2way" in kinds and "X" in sides:
        kinds[kinds.index("handicap_2way")] = "handicap_3way"
    if by_roles in _BY_ROLES:
        others = [kind for kind in kinds if kind not in _BY_ROLES and kind not in ("to_score", "first")]
        if not others:
            return by_roles
        if len(roles) == 2 and by_roles == "over_under" and "over_under" not in kinds:
            kinds.append("over_under")
    elif len(kinds) > 1 and "over_under" in kinds and not any("O" in role or "U" in role for role in roles) and roles:
        kinds = [kind for kind in kinds if kind != "over_under" or "or" in qualifiers]
    if sides == {"Y", "N"}:
        kinds = ["to_score" if kind == "which_team_scores" else kind for kind in kinds]
    if not kinds:
        return by_roles or ("1x2" if sides == {"1", "X", "2"} else "")
    return ("|" if "or" in qualifiers else "+").join(sorted(kinds))


def _subject(found, roles, family, texts):
    kinds = set(found)
    if "goalscorer" in family or PLAYER in kinds:
        return PLAYER
    if BOTH in kinds or {HOME, AWAY} <= kinds or {"1O", "2O"} <= set(roles):
        return BOTH
    if HOME in kinds:
        return HOME
    if AWAY in kinds:
        return AWAY
    if len(texts) > 6 and not any(roles):
        return PLAYER
    corner = " ".join(texts)
    if family == "over_under" and "home corner" in corner:
        return HOME
    return AWAY if family == "over_under" and "away corner" in corner else MATCH
