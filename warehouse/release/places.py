"""The place dimension of a release: region → organisation → site, as the cases name them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from warehouse.release.table import Dimension, tree
from warehouse.release.texts import ALL, NO_SITE, NOT_ATTACHED, Text

ROOT = "all"
PlaceKey = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class Places:
    """Nodes of the place dimension and their names."""

    dimension: Dimension
    titles: Mapping[str, Text]
    paths: Mapping[str, tuple[str, ...]]

    def levels(self, depth: int) -> list[str]:
        """Nodes down to a depth: 0 all, 1 regions, 2 organisations, 3 sites."""
        return [node for node, path in self.paths.items() if len(path) <= depth]


def leaf_of(place: PlaceKey) -> str:
    """The node of the finest level; cases of an organisation without a site have one of their own."""
    region, organization, site = place
    return f"{ROOT}/{region or 0}/{organization or 0}/{site or 0}"


def places_of(keys: Iterable[PlaceKey], connection: duckdb.DuckDBPyConnection) -> Places:
    """The hierarchy over all places that occur, named from the organisation tree."""
    rows = connection.execute(
        "select organization_id, name_kk, name_ru, name_en, sort_key from marts.dim_organization"
    ).fetchall()
    names = {int(row[0]): Text(*(str(name) for name in row[1:4])) for row in rows}
    order = {int(row[0]): str(row[4] or row[1]) for row in rows}
    parents: dict[str, str | None] = {ROOT: None}
    titles = {ROOT: ALL}
    paths: dict[str, tuple[str, ...]] = {ROOT: ()}
    for key in sorted(set(keys), key=lambda key: [order.get(part or 0, "") for part in key]):
        node = ROOT
        for depth, identifier in enumerate(key):
            parent, node = node, f"{node}/{identifier or 0}"
            parents[node] = parent
            unnamed = NO_SITE if depth == 2 else NOT_ATTACHED
            titles[node] = names.get(identifier or 0, unnamed)
            paths[node] = (*paths[parent], node)
    regions = [node for node, parent in parents.items() if parent == ROOT]
    if len(regions) == 1:
        # one region is its own total
        del parents[ROOT], paths[ROOT]
        parents[regions[0]] = None
    return Places(tree("place", parents), titles, paths)
