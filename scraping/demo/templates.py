"""Shared by the renderers: JSON fragments with gaps for what changes, and tokens for what belongs to one event."""

import json
import re

from scraping.demo.places import line_ups
from scraping.demo.world import DemoEvent

EVENT, HOME, AWAY = "\x02", "\x03", "\x04"
PLAYER = re.compile(r"\{(player|name)(\d+)\}")
_TOKEN = re.compile(rb"\x05([pn])(\d+);")


def fragment(value) -> bytes:
    """JSON bytes to be used with the % operator: tokens kept, percent signs doubled."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for escaped, token in (("\\u0002", EVENT), ("\\u0003", HOME), ("\\u0004", AWAY), ("\\u0005", "\x05")):
        text = text.replace(escaped, token)
    return text.replace("%", "%%").encode()


def team_tokens(text: str) -> str:
    """{home}, {away}, {player3}, {name3} as tokens that `personal` replaces."""
    text = PLAYER.sub(lambda found: f"\x05{found[1][0]}{found[2]};", text)
    return text.replace("{home}", HOME).replace("{away}", AWAY)


def personal(body: bytes, event: DemoEvent, slug: str, own_id: str) -> bytes:
    """Replaces the tokens by the event's id, teams and players."""
    home, away = event.teams(slug)
    if b"\x05" in body:
        players = line_ups(home, away)

        def player(found: re.Match) -> bytes:
            team, given, family = players[int(found[2])]
            text = f"{family}, {given} ({team})" if found[1] == b"p" else f"{given} {family}"
            return text.encode()

        body = _TOKEN.sub(player, body)
    body = body.replace(b"\x02", own_id.encode())
    return body.replace(b"\x03", home.encode()).replace(b"\x04", away.encode())


def dumps(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
