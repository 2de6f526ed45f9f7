"""What the outcomes of a catalogue market mean: canonical outcome ids to weights over the match's states.

`weights(market, line)` returns {outcome id: (win, back)}: the winning and the returned share of a stake per state.
"""

import re

import numpy as np

from scraping.demo import goals as g
from scraping.demo.goals import SPACES, asian

NONE = None
_HTFT = re.compile(r"^([1x2])_([1x2])(?:_(over|under))?$")


def result(home, away) -> dict[str, np.ndarray]:
    return {"home": home > away, "draw": home == away, "away": home < away}


def double_chance(home, away) -> dict[str, np.ndarray]:
    return {"1x": home >= away, "x2": home <= away, "12": home != away}


def in_range(count, text: str) -> np.ndarray:
    """ "3", "3+", "2-4", "1_2" as a condition on a count."""
    if text.endswith("+"):
        return count >= int(text[:-1])
    low, _, high = text.replace("_", "-").partition("-")
    return (count >= int(low)) & (count <= int(high or low))


def weights(market: dict, line: float | None) -> dict[str, tuple]:
    """Weights of a catalogue market's outcomes by canonical id; {} when the market has none of its own."""
    space = SPACES[market["subject"]]
    home, away = space.period(market["period"])
    name, kind = market["canonical_id"], market["kind"]
    if kind == "over_under":
        return over_under(_side(market["side"], home, away), line)
    if kind == "asian_handicap":
        return {"home": asian(home - away, line), "away": asian(away - home, -line)}
    if kind == "handicap_3way":
        return plain(result(home + line, away))
    if name.startswith("draw_no_bet"):
        return {"home": (home > away, home == away), "away": (home < away, home == away)}
    if name == "home_no_bet_ft":
        return {"draw": (home == away, home > away), "away": (home < away, home > away)}
    if name == "away_no_bet_ft":
        return {"home": (home > away, home < away), "draw": (home == away, home < away)}
    ids = [outcome["canonical_id"] for outcome in market["outcomes"]]
    if name == "double_chance_one_up_ft":
        return plain(_double_chance_up(home, away, 1))
    if market["subkind"] == "correct_score":
        return plain(_scores(space, market, ids))
    special = _special(name, home, away, space, line)
    if special is not None:
        return plain(special)
    if market["subkind"] in ("exact_count", "overlapping_ranges", "ranges"):
        count = _side(market["side"], home, away)
        return plain({text: count == 0 if text == "none" else in_range(count, text) for text in ids})
    raise KeyError(f"no meaning known for market {name}")


def plain(found: dict) -> dict[str, tuple]:
    return {name: (np.asarray(win, dtype=np.float64), NONE) for name, win in found.items()}


def over_under(count, line: float) -> dict[str, tuple]:
    return {"over": asian(count, -line), "under": asian(-count, line)}


def yes_no(condition) -> dict[str, np.ndarray]:
    return {"yes": condition, "no": 1.0 - np.asarray(condition, dtype=np.float64)}


def odd_even(count) -> dict[str, np.ndarray]:
    return {"odd": count % 2 == 1, "even": count % 2 == 0}


def _side(side: str, home, away):
    return {"home": home, "away": away}.get(side, home + away)


def _double_chance_up(home, away, by: int) -> dict[str, np.ndarray]:
    wins, loses = g.ever_leads(home, away, by), g.ever_leads(away, home, by)
    draw = (home == away) * 1.0
    return {
        "home_draw": np.maximum(wins, draw),
        "draw_away": np.maximum(loses, draw),
        "home_away": 1 - (1 - wins) * (1 - loses),
    }


def _scores(space, market: dict, ids: list[str]) -> dict[str, np.ndarray]:
    """Correct scores of one period, or of half-time and full time together ("1-0_2-1", "4+" = four goals or more)."""
    found = {}
    if market["canonical_id"] == "htft_correct_score":
        half, full = space.period("1H"), space.period("FT")
        for name in ids:
            first, second = name.split("_")
            found[name] = _score_is(half, first) * 1.0 * _score_is(full, second)
        return found
    home, away = space.period(market["period"])
    for name in ids:
        if name != "other":
            found[name] = _score_is((home, away), name.replace("_", "-")) * 1.0
    return found


def _score_is(counts, text: str) -> np.ndarray:
    if text.endswith("+"):
        return counts[0] + counts[1] >= int(text[:-1])
    ours, theirs = text.split("-")
    return (counts[0] == int(ours)) & (counts[1] == int(theirs))


def halves(space, side: str):
    """Counts of a side (or both) in each half."""
    first, second = space.period("1H"), space.period("2H")
    return _side(side, *first), _side(side, *second)


def _special(name: str, home, away, space, line: float | None) -> dict | None:
    """Markets told apart by their canonical id."""
    base = name.rsplit("_", 1)[0] if name.endswith(("_ft", "_1h", "_2h")) else name
    both, total = (home > 0) & (away > 0), home + away
    ours_first = base.startswith("home_")
    ours, theirs = (home, away) if ours_first else (away, home)
    side = "home" if ours_first else "away"
    first, second = space.period("1H"), space.period("2H")
    simple = {
        "1x2": lambda: result(home, away),
        "corners_1x2": lambda: result(home, away),
        "bookings_1x2": lambda: result(home, away),
        "double_chance": lambda: _renamed(double_chance(home, away), home_draw="1x", draw_away="x2", home_away="12"),
        "btts": lambda: yes_no(both),
        "htft": lambda: htft(space),
        "odd_even": lambda: odd_even(total),
        "corners_odd_even": lambda: odd_even(total),
        "home_odd_even": lambda: odd_even(home),
        "away_odd_even": lambda: odd_even(away),
        "1x2_10min": lambda: g.minute_result(10),
        "1x2_5min": lambda: g.minute_result(5),
        "win_to_nil": lambda: yes_no((ours > theirs) & (theirs == 0)),
        "clean_sheet": lambda: yes_no(theirs == 0),
        "to_score": lambda: yes_no(ours > 0),
        "highest_scoring_half": lambda: most(*halves(space, "match"), names=("1st", "equal", "2nd")),
        "home_highest_scoring_half": lambda: most(*halves(space, "home"), names=("1st", "equal", "2nd")),
        "away_highest_scoring_half": lambda: most(*halves(space, "away"), names=("1st", "equal", "2nd")),
        "win_both_halves": lambda: yes_no(_wins(first, side) & _wins(second, side)),
        "win_either_half": lambda: yes_no(_wins(first, side) | _wins(second, side)),
        "score_both_halves": lambda: yes_no(np.logical_and(*[count > 0 for count in halves(space, side)])),
        "which_team_to_score": lambda: {
            "home_only": (home > 0) & (away == 0),
            "away_only": (home == 0) & (away > 0),
            "both": both,
            "neither": total == 0,
        },
        "winning_margin": lambda: _margins(home, away),
        "1x2_over_under": lambda: combine(result(home, away), _over(total, line)),
        "1x2_btts": lambda: combine(result(home, away), yes_no(both)),
        "over_under_btts": lambda: combine(_over(total, line), yes_no(both)),
        "double_chance_btts": lambda: combine(double_chance(home, away), yes_no(both)),
        "double_chance_over_under": lambda: combine(double_chance(home, away), _over(total, line)),
        "htft_over_under": lambda: combine(htft(space), _over(total, line)),
        "multiscores": lambda: _multiscores(home, away),
        "last_corner": lambda: first_of(home, away),
        "first_corner": lambda: first_of(home, away),
        "first_card": lambda: first_of(home, away),
        "last_goal": lambda: first_of(home, away),
        "first_goal": lambda: first_of(home, away),
        "sending_off": lambda: yes_no(1 - 0.975 ** (total * 1.0)),
        "home_sending_off": lambda: yes_no(1 - 0.975 ** (home * 1.0)),
        "away_sending_off": lambda: yes_no(1 - 0.975 ** (away * 1.0)),
        "home_win_1plus": lambda: leads(home, away, 1),
        "home_win_2plus": lambda: leads(home, away, 2),
        "home_or_clean_sheet": lambda: yes_no((home > away) | (home == 0) | (away == 0)),
        "draw_or_clean_sheet": lambda: yes_no((home == away) | (home == 0) | (away == 0)),
        "away_or_clean_sheet": lambda: yes_no((home < away) | (home == 0) | (away == 0)),
        "btts_2plus": lambda: yes_no((home > 1) & (away > 1)),
        "btts_both_halves": lambda: yes_no((first[0] > 0) & (first[1] > 0) & (second[0] > 0) & (second[1] > 0)),
        "no_draw_btts": lambda: yes_no(both & (home != away)),
        "home_or_over_25": lambda: yes_no((home > away) | (total > 2)),
        "draw_or_over_25": lambda: yes_no((home == away) | (total > 2)),
        "away_or_over_25": lambda: yes_no((home < away) | (total > 2)),
        "home_or_btts": lambda: yes_no((home > away) | both),
        "both_halves_over_15": lambda: yes_no((first[0] + first[1] > 1) & (second[0] + second[1] > 1)),
    }
    for candidate in (name, base, base.removeprefix("home_").removeprefix("away_")):
        if candidate in simple:
            return simple[candidate]()
    return None


def _renamed(found: dict, **names: str) -> dict:
    return {new: found[old] for new, old in names.items()}


def _wins(half, side: str) -> np.ndarray:
    return half[0] > half[1] if side == "home" else half[0] < half[1]


def _over(count, line: float) -> dict[str, np.ndarray]:
    return {"over": count > line, "under": count < line}


def most(first, second, names: tuple[str, str, str]) -> dict[str, np.ndarray]:
    return dict(zip(names, (first > second, first == second, first < second), strict=True))


def htft(space) -> dict[str, np.ndarray]:
    half, full = result(*space.period("1H")), result(*space.period("FT"))
    short = {"home": "1", "draw": "x", "away": "2"}
    return {f"{short[a]}_{short[b]}": half[a] & full[b] for a in half for b in full}


def combine(left: dict, right: dict) -> dict[str, np.ndarray]:
    """Every pair of conditions, named left_right."""
    return {f"{a}_{b}": x * 1.0 * y for a, x in left.items() for b, y in right.items()}


def first_of(home, away) -> dict[str, np.ndarray]:
    return {"home": g.first_scorer(home, away), "none": (home + away) == 0, "away": g.first_scorer(away, home)}


def leads(home, away, by: int) -> dict[str, np.ndarray]:
    """Early payout: a win, or any lead by so many, is paid as a win."""
    return {
        "home": np.maximum(g.ever_leads(home, away, by), home > away),
        "draw": (home == away) * 1.0,
        "away": np.maximum(g.ever_leads(away, home, by), away > home),
    }


def _margins(home, away) -> dict[str, np.ndarray]:
    lead = home - away
    found = {"draw": lead == 0, "home_3+": lead >= 3, "away_3+": lead <= -3}
    for by in (1, 2):
        found[f"home_{by}"], found[f"away_{by}"] = lead == by, lead == -by
    return found


def _multiscores(home, away) -> dict[str, np.ndarray]:
    groups = {
        "home_123": ((1, 0), (2, 0), (3, 0)),
        "home_456": ((4, 0), (5, 0), (6, 0)),
        "home_2141": ((2, 1), (3, 1), (4, 1)),
        "home_3243": ((3, 2), (4, 2), (4, 3), (5, 1)),
    }
    mirrored = {"home_123": "away_123", "home_456": "away_456", "home_2141": "away_1214", "home_3243": "away_2334"}
    found, covered = {}, home == away
    for name, scores in groups.items():
        found[name] = sum(((home == x) & (away == y)) * 1.0 for x, y in scores)
        found[mirrored[name]] = sum(((home == y) & (away == x)) * 1.0 for x, y in scores)
        covered = covered | (found[name] > 0) | (found[mirrored[name]] > 0)
    found["draw"] = home == away
    found["other_home"], found["other_away"] = (home > away) & ~covered, (home < away) & ~covered
    return found
