"""What a refused person can do instead: pages of the same patient that are open to him, and whom to ask."""

from __future__ import annotations

from fastapi import Request
from sqlalchemy import or_, select

from ops_app.actor import Actor
from ops_app.db import open_session
from ops_app.i18n import N_, _
from ops_app.modules.accounts.held_role import HELD_ROLE
from ops_app.modules.accounts.models import Account
from ops_app.modules.organizations.queries import path, workplace
from ops_app.patient_access import reason_address
from ops_app.permissions import Permission, Role

WAYS = (
    ("patients:identity", N_("Passport data of this person"), Permission.PATIENTS_IDENTITY_READ),
    ("appointments:of_patient", N_("Bookings of this person"), Permission.APPOINTMENTS_SLOT_BOOK),
)
"""Pages about one person that also those open who may not read his card."""
NAMED = 3
"""Administrators who are named; more is a list nobody reads."""


def ways_on(request: Request, actor: Actor) -> list[tuple[str, str]]:
    """Titles and addresses of what the actor may open about the person of the refused address."""
    patient_id = request.path_params.get("patient_id")
    if patient_id is None or actor.may(Permission.PATIENTS_CARD_READ):
        return []
    here = getattr(request.scope.get("route"), "name", "")
    return [
        (_(title), str(request.app.url_path_for(name, patient_id=patient_id)))
        for name, title, permission in WAYS
        if name != here and actor.may(permission)
    ]


def reason_page(request: Request, actor: Actor) -> str | None:
    """Where the card that was refused is opened with a stated reason; the reader comes back to this page."""
    patient_id = getattr(request.state, "closed_patient", None)
    if patient_id is None or request.method != "GET" or not actor.may(Permission.PATIENTS_IDENTITY_READ):
        return None
    return reason_address(request, patient_id)


def administrators(request: Request, actor: Actor) -> list[str]:
    """Names of those who give permissions where the actor works, the nearest first."""
    with open_session(request.app.state.engine) as session:
        here = workplace(session, actor)
        line = [node.id for node in path(session, here.organization.id)] if here else []
        held = HELD_ROLE.c
        found = session.execute(
            select(Account.display_name, held.organization_id)
            .join(HELD_ROLE, held.account_id == Account.id)
            .where(
                held.role == Role.ADMINISTRATOR,
                or_(held.organization_id.is_(None), held.organization_id.in_(line)),
                Account.is_active,
                Account.kind == "person",
                Account.id != actor.account_id,
            )
            .order_by(Account.display_name)
        ).tuples()
        nearest = sorted(found, key=lambda row: -line.index(row[1]) if row[1] is not None else 1)
        return list(dict.fromkeys(name for name, _node in nearest))[:NAMED]
