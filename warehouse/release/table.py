"""A table to be released: dimensions with totals, counts at the finest grain, and how the cells add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Coordinates = tuple[str, ...]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Dimension:
    """One way the counts are broken down.

    A node is a set of leaves. `splits` says which nodes add up to which: totals over categories, and
    also a denominator over its numerator and the rest. A node that is not published still takes part
    in the sums, because a reader can work it out.
    """

    name: str
    leaves: tuple[str, ...]
    nodes: Mapping[str, frozenset[str]]
    splits: tuple[tuple[str, tuple[str, ...]], ...]
    unpublished: frozenset[str] = frozenset()

    @property
    def whole(self) -> str:
        """The node of all leaves."""
        return next(node for node, leaves in self.nodes.items() if len(leaves) == len(self.leaves))

    def only(self, kept: Iterable[str]) -> "Dimension":
        """The same leaves with fewer nodes: a coarser table of the same people."""
        nodes = {node: self.nodes[node] for node in kept}
        splits = tuple((whole, parts) for whole, parts in self.splits if {whole, *parts} <= nodes.keys())
        return Dimension(self.name, self.leaves, nodes, splits, self.unpublished & nodes.keys())

    @cached_property
    def members(self) -> sparse.csr_array:
        """Nodes × leaves, one where the leaf belongs to the node."""
        column = {leaf: at for at, leaf in enumerate(self.leaves)}
        found = [(row, column[leaf]) for row, node in enumerate(self.nodes) for leaf in sorted(self.nodes[node])]
        rows, columns = zip(*found, strict=True)
        shape = (len(self.nodes), len(self.leaves))
        return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)

    @cached_property
    def sums(self) -> sparse.csr_array:
        """Splits × nodes: one row a sum, the whole minus its parts."""
        at = {node: number for number, node in enumerate(self.nodes)}
        matrix = sparse.lil_array((len(self.splits), len(self.nodes)))
        for row, (whole, parts) in enumerate(self.splits):
            matrix[row, at[whole]] = 1
            for part in parts:
                matrix[row, at[part]] = -1
        return sparse.csr_array(matrix)


def tree(name: str, parents: Mapping[str, str | None]) -> Dimension:
    """A hierarchy from child → parent; every node is published and is the sum of its children."""
    children: dict[str, list[str]] = {node: [] for node in parents}
    for node, parent in parents.items():
        if parent is not None:
            children[parent].append(node)

    def leaves_under(node: str) -> frozenset[str]:
        if not children[node]:
            return frozenset((node,))
        return frozenset().union(*map(leaves_under, children[node]))

    return Dimension(
        name,
        leaves=tuple(node for node in parents if not children[node]),
        nodes={node: leaves_under(node) for node in parents},
        splits=tuple((node, tuple(parts)) for node, parts in children.items() if parts),
    )


def categories(name: str, values: Iterable[str], total: str = "all") -> Dimension:
    """A flat dimension with its total; a single value is its own total."""
    listed = list(values)
    return tree(name, {total: None} | dict.fromkeys(listed, total) if len(listed) > 1 else {listed[0]: None})


# The steps of a programme. People are not always done in the order of the list (some come before they
# are listed), so "listed" and "recorded" each split the eligible on their own.
STEPS = Dimension(
    "step",
    leaves=(
        "listed confirmed",
        "listed typed",
        "listed waiting",
        "unlisted confirmed",
        "unlisted typed",
        "unlisted waiting",
    ),
    nodes={
        "eligible": frozenset(
            f"{listed} {state}" for listed in ("listed", "unlisted") for state in ("confirmed", "typed", "waiting")
        ),
        "listed": frozenset({"listed confirmed", "listed typed", "listed waiting"}),
        "not_listed": frozenset({"unlisted confirmed", "unlisted typed", "unlisted waiting"}),
        "recorded": frozenset({"listed confirmed", "listed typed", "unlisted confirmed", "unlisted typed"}),
        "not_recorded": frozenset({"listed waiting", "unlisted waiting"}),
        "confirmed": frozenset({"listed confirmed", "unlisted confirmed"}),
        "not_confirmed": frozenset({"listed typed", "unlisted typed"}),
        "listed confirmed": frozenset({"listed confirmed"}),
        "listed typed": frozenset({"listed typed"}),
        "listed waiting": frozenset({"listed waiting"}),
        "unlisted confirmed": frozenset({"unlisted confirmed"}),
        "unlisted typed": frozenset({"unlisted typed"}),
        "unlisted waiting": frozenset({"unlisted waiting"}),
    },
    splits=(
        ("eligible", ("listed", "not_listed")),
        ("eligible", ("recorded", "not_recorded")),
        ("recorded", ("confirmed", "not_confirmed")),
        ("listed", ("listed confirmed", "listed typed", "listed waiting")),
        ("not_listed", ("unlisted confirmed", "unlisted typed", "unlisted waiting")),
        ("not_recorded", ("listed waiting", "unlisted waiting")),
        ("confirmed", ("listed confirmed", "unlisted confirmed")),
        ("not_confirmed", ("listed typed", "unlisted typed")),
    ),
    unpublished=frozenset(
        f"{listed} {state}" for listed in ("listed", "unlisted") for state in ("confirmed", "typed", "waiting")
    ),
)

# A share: the denominator, those of it in the numerator, and the rest (which anybody can subtract).
OF_PEOPLE = ("step", "share")
SHARE = tree("share", {"denominator": None, "numerator": "denominator", "rest": "denominator"})


@dataclass(frozen=True)
class Table:
    """Counts at the finest grain with the dimensions that they are published by."""

    dimensions: tuple[Dimension, ...]
    counts: Mapping[Coordinates, int]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(dimension.nodes) for dimension in self.dimensions)

    @cached_property
    def leaf_vector(self) -> NDArray[np.float64]:
        """The counts in the order of the leaves' product."""
        positions = [{leaf: at for at, leaf in enumerate(d.leaves)} for d in self.dimensions]
        array = np.zeros(tuple(len(d.leaves) for d in self.dimensions))
        for coordinates, count in self.counts.items():
            if count < 0:
                raise ValueError(f"a count cannot be negative: {coordinates}")
            array[tuple(at[leaf] for at, leaf in zip(positions, coordinates, strict=True))] += count
        return array.ravel()

    @cached_property
    def members(self) -> sparse.csr_array:
        """Cells × leaves."""
        return _product([dimension.members for dimension in self.dimensions])

    @cached_property
    def values(self) -> Counts:
        """The true count of every cell, totals included."""
        return np.rint(self.members @ self.leaf_vector).astype(np.int64)

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """Cells where everybody knows that there is nobody to count, such as men to be screened for cervical cancer.

        In a table of shares those are cells without a denominator; in a table of plain counts, all zeros.
        """
        values = self.values.reshape(self.shape)
        last = self.dimensions[-1]
        if last.name not in OF_PEOPLE:
            return np.asarray(values == 0).ravel()
        whole = values[..., [list(last.nodes).index(last.whole)]]
        return np.broadcast_to(whole == 0, self.shape).ravel()

    @cached_property
    def sums(self) -> sparse.csr_array:
        """Every sum that holds between cells, along each dimension."""
        blocks = []
        for at, dimension in enumerate(self.dimensions):
            before = sparse.eye_array(int(np.prod(self.shape[:at], dtype=int)))
            after = sparse.eye_array(int(np.prod(self.shape[at + 1 :], dtype=int)))
            blocks.append(_product([before, dimension.sums, after]))
        return sparse.csr_array(sparse.vstack(blocks))

    @cached_property
    def published(self) -> NDArray[np.bool_]:
        """Which cells the table shows at all."""
        masks = [np.array([node not in d.unpublished for node in d.nodes]) for d in self.dimensions]
        return reduce(np.logical_and.outer, masks).ravel()

    def coarsened(self) -> "Table":
        """The same cells over as few leaves as they need: leaves that no cell tells apart become one."""
        dimensions: list[Dimension] = []
        stands_for: list[dict[str, str]] = []
        for dimension in self.dimensions:
            names = [
                "|".join(str(at) for at, leaves in enumerate(dimension.nodes.values()) if leaf in leaves)
                for leaf in dimension.leaves
            ]
            first = {name: leaf for leaf, name in reversed(list(zip(dimension.leaves, names, strict=True)))}
            merged = {leaf: first[name] for leaf, name in zip(dimension.leaves, names, strict=True)}
            nodes = {node: frozenset(merged[leaf] for leaf in leaves) for node, leaves in dimension.nodes.items()}
            leaves = tuple(dict.fromkeys(merged.values()))
            dimensions.append(Dimension(dimension.name, leaves, nodes, dimension.splits, dimension.unpublished))
            stands_for.append(merged)
        counts: Counter[Coordinates] = Counter()
        for coordinates, count in self.counts.items():
            counts[tuple(merged[leaf] for merged, leaf in zip(stands_for, coordinates, strict=True))] += count
        return Table(tuple(dimensions), counts)

    def coordinates(self, cell: int) -> Coordinates:
        """Node names of a cell, by its number."""
        at = np.unravel_index(cell, self.shape)
        return tuple(self.names[d][int(index)] for d, index in enumerate(at))

    def cell(self, coordinates: Coordinates) -> int:
        """Number of a cell, by its node names."""
        at = [names.index(node) for names, node in zip(self.names, coordinates, strict=True)]
        return int(np.ravel_multi_index(at, self.shape))

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(dimension.nodes) for dimension in self.dimensions)


def _product(factors: list[sparse.csr_array]) -> sparse.csr_array:
    product = sparse.csr_array(reduce(sparse.kron, factors))
    # a product of nearly full factors is built in blocks, with zeros stored
    product.eliminate_zeros()
    return product
