"""Every SELECT of the permission map and of the circles of closed topics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Text, any_, bindparam, exists, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.kit import clock
from ops_app.mechanisms.closed_topics.declaration import topics
from ops_app.mechanisms.closed_topics.veil import Veil
from ops_app.modules.access.models import CardRule, TopicCircle
from ops_app.modules.access.permission_map import permission_map
from ops_app.modules.organizations.models import Organization, PractitionerRole
from ops_app.modules.organizations.queries import paths
from ops_app.modules.patients.access import MAPPED, AccessRule
from ops_app.modules.patients.models import AccessGrant
from ops_app.permissions import Permission

OPENS_PEOPLE = (
    Permission.PATIENTS_IDENTITY_READ,
    Permission.PATIENTS_CARD_READ,
    Permission.VISITS_RECORD_READ,
    Permission.DOCUMENTS_RECORD_READ,
    Permission.EXCHANGE_CONTENTS_READ,
    Permission.WORKLIST_TASK_READ,
)


_CARD_RULES = select(CardRule).where(CardRule.role == any_(bindparam("roles", type_=ARRAY(Text))))


def card_rules(session: Session, roles: Iterable[str]) -> Sequence[CardRule]:
    """Cells of the map that organisations set for these roles."""
    return session.scalars(_CARD_RULES, {"roles": list(roles)}).all()


_TOPIC_CIRCLES = select(TopicCircle)


def topic_circles(session: Session) -> Sequence[TopicCircle]:
    """Cells of the circles that organisations set."""
    return session.scalars(_TOPIC_CIRCLES).all()


def opening_scopes(session: Session, actor: Actor, permission: Permission) -> dict[AccessRule, Scope]:
    """Where each rule of the permission map opens cards for this actor."""
    cells = {(cell.organization_id, cell.role, cell.rule): cell.is_allowed for cell in card_rules(session, actor.roles)}
    lines = _lines(session, (grant.organization_id for grant in actor.grants)) if cells else {}
    scopes: dict[AccessRule, Scope] = {}
    for grant in actor.grants:
        if permission not in grant.held:
            continue
        if grant.scope.everywhere:
            scopes[AccessRule.EVERYWHERE] = grant.scope
        line = lines.get(grant.organization_id or 0, [])
        for rule in MAPPED:
            # the nearest node that says anything decides
            said = [cells[node, grant.role, rule] for node in reversed(line) if (node, grant.role, rule) in cells]
            if said[0] if said else permission_map().allows(grant.role, rule):
                scopes[AccessRule(rule)] = scopes.get(AccessRule(rule), Scope()).joined(grant.scope)
    return scopes


def _lines(session: Session, places: Iterable[int | None]) -> dict[int, list[int]]:
    """By node: the node numbers from the region down to it."""
    wanted = {place for place in places if place is not None}
    return {node: [each.id for each in line] for node, line in paths(session, wanted).items()}


# Composed once: they are asked with every request.
_OPENED = select(AccessGrant.patient_id).where(
    AccessGrant.granted_to == bindparam("login"), AccessGrant.opens_closed, AccessGrant.expires_at > bindparam("now")
)
_HELD_POSITIONS = select(
    PractitionerRole.position, PractitionerRole.organization_id, exists(select(TopicCircle.id)).label("has_circles")
).where(
    PractitionerRole.practitioner_id == bindparam("practitioner"),
    PractitionerRole.start_date <= bindparam("today"),
    PractitionerRole.end_date.is_(None) | (PractitionerRole.end_date > bindparam("today")),
)


def veil_for(session: Session, actor: Actor) -> Veil:
    """Which closed topics this actor may not see, and whose he opened with a stated reason."""
    if not any(actor.may(permission) for permission in OPENS_PEOPLE):
        return Veil(frozenset(topics()), actor.login, actor.practitioner_id)
    opened = session.scalars(_OPENED, {"login": actor.login, "now": clock.now()})
    closed = frozenset(topics()) - _treated(session, actor)
    return Veil(closed, actor.login, actor.practitioner_id, tuple(sorted(set(opened))))


def _treated(session: Session, actor: Actor) -> set[str]:
    """Topics that one of the actor's positions treats."""
    if actor.practitioner_id is None:
        return set()
    held = session.execute(_HELD_POSITIONS, {"practitioner": actor.practitioner_id, "today": clock.today()}).all()
    set_by_some = topic_circles(session) if any(row.has_circles for row in held) else ()
    cells = {(cell.organization_id, cell.topic, cell.position): cell.is_allowed for cell in set_by_some}
    lines = _lines(session, (row.organization_id for row in held)) if cells else {}
    found: set[str] = set()
    for position, place, _has_circles in held:
        for topic in topics().values():
            # the nearest node decides, there the position before "everybody"
            said = [
                cells[node, topic.code, who]
                for node in reversed(lines.get(place, []))
                for who in (position, None)
                if (node, topic.code, who) in cells
            ]
            if said[0] if said else position in topic.positions:
                found.add(topic.code)
    return found


@dataclass(frozen=True, slots=True)
class Cell:
    """What holds in a cell at a node, and the node that says so; None where the declaration does."""

    is_allowed: bool
    said_at: Organization | None = None


def map_at(session: Session, place: int, roles: Sequence[str]) -> dict[tuple[str, str], Cell]:
    """The permission map at a node: by role and rule."""
    line = paths(session, [place]).get(place, [])
    said = {(cell.organization_id, cell.role, cell.rule): cell.is_allowed for cell in card_rules(session, roles)}
    found: dict[tuple[str, str], Cell] = {}
    for role in roles:
        for rule in MAPPED:
            nearest = next((node for node in reversed(line) if (node.id, role, rule) in said), None)
            found[role, rule] = (
                Cell(said[nearest.id, role, rule], nearest) if nearest else Cell(permission_map().allows(role, rule))
            )
    return found


def circles_at(session: Session, place: int) -> dict[str, list[tuple[str | None, Cell]]]:
    """By topic: the positions that treat it at a node by declaration, and those an organisation added or took away."""
    line = paths(session, [place]).get(place, [])
    said = {(cell.organization_id, cell.topic, cell.position): cell.is_allowed for cell in topic_circles(session)}
    found: dict[str, list[tuple[str | None, Cell]]] = {}
    for topic in topics().values():
        cells: dict[str | None, Cell] = {position: Cell(True) for position in topic.positions}
        for node in line:
            cells |= {
                position: Cell(allowed, node)
                for (place_id, code, position), allowed in said.items()
                if place_id == node.id and code == topic.code
            }
        found[topic.code] = sorted(cells.items(), key=lambda item: item[0] or "")
    return found
