"""Differencing: what two releases of the same figures tell together that neither tells alone."""

from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from warehouse.release.protect import Protected, exposed_cells
from warehouse.release.status import PRIMARY, PUBLISHED, SECONDARY, UNPUBLISHED, Statuses
from warehouse.release.table import Dimension, Table

# the dimension whose leaves are compared between two states of the data
PLACE = "place"
OLD = " (as released before)"


class NotComparable(Exception):
    """Two tables of one family that are not counted at the same grain."""


def as_before(later: Table, earlier: Protected) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cells of the later table that the earlier release hides, and those it shows; both must stay so."""
    hidden, shown = np.zeros(later.shape, dtype=bool), np.zeros(later.shape, dtype=bool)
    if _overlap(later, earlier.table):
        older = _told_apart(later, earlier.table)
        rows, columns = [], []
        for mine, theirs in zip(later.dimensions, older.dimensions, strict=True):
            at = {leaves: number for number, leaves in enumerate(theirs.nodes.values())}
            same = [(number, at[leaves]) for number, leaves in enumerate(mine.nodes.values()) if leaves in at]
            rows.append([number for number, _ in same])
            columns.append([number for _, number in same])
        statuses = earlier.statuses.reshape(older.shape)[np.ix_(*columns)]
        hidden[np.ix_(*rows)] = _is_hidden(statuses)
        shown[np.ix_(*rows)] = statuses == PUBLISHED
    return hidden.ravel(), shown.ravel()


def exposed_together(later: Protected, earlier: Protected) -> int:
    """Number of hidden counts that the two releases together give away; 0 if they are safe."""
    if not _overlap(later.table, earlier.table) or _says_nothing_new(later, earlier):
        return 0
    threshold = max(later.threshold, earlier.threshold)
    older = replace(earlier, table=_told_apart(later.table, earlier.table))
    dimensions = tuple(
        _joined(mine, theirs) for mine, theirs in zip(later.table.dimensions, older.table.dimensions, strict=True)
    )
    table = Table(dimensions, dict(older.table.counts) | dict(later.table.counts))
    statuses = np.full(table.shape, UNPUBLISHED, dtype=np.int8)
    contradicted = 0
    for released in (older, later):
        own = zip(dimensions, released.table.dimensions, strict=True)
        at = np.ix_(*[_positions(joined, dimension) for joined, dimension in own])
        mine, seen = released.statuses.reshape(released.table.shape), statuses[at]
        shown_and_hidden = (_is_hidden(mine) & (seen == PUBLISHED)) | (_is_hidden(seen) & (mine == PUBLISHED))
        contradicted += int(np.count_nonzero(shown_and_hidden))
        # the lower number says more: published in one is known, small in one is small
        statuses[at] = np.minimum(mine, seen)
        alone = np.full(table.shape, UNPUBLISHED, dtype=np.int8)
        alone[at] = mine
    if contradicted:
        return contradicted
    statuses = statuses.ravel()
    differences = _differences(dimensions, older.table, later.table) & (statuses == UNPUBLISHED)
    statuses[differences & (table.values > 0) & (table.values < threshold)] = PRIMARY
    if bool((statuses == alone.ravel()).all()):
        # the earlier release shows nothing that this one does not: it was proved safe as it is
        return 0
    return len(exposed_cells(table, statuses, threshold))


def _is_hidden(statuses: Statuses) -> NDArray[np.bool_]:
    return (statuses == PRIMARY) | (statuses == SECONDARY)


def _overlap(later: Table, earlier: Table) -> bool:
    """Whether both count any of the same people."""
    names = [dimension.name for dimension in later.dimensions]
    if names != [dimension.name for dimension in earlier.dimensions]:
        raise NotComparable(f"{names} and {[dimension.name for dimension in earlier.dimensions]}")
    return all(
        not set(mine.leaves).isdisjoint(theirs.leaves)
        for mine, theirs in zip(later.dimensions, earlier.dimensions, strict=True)
    )


def _says_nothing_new(later: Protected, earlier: Protected) -> bool:
    same_shape = [d.nodes for d in later.table.dimensions] == [d.nodes for d in earlier.table.dimensions]
    return (
        same_shape
        and bool((later.statuses == earlier.statuses).all())
        and bool((later.table.values == earlier.table.values).all())
    )


def _told_apart(later: Table, earlier: Table) -> Table:
    """The earlier table, with each place renamed whose counts have changed since: those are other unknowns.

    A place that has not changed is taken to be known as unchanged, which is the most an attacker can know.
    """
    axis = [dimension.name for dimension in later.dimensions].index(PLACE)
    covered = [
        set(mine.leaves) & set(theirs.leaves) for mine, theirs in zip(later.dimensions, earlier.dimensions, strict=True)
    ]
    changed: set[str] = set()
    for one, other in ((later.counts, earlier.counts), (earlier.counts, later.counts)):
        for coordinates, count in one.items():
            inside = all(leaf in known for leaf, known in zip(coordinates, covered, strict=True))
            if inside and count != other.get(coordinates, 0):
                changed.add(coordinates[axis])

    def renamed(leaf: str) -> str:
        return leaf + OLD if leaf in changed else leaf

    place = earlier.dimensions[axis]
    renamed_place = replace(
        place,
        leaves=tuple(renamed(leaf) for leaf in place.leaves),
        nodes={node: frozenset(map(renamed, leaves)) for node, leaves in place.nodes.items()},
    )
    dimensions = tuple(renamed_place if at == axis else d for at, d in enumerate(earlier.dimensions))
    counts = {
        tuple(renamed(leaf) if at == axis else leaf for at, leaf in enumerate(coordinates)): count
        for coordinates, count in earlier.counts.items()
    }
    return Table(dimensions, counts)


def _joined(mine: Dimension, theirs: Dimension) -> Dimension:
    """All leaves and all sets of leaves of both, and what is left of one set without another inside it."""
    leaves = tuple(dict.fromkeys((*mine.leaves, *theirs.leaves)))
    sets = list(dict.fromkeys((*mine.nodes.values(), *theirs.nodes.values())))
    own, other = set(mine.nodes.values()), set(theirs.nodes.values())
    left = [
        big - small
        for bigs, smalls in ((own - other, other - own), (other - own, own - other))
        for big in bigs
        for small in smalls
        if small < big
    ]
    sets = list(dict.fromkeys((*sets, *left)))
    return Dimension(mine.name, leaves, {str(number): found for number, found in enumerate(sets)}, ())


def _positions(joined: Dimension, own: Dimension) -> list[int]:
    at = {leaves: number for number, leaves in enumerate(joined.nodes.values())}
    return [at[leaves] for leaves in own.nodes.values()]


def _differences(dimensions: tuple[Dimension, ...], older: Table, later: Table) -> NDArray[np.bool_]:
    """Cells that appear by subtracting a cell of one release from a cell of the other, along one dimension."""
    shown = []
    for joined, one, other in zip(dimensions, older.dimensions, later.dimensions, strict=True):
        published = {leaves for d in (one, other) for node, leaves in d.nodes.items() if node not in d.unpublished}
        whole = set(one.nodes.values()) | set(other.nodes.values())
        shown.append(
            (
                np.array([leaves in published for leaves in joined.nodes.values()]),
                np.array([leaves not in whole for leaves in joined.nodes.values()]),
            )
        )
    found = np.zeros(tuple(len(d.nodes) for d in dimensions), dtype=bool)
    for axis in range(len(dimensions)):
        masks = [left if at == axis else regular for at, (regular, left) in enumerate(shown)]
        found |= reduce(np.logical_and.outer, masks)
    return found.ravel()
