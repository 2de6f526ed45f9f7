"""Where the fixtures of a measurement come from. Whoever can decode answers registers a loader here:
this app knows no bookmaker's format."""

from collections.abc import Callable
from typing import NamedTuple


class Dataset(NamedTuple):
    """fixtures: mappings.evidence.samples.Fixture. names: {(slug, key): (name, rules text, labels)}."""

    name: str
    fixtures: list
    names: dict


_LOADERS: dict[str, Callable[..., Dataset]] = {}


def register(kind: str, loader: Callable[..., Dataset]):
    _LOADERS[kind] = loader


def load(kind: str, **options) -> Dataset:
    """kind: "demo" (events, seed) or "payloads" (directory). Raises LookupError when nobody loads it."""
    if kind not in _LOADERS:
        raise LookupError(f"Nothing is registered that loads {kind!r}.")
    return _LOADERS[kind](**options)
