"""The three bookmakers' ways of writing the same thing: names, specifiers, outcome texts."""

from math import exp, factorial

_UNDER_FIRST = {"37", "547", "818"}
_ORDERED_12_SECOND = {"10", "63", "85", "546", "547", "542", "545", "60110"}  # 1X, 12, X2
_VARIANTS = {
    "21": "sr:exact_goals:6+",
    "23": "sr:exact_goals:3+",
    "24": "sr:exact_goals:3+",
    "71": "sr:exact_goals:3+",
    "93": "sr:exact_goals:2+",
    "15": "sr:winning_margin:3+",
    "169": "sr:point_range:12+",
    "182": "sr:point_range:7+_2",
    "142": "sr:exact_bookings:12+",
    "155": "sr:exact_bookings:12+",
}
_HTFT_TEAMS = {"Home": "{home}", "Away": "{away}", "Draw": "draw"}


def plain(line: float) -> str:
    """1.0 -> "1", 2.5 -> "2.5", -0.25 -> "-0.25"."""
    return f"{line:g}" if line else "0"


def signed(line: float) -> str:
    return f"{line:+g}" if line else "0"


def score(line: float) -> str:
    """A three-way handicap as goals given: -1 -> "0:1", 2 -> "2:0"."""
    return f"{line:g}:0" if line > 0 else f"0:{-line:g}"


def line_values(line: float | None, minute: int | None, mean: float | None) -> dict[str, str]:
    """What the placeholders of data/unmapped.json stand for."""
    values = {"minute": str(minute)}
    if line is not None:
        values |= {"line": plain(line), "signed": f"{line:+g}", "opposite": f"{-line:+g}", "ten": plain(line * 10)}
        if mean is not None:
            under = sum(exp(-mean) * mean**count / factorial(count) for count in range(int(line) + 1))
            values |= {"under": f"p{under:.5f}", "over": f"p{1 - under:.5f}"}
    return values


def fill(text: str, values: dict[str, str]) -> str:
    """Replaces the known placeholders; {home}, {away} and {player3} stay for the renderer."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def player(slug: str, place: int) -> str:
    """Placeholder of a player; SportyBet writes "Family, Given (Club)", BetPawa "Given Family"."""
    return f"{{player{place}}}" if slug == "sportybet" else f"{{name{place}}}"


def name_and_group(slug: str, key: str, names: dict, line: float | None) -> tuple[str, str]:
    entry = names[slug][key]
    if slug == "sportybet":
        return fill(entry[0], _name_values(key, line)), entry[2]
    return entry[0], entry[1] if slug == "bet9ja" else ""


def _name_values(key: str, line: float | None) -> dict[str, str]:
    values = {"minute": "5", "from": "1", "to": "10"}
    if line is not None:
        values["line"] = score(line) if key in ("14", "65", "87") else plain(line)
    return values


def specifier(slug: str, market: dict, line: float | None) -> str:
    if slug == "betpawa":
        return ""
    if slug == "bet9ja":
        return "" if line is None else plain(line)
    fixed = market["sportybet_specifier_filter"]
    if fixed:
        return fixed
    if line is None:
        variant = _VARIANTS.get(market["sportybet_id"])
        return f"variant={variant}" if variant else ""
    if market["kind"] == "handicap_3way":
        return f"hcp={score(line)}"
    if market["kind"] == "asian_handicap":
        return f"hcp={plain(line)}"
    return f"total={plain(line)}"


def outcome_texts(slug: str, market: dict, line: float | None, names: dict) -> list[tuple[str, str, str]]:
    """(canonical id, the bookmaker's text, its label) in the bookmaker's own order."""
    if slug == "bet9ja":
        labels = names["bet9ja"][market["bet9ja_key"]][2]
        return [
            (
                outcome["canonical_id"],
                outcome["bet9ja_suffix"],
                labels.get(outcome["bet9ja_suffix"], outcome["bet9ja_suffix"]),
            )
            for outcome in market["outcomes"]
            if outcome["bet9ja_suffix"] is not None
        ]
    if slug == "betpawa":
        found = [(o["canonical_id"], o["betpawa_name"], o["betpawa_name"]) for o in market["outcomes"]]
        found = [entry for entry in found if entry[1] is not None]
        return found or _htft_totals(market)
    found = [(o["canonical_id"], o["sportybet_desc"]) for o in market["outcomes"] if o["sportybet_desc"] is not None]
    found = _ordered(market["sportybet_id"], found)
    texts = [(canonical, _sporty_text(market, text, line)) for canonical, text in found]
    return [(canonical, text, text) for canonical, text in texts]


def _htft_totals(market: dict) -> list[tuple[str, str, str]]:
    """The one BetPawa market whose outcome names the table does not know: "1/X & Over"."""
    found = []
    for outcome in market["outcomes"]:
        half, full, total = outcome["canonical_id"].split("_")
        text = f"{half}/{full} & {total}".upper().replace("OVER", "Over").replace("UNDER", "Under")
        found.append((outcome["canonical_id"], text, text))
    return found


def _ordered(key: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if key in _UNDER_FIRST:
        return sorted(found, key=lambda entry: "Under" not in entry[1])
    if key in _ORDERED_12_SECOND:
        places = {"1x": 0, "home_draw": 0, "12": 1, "home_away": 1, "x2": 2, "draw_away": 2}
        return sorted(found, key=lambda entry: places[entry[0].removesuffix("_yes").removesuffix("_no")])
    if key == "30":
        return found[-1:] + found[:-1]
    return found


def _sporty_text(market: dict, text: str, line: float | None) -> str:
    key, kind = market["sportybet_id"], market["kind"]
    if line is None:
        return text
    if kind == "handicap_3way":
        return f"{text} ({score(line)})"
    if kind == "asian_handicap":
        return f"{text} ({signed(line if text == 'Home' else -line)})"
    if key == "818":
        pair, _, total = text.partition(" & ")
        pair = "/".join(_HTFT_TEAMS[part] for part in pair.split("/"))
        return f"{pair} & {total.lower()} {plain(line)}"
    if key == "36":
        total, _, scored = text.partition(" & ")
        return f"{total} {plain(line)} & {scored}"
    return f"{text} {plain(line)}"
