"""Booking, moving and cancelling appointments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_moment
from ops_app.mechanisms.undo import State, put_back
from ops_app.modules.appointments import queries
from ops_app.modules.appointments.hours import told
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.organizations.queries import practitioners_of
from ops_app.modules.patients.queries import live_death, patient_or_404, record_ids, standing_for
from ops_app.modules.resources import staff_hours
from ops_app.permissions import Permission

USUAL_MINUTES = 20
FARTHEST_DAYS = 400


def book(
    session: Session,
    actor: Actor,
    patient_id: int,
    start_at: dt.datetime,
    organization_id: int,
    practitioner_id: int | None = None,
    minutes: int = USUAL_MINUTES,
) -> Appointment:
    """Book a time; refused for the dead, in the past, and where somebody is booked already."""
    if not actor.scope(Permission.APPOINTMENTS_SLOT_BOOK).allows(organization_id):
        raise Forbidden(_("You may book only in your own organisation"))
    patient_id = standing_for(session, patient_id)
    records = record_ids(session, patient_id)
    if patient_or_404(session, patient_id).entered_in_error_at is not None:
        raise Conflict(_("This record is marked as an error"))
    if live_death(session, records) is not None:
        raise Conflict(
            _("The death of this person is registered; no visit can be booked"),
            advice=_("If the death is a mistake, mark it as entered in error on the card first."),
        )
    end_at = start_at + dt.timedelta(minutes=minutes)
    _check_time(session, start_at, end_at, organization_id, practitioner_id, records)
    appointment = Appointment(
        patient_id=patient_id,
        organization_id=organization_id,
        practitioner_id=practitioner_id,
        event_at=clock.now(),
        known_at=clock.now(),
        start_at=start_at,
        end_at=end_at,
        recorded_by=actor.login,
    )
    session.add(appointment)
    session.flush()
    _log(session, actor, appointment, None)
    return appointment


def _check_time(
    session: Session,
    start_at: dt.datetime,
    end_at: dt.datetime,
    organization_id: int,
    practitioner_id: int | None,
    records: Sequence[int],
    besides: int | None = None,
) -> None:
    if start_at < clock.now() - dt.timedelta(minutes=5):
        raise Invalid(_("This time has passed"), field="date")
    if start_at > clock.now() + dt.timedelta(days=FARTHEST_DAYS):
        raise Invalid(_("This is more than a year ahead: check the date"), field="date")
    if practitioner_id is not None:
        known = {row.Practitioner.id for row in practitioners_of(session, [organization_id], clock.today())}
        if practitioner_id not in known:
            raise Invalid(_("This doctor does not work here"), field="practitioner_id")
        if not staff_hours.is_within(session, practitioner_id, organization_id, start_at, end_at):
            plan = staff_hours.plan_of(session, practitioner_id, organization_id, clock.local(start_at).date())
            raise Invalid(told(plan or staff_hours.DayPlan()), field="time" if plan and plan.hours else "date")
    _refuse_taken(session, start_at, end_at, practitioner_id, records, besides)


def _refuse_taken(
    session: Session,
    start_at: dt.datetime,
    end_at: dt.datetime,
    practitioner_id: int | None,
    records: Sequence[int],
    besides: int | None,
) -> None:
    if practitioner_id is not None:
        # Whoever books this doctor waits for the other's commit, so that no time is given twice.
        session.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"booking {practitioner_id} {clock.local(start_at):%Y-%m-%d}"},
        )
        taken = queries.overlapping(session, start_at, end_at, practitioner_id=practitioner_id, besides=besides)
        if taken is not None:
            raise Invalid(_("This time is taken until %(moment)s", moment=show_moment(taken.end_at)), field="time")
    own = queries.overlapping(session, start_at, end_at, records=records, besides=besides)
    if own is not None:
        raise Invalid(
            _("The patient has another booking at %(moment)s", moment=show_moment(own.start_at)), field="time"
        )


def _own(actor: Actor, appointment: Appointment) -> None:
    if not actor.scope(Permission.APPOINTMENTS_SLOT_BOOK).allows(appointment.organization_id):
        raise Forbidden(_("This booking belongs to another organisation"))
    if appointment.status not in queries.LIVE:
        raise Conflict(_("This booking is no longer open"))


def move(session: Session, actor: Actor, appointment_id: int, start_at: dt.datetime) -> Appointment:
    """Move a booking to another time of the same doctor."""
    appointment = queries.locked_appointment(session, appointment_id)
    _own(actor, appointment)
    end_at = start_at + (appointment.end_at - appointment.start_at)
    records = record_ids(session, appointment.patient_id)
    _check_time(
        session,
        start_at,
        end_at,
        appointment.organization_id,
        appointment.practitioner_id,
        records,
        besides=appointment.id,
    )
    before = audit.snapshot(appointment)
    appointment.start_at, appointment.end_at, appointment.status = start_at, end_at, "booked"
    session.flush()
    _log(session, actor, appointment, before)
    return appointment


def cancel(session: Session, actor: Actor, appointment_id: int, reason: str) -> Appointment:
    """Cancel a booking."""
    appointment = queries.locked_appointment(session, appointment_id)
    _own(actor, appointment)
    _set_status(session, actor, appointment, "cancelled", reason)
    return appointment


def mark_arrival(session: Session, actor: Actor, appointment_id: int, *, came: bool) -> Appointment:
    """The patient has come, or did not."""
    appointment = queries.locked_appointment(session, appointment_id)
    _own(actor, appointment)
    if not came and appointment.start_at > clock.now():
        raise Conflict(_("The time of the booking has not come yet"))
    _set_status(session, actor, appointment, "arrived" if came else "noshow")
    return appointment


def restore(session: Session, actor: Actor, appointment_id: int, state: State) -> Appointment:
    """Give a booking back the time and the state it had; refused where its time was given away meanwhile."""
    appointment = queries.locked_appointment(session, appointment_id)
    if not actor.scope(Permission.APPOINTMENTS_SLOT_BOOK).allows(appointment.organization_id):
        raise Forbidden(_("This booking belongs to another organisation"))
    before = audit.snapshot(appointment)
    put_back(appointment, state)
    if appointment.status in queries.LIVE:
        records = record_ids(session, appointment.patient_id)
        if live_death(session, records) is not None:
            raise Conflict(_("The death of this person is registered; no visit can be booked"))
        with session.no_autoflush:
            times = appointment.start_at, appointment.end_at
            _refuse_taken(session, *times, appointment.practitioner_id, records, appointment.id)
    session.flush()
    _log(session, actor, appointment, before)
    return appointment


def cancel_future(
    session: Session, actor: Actor, records: Sequence[int], after: dt.datetime, reason: str
) -> list[Appointment]:
    """Cancel everything a person is booked for after a moment."""
    cancelled = list(queries.future_of(session, records, after))
    for appointment in cancelled:
        _set_status(session, actor, appointment, "cancelled", reason)
    return cancelled


def fulfil_today(session: Session, actor: Actor, records: Sequence[int], day: dt.date) -> None:
    """A recorded visit fulfils the actor's own booking of that day."""
    if actor.practitioner_id is None:
        return
    for appointment in queries.open_of_day(session, records, actor.practitioner_id, day):
        _set_status(session, actor, appointment, "fulfilled")


def _set_status(
    session: Session, actor: Actor, appointment: Appointment, status: str, reason: str | None = None
) -> None:
    before = audit.snapshot(appointment)
    appointment.status, appointment.cancel_reason = status, reason
    session.flush()
    _log(session, actor, appointment, before)


def _log(session: Session, actor: Actor, row: Appointment, before: dict[str, object] | None) -> None:
    audit.changed(
        session,
        actor,
        entity="appointments.appointment",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
