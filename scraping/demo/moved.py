"""Markets that a rival is moving to new codes: on a part of the events they stand under a key that no
mapping knows, with a name as the other rival would write it, and not under the old one.

That is how a mapped market comes back into the queue; mapping the new key brings its odds back.
"""

from dataclasses import replace

from scraping.demo import words
from scraping.demo.hashing import text_key, unit

ONE_IN = 3  # of a rival's catalogue markets
OTHER = {"sportybet": ("bet9ja", "bet9ja_key"), "bet9ja": ("sportybet", "sportybet_id")}


def new_key(slug: str, key: str) -> str:
    return f"8{text_key(key) % 100_000:05d}" if slug == "sportybet" else f"S_N{key.removeprefix('S_')}"


def moved_units(slug: str, units: list, names: dict, staying: set[str]) -> list:
    """Copies of units under new keys; `moved_from` is the place of the original in units.

    staying: canonical ids that never move. A key of several markets does not move either.
    """
    if slug not in OTHER:
        return []
    other, column = OTHER[slug]
    markets_of: dict[str, set] = {}
    for one in units:
        markets_of.setdefault(one.key, set()).add(one.market.get("canonical_id"))
    found = []
    for place, one in enumerate(units):
        canonical_id = one.market.get("canonical_id")
        their_key = one.market.get(column)
        moves = canonical_id and their_key in names[other] and canonical_id not in staying
        if not moves or len(markets_of[one.key]) > 1 or text_key(f"{slug}:{canonical_id}") % ONE_IN:
            continue
        name, _ = words.name_and_group(other, their_key, names, one.line)
        name = name.replace("{home}", "Home").replace("{away}", "Away")
        market = {**one.market, "short": name}
        found.append(replace(one, key=new_key(slug, one.key), name=name, market=market, moved_from=place))
    return found


def on_show(event, board, offered: list[int], share: float) -> list[int]:
    """Of a market that moves, one of the two: the copy on `share` of the events, the original on the others."""
    if not board.moves:
        return offered
    gone = {
        original if share and unit(event.key, 71, code) < share else copy
        for copy, (original, code) in board.moves.items()
    }
    return [number for number in offered if number not in gone]
