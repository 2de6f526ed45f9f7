"""All weights of all outcomes as matrices, so that a match is priced with one product per space."""

import numpy as np

from scraping.demo.goals import SPACES


class Columns:
    """Collects weight vectors, each once; `price` turns a match into one chance per column."""

    def __init__(self):
        self._index: dict[tuple, int] = {}
        self._weights: dict[str, list[np.ndarray]] = {name: [] for name in SPACES}
        self._constants: list[float] = []
        self._places: list[tuple[str | None, int]] = []
        self.never = self.constant(0.0)

    def constant(self, chance: float) -> int:
        key = (None, float(chance))
        if key not in self._index:
            self._constants.append(float(chance))
            self._add(key, None, len(self._constants) - 1)
        return self._index[key]

    def add(self, space: str, weights: np.ndarray) -> int:
        vector = np.asarray(weights, dtype=np.float32)
        key = (space, vector.tobytes())
        if key not in self._index:
            self._weights[space].append(vector)
            self._add(key, space, len(self._weights[space]) - 1)
        return self._index[key]

    def _add(self, key: tuple, space: str | None, place: int) -> None:
        self._index[key] = len(self._places)
        self._places.append((space, place))

    def finish(self) -> None:
        """After the last column: build the matrices and forget what was only needed to build them."""
        self._matrices = {name: np.column_stack(rows) for name, rows in self._weights.items() if rows}
        starts, start = {None: 0}, len(self._constants)
        for name, matrix in self._matrices.items():
            starts[name] = start
            start += matrix.shape[1]
        self.position = np.array([starts[space] + place for space, place in self._places])
        self._fixed = np.array(self._constants, dtype=np.float32)
        self._index, self._weights = {}, {}

    def price(self, means: dict[str, tuple[float, float]]) -> np.ndarray:
        """The chance of every column, in the order of `position`. means: expected home and away count by space."""
        parts = [self._fixed]
        for name, matrix in self._matrices.items():
            parts.append(SPACES[name].probabilities(*means[name]).astype(np.float32) @ matrix)
        return np.concatenate(parts)
