"""The comparison of one answer with what is known of its event at its bookmaker, on fingerprints.

The hot path of every scrape: the same judgement as `classify_market_changes` and
`detect_availability_changes` (a property test holds them together), without an object per
unchanged market.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from odds.caching.cached_market import MarketKey, get_market_key
from odds.fields import normalised

# Lines come from a few hundred values; equal numbers share one text, whatever their zeros.
_line_texts: dict[Decimal | None, str] = {None: ""}
_MAX_LINE_TEXTS = 10_000


@dataclass(slots=True)
class PairChanges:
    """What one answer changes. Texts are `key_text`s.

    changed: markets that are new or have other outcomes. returned: withdrawn ones that are back
    (also in `changed`). reseen: missed but not withdrawn, and back as they were. missing: known,
    not withdrawn or due, and not in this complete answer. duplicates: left out, the first counted.
    """

    changed: list = field(default_factory=list)
    returned: set = field(default_factory=set)
    reseen: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    duplicates: list = field(default_factory=list)
    unchanged: int = 0


def key_text(market) -> str:
    """get_market_key as one text, "5000|2.5"; "3743|" without a line."""
    return text_of_key((market.betpawa_market_id, market.line))


def text_of_key(key: MarketKey) -> str:
    market_id, line = key
    text = _line_texts.get(line)
    if text is None:
        text = _remember(line)
    return f"{market_id}|{text}"


def key_of_text(text: str) -> MarketKey:
    """The inverse of key_text."""
    market_id, _, line = text.rpartition("|")
    return market_id, Decimal(line) if line else None


def _remember(line):
    if len(_line_texts) >= _MAX_LINE_TEXTS:
        _line_texts.clear()
        _line_texts[None] = ""
    text = _line_texts[line] = str(normalised(line)) if line.is_finite() else str(line)
    return text


def compare_pair(
    known: Mapping[str, int],
    missed: Mapping[str, object],
    markets: Iterable,
    *,
    complete: bool,
    unreadable: Collection[MarketKey] = (),
) -> PairChanges:
    """Compare one answer with the fingerprints known before it.

    known: {key_text: fingerprint}, withdrawn markets included. missed: those of them that the
    last complete answer did not hold, with .missed_count and .unavailable_at. complete: absence
    means absence. unreadable: keys the answer held in a form that could not be used: neither
    seen nor missing.
    """
    changes = PairChanges()
    seen = set()
    for market in markets:
        text = key_text(market)
        if text in seen:
            changes.duplicates.append(get_market_key(market))
            continue
        seen.add(text)
        differs = known.get(text) != market.fingerprint
        absence = missed.get(text) if missed else None
        if absence is not None and absence.unavailable_at is not None:
            changes.returned.add(text)
            differs = True
        elif absence is not None and not differs:
            changes.reseen.append(text)
        if differs:
            changes.changed.append((text, market))
        else:
            changes.unchanged += 1
    if complete and len(seen) - _new_count(changes, known) < len(known):
        held = {text_of_key(key) for key in unreadable}
        for text in known:
            if text in seen or text in held:
                continue
            absence = missed.get(text)
            if absence is None or (absence.missed_count < 2 and absence.unavailable_at is None):
                changes.missing.append(text)
    return changes


def _new_count(changes, known):
    return sum(text not in known for text, _ in changes.changed)
