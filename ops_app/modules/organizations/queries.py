"""Every SELECT about the tree of organisations and the people who work in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Row, Select, any_, bindparam, literal, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.errors import Forbidden
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.among import KEYS, among
from ops_app.kit.words import has_words
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where an actor records: the organisation, and the site of his current position if he has one."""

    organization: Organization
    site: Organization | None = None
    position: str | None = None


def _below(ids: Iterable[int]) -> Select[int]:
    start = select(Organization.id).where(Organization.id.in_(list(ids))).cte("below", recursive=True)
    tree = start.union_all(select(Organization.id).join(start, Organization.parent_id == start.c.id))
    return select(tree.c.id)


def descendant_ids(session: Session, ids: Iterable[int]) -> set[int]:
    """These nodes and everything below them."""
    return set(session.scalars(_below(ids)))


def path(session: Session, organization_id: int) -> list[Organization]:
    """From the region down to the node."""
    return list(session.scalars(_PATH, {"node": organization_id}))


def _path() -> Select[Organization]:
    node = (
        select(Organization.id, Organization.parent_id, literal(0).label("above"))
        .where(Organization.id == bindparam("node", type_=BigInteger))
        .cte("line", recursive=True)
    )
    line = node.union_all(
        select(Organization.id, Organization.parent_id, node.c.above + 1).join(
            node, Organization.id == node.c.parent_id
        )
    )
    return select(Organization).join(line, line.c.id == Organization.id).order_by(line.c.above.desc())


_PATH = _path()


def paths(session: Session, ids: Iterable[int]) -> dict[int, list[Organization]]:
    """The path of several nodes, with one query a level of the tree."""
    nodes: dict[int, Organization] = {}
    wanted = {node_id for node_id in ids if node_id}
    while missing := wanted - nodes.keys():
        found = session.scalars(select(Organization).where(Organization.id.in_(missing))).all()
        nodes |= {node.id: node for node in found}
        if len(found) < len(missing):
            wanted &= nodes.keys()
        wanted |= {node.parent_id for node in found if node.parent_id}
    result: dict[int, list[Organization]] = {}
    for node_id in nodes:
        line = [nodes[node_id]]
        while line[0].parent_id in nodes:
            line.insert(0, nodes[line[0].parent_id])
        result[node_id] = line
    return result


def organization_of(session: Session, node_id: int) -> Organization | None:
    """The organisation a department or site belongs to; the organisation itself for itself."""
    for node in path(session, node_id):
        if node.kind == "organization":
            return node
    return None


def tree(session: Session, scope: Scope | None = None, text: str = "") -> Sequence[Organization]:
    """Active nodes of a scope, parents before children, siblings by name; with a text those it names, and all above."""
    statement = select(Organization).where(Organization.is_active).order_by(Organization.sort_key, Organization.id)
    if scope is not None:
        statement = statement.where(scope.condition(Organization.id))
    nodes = session.scalars(statement).all()
    if text.strip():
        nodes = _named_with_above(session, nodes, text)
    present = {node.id for node in nodes}
    children: dict[int | None, list[Organization]] = {}
    for node in nodes:
        parent = node.parent_id if node.parent_id in present else None
        children.setdefault(parent, []).append(node)
    ordered: list[Organization] = []

    def visit(parent: int | None) -> None:
        for node in children.get(parent, []):
            ordered.append(node)
            visit(node.id)

    visit(None)
    return ordered


def _named_with_above(session: Session, nodes: Sequence[Organization], text: str) -> Sequence[Organization]:
    columns = (Organization.name_kk, Organization.name_ru, Organization.name_en, Organization.bin)
    named = set(session.scalars(select(Organization.id).where(has_words(columns, text))))
    above = {node.id: node.parent_id for node in nodes}
    kept: set[int] = set()
    for node_id in named & above.keys():
        step: int | None = node_id
        while step in above and step not in kept:
            kept.add(step)
            step = above[step]
    return [node for node in nodes if node.id in kept]


def organizations(session: Session, scope: Scope | None = None, *, external: bool = False) -> Sequence[Organization]:
    """Organisations by name, only those of a scope when one is given; ``external`` adds outside ones."""
    statement = select(Organization).where(Organization.kind == "organization", Organization.is_active)
    if scope is not None:
        statement = statement.where(scope.condition(Organization.id))
    if not external:
        statement = statement.where(Organization.is_external.is_(False))
    return session.scalars(statement.order_by(Organization.is_external, Organization.sort_key, Organization.id)).all()


def sites(session: Session, organization_ids: Iterable[int]) -> Sequence[Organization]:
    """Sites of organisations, by name."""
    return session.scalars(
        select(Organization)
        .where(Organization.id.in_(_below(organization_ids)), Organization.kind == "site", Organization.is_active)
        .order_by(Organization.sort_key, Organization.id)
    ).all()


def practitioners_of(
    session: Session, organization_ids: Iterable[int], on: dt.date | None = None
) -> Sequence[Row[Practitioner, PractitionerRole]]:
    """People with a current position in these organisations or below, by name."""
    on = on or clock.today()
    places = _below(organization_ids)
    return session.execute(
        select(Practitioner, PractitionerRole)
        .join(PractitionerRole, PractitionerRole.practitioner_id == Practitioner.id)
        .where(PractitionerRole.organization_id.in_(places), PractitionerRole.start_date <= on)
        .where(PractitionerRole.end_date.is_(None) | (PractitionerRole.end_date > on))
        .order_by(Practitioner.sort_key, Practitioner.id)
    ).all()


def current_role(session: Session, practitioner_id: int) -> PractitionerRole | None:
    """The newest position a practitioner holds today."""
    today = clock.today()
    return session.scalar(
        select(PractitionerRole)
        .where(PractitionerRole.practitioner_id == practitioner_id, PractitionerRole.start_date <= today)
        .where(PractitionerRole.end_date.is_(None) | (PractitionerRole.end_date > today))
        .order_by(PractitionerRole.start_date.desc(), PractitionerRole.id.desc())
        .limit(1)
    )


def workplace(session: Session, actor: Actor) -> Workplace | None:
    """Where the actor works: the chosen place, else that of his position, else the first that a role names."""
    if actor.place_id is not None and (chosen := _at_node(session, actor.place_id)) is not None:
        return chosen
    if actor.practitioner_id is not None:
        role = current_role(session, actor.practitioner_id)
        if role is not None:
            organization = organization_of(session, role.organization_id)
            if organization is not None:
                site = session.get(Organization, role.site_id) if role.site_id else None
                return Workplace(organization, site, role.position)
    for grant in actor.grants:
        if grant.organization_id is not None and (found := _at_node(session, grant.organization_id)) is not None:
            return found
    return None


def _at_node(session: Session, node_id: int) -> Workplace | None:
    organization = organization_of(session, node_id)
    if organization is None:
        return None
    node = session.get(Organization, node_id)
    return Workplace(organization, node if node is not None and node.kind == "site" else None)


def place_of(session: Session, actor: Actor) -> Workplace:
    """Where the actor records; an account without a workplace records nothing."""
    place = workplace(session, actor)
    if place is None:
        raise Forbidden(
            _("Your account is not tied to an organisation"),
            advice=_("Ask the administrator to give you a role at your organisation."),
        )
    return place


_PLACES = select(Organization).where(Organization.id == any_(KEYS))


def places(session: Session, ids: Iterable[int | None]) -> dict[int, Organization]:
    """Nodes by their numbers; a session reads each of them once, for a page names the same few again and again."""
    known: dict[int, Organization] = session.info.setdefault("places", {})
    wanted = {node for node in ids if node is not None}
    if missing := wanted - known.keys():
        known |= {node.id: node for node in session.scalars(_PLACES, {"keys": list(missing)})}
    return {node: known[node] for node in wanted if node in known}


def practitioner_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Short names of practitioners: "Ахметова А. С."."""
    wanted = {practitioner_id for practitioner_id in ids if practitioner_id}
    if not wanted:
        return {}
    named = select(Practitioner.id, Practitioner.family_name, Practitioner.given_name, Practitioner.patronymic)
    rows = session.execute(named.where(among(Practitioner.id, wanted)))
    return {row.id: short_name(row.family_name, row.given_name, row.patronymic) for row in rows}


def short_name(family: str, given: str, patronymic: str | None) -> str:
    """Family name and initials."""
    initials = " ".join(f"{part[0]}." for part in (given, patronymic) if part)
    return f"{family} {initials}".strip()
