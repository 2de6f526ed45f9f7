"""Bodies of the API: strict JSON, bounded in size."""

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from .errors import TooLarge
from .strict_json import JsonRefused, read_json


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
            return read_json(_read(stream, self.most_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        except JsonRefused as error:
            raise ParseError(str(error)) from None


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
