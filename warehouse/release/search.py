"""The cheapest way to make a hidden count different, as one program; for the few cells that no simple move helps."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from warehouse.release.table import Table

SECONDS = 15.0


def cheapest_shift(
    table: Table, prices: NDArray[np.float64], fixed: NDArray[np.bool_], cell: int, change: int
) -> NDArray[np.float64] | None:
    """Leaves of a table where this cell is higher (or lower) and fixed cells are as they are; None if there is none.

    The price of a cell is paid for each person by which it differs, so few and small cells are touched.
    """
    truth = table.leaf_vector
    members = table.members
    priced = np.flatnonzero((prices > 0) & ~fixed)
    leaves, extra = members.shape[1], len(priced)
    touched = sparse.csr_array(members[priced, :])
    identity = sparse.eye_array(extra)
    goal = sparse.hstack([sparse.csr_array(members[[cell], :]), sparse.csr_array((1, extra))])
    held = sparse.csr_array(members[np.flatnonzero(fixed), :])
    constraints = [
        LinearConstraint(sparse.hstack([touched, -identity]), -np.inf, 0),
        LinearConstraint(sparse.hstack([-touched, -identity]), -np.inf, 0),
        LinearConstraint(sparse.hstack([held, sparse.csr_array((held.shape[0], extra))]), 0, 0),
        LinearConstraint(goal, change if change > 0 else -np.inf, np.inf if change > 0 else change),
    ]
    room = float(truth.max(initial=0) + abs(change))
    found = milp(
        np.concatenate([np.zeros(leaves), prices[priced]]),
        integrality=np.concatenate([np.ones(leaves), np.zeros(extra)]),
        bounds=Bounds(
            np.concatenate([-truth, np.zeros(extra)]), np.concatenate([np.full(leaves, room), np.full(extra, np.inf)])
        ),
        constraints=constraints,
        options={"time_limit": SECONDS, "mip_rel_gap": 0.2},
    )
    return None if found.x is None else truth + np.rint(found.x[:leaves])
