"""Under which heading, and in which order, people read BetPawa's markets.

Families of the catalogue by BetPawa's id; what is not listed goes by BetPawa's own tabs, after
what is. The popular ones are shown once more at the top.
"""

from decimal import Decimal
from typing import NamedTuple


class Section(NamedTuple):
    """slug names it in addresses and in what a browser remembers; market_ids in reading order."""

    slug: str
    title: str
    market_ids: tuple[str, ...] = ()
    tabs: tuple[str, ...] = ()


EVERY_LINE = None
# (market, the lines that are popular): of a long ladder the middle, where the bookmakers compete.
POPULAR = (
    ("3743", EVERY_LINE),
    ("4693", EVERY_LINE),
    ("5000", ("1.5", "2.5", "3.5")),
    ("3795", EVERY_LINE),
    ("4703", EVERY_LINE),
    ("4724", ("-1", "1")),
    ("3668", EVERY_LINE),
    ("4958", ("0.5", "1.5")),
)


def _section(slug, title, ids, tabs=()):
    return Section(slug, title, tuple(ids.split()), tabs)


SECTIONS = (
    _section("result", "Result", "3743 3668 3685 28000173 28000810 4693 4673 4681 80000 4703 4697 4700"),
    _section("over-under", "Over/under goals", "5000 4958 4976 5006 4964 4982 5003 4961 4979"),
    _section("both-score", "Both teams to score", "3795 3789 3792 1096782"),
    _section("handicaps", "Handicaps", "4724 4716 4720 3774 3747 3756", ("handicaps",)),
    _section(
        "combinations",
        "Combinations",
        "3591790 1096755 4613062 28000014 28000021 28000028 28000089 28000279",
        ("combos",),
    ),
    _section("scores", "Scores, half time/full time", "4706 4429 3819 4063 28000228 28000035 28000209"),
    _section(
        "goals",
        "Goals: how many, when, odd or even",
        """
        4926 4898 4912 4942 4938 28000047 28000065 28000071 28000077 28000083 4833 4794 4809 4842 4836
        28000224 4870 4728 4736 4732
        """,
        ("goals",),
    ),
    _section(
        "teams",
        "Teams: clean sheets, wins by halves",
        "3816 3810 3813 3807 3801 3804 5051 5042 1096805 1096808 1096806 1096809 1096807 1096814",
    ),
    _section(
        "corners",
        "Corners",
        """
        1096783 1096784 1096787 1096788 1096785 1096786 1096793 1096794 1096797 1096802 1096803 1096804
        1096789 1096790 1096795 1096796
        """,
        ("corners",),
    ),
    _section(
        "bookings",
        "Bookings",
        """
        1096764 1096765 1096774 1096775 1096768 1096769 1096770 1096771 1096776 1096777 1096766 1096778
        1096780
        """,
        ("cards", "bookings"),
    ),
    _section("players", "Players", "129108", ("players",)),
)
OTHER = Section("other", "Other")
POPULAR_SECTION = Section("popular", "Popular")

_PLACES = {market_id: (section, place) for section in SECTIONS for place, market_id in enumerate(section.market_ids)}
_POPULAR = {
    market_id: (place, lines if lines is EVERY_LINE else frozenset(map(Decimal, lines)))
    for place, (market_id, lines) in enumerate(POPULAR)
}
# The more telling tab first: a market of the players is also one of goals.
_BY_TAB = {tab: section for section in reversed(SECTIONS) for tab in section.tabs}


def place_of(market_id: str, tabs) -> tuple[Section, int]:
    """(section, place in it). tabs: BetPawa's own, for a market that is not listed."""
    known = _PLACES.get(market_id)
    if known is not None:
        return known
    section = next((section for tab, section in _BY_TAB.items() if tab in tabs), OTHER)
    return section, len(section.market_ids)


def is_popular(market_id: str, line: Decimal | None) -> bool:
    if market_id not in _POPULAR:
        return False
    lines = _POPULAR[market_id][1]
    return lines is EVERY_LINE or line in lines


def popular_place(market_id: str) -> int:
    """Where a popular market stands among them. Raises KeyError for others."""
    return _POPULAR[market_id][0]
