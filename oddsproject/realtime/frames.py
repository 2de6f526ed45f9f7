"""What a client may send: one small JSON object with a known type."""

import json
import time
from dataclasses import dataclass, field

from .topics import TOPICS

MAX_FRAME_BYTES = 8192
MAX_SEQ = 2**63 - 1
COMMANDS = ("ping", "subscribe", "unsubscribe", "resume")


class BadFrame(Exception):
    """A frame that is answered with error{code, detail}."""

    def __init__(self, code, detail):
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Command:
    """type: one of COMMANDS. topics: known names, in the order sent. unknown: the other names.
    since: the last number the client has, None when it said nothing."""

    type: str
    topics: tuple = ()
    unknown: tuple = ()
    since: int | None = None


def parse_frame(text):
    """Read a client's frame. Raises BadFrame, and nothing else, whatever was sent."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame("invalid_json", "The frame is not JSON.") from None
    if not isinstance(message, dict):
        raise BadFrame("invalid_message", "The frame is not a JSON object.")
    if message.get("type") not in COMMANDS:
        raise BadFrame("unknown_type", f"type must be one of: {', '.join(COMMANDS)}.")
    since = message.get("since")
    if since is not None and not (type(since) is int and 0 <= since <= MAX_SEQ):
        raise BadFrame("invalid_since", "since must be a whole number, zero or more.")
    topics = message.get("topics", [])
    if message["type"] in ("subscribe", "unsubscribe") and (
        not isinstance(topics, list) or not topics or not all(isinstance(name, str) for name in topics)
    ):
        raise BadFrame("invalid_topics", "topics must be a list of names.")
    if message["type"] == "resume" and since is None:
        raise BadFrame("invalid_since", "resume needs since.")
    known, unknown = sort_topics(topics if isinstance(topics, list) else [])
    return Command(message["type"], known, unknown, since)


def sort_topics(names):
    """(known names, unknown names), each once, in the order given."""
    names = dict.fromkeys(name for name in names if isinstance(name, str))
    return tuple(n for n in names if n in TOPICS), tuple(n for n in names if n not in TOPICS)


@dataclass(slots=True)
class Allowance:
    """A token bucket: `burst` at once, `per_second` in the long run."""

    burst: float
    per_second: float
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self):
        self._left = self.burst
        self._at = time.monotonic()

    def spend(self):
        """Whether one more is allowed now."""
        now = time.monotonic()
        self._left = min(self.burst, self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
