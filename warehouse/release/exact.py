"""The cheapest pattern of hidden cells for a small table, as one mixed-integer program (HiGHS)."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from warehouse.release.table import Table

SECONDS = 3.0


def cost(values: NDArray[np.int64]) -> NDArray[np.float64]:
    """What hiding a cell loses: the people it no longer tells of, so that totals are hidden last."""
    return np.asarray(2.0 + values)


def cheapest_pattern(
    table: Table, primaries: NDArray[np.int64], threshold: int, must_show: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """Cells to hide so that each small count could be one and could be t; None if time runs out without any.

    Each end needs another table that adds up and differs only in hidden cells. All those tables share one
    set of hidden cells.
    """
    cells = np.flatnonzero(~table.empty)
    values = table.values[cells].astype(float)
    sums = sparse.csr_array(table.sums[:, cells])
    unpublished = ~table.published[cells]
    ends: list[tuple[int, int]] = []
    for primary in primaries:
        value, at = int(table.values[primary]), int(np.searchsorted(cells, primary))
        if value > 1:
            ends += [(at, threshold - value), (at, 1 - value)]
        else:
            ends.append((at, threshold - 1))
    size, tables = len(cells), len(ends)
    room = float(values.max() + threshold)
    hidden_anyway = unpublished | np.isin(cells, primaries)
    lowest = -values
    nothing = sparse.csr_array((sums.shape[0], size))
    identity = sparse.eye_array(size)
    # columns: one switch a cell, then one difference a cell for each end
    blocks: list[list[sparse.csr_array | None]] = []
    lower: list[NDArray[np.float64]] = []
    upper: list[NDArray[np.float64]] = []
    for number in range(tables):
        for switch, difference, low, high in (
            (nothing, sums, np.zeros(sums.shape[0]), np.zeros(sums.shape[0])),
            (sparse.diags_array(lowest), -identity, np.full(size, -np.inf), np.zeros(size)),
            (-room * identity, identity, np.full(size, -np.inf), np.zeros(size)),
        ):
            row: list[sparse.csr_array | None] = [None] * tables
            row[number] = difference
            blocks.append([switch, *row])
            lower.append(low)
            upper.append(high)
    least = np.concatenate([hidden_anyway.astype(float), np.tile(lowest, tables)])
    most = np.concatenate([np.where(must_show[cells] & ~hidden_anyway, 0.0, 1.0), np.full(size * tables, room)])
    for number, (at, change) in enumerate(ends):
        column = size + number * size + at
        if change > 0:
            least[column] = change
        else:
            most[column] = change
    objective = np.concatenate([np.where(hidden_anyway, 0.0, cost(table.values[cells])), np.zeros(size * tables)])
    found = milp(
        objective,
        integrality=np.concatenate([np.ones(size), np.zeros(size * tables)]),
        bounds=Bounds(least, most),
        constraints=LinearConstraint(sparse.block_array(blocks), np.concatenate(lower), np.concatenate(upper)),
        options={"time_limit": SECONDS, "mip_rel_gap": 0.01},
    )
    if found.x is None:
        return None
    pattern = np.zeros(table.values.shape, dtype=bool)
    pattern[cells[found.x[:size] > 0.5]] = True
    return pattern
