"""Bookings of a day and of a person."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.undo import Undo, change_of
from ops_app.modules.appointments import queries, service
from ops_app.modules.appointments.forms import (
    CANCEL_REASONS,
    CANCEL_TITLES,
    STATUS_TITLES,
    STATUSES,
    BookingForm,
    CancelForm,
    DayFilter,
    HoursQuery,
)
from ops_app.modules.appointments.hours import told
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.appointments.permissions import Booker, PatientBooker
from ops_app.modules.organizations.queries import place_of, practitioner_names, practitioners_of, short_name
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.resources.staff_hours import plan_of
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import fragment, page, redirect
from ops_app.ui.undo import state_of

router = APIRouter()


def doctor_choices(session: Session, organization_ids: list[int]) -> list[tuple[int, str]]:
    """Staff that can be booked, by name."""
    rows = practitioners_of(session, organization_ids)
    found = {
        row.Practitioner.id: short_name(
            row.Practitioner.family_name, row.Practitioner.given_name, row.Practitioner.patronymic
        )
        for row in rows
        if row.PractitionerRole.position not in ("registrar", "statistician", "chief_physician")
    }
    return list(found.items())


@router.get("/appointments", name="appointments:day")
def day_list(request: Request, actor: Booker, db: Db, paging: Paging) -> Response:
    """Bookings of a day."""
    form = Posted(request.query_params).check(DayFilter)
    wanted = form.value or DayFilter()
    day = wanted.day or clock.today()
    scope = actor.scope(Permission.APPOINTMENTS_SLOT_BOOK)
    shown = fetch_page(
        db,
        queries.day_list(scope, day, wanted.practitioner_id, wanted.status),
        paging,
        sortable={"start": Appointment.start_at, "status": Appointment.status},
        default=(Appointment.start_at, Appointment.id),
    )
    audit.read_many(db, actor, [row.Patient.id for row in shown.items], rule="booking_list")
    place = place_of(db, actor)
    return page(
        request,
        "appointments/day.html",
        bookings=shown,
        day=day,
        before=day - dt.timedelta(days=1),
        after=day + dt.timedelta(days=1),
        filters=blank({"day": day, "practitioner_id": wanted.practitioner_id, "status": wanted.status}),
        doctors=doctor_choices(db, [place.organization.id]),
        names=practitioner_names(db, (row.Appointment.practitioner_id for row in shown.items)),
        statuses=STATUSES,
        status_titles=STATUS_TITLES,
        opens="patients:card" if actor.may(Permission.PATIENTS_CARD_READ) else "patients:identity",
        now=clock.now(),
        hours=_hours(db, place.organization.id, wanted.practitioner_id, day),
    )


@router.get("/appointments/hours", name="appointments:hours")
def hours(request: Request, actor: Booker, db: Db) -> Response:
    """When a doctor works on a day, beside the form of a booking."""
    form = Posted(request.query_params).check(HoursQuery)
    asked = form.value or HoursQuery()
    place = place_of(db, actor)
    said = _hours(db, place.organization.id, asked.practitioner_id, asked.date) if asked.date else None
    return fragment(request, "appointments/_hours.html", hours=said)


def _hours(db: Session, organization_id: int, practitioner_id: int | None, day: dt.date) -> str | None:
    plan = plan_of(db, practitioner_id, organization_id, day) if practitioner_id is not None else None
    return told(plan) if plan is not None else None


@router.get("/patients/{patient_id}/appointments", name="appointments:of_patient")
def of_patient(request: Request, access: PatientBooker, db: Db) -> Response:
    """A person's bookings and a form for a new one."""
    known: dict[str, Any] = {"minutes": service.USUAL_MINUTES, "practitioner_id": access.actor.practitioner_id}
    return _person_page(request, db, access, blank(known))


def _person_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200
) -> Response:
    who = person(db, access)
    bookings = queries.of_patient(db, who.records)
    place = place_of(db, access.actor)
    return card_page(
        request,
        db,
        access,
        "appointments/of_patient.html",
        "bookings",
        who=who,
        status_code=status_code,
        form=form,
        bookings=bookings,
        doctors=doctor_choices(db, [place.organization.id]),
        names=practitioner_names(db, (row.practitioner_id for row in bookings)),
        status_titles=STATUS_TITLES,
        cancel_titles=CANCEL_TITLES,
        live=queries.LIVE,
        own=access.actor.scope(Permission.APPOINTMENTS_SLOT_BOOK),
        now=clock.now(),
    )


@router.post("/patients/{patient_id}/appointments", name="appointments:book")
def book(request: Request, access: PatientBooker, db: Db, posted: PostedForm) -> Response:
    """Book a time."""
    form = posted.check(BookingForm)
    if form.value is not None:
        data = form.value
        place = place_of(db, access.actor)
        start_at = clock.from_local(data.date, data.time)
        try:
            with db.begin_nested():
                service.book(
                    db,
                    access.actor,
                    access.patient_id,
                    start_at,
                    place.organization.id,
                    data.practitioner_id,
                    data.minutes,
                )
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("appointments:of_patient", patient_id=access.patient_id)
            return redirect(request, url, _("Booked"))
    return _person_page(request, db, access, form, 422)


@router.get("/appointments/{appointment_id}", name="appointments:change")
def change(request: Request, actor: Booker, db: Db, appointment_id: int) -> Response:
    """A booking: move it or cancel it."""
    appointment = queries.appointment_or_404(db, appointment_id)
    access = open_patient(db, actor, appointment.patient_id, Permission.APPOINTMENTS_SLOT_BOOK)
    return _change_page(request, db, access, appointment, _times(appointment))


def _times(appointment: Appointment) -> Form[Any]:
    start = clock.local(appointment.start_at)
    return blank({"date": start.date(), "time": f"{start:%H:%M}"})


def _change_page(
    request: Request,
    db: Session,
    access: PatientAccess,
    appointment: Appointment,
    form: Form[Any],
    status_code: int = 200,
) -> Response:
    return card_page(
        request,
        db,
        access,
        "appointments/change.html",
        "bookings",
        status_code=status_code,
        appointment=appointment,
        form=form,
        cancel_form=blank({"reason": "patient"}),
        cancel_reasons=CANCEL_REASONS,
        names=practitioner_names(db, [appointment.practitioner_id]),
        status_titles=STATUS_TITLES,
        is_live=appointment.status in queries.LIVE,
    )


@router.post("/appointments/{appointment_id}/move", name="appointments:move")
def move(request: Request, actor: Booker, db: Db, appointment_id: int, posted: PostedForm) -> Response:
    """Move a booking."""
    appointment = queries.locked_appointment(db, appointment_id)
    access = open_patient(db, actor, appointment.patient_id, Permission.APPOINTMENTS_SLOT_BOOK)
    form = posted.check(BookingForm)
    if form.value is not None:
        before = audit.snapshot(appointment)
        try:
            with db.begin_nested():
                service.move(db, actor, appointment_id, clock.from_local(form.value.date, form.value.time))
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("appointments:of_patient", patient_id=access.patient_id)
            return redirect(request, url, _("Moved"), undo=_way_back(appointment, before))
    return _change_page(request, db, access, appointment, form, 422)


@router.post("/appointments/{appointment_id}/cancel", name="appointments:cancel")
def cancel(request: Request, actor: Booker, db: Db, appointment_id: int, posted: PostedForm) -> Response:
    """Cancel a booking."""
    appointment = queries.locked_appointment(db, appointment_id)
    access = open_patient(db, actor, appointment.patient_id, Permission.APPOINTMENTS_SLOT_BOOK)
    form = posted.check(CancelForm)
    before = audit.snapshot(appointment)
    service.cancel(db, actor, appointment_id, form.value.reason if form.value else "patient")
    url = request.app.url_path_for("appointments:of_patient", patient_id=access.patient_id)
    return redirect(request, url, _("Cancelled"), undo=_way_back(appointment, before))


@router.post("/appointments/{appointment_id}/arrival", name="appointments:arrival")
def arrival(request: Request, actor: Booker, db: Db, appointment_id: int, posted: PostedForm) -> Response:
    """The patient came, or did not."""
    appointment = queries.locked_appointment(db, appointment_id)
    open_patient(db, actor, appointment.patient_id, Permission.APPOINTMENTS_SLOT_BOOK)
    before = audit.snapshot(appointment)
    service.mark_arrival(db, actor, appointment_id, came=posted.get("came") == "1")
    day = clock.local(appointment.start_at).date()
    asked = {"day": f"{day:%d.%m.%Y}"} | {
        name: posted.get(f"of_{name}") for name in ("practitioner_id", "status") if posted.get(f"of_{name}")
    }
    url = f"{request.app.url_path_for('appointments:day')}?{urlencode(asked)}"
    return redirect(request, url, _("Saved"), undo=_way_back(appointment, before))


@router.post("/appointments/{appointment_id}/put-back", name="appointments:put_back")
def restore(request: Request, actor: Booker, db: Db, appointment_id: int, posted: PostedForm) -> Response:
    """Take back what was done last with a booking, if its time is still free."""
    appointment = queries.appointment_or_404(db, appointment_id)
    open_patient(db, actor, appointment.patient_id, Permission.APPOINTMENTS_SLOT_BOOK)
    service.restore(db, actor, appointment_id, state_of(request, posted))
    url = request.app.url_path_for("appointments:of_patient", patient_id=appointment.patient_id)
    return redirect(request, url, _("The booking is as it was"))


def _way_back(appointment: Appointment, before: dict[str, Any]) -> Undo:
    return Undo("appointments:put_back", {"appointment_id": appointment.id}, state=change_of(appointment, before))
