"""The cheapest pairing of two short lists. Exact up to EXACT entries, greedy with swaps above."""

import numpy as np

EXACT = 12


def best_pairs(cost: np.ndarray) -> list[tuple[int, int]]:
    """[(row, column)], every row or every column used once, whichever are fewer. cost: finite."""
    rows, columns = cost.shape
    if not rows or not columns:
        return []
    if rows > columns:
        return sorted((row, column) for column, row in best_pairs(cost.T))
    return _exact(cost) if columns <= EXACT else _greedy(cost)


def _exact(cost):
    """Shortest augmenting paths, one row after another (rows <= columns)."""
    rows, columns = cost.shape
    costs = cost.tolist()
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    taken_by, came_from = [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        taken_by[0], column = row, 0
        least, done = [float("inf")] * (columns + 1), [False] * (columns + 1)
        while taken_by[column]:
            done[column] = True
            current, delta, following = taken_by[column], float("inf"), 0
            for other in range(1, columns + 1):
                if done[other]:
                    continue
                reduced = costs[current - 1][other - 1] - row_price[current] - column_price[other]
                if reduced < least[other]:
                    least[other], came_from[other] = reduced, column
                if least[other] < delta:
                    delta, following = least[other], other
            for other in range(columns + 1):
                if done[other]:
                    row_price[taken_by[other]] += delta
                    column_price[other] -= delta
                else:
                    least[other] -= delta
            column = following
        while column:
            taken_by[column] = taken_by[came_from[column]]
            column = came_from[column]
    return sorted((taken_by[column] - 1, column - 1) for column in range(1, columns + 1) if taken_by[column])


def _greedy(cost):
    """Cheapest first, then swaps of two columns as long as one saves something."""
    chosen, free = {}, set(range(cost.shape[1]))
    for place in np.argsort(cost, axis=None, kind="stable").tolist():
        row, column = divmod(place, cost.shape[1])
        if row not in chosen and column in free:
            chosen[row] = column
            free.discard(column)
            if len(chosen) == cost.shape[0]:
                break
    rows = sorted(chosen)
    for _ in range(4):
        changed = False
        for one in rows:
            for other in rows:
                mine, theirs = chosen[one], chosen[other]
                if cost[one, theirs] + cost[other, mine] < cost[one, mine] + cost[other, theirs] - 1e-9:
                    chosen[one], chosen[other], changed = theirs, mine, True
        if not changed:
            break
    return sorted(chosen.items())
