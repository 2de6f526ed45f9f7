"""Markets whose prices are equal, or sum to one, by logic: prices cannot tell them apart.

Names, outcomes and rules have to. Where two markets are twins, near prices count for neither.
"""

from functools import lru_cache

from mappings.suggestions.coordinates import Coordinates

# Kinds with one price or with complementary ones, whatever the match: first and last event of a
# kind; a clean sheet, the other side's "to score" and its total over 0.5; no bet on a draw and a
# level handicap; a count in bands and the same count by line or with overlapping bands.
TWIN_KINDS = (
    frozenset({"first", "last", "which_team_scores"}),
    frozenset({"clean_sheet", "to_score", "over_under", "exact"}),
    frozenset({"draw_no_bet", "handicap_2way"}),
    frozenset({"exact", "range", "multigoals", "over_under"}),
    frozenset({"double_chance", "handicap_2way"}),
    frozenset({"1x2", "handicap_3way"}),
    frozenset({"win", "win_to_nil", "to_score"}),
)
# Near twins: the same kind under other terms. Prices differ, often by less than two books do.
TERMS = frozenset(
    {"up1", "up2", "early", "both_halves", "either_half", "excluded", "bounds", "no_draw", "or", "anytime"}
)
BANDS = frozenset({"exact", "range", "multigoals"})


def are_twins(one: Coordinates, other: Coordinates) -> bool:
    """Whether near prices say nothing about these two being the same."""
    if one.family != other.family:
        return any({one.family, other.family} <= kinds for kinds in TWIN_KINDS)
    return terms(one) != terms(other)


def terms(coordinates: Coordinates) -> frozenset:
    """What changes when a market is paid; two markets with other terms are never the same."""
    return frozenset(
        qualifier
        for qualifier in coordinates.qualifiers
        if qualifier in TERMS or qualifier[:3] in ("row", "lea") or qualifier.endswith("+")
    )


def veto(source: Coordinates, target: Coordinates) -> str:
    """Why the two can never be the same market, in words; "" when they can."""
    if {source.family, target.family} & BANDS and "over_under" in (source.family, target.family):
        return "over/under is not a market of bands"
    for early, other in ((source, target), (target, source)):
        for term in ("up1", "up2", "early"):
            if term in early.qualifiers and term not in other.qualifiers:
                return "one pays out early, the other does not"
    if (source.subject == "player") != (target.subject == "player"):
        return "one is about players, the other is not"
    if _nothing_in_common(source.roles, target.roles):
        return "their outcomes have nothing in common"
    return ""


@lru_cache(maxsize=100_000)
def _nothing_in_common(ours, theirs):
    """Whether all outcomes of both are understood, and no two are the same or could be."""
    if not ours or not theirs or "" in ours or "" in theirs or set(ours) & set(theirs):
        return False
    return not _comparable(set(ours), set(theirs))


def _comparable(ours, theirs):
    """Bands may be cut differently; a yes is a "1" in some wordings, never an "over"."""
    numbers = [all(role.startswith("n") for role in roles) for roles in (ours, theirs)]
    return all(numbers) or {"1O", "2O"} <= ours and theirs <= {"O", "U"}
