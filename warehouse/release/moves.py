"""Moves: small changes of the counts that leave every published figure as it is.

A move takes one leaf u and, in each dimension, possibly a second leaf w. It adds people at u, takes as
many away where one coordinate is w instead, adds again where two are, and so on: whatever contains both
ends of a pair does not notice. So a hidden count can be different if all cells that notice are hidden.
For one leaf u all combinations of partners are priced at once, by multiplying arrays.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from warehouse.release.exact import cost
from warehouse.release.status import PUBLISHED, Statuses
from warehouse.release.table import Table

Floats = NDArray[np.float64]
# how many leaves under a total are tried as the place where people are added
STARTS = 2
# and how many if none of those allows a move
MORE_STARTS = 12
# how many second leaves are priced in each dimension
PARTNERS = 40
MERGED_PARTNERS = 120
MERGED_SIZE = 4e6
# above this part of everything in the table, a dearer search is worth its time
EXPENSIVE = 0.1
# moving one person at a time is preferred when it is this many times cheaper
PATIENT = 1.5
FORBIDDEN = 1e12


@dataclass(frozen=True)
class Move:
    """One leaf and its partners, how many people are moved, and what it costs to hide the cells that notice."""

    price: float
    partners: tuple[Floats, ...]
    effects: tuple[Floats, ...]
    amount: int


@dataclass(frozen=True)
class View:
    """Dimensions taken one by one, or several taken as one so that a partner may differ in all of them at once."""

    members: tuple[Floats, ...]
    partners: int

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(members.shape[0] for members in self.members)

    @property
    def leaf_shape(self) -> tuple[int, ...]:
        return tuple(members.shape[1] for members in self.members)


class Mover:
    """Finds cheap moves for hidden cells, given what is hidden already."""

    def __init__(self, table: Table, statuses: Statuses, must_show: NDArray[np.bool_]) -> None:
        self._table = table
        self._statuses = statuses
        members = [dimension.members.toarray() for dimension in table.dimensions]
        self._single = View(tuple(members), PARTNERS)
        self._merged: View | None = None
        merged_size = np.prod([one.size for one in members[:-1]], dtype=float)
        if len(members) > 2 and merged_size <= MERGED_SIZE:
            self._merged = View((_spread_matrix(members[:-1]), members[-1]), MERGED_PARTNERS)
        self._shape = table.shape
        self._costs = cost(table.values)
        self._prices = np.where(must_show, FORBIDDEN, self._costs)
        self._stuck = table.empty.astype(float).reshape(self._shape)
        self.settled = bool(must_show[statuses == PUBLISHED].all())
        self._expensive = EXPENSIVE * self._costs.max(initial=0)

    def prices(self) -> tuple[Floats, NDArray[np.bool_]]:
        """What it costs to hide each cell now, and the cells that cannot be different at all."""
        prices = np.where(self._statuses == PUBLISHED, self._prices, 0.0)
        return prices, (prices >= FORBIDDEN) | (self._stuck.ravel() > 0)

    def shifted(self, cell: int, change: int) -> Floats:
        """Leaves of another table with the cell higher (or lower), by moves each of which is the cheapest next.

        It goes as far as it can: the cell may differ by less than asked.
        """
        leaves = self._table.leaf_vector.reshape(self._single.leaf_shape).copy()
        values = self._table.values.reshape(self._shape).copy()
        touched = np.zeros(self._shape, dtype=bool)
        sign, left = (1 if change > 0 else -1), abs(change)
        while left:
            prices = np.where(self._statuses == PUBLISHED, self._prices, 0.0)
            prices = np.where(touched, 0.0, prices.reshape(self._shape)) + FORBIDDEN * self._stuck
            starts = self._starts(cell, prices, leaves, adding=change > 0)
            move = self._cheapest(cell, starts, prices, values, sign * left)
            if left > 1 and (move is None or move.price > 0):
                # many at once need large neighbours; one by one, small ones do
                single = self._cheapest(cell, starts, prices, values, sign)
                if single is not None and (move is None or move.price > PATIENT * single.price):
                    move = single
            if move is None:
                break
            leaves += move.amount * _spread(move.partners).reshape(leaves.shape)
            effect = move.amount * _spread(move.effects).reshape(self._shape)
            values += effect.astype(np.int64)
            touched |= effect != 0
            left -= abs(move.amount)
        return leaves.ravel()

    def _cheapest(
        self, cell: int, starts: list[tuple[int, ...]], prices: Floats, values: NDArray[np.int64], amount: int
    ) -> Move | None:
        best: Move | None = None
        for view in (self._single, self._merged):
            if view is None or (best is not None and best.price <= self._expensive):
                continue
            for tried, start in enumerate(starts):
                if tried >= STARTS and best is not None:
                    break
                move = self._from(view, cell, start, prices, values, amount)
                if move is not None and (best is None or move.price < best.price):
                    best = move
                if best is not None and best.price == 0:
                    return best
        return best

    def _starts(self, cell: int, prices: Floats, leaf_counts: Floats, adding: bool) -> list[tuple[int, ...]]:
        """Leaves inside the cell, those first whose surroundings are cheapest to hide."""
        nodes = np.unravel_index(cell, self._shape)
        inside = [np.flatnonzero(m[int(node)]) for m, node in zip(self._single.members, nodes, strict=True)]
        around = prices
        for axis, (members, leaves) in enumerate(zip(self._single.members, inside, strict=True)):
            around = np.moveaxis(np.tensordot(members[:, leaves], around, axes=(0, axis)), 0, axis)
        if not adding:
            around = np.where(leaf_counts[np.ix_(*inside)] > 0, around, np.inf)
        order = np.argsort(around, axis=None, kind="stable")[:MORE_STARTS]
        found = []
        for flat in order:
            at = np.unravel_index(int(flat), around.shape)
            if np.isfinite(around[at]):
                found.append(tuple(int(leaves[i]) for leaves, i in zip(inside, at, strict=True)))
        return found

    def _from(
        self,
        view: View,
        cell: int,
        start: tuple[int, ...],
        prices: Floats,
        values: NDArray[np.int64],
        amount: int,
    ) -> Move | None:
        prices, values = prices.reshape(view.shape), values.reshape(view.shape)
        nodes = np.unravel_index(cell, view.shape)
        leaf_at = np.unravel_index(np.ravel_multi_index(start, self._single.leaf_shape), view.leaf_shape)
        partners: list[NDArray[np.int64]] = []
        effects: list[Floats] = []
        for axis, (members, node, leaf) in enumerate(zip(view.members, nodes, leaf_at, strict=True)):
            outside = np.flatnonzero(members[int(node)] == 0)
            if len(outside) > view.partners:
                around = np.minimum(np.moveaxis(prices, axis, 0).reshape(len(members), -1), self._costs.max())
                order = np.argsort(around.sum(axis=1) @ members[:, outside], kind="stable")
                outside = outside[order[: view.partners]]
            # the last choice is no partner at all
            outside_effects = members[:, int(leaf)] - members[:, outside].T
            effects.append(np.vstack([outside_effects, members[:, int(leaf)]]))
            partners.append(outside)
        magnitudes = [np.abs(effect) for effect in effects]
        total = _priced(prices, magnitudes)
        # cells that would fall below zero; those of one sign are half of (all of both, less the sum of signs)
        low = (values < abs(amount)).astype(float)
        total = total + FORBIDDEN * (_priced(low, magnitudes) - np.sign(amount) * _priced(low, effects))
        at = np.unravel_index(int(np.argmin(total)), total.shape)
        price = float(total[at])
        if price >= FORBIDDEN / 2:
            return None
        return Move(
            price,
            tuple(
                _pair(size, int(leaf), outside[int(i) : int(i) + 1])
                for size, leaf, outside, i in zip(view.leaf_shape, leaf_at, partners, at, strict=True)
            ),
            tuple(effect[int(i)] for effect, i in zip(effects, at, strict=True)),
            amount,
        )


def _spread_matrix(factors: list[Floats]) -> Floats:
    product = factors[0]
    for factor in factors[1:]:
        product = np.asarray(np.kron(product, factor), dtype=np.float64)
    return product


def _pair(size: int, leaf: int, partner: NDArray[np.int64]) -> Floats:
    pair = np.zeros(size)
    pair[leaf] = 1
    pair[partner] = -1
    return pair


def _spread(factors: tuple[Floats, ...]) -> Floats:
    return reduce(np.multiply.outer, factors)


def _priced(array: Floats, effects: list[Floats]) -> Floats:
    """Sum of the array over the cells each combination of partners touches."""
    for effect in effects:
        # the first axis is summed and its partners become the last: after all, the order is as it was
        array = np.tensordot(array, effect, axes=(0, 1))
    return array
