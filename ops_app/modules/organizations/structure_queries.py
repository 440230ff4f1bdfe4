"""What the screens of facilities and staff read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, Select, exists, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.organizations.models import (
    Location,
    Organization,
    OrganizationProfile,
    Practitioner,
    PractitionerRole,
)
from ops_app.modules.patients.models import Attachment


def node_or_404(session: Session, node_id: int, scope: Scope, *, lock: bool = False) -> Organization:
    """A node of a scope."""
    node = session.get(Organization, node_id, with_for_update=lock or None, populate_existing=lock)
    if node is None or not scope.allows(node.id):
        raise NotFound(_("There is no such place"))
    return node


def profile_of(session: Session, node_id: int) -> OrganizationProfile | None:
    """What a facility's papers need."""
    return session.scalar(select(OrganizationProfile).where(OrganizationProfile.organization_id == node_id))


def children(session: Session, node_id: int) -> Sequence[Organization]:
    """Active nodes directly below."""
    return session.scalars(
        select(Organization)
        .where(Organization.parent_id == node_id, Organization.is_active)
        .order_by(Organization.sort_key, Organization.id)
    ).all()


def locations(session: Session, node_id: int) -> Sequence[Location]:
    """Rooms, wards and vehicles of a node."""
    return session.scalars(
        select(Location)
        .where(Location.organization_id == node_id)
        .order_by(Location.kind, Location.name_kk, Location.id)
    ).all()


def has_staff(session: Session, node_id: int) -> bool:
    """Whether somebody holds a position at the node or serves it as his site."""
    held = exists().where(
        (PractitionerRole.organization_id == node_id) | (PractitionerRole.site_id == node_id),
        PractitionerRole.end_date.is_(None) | (PractitionerRole.end_date > clock.today()),
    )
    return bool(session.scalar(select(held)))


def has_people(session: Session, node_id: int) -> bool:
    """Whether somebody is attached to the node."""
    attached = exists().where(
        (Attachment.site_id == node_id) | (Attachment.organization_id == node_id),
        Attachment.end_date.is_(None),
        Attachment.entered_in_error_at.is_(None),
    )
    return bool(session.scalar(select(attached)))


def staff(scope: Scope) -> Select[Practitioner, PractitionerRole, Organization]:
    """Positions held in a scope, those that ended too, each with its person and place."""
    return (
        select(Practitioner, PractitionerRole, Organization)
        .join(PractitionerRole, PractitionerRole.practitioner_id == Practitioner.id)
        .join(Organization, Organization.id == PractitionerRole.organization_id)
        .where(scope.condition(PractitionerRole.organization_id))
    )


def positions(session: Session, practitioner_id: int) -> Sequence[Row[PractitionerRole, Organization]]:
    """All positions of a person, the newest first."""
    return session.execute(
        select(PractitionerRole, Organization)
        .join(Organization, Organization.id == PractitionerRole.organization_id)
        .where(PractitionerRole.practitioner_id == practitioner_id)
        .order_by(PractitionerRole.start_date.desc(), PractitionerRole.id.desc())
    ).all()


def person_or_404(session: Session, practitioner_id: int, scope: Scope) -> Practitioner:
    """A member of staff who holds or held a position in a scope."""
    person = session.get(Practitioner, practitioner_id)
    here = exists().where(
        PractitionerRole.practitioner_id == practitioner_id, scope.condition(PractitionerRole.organization_id)
    )
    if person is None or not session.scalar(select(here)):
        raise NotFound(_("There is no such member of staff"))
    return person
