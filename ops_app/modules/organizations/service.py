"""Every write about facilities, their structure and staff."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor, Scope
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit.spelling import sort_key
from ops_app.modules.organizations import structure_queries as queries
from ops_app.modules.organizations.forms import (
    LocationForm,
    NewNodeForm,
    NewStaffForm,
    NodeForm,
    PositionForm,
    StaffForm,
)
from ops_app.modules.organizations.models import (
    Location,
    Organization,
    OrganizationProfile,
    Practitioner,
    PractitionerRole,
)
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.patients import iin
from ops_app.permissions import Permission

PROFILE = ("oid", "address_line", "phone", "licence_number", "licence_date", "care_profiles")
BELOW = {"region": ("organization",), "organization": ("department", "site"), "department": ("site",), "site": ()}
"""What may stand under what."""


def managing(actor: Actor) -> Scope:
    """Where the actor keeps the tree."""
    return actor.scope(Permission.ORGANIZATIONS_TREE_MANAGE)


def add_node(session: Session, actor: Actor, parent_id: int, data: NewNodeForm) -> Organization:
    """Add a facility, department or site under another node."""
    parent = queries.node_or_404(session, parent_id, managing(actor), lock=True)
    if data.kind not in BELOW[parent.kind]:
        raise Invalid(_("This cannot stand here in the tree"), field="kind")
    node = Organization(parent_id=parent.id, kind=data.kind, **_columns(data))
    session.add(node)
    session.flush()
    _log(session, actor, node, None)
    _keep_profile(session, actor, node, data)
    return node


def change_node(session: Session, actor: Actor, node_id: int, data: NodeForm) -> Organization:
    """Change a node and, for a facility, its papers."""
    node = queries.node_or_404(session, node_id, managing(actor), lock=True)
    before = audit.snapshot(node)
    for name, value in _columns(data).items():
        setattr(node, name, value)
    session.flush()
    _log(session, actor, node, before)
    _keep_profile(session, actor, node, data)
    return node


def close_node(session: Session, actor: Actor, node_id: int) -> Organization:
    """Take a node out of use; nobody may be left in it."""
    node = queries.node_or_404(session, node_id, managing(actor), lock=True)
    if not node.is_active:
        raise Conflict(_("This place is closed already"))
    if node.kind == "region":
        raise Conflict(_("A region is not closed here"))
    if queries.children(session, node.id):
        raise Conflict(_("Close what stands below it first"))
    if queries.has_staff(session, node.id):
        raise Conflict(_("End the positions of its staff first"))
    if queries.has_people(session, node.id):
        raise Conflict(_("People are attached here: attach them elsewhere first"))
    before = audit.snapshot(node)
    node.is_active = False
    session.flush()
    _log(session, actor, node, before)
    return node


def add_location(session: Session, actor: Actor, node_id: int, data: LocationForm) -> Location:
    """Add a room, ward or vehicle."""
    node = queries.node_or_404(session, node_id, managing(actor))
    row = Location(organization_id=node.id, name_en=data.name_ru, **data.model_dump())
    session.add(row)
    session.flush()
    _log(session, actor, row, None)
    return row


def add_staff(session: Session, actor: Actor, data: NewStaffForm) -> Practitioner:
    """Register a member of staff with the first position; somebody known by IIN gets one more position."""
    _refuse_wrong_place(session, actor, data)
    person = None
    if data.iin:
        _refuse_wrong_iin(data)
        person = session.scalar(select(Practitioner).where(Practitioner.iin == data.iin).with_for_update())
    if person is None:
        person = Practitioner(**_person(data))
        session.add(person)
        session.flush()
        _log(session, actor, person, None)
    add_position(session, actor, person, data)
    return person


def change_staff(session: Session, actor: Actor, practitioner_id: int, data: StaffForm) -> Practitioner:
    """Correct the name or IIN of a member of staff."""
    person = queries.person_or_404(session, practitioner_id, managing(actor))
    if data.iin:
        _refuse_wrong_iin(data)
        twin = session.scalar(select(Practitioner.id).where(Practitioner.iin == data.iin, Practitioner.id != person.id))
        if twin is not None:
            raise Invalid(_("Another member of staff has this IIN"), field="iin")
    before = audit.snapshot(person)
    for name, value in _person(data).items():
        setattr(person, name, value)
    session.flush()
    _log(session, actor, person, before)
    return person


def add_position(session: Session, actor: Actor, person: Practitioner, data: PositionForm) -> PractitionerRole:
    """Give a member of staff one more position."""
    _refuse_wrong_place(session, actor, data)
    names = ("organization_id", "site_id", "position", "specialty", "rate", "start_date")
    row = PractitionerRole(practitioner_id=person.id, **{name: getattr(data, name) for name in names})
    session.add(row)
    session.flush()
    _log(session, actor, row, None)
    return row


def end_position(session: Session, actor: Actor, role_id: int, end_date: dt.date) -> PractitionerRole:
    """End a position."""
    row = session.get(PractitionerRole, role_id, with_for_update=True)
    if row is None or not managing(actor).allows(row.organization_id):
        raise Forbidden(_("This place is not yours to keep"))
    if row.end_date is not None:
        raise Conflict(_("This position has ended already"))
    if end_date < row.start_date:
        raise Invalid(_("A position cannot end before it begins"), field="end_date")
    before = audit.snapshot(row)
    row.end_date = end_date
    session.flush()
    _log(session, actor, row, before)
    return row


def _refuse_wrong_place(session: Session, actor: Actor, data: PositionForm) -> None:
    if not managing(actor).allows(data.organization_id):
        raise Forbidden(_("This place is not yours to keep"), field="organization_id")
    if data.site_id is not None and data.site_id not in descendant_ids(session, [data.organization_id]):
        raise Invalid(_("This site belongs to another place"), field="site_id")


def _columns(data: NodeForm) -> dict[str, Any]:
    names = ("name_kk", "name_ru", "organization_type", "site_kind", "bin", "kato_code", "care_level")
    values = {name: getattr(data, name) for name in names}
    return values | {"name_en": data.name_en or data.name_ru, "sort_key": sort_key(data.name_kk)}


def _keep_profile(session: Session, actor: Actor, node: Organization, data: NodeForm) -> None:
    values = {name: getattr(data, name) for name in PROFILE}
    row = queries.profile_of(session, node.id)
    if row is None and not any(values.values()):
        return
    before = audit.snapshot(row) if row is not None else None
    if row is None:
        row = OrganizationProfile(organization_id=node.id)
        session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    _log(session, actor, row, before)


def _person(data: StaffForm) -> dict[str, Any]:
    names = ("iin", "family_name", "given_name", "patronymic", "sex")
    whole = " ".join(filter(None, (data.family_name, data.given_name, data.patronymic)))
    return {name: getattr(data, name) for name in names} | {"sort_key": sort_key(whole)}


def _refuse_wrong_iin(data: StaffForm) -> None:
    if iin.problem(data.iin or "", sex=data.sex) is not None:
        raise Invalid(_("This is not an IIN: check the digits and the sex"), field="iin")


def _log(session: Session, actor: Actor, row: Any, before: dict[str, Any] | None) -> None:
    entity = f"organizations.{row.__tablename__}"
    audit.changed(session, actor, entity=entity, entity_id=row.id, before=before, after=audit.snapshot(row))
