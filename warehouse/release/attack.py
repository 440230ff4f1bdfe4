"""The attacker: what can be worked out about hidden counts from everything that is published.

The attacker knows all published cells, all sums, where there is nobody to count, and that counts are
whole and not negative.
"""

from dataclasses import dataclass
from time import monotonic

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Vector = NDArray[np.float64]

# only makes the programs bounded: a count this much above what protection needs proves nothing more
HEADROOM = 1000.0
TOLERANCE = 1e-6
STALE_ROUNDS = 4
SECONDS = 10.0
# what is not shown to be wide by then counts as too narrow
PATIENCE = 20.0


@dataclass(frozen=True)
class Knowledge:
    """What is known of the leaves: each row is a sum of leaves that lies between two limits."""

    rows: sparse.csr_array
    low: Vector
    high: Vector


@dataclass(frozen=True)
class Interval:
    """The whole-number range that an attacker proves for a hidden count."""

    low: int
    high: int
    # False where the program ran out of time: the true range may be wider
    certain: bool

    @property
    def width(self) -> int:
        return self.high - self.low


class Contradiction(Exception):
    """The published figures cannot all be true at once."""


class Attacker:
    """Solves for the ranges of hidden cells; every table it finds is tried on all of them."""

    def __init__(self, knowledge: Knowledge, hidden: sparse.csr_array) -> None:
        size = knowledge.rows.shape[1]
        fixed = _certain_zeros(knowledge)
        self._free = np.flatnonzero(~fixed)
        rows = sparse.csr_array(knowledge.rows[:, self._free])
        self._hidden = sparse.csr_array(hidden[:, self._free])
        self._known = _without_repeats(Knowledge(rows, knowledge.low, knowledge.high))
        self.low = np.full(hidden.shape[0], np.inf)
        self.high = np.full(hidden.shape[0], -np.inf)
        self._linear = _program(self._known, len(self._free), whole=False)
        self._whole: highspy.Highs | None = None
        self._random = np.random.default_rng(size)

    def too_narrow(self, needed: NDArray[np.int64]) -> dict[int, Interval]:
        """Hidden cells whose range is narrower than needed, with that range."""
        deadline = monotonic() + PATIENCE
        open_cells = self._sweep(needed)
        narrow = {}
        for cell in open_cells:
            if self.high[cell] - self.low[cell] >= needed[cell]:
                continue
            if monotonic() > deadline:
                interval = Interval(0, 0, certain=False)
            else:
                interval = self._range(int(cell), int(needed[cell]))
            if interval.width < needed[cell]:
                narrow[int(cell)] = interval
        return narrow

    def _sweep(self, needed: NDArray[np.int64]) -> NDArray[np.int64]:
        """Look for tables that move many hidden cells at once, while this still helps."""
        stale = 0
        sign = 1.0
        while stale < STALE_ROUNDS:
            waiting = np.flatnonzero(self.high - self.low < needed)
            if not len(waiting):
                break
            weights = np.zeros(self._hidden.shape[0])
            weights[waiting] = self._random.uniform(0.2, 1.0, len(waiting)) * sign
            sign = -sign
            self._try(self._hidden.T @ weights, self._linear)
            left = np.count_nonzero(self.high - self.low < needed)
            stale = stale + 1 if left == len(waiting) else 0
        return np.flatnonzero(self.high - self.low < needed)

    def _range(self, cell: int, needed: int) -> Interval:
        goal = self._hidden[[cell], :].toarray().ravel()
        certain = True
        most = self._try(goal, self._linear)
        least = -self._try(-goal, self._linear)
        possible = np.floor(most + TOLERANCE) - np.ceil(least - TOLERANCE)
        if self.high[cell] - self.low[cell] < needed <= possible:
            # possible in fractions of people: ask for whole ones
            if self._whole is None:
                self._whole = _program(self._known, len(self._free), whole=True)
            for direction in (goal, -goal):
                self._try(direction, self._whole)
                certain &= self._whole.getModelStatus() == highspy.HighsModelStatus.kOptimal
        low, high = self.low[cell], self.high[cell]
        if low > high:  # no whole-number table was met at all
            return Interval(0, 0, certain=False)
        return Interval(int(low), int(high), certain)

    def _try(self, goal: Vector, program: highspy.Highs) -> float:
        """Maximise a goal; a whole-number table found on the way widens every range it can."""
        program.changeColsCost(len(goal), np.arange(len(goal), dtype=np.int32), -goal)
        # the limit counts all runs of a program together
        program.setOptionValue("time_limit", program.getRunTime() + SECONDS)
        program.run()
        status = program.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise Contradiction("the published figures contradict each other")
        found = np.asarray(program.getSolution().col_value)
        if len(found) != len(goal):
            return float("inf")
        whole = np.rint(found)
        sums = self._known.rows @ whole
        if (sums >= self._known.low - TOLERANCE).all() and (sums <= self._known.high + TOLERANCE).all():
            cells = self._hidden @ whole
            self.low = np.minimum(self.low, cells)
            self.high = np.maximum(self.high, cells)
        return float(goal @ found)


def _certain_zeros(knowledge: Knowledge) -> NDArray[np.bool_]:
    """Leaves inside a sum that is known to be zero."""
    zero_rows = knowledge.rows[np.flatnonzero(knowledge.high == 0), :]
    return np.asarray(zero_rows.sum(axis=0)).ravel() > 0


def _without_repeats(knowledge: Knowledge) -> Knowledge:
    """The same knowledge with each distinct sum once: after zeros are out, many totals coincide."""
    rows = knowledge.rows
    kept: dict[bytes, int] = {}
    low: list[float] = []
    high: list[float] = []
    chosen: list[int] = []
    rows.sort_indices()
    for number in range(rows.shape[0]):
        indices = rows.indices[rows.indptr[number] : rows.indptr[number + 1]]
        if not len(indices):
            continue
        key = indices.tobytes()
        if key in kept:
            at = kept[key]
            low[at] = max(low[at], knowledge.low[number])
            high[at] = min(high[at], knowledge.high[number])
        else:
            kept[key] = len(chosen)
            chosen.append(number)
            low.append(knowledge.low[number])
            high.append(knowledge.high[number])
    return Knowledge(sparse.csr_array(rows[chosen, :]), np.array(low), np.array(high))


def _program(known: Knowledge, size: int, whole: bool) -> highspy.Highs:
    program = highspy.Highs()
    program.setOptionValue("output_flag", False)
    program.setOptionValue("threads", 1)
    model = highspy.HighsLp()
    model.num_col_ = size
    model.num_row_ = known.rows.shape[0]
    model.col_cost_ = np.zeros(size)
    model.col_lower_ = np.zeros(size)
    largest = known.high[np.isfinite(known.high)].max(initial=0)
    model.col_upper_ = np.full(size, largest + HEADROOM)
    model.row_lower_ = known.low
    model.row_upper_ = np.where(np.isfinite(known.high), known.high, highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = known.rows.indptr.astype(np.int32)
    model.a_matrix_.index_ = known.rows.indices.astype(np.int32)
    model.a_matrix_.value_ = known.rows.data.astype(float)
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * size
    program.passModel(model)
    return program
