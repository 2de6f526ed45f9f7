"""An HTTP answer of the demo server, its compression, and a small store of answers already compressed."""

import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from struct import pack

JSON = "application/json"
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(slots=True)
class Answer:
    """One answer. kind: tree, list, detail, other (what faults and statistics are told apart by)."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    kind: str = "other"
    event_id: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    packed: bytes | None = None

    def plain(self) -> bytes:
        """The body; an answer that was stored keeps only its compressed form."""
        if not self.body and self.packed is not None:
            return zlib.decompress(self.packed, 31)
        return self.body

    def compressed(self) -> bytes:
        if self.packed is None:
            self.packed = gzipped(self.body)
        return self.packed


def gzipped(body: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


class KnownTail:
    """The unchanging end of answers, compressed once; `joined` packs a new beginning in front of it."""

    def __init__(self, tail: bytes):
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.tail = tail
        self._packed = packer.compress(tail) + packer.flush(zlib.Z_FINISH)

    def joined(self, lead: bytes) -> bytes:
        """gzip of lead + tail; only lead is compressed now."""
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        packed = packer.compress(lead) + packer.flush(zlib.Z_FULL_FLUSH)
        check = zlib.crc32(self.tail, zlib.crc32(lead))
        size = (len(lead) + len(self.tail)) & 0xFFFFFFFF
        return b"".join((_GZIP_HEAD, packed, self._packed, pack("<II", check, size)))


class AnswerStore:
    """The latest answers by key, each valid for one state; holds at most so many bytes."""

    def __init__(self, limit: int = 96 * 1024 * 1024):
        self._limit = limit
        self._size = 0
        self._known: OrderedDict[tuple, tuple[object, Answer, int]] = OrderedDict()

    def get(self, key: tuple, state: object) -> Answer | None:
        known = self._known.get(key)
        if known is None or known[0] != state:
            return None
        self._known.move_to_end(key)
        return known[1]

    def put(self, key: tuple, state: object, answer: Answer) -> Answer:
        size = len(answer.body) + len(answer.packed or b"")
        previous = self._known.pop(key, None)
        self._size += size - (previous[2] if previous else 0)
        self._known[key] = (state, answer, size)
        while self._size > self._limit and len(self._known) > 1:
            self._size -= self._known.popitem(last=False)[1][2]
        return answer
