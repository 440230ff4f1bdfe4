"""Finding facilities, departments, sites and rooms by a few letters."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit.words import has_words
from ops_app.modules.organizations.models import Location, Organization

SHORTEST = 2
MOST = 50


@dataclass(frozen=True)
class Place:
    """A node of the tree, or a room of one."""

    node: Organization
    room: Location | None = None


def find(session: Session, text: str) -> list[Place]:
    """Places whose names have all the words, in whatever script and keyboard layout; a facility also by its BIN."""
    text = text.strip()
    if len(text) < SHORTEST:
        return []
    nodes = session.scalars(
        select(Organization)
        .where(Organization.is_active, or_(_named(Organization, text), Organization.bin == text))
        .order_by(Organization.is_external, Organization.parent_id.is_not(None), Organization.sort_key, Organization.id)
        .limit(MOST)
    )
    rooms = session.execute(
        select(Location, Organization)
        .join(Organization, Organization.id == Location.organization_id)
        .where(Organization.is_active, _named(Location, text))
        .order_by(Location.name_kk, Location.id)
        .limit(MOST)
    )
    found = [Place(node) for node in nodes]
    return [*found, *(Place(row.Organization, row.Location) for row in rooms)][:MOST]


def _named(table: type[Organization] | type[Location], text: str) -> ColumnElement[bool]:
    return has_words((table.name_kk, table.name_ru, table.name_en), text)


def place_or_404(session: Session, node_id: int) -> Organization:
    """A node of the tree, of whomever."""
    node = session.get(Organization, node_id)
    if node is None:
        raise NotFound(_("There is no such place"))
    return node
