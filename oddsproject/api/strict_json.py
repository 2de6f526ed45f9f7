"""JSON from strangers: bounded in depth and numbers, without what the database refuses."""

import json
import math
import re

MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class JsonRefused(ValueError):
    """Why it is not read, in words for whoever sent it."""


def read_json(data: bytes):
    """The value of UTF-8 JSON without NaN, Infinity, duplicate keys, NUL characters or lone
    surrogates, at most 32 levels deep. Raises JsonRefused."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except JsonRefused:
        raise
    except RecursionError:
        raise JsonRefused(f"The body is nested more than {MAX_DEPTH} levels deep.") from None
    except ValueError:
        raise JsonRefused("The body is not JSON.") from None
    _check(value, 0)
    return value


def _refuse_constant(name):
    raise JsonRefused(f"{name} is not a JSON number.")


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise JsonRefused("A number is too large.")
    return number


def _without_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonRefused("A name appears twice in one object.")
    return found


def _check(value, depth, name="body"):
    if depth > MAX_DEPTH:
        raise JsonRefused(f"The body is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        _check_text(value, name)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise JsonRefused(f"{name}: a number is too large.")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, name)
            _check(item, depth + 1, key[:50])


def _check_text(text, name):
    if _UNSTORABLE.search(text):
        raise JsonRefused(f"{name}: the text holds characters that cannot be stored.")
