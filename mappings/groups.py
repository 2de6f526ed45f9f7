"""Market groups in BetPawa's words, for the bookmakers whose answers have none of their own."""

_HALVES = frozenset({"1H", "2H"})
_POPULAR = frozenset(
    {
        "1x2_ft",
        "double_chance_ft",
        "btts_ft",
        "over_under_ft",
        "handicap_3way_ft",
        "asian_handicap_ft",
        "draw_no_bet_ft",
        "htft",
    }
)


def groups_of(definition) -> tuple[str, ...]:
    """Groups from what a market is about: subject, period, kind. definition: a MarketDefinition."""
    if definition.subkind == "player":
        return ("players",)
    found = []
    if definition.canonical_id in _POPULAR:
        found.append("popular")
    if definition.subject == "corners":
        found.append("corners")
    elif definition.subject == "cards":
        found.append("cards")
    elif definition.kind in ("over_under", "variant"):
        found.append("goals")
    if definition.period in _HALVES:
        found.append("halves")
    if definition.kind in ("asian_handicap", "handicap_3way"):
        found.append("handicaps")
    if definition.kind == "combo":
        found.append("combos")
    return tuple(found) or ("specials",)
