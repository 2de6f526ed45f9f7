"""The words that bookmakers use for football markets, and what each of them says.

Data only. Each list is applied in order to a name in small letters, whose teams are already
"home" and "away"; what one entry matches, the next ones do not see. An entry says where in a
market's coordinates the words belong; it never says which market.
"""

import re

# Kinds of market. The first that fits takes its words away.
FAMILIES = [
    (r"half[- ]?time\s*/?\s*full[- ]?time|ht\s*/\s*ft|half\s*/\s*full", "htft"),
    (r"multi\s*-?scores?|multi c\.? ?score", "multiscores"),
    (r"correct scores?|exact score", "correct_score"),
    (r"highest scoring half|half with (the )?(more|most) goals|more goals|half most", "highest_half"),
    (r"half 1st goal|half of (the )?first goal", "half_of_first"),
    (r"home no bet", "home_no_bet"),
    (r"away no bet", "away_no_bet"),
    (r"draw no bet|\bdnb\b", "draw_no_bet"),
    (r"double chance|\bdc\b", "double_chance"),
    (r"(both teams? (to )?scores?|goal\s*/\s*no goal|gg\s*/\s*ng|\bgg\b|\bbtts\b|both teams to score)", "btts"),
    (r"win(s)? to (nil|0|zero)", "win_to_nil"),
    (r"clean sheet", "clean_sheet"),
    (r"winning margins?|margin of victory", "winning_margin"),
    (r"odd\s*(/|or)\s*even|even\s*(/|or)\s*odd|total goals odd or even", "odd_even"),
    (r"(player sent[- ]off|red cards?|sending[- ]off|sent[- ]off|send[- ]off)", "sending_off"),
    (r"goal ?scorer", "goalscorer"),
    (r"which team (to|will) score|team to score \(4[- ]way\)", "which_team_scores"),
    (r"team to score last|last team to score|\blast\b", "last"),
    (r"first team to score|\b(first|1st|next|xth)(?= (goal|corner|card|booking))|\{handicap\}(?= goal)|next", "first"),
    (r"(3|three)[- ]?way handicap|handicap x:y|european handicap", "handicap_3way"),
    (r"(2|two)[- ]?way handicap|asian handicap", "handicap_2way"),
    (r"handicap|\bhcp\b|spread", "handicap"),
    (r"\bmulti[- ]?(?=goals?|corners?|cards?)", "multigoals"),
    (r"\brange\b", "range"),
    (r"total goals exact|exact( total)?|number (of )?(?=goals|corner|card|booking)", "exact"),
    (r"over\s*/\s*under|ov\s*/\s*un|\bo\s*/\s*u\b|\bu\s*/\s*o\b|\bov\b|\bun\b|totals?", "over_under"),
    (r"(team with )?most(?= (booking|card|corner|shot|foul|save))|1x2", "1x2"),
    (r"match result|full time result|result|\bres\b", "1x2"),
    (r"team to score", "which_team_scores"),
    (r"to score|\bscores?\b", "to_score"),
    (r"to win|\bwin\b", "win"),
]  # fmt: skip

# What changes a kind of market into another one with nearly or exactly the same prices.
QUALIFIERS = [
    (r"\b1\s*up\b", "up1"),
    (r"\b2\s*up\b", "up2"),
    (r"early (win|goals?)", "early"),
    (r"early payout", ""),
    (r"(\d) or more goals in a row|(\d) in a row", "row"),
    (r"to lead by (\d)", "lead"),
    (r"both halves", "both_halves"),
    (r"either half|at least a half", "either_half"),
    (r"\bexcluded\b", "excluded"),
    (r"\bbounds\b", "bounds"),
    (r"chance mix", "mix"),
    (r"\bor\b", "or"),
    (r"own goal", "own_goal"),
    (r"no draw", "no_draw"),
    (r"booking points", "points"),
    (r"overtime|extra time", "overtime"),
    (r"penalt(y|ies)( shootout)?", "penalty"),
    (r"coach(es)?", "coach"),
    (r"anytime", "anytime"),
    (r"\bleast\b", "least"),
    (r"\bafter\b|\binterval\b|\bfrom\b", ""),
    (r"(?<![\w.])(\d)\+(?!\s*\w)|(\d) or more", "plus"),
    (r"(?<![\w.-])\d{1,2}\s*-\s*\d{1,2}(?![\w.])", "band"),
]

# What is counted, goals when nothing else is named. "bookings" are cards.
STATISTICS = [
    (r"corners?", "corners"),
    (r"booking points", "booking_points"),
    (r"(yellow |red )?(cards?|carded|bookings?|booked)", "bookings"),
    (r"shots? on (target|goal)|shots? target", "shots_on_target"),
    (r"shots?", "shots"),
    (r"fouls?", "fouls"),
    (r"offsides?", "offsides"),
    (r"saves?", "saves"),
    (r"tackles?", "tackles"),
    (r"throw[- ]?ins?", "throw_ins"),
    (r"goal kicks?", "goal_kicks"),
    (r"assists?", "assists"),
    (r"pass(es)?", "passes"),
    (r"substitutions?", "substitutions"),
    (r"goals?", "goals"),
]

PERIODS = [
    (r"1st\s*(half)?\s*(/|\+)\s*2nd half", "halves"),
    (r"(1st|first)[- ]half|\b1st h\b|\b1h\b|\b1 ?ht\b|half[- ]?time|\bht\b", "1H"),
    (r"(2nd|second)[- ]half|\b2nd h\b|\b2h\b|\b2 ?ht\b|\b2h\b", "2H"),
    (r"full[- ]time|\bft\b|regular time", "FT"),
]
MINUTES = re.compile(
    r"(?:(?:first|interval|from)\s+)?(?:1 to )?(\d{1,2}|x|\{minute\})\s*-?\s*min(?:ute)?s?\b(?:\s*\([\d:\s-]+\))?"
)

SUBJECTS = [
    (r"home\s*/\s*away", "both"),
    (r"\{home\}|\bhome( team)?\b", "home"),
    (r"\{away\}|\baway( team)?\b", "away"),
    (r"\bplayers?\b", "player"),
]

STOPWORDS = frozenset(
    {
        *("the", "to", "of", "in", "a", "an", "and", "any", "at", "for", "be", "will", "there", "by", "is", "with"),
        *("match", "team", "teams", "game", "yes", "no", "y", "n", "time", "line", "x", "x.5", "only", "regular"),
        *("total", "count", "way", "4-way", "3", "4", "5", "it", "ngr", "prematch", "incl", "incl."),
    }
)

FAMILY_WORDS = {
    "": "unknown",
    "1x2": "1X2",
    "btts": "both teams to score",
    "over_under": "over/under",
    "htft": "half time/full time",
    "handicap_3way": "3-way handicap",
    "handicap_2way": "2-way handicap",
    "double_chance": "double chance",
    "draw_no_bet": "draw no bet",
    "odd_even": "odd/even",
    "exact": "exact count",
    "correct_score": "correct score",
}
PERIOD_WORDS = {"FT": "full time", "1H": "1st half", "2H": "2nd half", "halves": "each half"}
