"""Texts, ids and times from payloads, made harmless. Everything here is hostile until cleaned."""

import re
from datetime import UTC, datetime
from functools import lru_cache

MAX_NAME = 255
SAMPLE_CHARS = 2000

# Controls, zero-width characters and joiners, bidirectional marks, overrides and isolates, line
# and paragraph separators, byte-order mark, lone surrogates: invisible, and able to change how a
# line of a log or a table reads.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_BLANKS = re.compile(r"\s+")
_DIGITS = re.compile(r"[0-9]{1,19}")


def clean_text(text, limit=MAX_NAME) -> str:
    """One visible line of at most `limit` characters; "" for anything that is not text."""
    if not isinstance(text, str):
        return ""
    return _BLANKS.sub(" ", _HIDDEN.sub("", text[: limit * 8])).strip()[:limit].rstrip()


@lru_cache(maxsize=20_000)
def clean_name(text: str) -> str:
    """`clean_text` remembered: team, tournament and country names repeat in every cycle."""
    return clean_text(text)


def sportradar_id(value) -> str | None:
    """The id without leading zeros; None for everything that is not a positive whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if not _DIGITS.fullmatch(text):
        return None
    return text.lstrip("0") or None


def sample(value) -> str:
    """A bounded, printable piece of what could not be used."""
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value[: SAMPLE_CHARS * 2]).decode("utf-8", "replace")
    text = value if isinstance(value, str) else repr(value)
    return text[:SAMPLE_CHARS].replace("\x00", "")


def aware_utc(value: datetime) -> datetime:
    """A time in UTC; one without a zone is UTC already (all three bookmakers write UTC)."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def from_epoch_ms(milliseconds: int) -> datetime:
    """Raises ValueError or OverflowError for a number that is no time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def plausible_kickoff(moment: datetime) -> bool:
    """Epoch zero and far futures are unset fields, not kick-offs."""
    return 2000 <= moment.year <= 2100
