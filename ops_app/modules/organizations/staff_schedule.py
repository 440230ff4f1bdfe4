"""Hours and absences on the page of a member of staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import gettext
from ops_app.kit import clock
from ops_app.modules.appointments import queries as appointments
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.organizations.models import Organization, PractitionerRole
from ops_app.modules.organizations.queries import organization_of
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.modules.resources.choices import CHANGES, WEEKDAYS
from ops_app.modules.resources.models import StaffChange, StaffHours
from ops_app.modules.resources.staff_hours import coming
from ops_app.permissions import Permission
from ops_app.ui.render import local_name


def schedule(
    session: Session, actor: Actor, practitioner_id: int, held: Sequence[Row[PractitionerRole, Organization]]
) -> dict[str, Any]:
    """Weeks and changes that count from today on, and how many bookings fall into each absence."""
    today = clock.today()
    role_ids = [row.PractitionerRole.id for row in held]
    changes = coming(session, StaffChange, role_ids, today)
    return {
        "weekdays": WEEKDAYS,
        "change_titles": dict(CHANGES),
        "weeks": coming(session, StaffHours, role_ids, today),
        "changes": changes,
        "role_titles": {row.PractitionerRole.id: _title(row, len(held) > 1) for row in held},
        "booked": {row.id: _booked(session, practitioner_id, row, today) for row in changes if row.hours is None},
        "facility_of": {
            row.PractitionerRole.id: found.id
            for row in held
            if (found := organization_of(session, row.Organization.id)) is not None
        },
        "keeping": actor.scope(Permission.RESOURCES_REGISTER_WRITE),
        "reads_registers": actor.may(Permission.RESOURCES_REGISTER_READ),
    }


def _title(row: Row[PractitionerRole, Organization], with_place: bool) -> str:
    position = gettext(POSITIONS[row.PractitionerRole.position])
    return f"{position}, {local_name(row.Organization)}" if with_place else position


def _booked(session: Session, practitioner_id: int, away: StaffChange, today: dt.date) -> int:
    """Live bookings of somebody from today on that fall into an absence: they wait to be moved."""
    statement = (
        select(func.count())
        .select_from(Appointment)
        .where(
            Appointment.practitioner_id == practitioner_id,
            Appointment.start_at >= clock.from_local(max(away.start_date, today)),
            Appointment.status.in_(appointments.LIVE),
            Appointment.entered_in_error_at.is_(None),
        )
    )
    if away.end_date is not None:
        statement = statement.where(Appointment.start_at < clock.from_local(away.end_date))
    return session.scalar(statement) or 0
