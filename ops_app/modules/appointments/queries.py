"""Every SELECT about bookings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Permission

LIVE = ("booked", "arrived")


def locked_appointment(session: Session, appointment_id: int) -> Appointment:
    """A booking that nobody else may change until the commit."""
    appointment = session.get(Appointment, appointment_id, with_for_update=True, populate_existing=True)
    if appointment is None:
        raise NotFound(_("There is no such booking"))
    return appointment


def appointment_or_404(session: Session, appointment_id: int) -> Appointment:
    """A booking."""
    appointment = session.get(Appointment, appointment_id)
    if appointment is None:
        raise NotFound(_("There is no such booking"))
    return appointment


def overlapping(
    session: Session,
    start_at: dt.datetime,
    end_at: dt.datetime,
    *,
    practitioner_id: int | None = None,
    records: Sequence[int] = (),
    besides: int | None = None,
) -> Appointment | None:
    """A live booking of a practitioner, or of a person, that overlaps a time."""
    statement = select(Appointment).where(
        Appointment.start_at < end_at,
        Appointment.end_at > start_at,
        Appointment.status.in_(LIVE),
        Appointment.entered_in_error_at.is_(None),
    )
    if practitioner_id is not None:
        statement = statement.where(Appointment.practitioner_id == practitioner_id)
    else:
        statement = statement.where(Appointment.patient_id.in_(records))
    if besides is not None:
        statement = statement.where(Appointment.id != besides)
    return session.scalar(statement.limit(1))


def future_of(session: Session, records: Sequence[int], after: dt.datetime) -> Sequence[Appointment]:
    """Live bookings of a person after a moment, locked."""
    return session.scalars(
        select(Appointment)
        .where(
            Appointment.patient_id.in_(records),
            Appointment.start_at > after,
            Appointment.status == "booked",
            Appointment.entered_in_error_at.is_(None),
        )
        .order_by(Appointment.start_at)
        .with_for_update()
    ).all()


def open_of_day(session: Session, records: Sequence[int], practitioner_id: int, day: dt.date) -> Sequence[Appointment]:
    """Live bookings of a person with a practitioner on a local day, locked."""
    begin = clock.from_local(day)
    return session.scalars(
        select(Appointment)
        .where(
            Appointment.patient_id.in_(records),
            Appointment.practitioner_id == practitioner_id,
            Appointment.start_at >= begin,
            Appointment.start_at < begin + dt.timedelta(days=1),
            Appointment.status.in_(LIVE),
            Appointment.entered_in_error_at.is_(None),
        )
        .with_for_update()
    ).all()


def of_patient(session: Session, records: Sequence[int]) -> Sequence[Appointment]:
    """Bookings of a person, the future ones first."""
    return session.scalars(
        select(Appointment)
        .where(Appointment.patient_id.in_(records), Appointment.entered_in_error_at.is_(None))
        .order_by(Appointment.start_at.desc())
        .limit(100)
    ).all()


def day_list(
    scope: Scope, day: dt.date, practitioner_id: int | None = None, status: str | None = None
) -> Select[Appointment, Patient]:
    """Bookings of a local day in a scope with the people."""
    begin = clock.from_local(day)
    statement = (
        select(Appointment, Patient)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            scope.condition(Appointment.organization_id),
            Appointment.start_at >= begin,
            Appointment.start_at < begin + dt.timedelta(days=1),
            Appointment.entered_in_error_at.is_(None),
        )
    )
    if practitioner_id is not None:
        statement = statement.where(Appointment.practitioner_id == practitioner_id)
    if status is not None:
        statement = statement.where(Appointment.status == status)
    return statement


def today_of(
    session: Session, scope: Scope, practitioner_id: int | None, limit: int = 60
) -> Sequence[Row[Appointment, Patient]]:
    """Bookings of today in the order of time."""
    statement = day_list(scope, clock.today(), practitioner_id).where(Appointment.status != "cancelled")
    return session.execute(statement.order_by(Appointment.start_at, Appointment.id).limit(limit)).all()


def still_to_come(session: Session, actor: Actor) -> int:
    """How many are booked for today and have not come yet: the own ones of a doctor, else those of the place."""
    scope = actor.scope(Permission.APPOINTMENTS_SLOT_BOOK)
    own = actor.practitioner_id if actor.may(Permission.VISITS_RECORD_WRITE) else None
    booked = day_list(scope, clock.today(), own, "booked").with_only_columns(func.count())
    return session.scalar(booked) or 0
