"""JSON from strangers: bounded in size, depth and numbers, without what the database refuses."""

import json
import math

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from .errors import TooLarge

MAX_DEPTH = 32


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without NaN, Infinity, duplicate keys, NUL characters or lone surrogates, and at
    most 32 levels deep and DATA_UPLOAD_MAX_MEMORY_SIZE bytes long."""

    media_type = "application/json"
    most_bytes = None  # another limit than the setting's

    def parse(self, stream, media_type=None, parser_context=None):
        charset = _charset(media_type)
        if charset not in ("utf-8", "utf8", "us-ascii"):
            raise ParseError("The body must be UTF-8.")
        try:
            value = json.loads(
                _read(stream, self.most_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE).decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_without_duplicates,
            )
        except RecursionError:
            raise ParseError(f"The body is nested more than {MAX_DEPTH} levels deep.") from None
        except ValueError:
            raise ParseError("The body is not JSON.") from None
        _check(value, 0)
        return value


def _read(stream, limit):
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    return body


def _charset(media_type):
    for part in (media_type or "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"


def _refuse_constant(name):
    raise ParseError(f"{name} is not a JSON number.")


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ParseError("A number is too large.")
    return number


def _without_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("A name appears twice in one object.")
    return found


def _check(value, depth, name="body"):
    if depth > MAX_DEPTH:
        raise ParseError(f"The body is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        _check_text(value, name)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ParseError(f"{name}: a number is too large.")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, name)
            _check(item, depth + 1, key[:50])


def _check_text(text, name):
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseError(f"{name}: the text holds characters that cannot be stored.")
