"""Addresses of the API: with or without a trailing slash, ids that cannot overflow or hold NUL."""

from django.urls import path, register_converter


class IdConverter:
    regex = "[0-9]{1,18}"

    def to_python(self, value):
        return int(value)

    def to_url(self, value):
        return str(value)


class KeyConverter:
    """A key of one path segment, as bookmakers and the catalogue make them."""

    regex = r"[A-Za-z0-9_.:+@ -]{1,100}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return str(value)


register_converter(IdConverter, "id")
register_converter(KeyConverter, "key")


def route(address, view, name):
    """Two patterns for one address; the one without the slash has the name."""
    return [path(address, view.as_view(), name=name), path(f"{address}/", view.as_view())]


def without_slashed(endpoints, **kwargs):
    """For the schema: each address once."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
