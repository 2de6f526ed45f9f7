"""How near the prices of a source market are to those of a BetPawa market, over many fixtures.

Distance: mean difference of margin-free logits of the paired outcomes; 0.05 is what two books
differ by on the same market, 0.5 is another market. Robust: the worst fixtures are left out.
A small distance is no proof: twins and complements have one price (`twins`).
"""

from collections.abc import Mapping
from functools import lru_cache
from math import ceil, isnan
from typing import NamedTuple

import numpy as np

from mappings.definitions import REFERENCE
from mappings.suggestions.assignment import best_pairs
from mappings.suggestions.coordinates import template
from mappings.suggestions.observations import FixtureView, label_of, view_of
from mappings.suggestions.roles import roles_of
from mappings.suggestions.series import Series, series_of

TRIMMED = 0.15
APART = 0.25
NEAR = 0.15
UNPAIRED = 9.0
ROLE_DIFFERS = 0.5


class FixturePrices(NamedTuple):
    """One fixture and line side by side. outcomes: [(text, BetPawa's name, price, BetPawa's price,
    fair chance, BetPawa's fair chance)]."""

    event_key: str
    fixture: object
    line: object
    distance: float
    outcomes: list


class PriceComparison(NamedTuple):
    """distance: None when no fixture has both. pairing: {source label: BetPawa's name}.

    swapped: under the wanted pairing prices are apart, with the same outcomes exchanged they agree.
    enough: 0 to 1, how far the fixtures suffice (5 for two outcomes, 2 for more).
    free_distance: the distance under the best pairing that ignores what outcomes are called.
    per_row: (fixture numbers, distances), one per line compared, newest fixture first; NaN where a
    line had nothing in common.
    """

    fixtures_used: int
    distance: float | None
    swapped: bool
    pairing: dict
    rows: list
    enough: float = 0.0
    free_distance: float | None = None
    per_row: tuple = ((), ())

    @property
    def by_fixture(self) -> dict[int, float]:
        """{fixture number: distance of its first line}, newest fixture first."""
        found: dict[int, float] = {}
        for number, distance in zip(*map(list, self.per_row), strict=True):
            if distance == distance:
                found.setdefault(int(number), float(distance))
        return found


NOTHING = PriceComparison(0, None, False, {}, [])


def compare(
    fixtures, slug: str, key: str, betpawa_id: str, pairing: Mapping[str, str] | None = None
) -> PriceComparison:
    """fixtures: mappings.evidence.samples.Fixture (or FixtureView), newest first; 40 are used at most.

    pairing: {the bookmaker's outcome text: BetPawa's name} to check; None finds the best one.
    """
    views = [fixture if isinstance(fixture, FixtureView) else view_of(fixture) for fixture in fixtures]
    source, target = series_of(views, slug, key), series_of(views, REFERENCE, betpawa_id)
    if source is None or target is None:
        return NOTHING
    wanted = None
    if pairing is not None:
        wanted = {label_of(slug, text): name for text, name in pairing.items()}
    return compare_series(source, target, wanted=wanted, views=views)


def compare_series(
    source: Series, target: Series, *, roles=None, target_roles=None, wanted=None, views=None
) -> PriceComparison:
    """roles, target_roles: per label, "" unknown; None reads them from the labels themselves.

    wanted: {source label: BetPawa's name} to be checked instead of finding a pairing.
    views: given, the result has rows for people.
    """
    our_rows, their_rows = source.shared_rows(target)
    if not len(our_rows):
        return NOTHING
    roles = roles_of(tuple(template(label) for label in source.labels)) if roles is None else roles
    target_roles = roles_of(tuple(template(label) for label in target.labels)) if target_roles is None else target_roles
    a, b = source.values[our_rows], target.values[their_rows]
    if wanted is not None:
        pairs = _wanted_pairs(source.labels, target.labels, wanted)
    else:
        pairs = _completed(_named_pairs(source.labels, target.labels, tuple(roles), tuple(target_roles)), a, b)
    if not pairs:
        return NOTHING
    numbers = source.numbers[our_rows]
    ours, theirs = [i for i, _ in pairs], [j for _, j in pairs]
    before = a[:, ours]
    x, y = before, b[:, theirs]
    if 2 <= len(pairs) < len(source.labels):
        x = _rebooked(x, y, source.own_book(tuple(ours))[our_rows])
    weights = target.weights[their_rows]
    our_coarseness, their_coarseness = source.coarseness[our_rows][:, ours], target.coarseness[their_rows]
    distance, per_row = _distance(x, y, weights[:, theirs], our_coarseness + their_coarseness[:, theirs])
    if distance is None:
        return NOTHING
    order = _exchanged(before, y)
    free_distance = distance
    if order is not None:
        theirs_free = [theirs[place] for place in order]
        coarseness = our_coarseness + their_coarseness[:, theirs_free]
        free_distance, _ = _distance(x, y[:, order], weights[:, theirs_free], coarseness)
    used = len(set(numbers[~np.isnan(per_row)].tolist()))
    swapped = distance > APART and free_distance is not None and free_distance < min(NEAR, distance / 2)
    shown = theirs_free if swapped and wanted is None else theirs
    return PriceComparison(
        fixtures_used=used,
        distance=round(distance, 4),
        swapped=swapped,
        pairing={source.labels[i]: target.labels[j] for i, j in zip(ours, shown, strict=True)},
        rows=_rows(views, (our_rows, their_rows), per_row, pairs, source, target) if views is not None else [],
        enough=min(1.0, used / (5 if len(pairs) <= 2 else 2)),
        free_distance=None if free_distance is None else round(free_distance, 4),
        per_row=(numbers, per_row),
    )


def _costs(x, y):
    """Mean difference of every pair of columns; UNPAIRED where they never met."""
    gaps = np.abs(x[:, :, None] - y[:, None, :])
    total = gaps.sum(axis=0)
    if not np.isnan(total).any():
        return total / len(gaps)
    met = ~np.isnan(gaps)
    count = met.sum(axis=0)
    return np.where(count > 0, np.where(met, gaps, 0.0).sum(axis=0) / np.maximum(count, 1), UNPAIRED)


def _wanted_pairs(labels, names, wanted):
    places = {name: place for place, name in enumerate(names)}
    return [(i, places[wanted[label]]) for i, label in enumerate(labels) if wanted.get(label) in places]


class _Named(NamedTuple):
    """Pairs by role or by name; what of each side is left, and whether two of those are known to differ."""

    pairs: list
    ours: list
    theirs: list
    differ: np.ndarray


@lru_cache(maxsize=20_000)
def _named_pairs(labels, names, roles, target_roles) -> _Named:
    places = {role: place for place, role in enumerate(target_roles) if role}
    texts = {name.casefold(): place for place, name in enumerate(names)}
    pairs, used = [], set()
    for i, (label, role) in enumerate(zip(labels, roles, strict=True)):
        j = places.get(role) if role else texts.get(label.casefold())
        if j is not None and j not in used:
            pairs.append((i, j))
            used.add(j)
    paired = {i for i, _ in pairs}
    ours = [i for i in range(len(roles)) if i not in paired]
    theirs = [j for j in range(len(target_roles)) if j not in used]
    differ = [[bool(roles[i] and target_roles[j]) for j in theirs] for i in ours]
    return _Named(pairs, ours, theirs, np.array(differ, dtype=bool).reshape(len(ours), len(theirs)))


def _completed(named, a, b):
    """The named pairs and, for what names leave open, the assignment that prices like best.

    Two outcomes whose roles are both known and differ are paired only when nothing else is left.
    """
    pairs, ours, theirs = named.pairs, named.ours, named.theirs
    if not ours or not theirs or (pairs and (len(ours) > 12 or len(theirs) > 12)):
        return pairs
    part = _costs(a[:, ours], b[:, theirs]) + ROLE_DIFFERS * named.differ
    limit = UNPAIRED if not pairs else 0.35
    found = [(ours[x], theirs[y]) for x, y in best_pairs(part) if part[x, y] < limit]
    return sorted(pairs + found)


def _rebooked(x, y, own):
    """Part of a split market (home and away totals in one) is a book of its own: its margin alone counts."""
    whole = np.abs((1 / (1 + np.exp(-y))).sum(axis=1) - 1) < 0.02
    return np.where((whole & ~np.isnan(own[:, 0]))[:, None], own, x)


def _exchanged(x, y):
    """The same outcomes paired anew by price alone: which column of y for each of x; None for as they are."""
    count = x.shape[1]
    if not 1 < count <= 12:
        return None
    cost = _costs(x, y)
    if (cost.diagonal() <= cost.min(axis=1)).all():
        return None  # nothing can be cheaper
    order = [column for _, column in best_pairs(cost)]
    return None if order == list(range(count)) else order


def _distance(x, y, weights, coarseness):
    """(robust mean over fixtures, distance per row). Long shots and even two-way prices count less, and what
    prices are too coarse to tell (half a step of either) not at all."""
    gaps = np.maximum(np.abs(x - y) - coarseness, 0.0)
    missing = np.isnan(gaps)
    if missing.any():
        gaps, weights = np.where(missing, 0.0, gaps), np.where(missing, 0.0, weights)
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_row = (weights * gaps).sum(axis=1) / total
    values, information = per_row, None
    if x.shape[1] <= 2:
        information = 0.25 + np.minimum(1.0, np.where(np.isnan(y), 0.0, np.abs(y)).max(axis=1))
    seen = total > 0
    if not seen.all():
        if not seen.any():
            return None, per_row
        values = per_row[seen]
        information = None if information is None else information[seen]
    if len(values) >= 5:
        keep = np.argsort(values)[: max(4, ceil(len(values) * (1 - TRIMMED)))]
        values = values[keep]
        information = None if information is None else information[keep]
    if information is None:
        return float(values.mean()), per_row
    return float((values * information).sum() / information.sum()), per_row


def _rows(views, rows, per_row, pairs, source, target):
    found = []
    for ours, theirs, distance in zip(*(part.tolist() for part in (*rows, per_row)), strict=True):
        if isnan(distance):
            continue
        there, here = target.places(theirs), source.places(ours)
        outcomes = []
        for i, j in pairs:
            label, name = source.labels[i], target.labels[j]
            if label in here and name in there:
                prices = (1 / source.implied[ours, i], 1 / target.implied[theirs, j])
                chances = _chance(source.values[ours, i]), _chance(target.values[theirs, j])
                outcomes.append((label, name, *(round(float(price), 6) for price in prices), *chances))
        line = source.lines[ours] if source.lines[ours] is not None else target.lines[theirs]
        view = views[int(source.numbers[ours])]
        found.append(FixturePrices(view.event_key, view.fixture, line, round(distance, 4), outcomes))
    return found


def _chance(logit):
    return round(float(1 / (1 + np.exp(-logit))), 4)
