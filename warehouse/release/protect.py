"""Small-cell suppression: hide small counts and as few others as keep anybody from working them out.

Rules, with threshold t (5 by default):
- a count of 1 to t-1 is hidden (primary); this holds for totals and for differences too, so "2 of 60
  were not examined" is as hidden as "2 were";
- a zero is not small: it names nobody. It is hidden only to protect others, and never where everybody
  knows that there is nobody to count;
- more cells are hidden (secondary) until, knowing everything that is left and these rules, nobody can
  narrow a hidden small count to fewer than t whole numbers, be sure that it is small, or find any hidden
  count exactly.

Every hidden cell is either proved uncertain by tables that agree with what is published (`proof.py`) or
withstands the attacker's program (`attack.py`). Where neither holds, nothing is released.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from warehouse.query import QueryError
from warehouse.release.attack import Attacker, Interval, Knowledge
from warehouse.release.exact import cheapest_pattern, cost
from warehouse.release.moves import Mover
from warehouse.release.proof import Proof, needed_width
from warehouse.release.search import cheapest_shift
from warehouse.release.status import PRIMARY, PUBLISHED, SECONDARY, UNPUBLISHED, Statuses
from warehouse.release.table import Coordinates, Table
from warehouse.release.texts import NOT_PROTECTABLE, Text

Status = Literal["published", "primary", "secondary"]

# above this many unknowns the cheapest pattern is not looked for by the exact program
EXACT_SIZE = 1500


class Unsafe(QueryError):
    """A table that cannot be released; it is not written. `text` says why in the three languages."""

    def __init__(self, reason: Text | str) -> None:
        self.text = reason if isinstance(reason, Text) else Text(reason, reason, reason)
        super().__init__(self.text.en)


class Unknown(Unsafe):
    """A release or a period that does not exist."""


@dataclass(frozen=True)
class Protected:
    """A table with its pattern of hidden cells, safe on its own."""

    table: Table
    threshold: int
    statuses: Statuses

    def value(self, coordinates: Coordinates) -> int | None:
        """The count of a published cell; None where it is hidden."""
        cell = self.table.cell(coordinates)
        return int(self.table.values[cell]) if self.statuses[cell] == PUBLISHED else None

    def status(self, coordinates: Coordinates) -> Status:
        """Why a cell is shown or not; never written into a released file."""
        names: dict[int, Status] = {PUBLISHED: "published", PRIMARY: "primary", SECONDARY: "secondary"}
        return names[int(self.statuses[self.table.cell(coordinates)])]

    def how_many(self, status: int) -> int:
        """Number of cells with this status."""
        return int(np.count_nonzero(self.statuses == status))

    def cells(self) -> dict[Coordinates, int | None]:
        """Every cell the release shows, hidden ones as None."""
        return {
            self.table.coordinates(int(cell)): (
                int(self.table.values[cell]) if self.statuses[cell] == PUBLISHED else None
            )
            for cell in np.flatnonzero(self.table.published)
        }


def suppress(
    table: Table,
    threshold: int = 5,
    hidden_before: NDArray[np.bool_] | None = None,
    shown_before: NDArray[np.bool_] | None = None,
) -> Protected:
    """Hide what must be hidden and show what must be shown; proved safe, or `Unsafe` is raised."""
    nothing = np.zeros(table.values.shape, dtype=bool)
    must_hide = nothing if hidden_before is None else hidden_before
    must_show = nothing if shown_before is None else shown_before
    full, table = table, table.coarsened()
    statuses = np.full(table.values.shape, UNPUBLISHED, dtype=np.int8)
    statuses[table.published] = PUBLISHED
    small = table.published & (table.values > 0) & (table.values < threshold)
    statuses[small] = PRIMARY
    statuses[must_hide & (statuses == PUBLISHED) & ~table.empty] = SECONDARY
    primaries = np.flatnonzero(small)
    if (statuses == SECONDARY).any() or len(primaries):
        moved = _made_safe(table, statuses, threshold, must_show)
        if np.count_nonzero(~table.empty) * len(primaries) <= EXACT_SIZE:
            pattern = cheapest_pattern(table, primaries, threshold, must_show)
            if pattern is not None:
                solved = np.where(pattern & (statuses == PUBLISHED), SECONDARY, statuses).astype(np.int8)
                moved = min(
                    moved, _made_safe(table, solved, threshold, must_show), key=lambda found: _lost(table, found)
                )
        statuses = moved
    return Protected(full, threshold, statuses)


def exposed_cells(table: Table, statuses: Statuses, threshold: int) -> list[int]:
    """Hidden cells not shown to be safe; the pattern of hidden cells stays as it is."""
    table = table.coarsened()
    proof = Proof(table, threshold)
    mover = Mover(table, statuses, statuses == PUBLISHED)
    for cell in proof.unproven(statuses):
        if not proof.holds(int(cell), statuses):
            _prove(table, statuses, proof, mover, int(cell))
    return list(_attack(table, statuses, proof.unproven(statuses), threshold))


def _attack(table: Table, statuses: Statuses, cells: NDArray[np.int64], threshold: int) -> dict[int, Interval]:
    """Those of the given hidden cells that the attacker's program narrows too far."""
    if not len(cells):
        return {}
    attacker = Attacker(knowledge_of(table, statuses), sparse.csr_array(table.members[cells, :]))
    narrow = attacker.too_narrow(needed_width(statuses, threshold)[cells])
    return {int(cells[at]): interval for at, interval in narrow.items()}


def knowledge_of(table: Table, statuses: Statuses) -> Knowledge:
    """What a reader of the released table knows about its leaves."""
    shown = np.flatnonzero((statuses == PUBLISHED) | table.empty)
    values = table.values[shown].astype(float)
    return Knowledge(sparse.csr_array(table.members[shown, :]), values, values)


def _lost(table: Table, statuses: Statuses) -> float:
    return float(cost(table.values[statuses == SECONDARY]).sum())


def _made_safe(table: Table, statuses: Statuses, threshold: int, must_show: NDArray[np.bool_]) -> Statuses:
    statuses = statuses.copy()
    proof = Proof(table, threshold)
    mover = Mover(table, statuses, must_show)
    # secondary at the start: hidden by an earlier release, or by the exact program
    for cell in np.flatnonzero((statuses == PRIMARY) | (statuses == SECONDARY)).tolist():
        if not proof.holds(cell, statuses):
            _prove(table, statuses, proof, mover, cell)
        if statuses[cell] == PRIMARY and not proof.holds(cell, statuses):
            raise Unsafe(NOT_PROTECTABLE.filled(cell=" · ".join(table.coordinates(cell))))
    # what is left are secondary cells that no move touches: where the rest determines one, hiding it
    # protects nothing, and publishing it tells nobody anything new
    for cell, interval in _attack(table, statuses, proof.unproven(statuses), threshold).items():
        if interval.certain:
            statuses[cell] = PUBLISHED
    return statuses


def _prove(table: Table, statuses: Statuses, proof: Proof, mover: Mover, cell: int) -> None:
    """Widen the cell's range by other tables, hiding the cells that would notice them."""

    def shift(change: int) -> None:
        accept(mover.shifted(cell, change))

    def accept(leaves: NDArray[np.float64]) -> None:
        differs = np.rint(table.members @ leaves) != table.values
        statuses[differs & (statuses == PUBLISHED)] = SECONDARY
        proof.accept(leaves, statuses)

    value, threshold = int(table.values[cell]), proof.threshold
    if statuses[cell] != PRIMARY:
        shift(1)
        if proof.width(cell) < 1:
            shift(-1)
        return
    if proof.high[cell] < threshold:
        shift(threshold - value)
    if proof.width(cell) < threshold - 1 and proof.low[cell] > 1:
        shift(1 - value)
    if proof.width(cell) < threshold - 1:
        # where it cannot fall, it can perhaps rise
        shift(threshold - 1 - (value - int(proof.low[cell])))
    for change in (threshold - value, threshold - 1 - (value - int(proof.low[cell])), -value):
        enough = proof.high[cell] >= threshold and proof.width(cell) >= threshold - 1
        if not enough and change and not mover.settled:
            found = cheapest_shift(table, *mover.prices(), cell, change)
            if found is not None:
                accept(found)
