"""The comparison of one answer with what is known of its event at its bookmaker, on fingerprints.

The hot path of every scrape: the same judgement as `classify_market_changes` and
`detect_availability_changes` (a property test holds them together), without an object or a text
per unchanged market. A bookmaker states its markets in the same order from one minute to the
next, so keys and fingerprints are compared as whole lists; only what lies between the first and
the last difference of the keys is looked up one by one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress, count
from operator import attrgetter, ne
from typing import NamedTuple

from odds.caching.cached_market import MarketKey, get_market_key
from odds.fields import normalised

# Lines come from a few hundred values; equal numbers share one text, whatever their zeros.
_line_texts: dict[Decimal | None, str] = {None: ""}
_MAX_LINE_TEXTS = 10_000
_fingerprint = attrgetter("fingerprint")


class KnownKeys(NamedTuple):
    """Keys of known markets in the order in which the bookmaker states them, three lists of one length.

    texts: key_text each. They may be shared between pairs and are never changed.
    """

    texts: list[str]
    market_ids: list[str]
    lines: list[Decimal | None]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "KnownKeys":
        texts = list(texts)
        keys = [key_of_text(text) for text in texts]
        return cls(texts, [market_id for market_id, _ in keys], [line for _, line in keys])


@dataclass(slots=True)
class PairChanges:
    """What one answer changes. Texts are `key_text`s.

    changed: (position in the known keys or None, text, market) of those that are new, have other
    outcomes or are back from being withdrawn. returned: the latter. reseen: missed but not
    withdrawn, and there again. missing: known, not withdrawn or due, and not in this complete
    answer. duplicates: left out, the first counted.
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
    market_id, line = parts_of_text(text)
    return market_id, Decimal(line) if line else None


def parts_of_text(text: str) -> tuple[str, str | None]:
    """Market id and line of a key_text, as texts; None without a line."""
    market_id, _, line = text.rpartition("|")
    return market_id, line or None


def market_id_of_text(text: str) -> str:
    return text.rpartition("|")[0]


def _remember(line):
    if len(_line_texts) >= _MAX_LINE_TEXTS:
        _line_texts.clear()
        _line_texts[None] = ""
    text = _line_texts[line] = str(normalised(line)) if line.is_finite() else str(line)
    return text


def compare_pair(
    keys: KnownKeys,
    fingerprints: Sequence[int],
    missed: Mapping[str, object],
    markets: Sequence,
    *,
    complete: bool,
    unreadable: Collection[MarketKey] = (),
    unreadable_market_ids: Collection[str] = (),
) -> PairChanges:
    """Compare one answer with the fingerprints known before it.

    keys, fingerprints: in one order, withdrawn markets included. missed: those of them, by text,
    that the last complete answer did not hold, with .missed_count and .is_withdrawn. complete:
    absence means absence. unreadable, unreadable_market_ids: keys, and markets on whatever line,
    that the answer held in a form that could not be used: neither seen nor missing.
    """
    expected = _Expected(keys, list(fingerprints), missed)
    market_ids = [market.betpawa_market_id for market in markets]
    lines = [market.line for market in markets]
    head, tail = expected.common_ends(market_ids, lines)
    changes = _compare(expected, missed, markets, head, tail)
    if changes is None:
        changes = _compare(expected, missed, markets, 0, 0)
    changes.unchanged = len(markets) - len(changes.changed) - len(changes.duplicates)
    if not complete:
        changes.missing = []
    elif changes.missing:
        texts, market_ids = {text_of_key(key) for key in unreadable}, set(unreadable_market_ids)
        changes.missing = sorted(
            text for text in changes.missing if text not in texts and market_id_of_text(text) not in market_ids
        )
    changes.reseen.sort()
    return changes


class _Expected:
    """What an answer holds when nothing came or went: the known markets without the missed ones."""

    __slots__ = ("all_texts", "fingerprints", "all_fingerprints", "lines", "market_ids", "positions")

    def __init__(self, keys, fingerprints, missed):
        self.all_texts, self.market_ids, self.lines = keys
        self.fingerprints = self.all_fingerprints = fingerprints
        self.positions = range(len(fingerprints))
        if missed:
            self.positions, self.market_ids, self.lines, self.fingerprints = (
                list(column) for column in (self.positions, self.market_ids, self.lines, fingerprints)
            )
            for absent in sorted(map(self.all_texts.index, missed), reverse=True):
                for column in (self.positions, self.market_ids, self.lines, self.fingerprints):
                    del column[absent]

    def common_ends(self, market_ids, lines) -> tuple[int, int]:
        """How many markets agree in their keys with the expected ones, from the first and from the last."""
        if market_ids == self.market_ids and lines == self.lines:
            return len(market_ids), 0
        head = min(_same_until(market_ids, self.market_ids), _same_until(lines, self.lines))
        tail = min(_same_until(market_ids[::-1], self.market_ids[::-1]), _same_until(lines[::-1], self.lines[::-1]))
        return head, min(tail, min(len(market_ids), len(self.market_ids)) - head)


def _same_until(one, other) -> int:
    """How many leading elements are equal."""
    return next(compress(count(), map(ne, one, other)), min(len(one), len(other)))


def _compare(expected, missed, markets, head, tail) -> PairChanges | None:
    """None when a key between the ends is also one of the ends': then only a look at all of them will do."""
    changes = PairChanges()
    texts, positions, known = expected.all_texts, expected.positions, expected.fingerprints
    total, expected_total = len(markets), len(known)
    _compare_values(changes, texts, positions[:head], known[:head], markets[:head])
    if tail:
        ends = slice(expected_total - tail, None)
        _compare_values(changes, texts, positions[ends], known[ends], markets[total - tail :])
    between = {texts[position]: position for position in positions[head : expected_total - tail]}
    seen = set()
    for market in markets[head : total - tail]:
        text = key_text(market)
        if text in seen:
            changes.duplicates.append(get_market_key(market))
            continue
        seen.add(text)
        position = between.get(text)
        if position is not None:
            if expected.all_fingerprints[position] != market.fingerprint:
                changes.changed.append((position, text, market))
        elif text in missed:
            _note_return(changes, expected, missed[text], text, market)
        elif (head or tail) and text in texts:
            return None
        else:
            changes.changed.append((None, text, market))
    changes.missing = [text for text in between if text not in seen]
    changes.missing += [text for text, absence in missed.items() if text not in seen and _can_be_missed_again(absence)]
    return changes


def _compare_values(changes, texts, positions, fingerprints, markets):
    """Of markets whose keys agree one by one, note those with other outcomes."""
    differs = map(ne, fingerprints, map(_fingerprint, markets))
    changes.changed += [
        (position, texts[position], market)
        for position, market in compress(zip(positions, markets, strict=True), differs)
    ]


def _note_return(changes, expected, absence, text, market):
    position = expected.all_texts.index(text)
    if absence.is_withdrawn:
        changes.returned.add(text)
    elif expected.all_fingerprints[position] == market.fingerprint:
        changes.reseen.append(text)
        return
    changes.changed.append((position, text, market))


def _can_be_missed_again(absence) -> bool:
    return absence.missed_count < 2 and not absence.is_withdrawn
