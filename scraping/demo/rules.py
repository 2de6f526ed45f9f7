"""Rules texts of the demo markets, in our own words, put together from what a market is about."""

_SUBJECTS = {
    "goals": "Only goals count, own goals for the side that profits.",
    "corners": "Only corners that are taken count; awarded corners that are taken again count once.",
    "cards": "A yellow card counts as one, a red card as two, a second yellow is not counted.",
}
_PERIODS = {
    "1H": "The first half with its added time decides.",
    "2H": "Only what happens after the break decides.",
}


def rules_text(name: str, market: dict | None = None) -> str:
    """What people read under a market's name."""
    market = market or {}
    subject = _SUBJECTS.get(market.get("subject", ""), "The official report of the match decides.")
    period = _PERIODS.get(market.get("period", ""), "Ninety minutes and added time decide, extra time does not count.")
    line = " Whole lines return the stake when they are hit exactly." if market.get("has_line") else ""
    return f"{name}: say which of the listed outcomes comes true. {period} {subject}{line}"
