"""One market over the fixtures as one table of logits, and which rows of two such tables belong together."""

from functools import cached_property
from itertools import chain

import numpy as np

from mappings.definitions import REFERENCE
from mappings.suggestions.fair import LEAST_BOOK, MOST_BOOK, fair_probabilities, logits
from mappings.suggestions.observations import FixtureView, Ladder

MOST_FIXTURES = 40
MOST_LINES = 3
MOST_LOOKED_AT = MOST_FIXTURES * 3 // 2  # of a rival's market: enough to find 40 that BetPawa has as well
MOST_KEPT = MOST_LINES * 4
HALF_STEP = 0.005
_APART, _NO_LINE = 1e7, 4e6  # a line is less than 1e5: fixture number and line in one number


class Series:
    """labels: columns. values: (rows, labels) fair logits, NaN where missing; a row is a line of a
    fixture. numbers: per row, of its fixture, rising. lines: per row. variant: any parameter beside
    the line. Fixtures that show several variants of the key are left out.
    """

    def __init__(self, ladders: list[tuple[int, Ladder]]):
        self.labels = tuple(dict.fromkeys(chain.from_iterable(ladder.labels for _, ladder in ladders)))
        self.lines = tuple(chain.from_iterable(ladder.lines for _, ladder in ladders))
        sizes = [len(ladder.lines) for _, ladder in ladders]
        self.numbers = np.repeat([number for number, _ in ladders], sizes)
        self._ladders = ladders
        self.values = self._table("logits")
        self.variant = next((ladder.variant for _, ladder in ladders if ladder.variant), "")
        self.first_labels = ladders[0][1].labels
        self._unevenness = np.abs(np.concatenate([ladder.logits[:, 0] for _, ladder in ladders]))
        self._stated = {number: ladder.number for number, ladder in ladders if ladder.number is not None}
        keep = self._kept()
        if keep is not None:
            self.values, self._unevenness = self.values[keep], self._unevenness[keep]
            self.numbers = self.numbers[keep]
            self.lines = tuple([self.lines[row] for row in keep])
        self._keep = keep
        self._codes = self.numbers * _APART + [_NO_LINE if line is None else float(line) for line in self.lines]
        self._order = np.argsort(self._codes, kind="stable")
        self._sorted = self._codes[self._order]
        self._rebooked: dict[tuple, np.ndarray] = {}

    @cached_property
    def implied(self) -> np.ndarray:
        """(rows, labels) 1/price, NaN where missing."""
        table = self._table("implied")
        return table if self._keep is None else table[self._keep]

    @cached_property
    def weights(self) -> np.ndarray:
        """(rows, labels): what a difference of this logit counts; long shots count less. 0 where missing."""
        chance = 1 / (1 + np.exp(-self.values))
        return np.nan_to_num(chance * (1 - chance) + 0.02, nan=0.0)

    @cached_property
    def coarseness(self) -> np.ndarray:
        """(rows, labels): what half a step of the price (0.01) is in logits: a third at 1.015, next to nothing at 2.

        The two sides of a two-way book are one number, as coarse as the coarser of them. NaN where missing.
        """
        own = HALF_STEP * self.implied / np.maximum(1 - self.implied, HALF_STEP)
        return np.fmax.reduce(own, axis=1, keepdims=True).repeat(2, axis=1) if own.shape[1] == 2 else own

    @property
    def has_line(self) -> bool:
        return any(line is not None for line in self.lines)

    def shares_fixtures_with(self, other: "Series") -> bool:
        return not self._fixtures.isdisjoint(other._fixtures)

    @cached_property
    def _fixtures(self):
        return frozenset(self.numbers.tolist())

    def places(self, row: int) -> dict[str, int]:
        """{label: column} of what this row has."""
        return {label: place for place, label in enumerate(self.labels) if not np.isnan(self.values[row, place])}

    def own_book(self, columns: tuple[int, ...]) -> np.ndarray:
        """Logits of these columns as if they were a book of their own; NaN where they are none."""
        if columns not in self._rebooked:
            part = self.implied[:, columns]
            found = np.full(part.shape, np.nan)
            sums = part.sum(axis=1)
            rows = np.flatnonzero((sums > LEAST_BOOK) & (sums < MOST_BOOK))
            if len(rows):
                starts = np.arange(len(rows)) * len(columns)
                fair = fair_probabilities(part[rows].ravel(), starts, np.ones(len(rows)))
                found[rows] = logits(fair).reshape(len(rows), len(columns))
            self._rebooked[columns] = found
        return self._rebooked[columns]

    def _table(self, name):
        labels = self.labels
        if all(ladder.labels == labels for _, ladder in self._ladders):
            return np.concatenate([getattr(ladder, name) for _, ladder in self._ladders])
        places = {label: place for place, label in enumerate(labels)}
        columns = {ladder.labels: [places[label] for label in ladder.labels] for _, ladder in self._ladders}
        table = np.full((sum(len(ladder.lines) for _, ladder in self._ladders), len(labels)), np.nan)
        row = 0
        for _, ladder in self._ladders:
            end = row + len(ladder.lines)
            table[row:end, columns[ladder.labels]] = getattr(ladder, name)
            row = end
        return table

    def _kept(self):
        """Rows that stay, None for all: of many lines the evenest, of one line twice the last."""
        numbers = self.numbers.tolist()
        last = {(number, line): row for row, (number, line) in enumerate(zip(numbers, self.lines, strict=True))}
        counts = np.bincount(self.numbers)
        if len(last) == len(numbers) and counts.max() <= MOST_KEPT:
            return None
        rows = np.array(sorted(last.values()))
        return rows[_evenest(self.numbers[rows], self._unevenness[rows], MOST_KEPT)]

    @cached_property
    def _single(self):
        """({fixture number: row} of fixtures with one row that has a line, the same of those without)"""
        starts = np.flatnonzero(np.diff(self.numbers, prepend=-1, append=-1))
        alone = [row for row, end in zip(starts[:-1], starts[1:], strict=True) if end - row == 1]
        lined, bare = {}, {}
        for row in alone:
            (bare if self.lines[row] is None else lined)[int(self.numbers[row])] = int(row)
        return lined, bare

    def shared_rows(self, target: "Series") -> tuple[np.ndarray, np.ndarray]:
        """(our rows, the target's rows) that can be laid side by side, newest fixture first.

        Equal lines; or one side has no line and the other a single one, which then is part of its name.
        """
        places = np.minimum(np.searchsorted(target._sorted, self._codes), len(target._sorted) - 1)
        ours = np.flatnonzero(target._sorted[places] == self._codes)
        theirs = target._order[places[ours]]
        ours, theirs = self._with_lone_lines(target, ours, theirs)
        if not len(ours):
            return ours, theirs
        numbers = self.numbers[ours]
        if len(numbers) > MOST_LINES and (numbers[MOST_LINES:] == numbers[:-MOST_LINES]).any():
            keep = _evenest(numbers, self._unevenness[ours], MOST_LINES)
            ours, theirs, numbers = ours[keep], theirs[keep], numbers[keep]
        if len(numbers) > MOST_FIXTURES:
            following = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
            if len(following) >= MOST_FIXTURES:
                end = following[MOST_FIXTURES - 1]
                return ours[:end], theirs[:end]
        return ours, theirs

    def _with_lone_lines(self, target, ours, theirs):
        (our_lined, our_bare), (their_lined, their_bare) = self._single, target._single
        pairs = [(our_lined[number], their_bare[number]) for number in our_lined.keys() & their_bare.keys()]
        for number in our_bare.keys() & their_lined.keys():
            row = their_lined[number]
            if self._stated.get(number) in (None, target.lines[row]):
                pairs.append((our_bare[number], row))
        if not pairs:
            return ours, theirs
        ours = np.concatenate([ours, [one for one, _ in pairs]])
        theirs = np.concatenate([theirs, [other for _, other in pairs]])
        order = np.argsort(ours, kind="stable")
        return ours[order], theirs[order]


def _evenest(numbers, unevenness, most):
    """Indexes of the most even rows of each fixture, so many at most; fixtures stay in order."""
    order = np.lexsort((unevenness, numbers))
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return order[rank < most]


def series_of(views: list[FixtureView], slug: str, key: str) -> Series | None:
    """A market's logits over the fixtures, newest first; None when no fixture has it."""
    most = len(views) if slug == REFERENCE else MOST_LOOKED_AT
    place, found, chosen = (slug, key), 0, []
    for number, view in enumerate(views):
        ladders = view.ladders.get(place)
        if not ladders or (len(ladders) > 1 and len({ladder.variant for ladder in ladders}) > 1):
            continue
        found += 1
        if found > most:
            break
        for ladder in ladders:
            chosen.append((number, ladder))
    return Series(chosen) if chosen else None
