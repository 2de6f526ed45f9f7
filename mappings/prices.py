"""Prices as exact decimal text: what the bookmaker sent, without trailing zeros."""

import re
from functools import lru_cache

HIGHEST = 10_000
_PLAIN = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,6})?", re.ASCII)
CLOSED = frozenset({"0", "1"})


def normalised_price(price) -> str | None:
    """Exact decimal text ("2.10" and 2.1 give "2.1"), or None for what cannot be a price.

    "0" and "1" are how bookmakers write a closed outcome; they are kept, and never bettable.
    Everything else lies above 1 and at most at 10,000, with up to six decimals.
    """
    if isinstance(price, str):
        text = price
    elif isinstance(price, bool) or not isinstance(price, int | float):
        return None
    else:
        text = repr(price)
    if not _PLAIN.fullmatch(text):
        return None
    whole, _, decimals = text.partition(".")
    whole = whole.lstrip("0") or "0"
    decimals = decimals.rstrip("0")
    text = f"{whole}.{decimals}" if decimals else whole
    if text in CLOSED:
        return text
    return text if 1 < float(text) <= HIGHEST else None


# typed: 1 and True are equal, and only one of them is a price.
remembered_price = lru_cache(maxsize=20_000, typed=True)(normalised_price)
