"""Where in the tree a page looks: region › organisation › site › practitioner, kept in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import streamlit as st

from dashboards import data
from dashboards.identity import Viewer
from dashboards.texts import Texts

NOBODY = "-"
"""Stands for the practitioner of a case that names none; 0 stands for a missing site or organisation."""


@dataclass(frozen=True)
class Place:
    """One point of the drill-down; the narrowest filled field is where we stand."""

    region: int | None = None
    organization: int | None = None
    site: int | None = None
    practitioner: str | None = None

    @property
    def nodes(self) -> dict[str, int | None]:
        """What the queries bind to stay inside a node."""
        return {"region": self.region, "organization": self.organization, "site": self.site}

    @property
    def filters(self) -> dict[str, int | str | None]:
        """What the queries bind to stay inside this place."""
        return {**self.nodes, "practitioner": self.practitioner}

    @property
    def next_unit(self) -> str | None:
        """The units one level below, or nothing where only cases follow."""
        if self.practitioner is not None:
            return None
        if self.site is not None:
            return "practitioner"
        if self.organization is not None:
            return "site"
        return "organization" if self.region is not None else "region"

    def below(self, unit: str, identity: int | str) -> Place:
        """The place one level down."""
        if unit == "practitioner":
            return replace(self, practitioner=str(identity))
        fields: dict[str, Any] = {unit: int(identity)}
        return replace(self, **fields)

    def address(self, **more: str | None) -> dict[str, str]:
        """The part of the page's address that names this place."""
        values: dict[str, object] = {**self.filters, **more}
        return {name: str(value) for name, value in values.items() if value not in (None, "")}


class Tree:
    """Names and kinds of the organisations in the viewer's scope."""

    def __init__(self, viewer: Viewer, texts: Texts) -> None:
        self._texts = texts
        self._scope = viewer.figures
        frame = data.ask(viewer, "organizations")
        self._nodes: dict[int, dict[str, Any]] = {row["organization_id"]: row for row in frame.iter_rows(named=True)}

    def name(self, node: int | None) -> str:
        """A node's name in the page's language."""
        if not node:
            return self._texts("no_unit")
        row = self._nodes.get(node)
        return str(row[f"name_{self._texts.language}"]) if row else str(node)

    def holds(self, node: int | None) -> bool:
        """Whether the viewer may look at the whole of a node."""
        return self._scope.everywhere or node in self._scope.nodes

    def knows(self, node: int) -> bool:
        """Whether the node is the viewer's, holds something of the viewer's, or is no node at all."""
        row = self._nodes.get(node)
        return row is not None and bool(row["is_known"])

    def facilities(self) -> list[int]:
        """Organisations of this installation that the viewer may look at."""
        return self._known("organization")

    def _known(self, kind: str) -> list[int]:
        return [node for node, row in self._nodes.items() if row["kind"] == kind and row["is_known"]]

    def okrug(self, node: int | None) -> str | None:
        """KATO code of the rural okrug a node lies in: its first six digits name it."""
        row = self._nodes.get(node) if node is not None else None
        return f"{row['kato_code'][:6]}000" if row and row["kato_code"] else None

    def start(self) -> Place:
        """The widest place that is wholly the viewer's own."""
        regions = self._known("region")
        region = regions[0] if len(regions) == 1 else None
        facilities = self.facilities()
        if region is None or self.holds(region) or len(facilities) != 1:
            return Place(region)
        own = Place(region, facilities[0])
        sites = [node for node in self._known("site") if self.holds(node)]
        return own if self.holds(facilities[0]) or len(sites) != 1 else replace(own, site=sites[0])


def from_address(tree: Tree) -> Place:
    """Read the place from the address; what is not in scope is not found by the queries anyway."""
    asked = st.query_params

    def number(name: str) -> int | None:
        value = asked.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None

    place = Place(number("region"), number("organization"), number("site"), asked.get("practitioner") or None)
    return tree.start() if place == Place() and asked.get("region") != "all" else place


def crumbs(tree: Tree, place: Place, texts: Texts, labels: dict[str, str]) -> list[tuple[str, Place]]:
    """The way down to a place, from the widest place of the viewer."""
    steps = []
    if tree.start() == Place():
        steps.append((texts("all"), Place()))
    if place.region is not None and tree.start().organization is None:
        steps.append((tree.name(place.region) if tree.holds(place.region) else texts("own"), Place(place.region)))
    if place.organization is not None:
        # Another's organisation has no figures here, so its name would only mislead.
        known = not place.organization or tree.knows(place.organization)
        name = tree.name(place.organization) if known else str(place.organization)
        steps.append((name, Place(place.region, place.organization)))
    if place.site is not None:
        steps.append((tree.name(place.site), Place(place.region, place.organization, place.site)))
    if place.practitioner is not None:
        steps.append((practitioner_name(texts, labels, place.practitioner), place))
    return steps


def practitioners(viewer: Viewer) -> dict[str, str]:
    """Position of each practitioner by code."""
    return dict(data.ask(viewer, "practitioners").iter_rows())


def practitioner_name(texts: Texts, labels: dict[str, str], code: str | None) -> str:
    """Position and code, never a name."""
    if not code or code == NOBODY:
        return texts("no_practitioner")
    return f"{texts.term('position', labels.get(code) or 'other')} {code}"


@dataclass(frozen=True)
class Unit:
    """One unit below a place with its figure."""

    place: Place
    name: str
    numerator: int
    denominator: int


def units(viewer: Viewer, tree: Tree, texts: Texts, place: Place, code: str, period: str) -> list[Unit]:
    """The figures one level below a place; none where only cases follow."""
    unit = place.next_unit
    if unit is None:
        return []
    rows: pl.DataFrame = data.ask(viewer, "figures", code=code, period=period, unit=unit, **place.nodes)
    labels = practitioners(viewer) if unit == "practitioner" else {}
    found = []
    for row in rows.iter_rows(named=True):
        identity = row["practitioner_code"] if unit == "practitioner" else row["unit_id"]
        name = practitioner_name(texts, labels, identity) if unit == "practitioner" else tree.name(identity)
        found.append(Unit(place.below(unit, identity), name, row["numerator"], row["denominator"]))
    return found
