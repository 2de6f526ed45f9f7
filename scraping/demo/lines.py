"""Which lines each bookmaker lays out for a market, before the match decides which of them it offers."""

_HALVES = {"FT": (0.5, 1.5, 2.5, 3.5, 4.5, 5.5), "1H": (0.5, 1.5, 2.5), "2H": (0.5, 1.5, 2.5)}
_WHOLES = {"FT": (1.0, 2.0, 3.0, 4.0), "1H": (1.0, 2.0), "2H": (1.0, 2.0)}
_QUARTERS = (0.75, 1.0, 1.25, 1.75, 2.0, 2.25, 2.75, 3.0, 3.25, 3.75, 4.0, 4.25, 4.75, 5.0)
_CORNERS = {"FT": (6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5), "1H": (2.5, 3.5, 4.5, 5.5, 6.5)}
_CORNERS_TEAM = {"FT": (2.5, 3.5, 4.5, 5.5, 6.5, 7.5), "1H": (0.5, 1.5, 2.5, 3.5)}
_CARDS = {"FT": (1.5, 2.5, 3.5, 4.5, 5.5, 6.5), "1H": (0.5, 1.5, 2.5, 3.5)}
_CARDS_TEAM = {"FT": (0.5, 1.5, 2.5, 3.5), "1H": (0.5, 1.5)}


def lines_of(market: dict, slug: str, key: str) -> tuple[float | None, ...]:
    """Lines of a catalogue market under one key of one bookmaker; (None,) when it has none."""
    if not market["has_line"]:
        return (None,)
    kind, period, subject, side = market["kind"], market["period"], market["subject"], market["side"]
    if kind == "over_under":
        if subject == "corners":
            return (_CORNERS if side == "match" else _CORNERS_TEAM)[period]
        if subject == "cards":
            return (_CARDS if side == "match" else _CARDS_TEAM)[period]
        if key == "S_OUA":
            return _QUARTERS
        whole = _WHOLES[period] if slug == "sportybet" else ()
        return tuple(sorted(_HALVES[period][: 6 if side == "match" else 3] + whole))
    if kind == "handicap_3way":
        return (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0) if period == "FT" else (-2.0, -1.0, 1.0, 2.0)
    if kind == "asian_handicap":
        return _handicaps(slug, period, subject)
    return (1.5, 2.5, 3.5, 4.5) if kind == "combo" else (None,)


def _handicaps(slug: str, period: str, subject: str) -> tuple[float, ...]:
    halves = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5) if period == "FT" else (-1.5, -0.5, 0.5, 1.5)
    if subject == "corners" or slug == "betpawa":
        return halves
    if slug == "sportybet":
        return tuple(sorted((*halves, -1.0, 0.0, 1.0))) if period == "FT" else tuple(sorted((*halves, 0.0)))
    return tuple(sorted((*halves, -0.75, -0.25, 0.0, 0.25, 0.75))) if period == "FT" else halves
