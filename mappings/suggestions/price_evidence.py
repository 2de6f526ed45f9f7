"""How near the prices of a source market are to those of a BetPawa market, over many fixtures.

Distance: mean difference of margin-free logits of the paired outcomes; 0.05 is what two books
differ by on the same market, 0.5 is another market. Robust: the worst fixtures are left out.
A small distance is no proof: twins and complements have one price (`twins`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mappings.definitions import REFERENCE
from mappings.suggestions.assignment import best_pairs
from mappings.suggestions.coordinates import template
from mappings.suggestions.fair import LEAST_BOOK, MOST_BOOK, fair_probabilities, logits
from mappings.suggestions.observations import FixtureView, Unit, label_of, view_of
from mappings.suggestions.roles import roles_of

MOST_FIXTURES = 40
MOST_LINES = 3
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
    by_fixture: ((fixture number, distance), …), one per line compared, newest fixture first.
    """

    fixtures_used: int
    distance: float | None
    swapped: bool
    pairing: dict
    rows: list
    enough: float = 0.0
    free_distance: float | None = None
    by_fixture: tuple = ()


NOTHING = PriceComparison(0, None, False, {}, [])


class Series(NamedTuple):
    """One market over the fixtures. values: (observations, labels) fair logits, NaN where missing.

    implied: the same of 1/price. places: {fixture number: {line: row}}. numbers: {fixture number: the
    one number of its variant}. Fixtures that show several variants of the key are left out.
    """

    labels: tuple[str, ...]
    values: np.ndarray
    implied: np.ndarray
    places: dict
    numbers: dict
    units: list


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


def series_of(views: list[FixtureView], slug: str, key: str) -> Series | None:
    """A market's logits over the fixtures, nearest lines to even first; None when no fixture has it.

    Of a rival's market the newest 60 fixtures are enough to find 40 that BetPawa has as well.
    """
    most = len(views) if slug == REFERENCE else MOST_FIXTURES * 3 // 2
    labels: dict[str, int] = {}
    chosen: list[tuple[int, Unit]] = []
    found = 0
    for number, view in enumerate(views):
        units = view.units.get((slug, key))
        if not units:
            continue
        if len({unit.variant for unit in units}) > 1:
            continue
        found += 1
        if found > most:
            break
        for unit in units if len(units) <= MOST_LINES * 4 else sorted(units, key=_unevenness)[: MOST_LINES * 4]:
            chosen.append((number, unit))
            for label in unit.labels:
                labels.setdefault(label, len(labels))
    if not chosen:
        return None
    values = np.full((len(chosen), len(labels)), np.nan)
    implied = values.copy()
    places, numbers = {}, {}
    for row, (number, unit) in enumerate(chosen):
        columns = [labels[label] for label in unit.labels]
        values[row, columns] = unit.logits
        implied[row, columns] = [1 / price for price in unit.prices]
        places.setdefault(number, {})[unit.line] = row
        if unit.number is not None:
            numbers[number] = unit.number
    return Series(tuple(labels), values, implied, places, numbers, [unit for _, unit in chosen])


def _unevenness(unit):
    return float(abs(unit.logits[0]))


def shared_rows(source: Series, target: Series) -> list[tuple[int, int, int, object]]:
    """[(fixture number, source row, target row, line)] of what can be laid side by side.

    Equal lines; or one side has no line and the other a single one, which then is part of its name.
    """
    rows, used = [], 0
    for number, lines in source.places.items():
        others = target.places.get(number)
        if others is None:
            continue
        common = [(number, row, others[line], line) for line, row in lines.items() if line in others]
        if not common and len(others) == 1 and len(lines) == 1:
            (line, row), (other, other_row) = next(iter(lines.items())), next(iter(others.items()))
            stated = source.numbers.get(number)
            if (line is None) != (other is None) and (other is None or stated in (None, other)):
                common = [(number, row, other_row, other if line is None else line)]
        if len(common) > MOST_LINES:
            common = sorted(common, key=lambda place: _unevenness(source.units[place[1]]))[:MOST_LINES]
        rows += common
        used += bool(common)
        if used >= MOST_FIXTURES:
            break
    return rows


def compare_series(
    source: Series, target: Series, *, roles=None, target_roles=None, wanted=None, views=None
) -> PriceComparison:
    """roles, target_roles: per label, "" unknown; None reads them from the labels themselves.

    wanted: {source label: BetPawa's name} to be checked instead of finding a pairing.
    views: given, the result has rows for people.
    """
    rows = shared_rows(source, target)
    if not rows:
        return NOTHING
    roles = roles_of(tuple(template(label) for label in source.labels)) if roles is None else roles
    target_roles = roles_of(tuple(template(label) for label in target.labels)) if target_roles is None else target_roles
    ours = [row[1] for row in rows]
    a, b = source.values[ours], target.values[[row[2] for row in rows]]
    numbers = np.array([row[0] for row in rows])
    cost = _costs(a, b)
    named = _named_pairs(source.labels, target.labels, roles, target_roles, wanted)
    pairs = named if wanted is not None else _completed(named, cost, roles, target_roles)
    if not pairs:
        return NOTHING
    if len(pairs) < len(source.labels):
        a = _rebooked(a, source.implied[ours], b, pairs)
    distance, per_row = _distance(a, b, numbers, pairs)
    if distance is None:
        return NOTHING
    free = _exchanged(pairs, cost)
    free_distance = _distance(a, b, numbers, free)[0] if free != pairs else distance
    used = len(set(numbers[~np.isnan(per_row)].tolist()))
    swapped = distance > APART and free_distance is not None and free_distance < min(NEAR, distance / 2)
    return PriceComparison(
        fixtures_used=used,
        distance=round(float(distance), 4),
        swapped=swapped,
        pairing={source.labels[i]: target.labels[j] for i, j in (free if swapped and wanted is None else pairs)},
        rows=_rows(views, rows, per_row, pairs, source, target) if views is not None else [],
        enough=min(1.0, used / (5 if len(pairs) <= 2 else 2)),
        free_distance=None if free_distance is None else round(float(free_distance), 4),
        by_fixture=tuple((row[0], gap) for row, gap in zip(rows, per_row.tolist(), strict=True) if gap == gap),
    )


def _costs(a, b):
    """Mean difference of every pair of outcomes; UNPAIRED where they never met."""
    gaps = np.abs(a[:, :, None] - b[:, None, :])
    met = ~np.isnan(gaps)
    count = met.sum(axis=0)
    total = np.where(met, gaps, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), UNPAIRED)


def _named_pairs(labels, names, roles, target_roles, wanted):
    if wanted is not None:
        places = {name: place for place, name in enumerate(names)}
        return [(i, places[wanted[label]]) for i, label in enumerate(labels) if wanted.get(label) in places]
    places = {role: place for place, role in enumerate(target_roles) if role}
    texts = {name.casefold(): place for place, name in enumerate(names)}
    pairs, used = [], set()
    for i, (label, role) in enumerate(zip(labels, roles, strict=True)):
        j = places.get(role) if role else texts.get(label.casefold())
        if j is not None and j not in used:
            pairs.append((i, j))
            used.add(j)
    return pairs


def _completed(pairs, cost, roles, target_roles):
    """The named pairs and, for what names leave open, the assignment that prices like best.

    Two outcomes whose roles are both known and differ are paired only when nothing else is left.
    """
    ours = [i for i in range(len(roles)) if i not in {i for i, _ in pairs}]
    theirs = [j for j in range(len(target_roles)) if j not in {j for _, j in pairs}]
    if not ours or not theirs or (pairs and (len(ours) > 12 or len(theirs) > 12)):
        return pairs
    part = cost[np.ix_(ours, theirs)].copy()
    for x, i in enumerate(ours):
        for y, j in enumerate(theirs):
            if roles[i] and target_roles[j]:
                part[x, y] += ROLE_DIFFERS
    limit = UNPAIRED if not pairs else 0.35
    found = [(ours[x], theirs[y]) for x, y in best_pairs(part) if part[x, y] < limit]
    return sorted(pairs + found)


def _rebooked(a, implied, b, pairs):
    """Part of a split market (home and away totals in one) is a book of its own: its margin alone counts."""
    ours, theirs = [i for i, _ in pairs], [j for _, j in pairs]
    whole = np.abs((1 / (1 + np.exp(-b[:, theirs]))).sum(axis=1) - 1) < 0.02
    part = implied[:, ours]
    rows = np.flatnonzero(whole & ~np.isnan(part).any(axis=1))
    if not len(rows) or len(ours) < 2:
        return a
    sums = part[rows].sum(axis=1)
    rows = rows[(sums > LEAST_BOOK) & (sums < MOST_BOOK)]
    if not len(rows):
        return a
    starts = np.arange(len(rows)) * len(ours)
    fair = fair_probabilities(part[rows].ravel(), starts, np.ones(len(rows)))
    a = a.copy()
    a[np.ix_(rows, ours)] = logits(fair).reshape(len(rows), len(ours))
    return a


def _exchanged(pairs, cost):
    """The same outcomes paired anew by price alone."""
    if len(pairs) > 12:
        return pairs
    ours, theirs = [i for i, _ in pairs], [j for _, j in pairs]
    return sorted((ours[x], theirs[y]) for x, y in best_pairs(cost[np.ix_(ours, theirs)]))


def _distance(a, b, numbers, pairs):
    """(robust mean over fixtures, distance per row). Long shots and even two-way prices count less."""
    ours, theirs = [i for i, _ in pairs], [j for _, j in pairs]
    x, y = a[:, ours], b[:, theirs]
    gaps = np.abs(x - y)
    chance = 1 / (1 + np.exp(-y))
    weight = np.where(np.isnan(gaps), 0.0, chance * (1 - chance) + 0.02)
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_row = np.where(total > 0, (weight * np.where(np.isnan(gaps), 0.0, gaps)).sum(axis=1) / total, np.nan)
    seen = ~np.isnan(per_row)
    if not seen.any():
        return None, per_row
    information = np.ones(len(per_row))
    if len(pairs) <= 2:
        information = 0.25 + np.minimum(1.0, np.where(np.isnan(y), 0.0, np.abs(y)).max(axis=1))
    values, weights = per_row[seen], information[seen]
    if len(values) >= 5:
        keep = np.argsort(values)[: max(4, int(np.ceil(len(values) * (1 - TRIMMED))))]
        values, weights = values[keep], weights[keep]
    return float((values * weights).sum() / weights.sum()), per_row


def _rows(views, rows, per_row, pairs, source, target):
    found = []
    for (number, ours, theirs, line), distance in zip(rows, per_row, strict=True):
        if np.isnan(distance):
            continue
        one, other = source.units[ours], target.units[theirs]
        at = {label: place for place, label in enumerate(one.labels)}
        there = {label: place for place, label in enumerate(other.labels)}
        outcomes = []
        for i, j in pairs:
            label, name = source.labels[i], target.labels[j]
            if label in at and name in there:
                x, y = at[label], there[name]
                outcomes.append((label, name, one.prices[x], other.prices[y], _chance(one, x), _chance(other, y)))
        view = views[number]
        found.append(FixturePrices(view.event_key, view.fixture, line, round(float(distance), 4), outcomes))
    return found


def _chance(unit, place):
    return round(float(1 / (1 + np.exp(-unit.logits[place]))), 4)
