"""One HTTP request as the sites see it."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl


@dataclass
class Request:
    """path without the query; headers with lower-case names."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    @cached_property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def wants_gzip(self) -> bool:
        return "gzip" in self.headers.get("accept-encoding", "")
