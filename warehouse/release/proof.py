"""Proof that hidden counts stay uncertain: other tables that a reader cannot tell from the true one."""

import numpy as np
from numpy.typing import NDArray

from warehouse.release.status import PRIMARY, PUBLISHED, SECONDARY, Statuses
from warehouse.release.table import Table


class Proof:
    """The range of values each cell takes over all tables shown to agree with what is published.

    A table counts only if it is recomputed here from its leaves: whole numbers, none negative, nobody
    where nobody can be, every published cell as published. Hiding more cells keeps it valid.
    """

    def __init__(self, table: Table, threshold: int) -> None:
        self._table = table
        self.threshold = threshold
        self.low = table.values.copy()
        self.high = table.values.copy()

    def accept(self, leaves: NDArray[np.float64], statuses: Statuses) -> bool:
        """Widen the ranges by this table if it agrees with everything published."""
        whole = np.rint(leaves)
        cells = np.rint(self._table.members @ whole).astype(np.int64)
        agrees = (
            bool((whole >= 0).all())
            and bool((cells[statuses == PUBLISHED] == self._table.values[statuses == PUBLISHED]).all())
            and not cells[self._table.empty].any()
        )
        if agrees:
            np.minimum(self.low, cells, out=self.low)
            np.maximum(self.high, cells, out=self.high)
        return agrees

    def width(self, cell: int) -> int:
        """How wide the range of a cell is shown to be."""
        return int(self.high[cell] - self.low[cell])

    def holds(self, cell: int, statuses: Statuses) -> bool:
        """Whether the cell's range is shown to be wide enough, and to reach the threshold if it is small."""
        if statuses[cell] == PRIMARY:
            return self.width(cell) >= self.threshold - 1 and self.high[cell] >= self.threshold
        return statuses[cell] != SECONDARY or self.width(cell) >= 1

    def unproven(self, statuses: Statuses) -> NDArray[np.int64]:
        """Hidden cells whose range is not yet shown to be wide enough."""
        short = (statuses == PRIMARY) & (self.high < self.threshold)
        return np.flatnonzero(short | (self.high - self.low < needed_width(statuses, self.threshold)))


def needed_width(statuses: Statuses, threshold: int) -> NDArray[np.int64]:
    """How wide an attacker's range must stay: t whole numbers for a small count, two for another hidden one."""
    return np.select([statuses == PRIMARY, statuses == SECONDARY], [threshold - 1, 1], 0)
