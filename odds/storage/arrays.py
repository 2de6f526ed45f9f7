"""Arrays in PostgreSQL's binary form, put together from elements that are bytes already.

psycopg makes them from lists too, an object and a call per element; here texts that repeat by the
thousand (names, prices, lines) are encoded once, and an array is one join.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from struct import Struct

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct(">iiIii")  # dimensions, has nulls, element type, length, lower bound
_EMPTY_HEADER = Struct(">iiI")
_LENGTH = Struct(">i")
_INT8 = Struct(">iq")
_TYPES = {
    "int8": (20, 1016),
    "text": (25, 1009),
    "jsonb": (3802, 3807),
    "timestamptz": (1184, 1185),
    "bytea": (17, 1001),
}
_TIMESTAMPTZ_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NULL = _LENGTH.pack(-1)


class _Array(bytes):
    """An array ready to be bound with %b. The subclasses say of which type."""

    element_oid: int

    @classmethod
    def of(cls, elements: list[bytes]):
        """elements: each as one of the functions below makes them."""
        if not elements:
            return cls(_EMPTY_HEADER.pack(0, 0, cls.element_oid))
        return cls(_HEADER.pack(1, 1, cls.element_oid, len(elements), 1) + b"".join(elements))


class Int8Array(_Array):
    element_oid = _TYPES["int8"][0]

    @classmethod
    def of_numbers(cls, numbers: Iterable[int | None]):
        pack = _INT8.pack
        return cls.of([NULL if number is None else pack(8, number) for number in numbers])


class TextArray(_Array):
    element_oid = _TYPES["text"][0]


class JsonbArray(_Array):
    element_oid = _TYPES["jsonb"][0]


class TimestamptzArray(_Array):
    element_oid = _TYPES["timestamptz"][0]


class ByteaArray(_Array):
    element_oid = _TYPES["bytea"][0]


def text_element(text: str | None) -> bytes:
    """Raises UnicodeEncodeError for half a surrogate pair."""
    if text is None:
        return NULL
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def jsonb_element(json: bytes) -> bytes:
    return _LENGTH.pack(len(json) + 1) + b"\x01" + json


def timestamptz_element(moment: datetime | None) -> bytes:
    if moment is None:
        return NULL
    return _INT8.pack(8, (moment - _TIMESTAMPTZ_ZERO) // _MICROSECOND)


def bytea_element(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def columns(kinds: str, rows: Iterable[tuple]) -> list[_Array]:
    """Rows, at least one, as the arrays that unnest() takes. kinds: a letter per column, i for
    integers, t texts, w times, b bytes; all but bytes may be None."""
    return [_MAKERS[kind](column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)]


_MAKERS = {
    "i": Int8Array.of_numbers,
    "t": lambda texts: TextArray.of([*map(text_element, texts)]),
    "w": lambda moments: TimestamptzArray.of([*map(timestamptz_element, moments)]),
    "b": lambda values: ByteaArray.of([*map(bytea_element, values)]),
}


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, array):
        return array


def _dumper(cls):
    array_oid = dict(_TYPES.values())[cls.element_oid]
    return type(f"{cls.__name__}Dumper", (_ArrayDumper,), {"oid": array_oid})


_DUMPERS = [(cls, _dumper(cls)) for cls in (Int8Array, TextArray, JsonbArray, TimestamptzArray, ByteaArray)]


def cursor(connection) -> psycopg.Cursor:
    """A cursor that binds these arrays, and answers in binary."""
    made = psycopg.Cursor(connection)
    made.format = Format.BINARY
    for cls, dumper in _DUMPERS:
        made.adapters.register_dumper(cls, dumper)
    return made
