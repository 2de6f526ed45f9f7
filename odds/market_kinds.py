"""What arithmetic needs to know of BetPawa's markets: how many outcomes win, how many there are.

A margin is a statement about a complete market of which a known number of outcomes wins. What is
not listed here is judged by its outcomes, and has no margin in case of doubt.
"""

from typing import NamedTuple


class MarketKind(NamedTuple):
    """winners: outcomes that win together, None when that varies or nobody knows.
    outcomes: how many a complete market has, None when that varies.
    catch_all: names or endings, one of which only a complete market of varying size has."""

    winners: int | None
    outcomes: int | None
    catch_all: tuple[str, ...] = ()


TWO_WAY = MarketKind(1, 2)
THREE_WAY = MarketKind(1, 3)
FOUR_WAY = MarketKind(1, 4)
SIX_WAY = MarketKind(1, 6)
SEVEN_WAY = MarketKind(1, 7)
NINE_WAY = MarketKind(1, 9)
EIGHTEEN_WAY = MarketKind(1, 18)
# Of "1 or X", "X or 2", "1 or 2" two always win.
DOUBLE_CHANCE = MarketKind(2, 3)
DOUBLE_CHANCE_COMBO = MarketKind(2, 6)
COUNTS = MarketKind(1, None, ("+",))
SCORES = MarketKind(1, None, ("Other",))
# Overlapping ranges, several scorers, prices that also pay when a lead is lost again.
NO_MARGIN = MarketKind(None, None)

_IDS = {
    TWO_WAY: """
        3795 5000 3774 4703 4833 4958 4976 5006 5003 3789 4697 4700 5051 5042 3816 3807 3747 4794 3810 3801 4964
        4961 3756 3792 4809 3813 3804 4982 4979 4842 4836 1096805 1096808 1096806 1096809 1096807 1096814 1096783
        1096784 1096785 1096786 1096793 1096794 1096797 1096802 1096789 1096790 1096764 1096765 1096768 1096769
        1096770 1096771 1096766 1096778 1096780
    """,
    THREE_WAY: """
        3743 4724 3668 3685 28000173 4716 4720 4728 4736 4732 1096787 1096788 1096795 1096796 1096803 1096804
        1096774 1096775 4870 28000224
    """,
    FOUR_WAY: "1096782 4613062",
    SIX_WAY: "1096755 3591790",
    SEVEN_WAY: "28000209",
    NINE_WAY: "4706",
    EIGHTEEN_WAY: "28000279",
    DOUBLE_CHANCE: "4693 4673 4681",
    DOUBLE_CHANCE_COMBO: "28000014 28000089 28000021 28000028",
    COUNTS: "4926 4942 4938 4898 4912 1096776 1096777",
    SCORES: "4429 3819 4063 28000228",
    NO_MARGIN: "28000047 28000065 28000071 28000077 28000083 28000035 28000810 80000 129108",
}
KINDS = {market_id: kind for kind, ids in _IDS.items() for market_id in ids.split()}

_SPEAKING_PAIRS = ({"over", "under"}, {"yes", "no"}, {"odd", "even"})


def kind_of(betpawa_market_id: str, outcome_names) -> MarketKind:
    """The kind by BetPawa's id; an id that is not listed is two-way when its outcomes say so."""
    kind = KINDS.get(betpawa_market_id)
    if kind is not None:
        return kind
    names = {name.casefold() for name in outcome_names}
    return TWO_WAY if names in _SPEAKING_PAIRS else NO_MARGIN
