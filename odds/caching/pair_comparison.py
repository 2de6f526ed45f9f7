"""The comparison of one answer with what is known of its event at its bookmaker, on fingerprints.

The hot path of every scrape: the same judgement as `classify_market_changes` and
`detect_availability_changes` (a property test holds them together), without an object per
unchanged market.
"""

from collections.abc import Collection, Mapping, Sequence
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

    changed: (text, market) of those that are new, have other outcomes or are back from being
    withdrawn. returned: the latter. reseen: missed but not withdrawn, and there again. missing:
    known, not withdrawn or due, and not in this complete answer. duplicates: left out, the first
    counted.
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


def _texts(markets) -> list[str]:
    texts = _line_texts
    try:
        return [f"{market.betpawa_market_id}|{texts[market.line]}" for market in markets]
    except KeyError:
        return [key_text(market) for market in markets]


def compare_pair(
    known: Mapping[str, int],
    missed: Mapping[str, object],
    markets: Sequence,
    *,
    complete: bool,
    unreadable: Collection[MarketKey] = (),
) -> PairChanges:
    """Compare one answer with the fingerprints known before it.

    known: {key_text: fingerprint}, withdrawn markets included. missed: those of them that the
    last complete answer did not hold, with .missed_count and .is_withdrawn. complete: absence
    means absence. unreadable: keys the answer held in a form that could not be used: neither
    seen nor missing.
    """
    changes = PairChanges()
    texts = _texts(markets)
    seen = set(texts)
    if len(seen) != len(texts):
        texts, markets = _without_duplicates(texts, markets, changes)
    was = known.get
    changes.changed = [
        (text, market) for text, market in zip(texts, markets, strict=True) if was(text) != market.fingerprint
    ]
    if missed:
        _note_returns(changes, missed, seen, texts, markets)
    changes.unchanged = len(texts) - len(changes.changed)
    if complete:
        absent = known.keys() - seen
        if absent:
            absent -= {text_of_key(key) for key in unreadable}
            changes.missing = sorted(
                text for text in absent if text not in missed or _can_be_missed_again(missed[text])
            )
    return changes


def _can_be_missed_again(absence) -> bool:
    return absence.missed_count < 2 and not absence.is_withdrawn


def _note_returns(changes, missed, seen, texts, markets):
    back = seen & missed.keys()
    if not back:
        return
    changed = {text for text, _ in changes.changed}
    changes.returned = {text for text in back if missed[text].is_withdrawn}
    changes.reseen = sorted(text for text in back if text not in changes.returned and text not in changed)
    as_they_were = changes.returned - changed
    if as_they_were:
        changes.changed += [(text, market) for text, market in zip(texts, markets, strict=True) if text in as_they_were]


def _without_duplicates(texts, markets, changes):
    first = {}
    for text, market in zip(texts, markets, strict=True):
        if text in first:
            changes.duplicates.append(get_market_key(market))
        else:
            first[text] = market
    return list(first), list(first.values())
