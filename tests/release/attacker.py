"""An attacker who reads only what a release shows; written apart from the protecting code."""

from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Cells = Mapping[tuple[str, ...], int | None]
Sets = Mapping[str, frozenset[str]]


def intervals(cells: Cells, nodes: list[Sets], leaves: list[Iterable[str]]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Least and greatest whole number each hidden cell can be, knowing all others."""
    unknowns = {combination: at for at, combination in enumerate(product(*leaves))}
    rows, low, high = [], [], []
    for coordinates, value in cells.items():
        row = np.zeros(len(unknowns))
        for combination in product(*(nodes[d][node] for d, node in enumerate(coordinates))):
            row[unknowns[combination]] = 1
        rows.append(row)
        low.append(0 if value is None else value)
        high.append(np.inf if value is None else value)
    known = LinearConstraint(np.array(rows), low, high)
    free = Bounds(0, 10_000)
    found = {}
    for row, (coordinates, value) in zip(rows, cells.items(), strict=True):
        if value is not None:
            continue
        ends = []
        for direction in (1, -1):
            answer = milp(direction * row, constraints=known, bounds=free, integrality=np.ones(len(unknowns)))
            assert answer.x is not None, answer.message
            ends.append(round(float(row @ answer.x)))
        found[coordinates] = (ends[0], ends[1])
    return found
