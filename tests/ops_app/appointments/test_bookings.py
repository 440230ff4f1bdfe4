"""Booking: who may not, the dead, taken times, two registrars at once."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.kit import clock
from ops_app.modules.appointments import service
from ops_app.modules.appointments.models import Appointment
from tests.ops_app.clinic import Clinic

TOMORROW = clock.today() + dt.timedelta(days=1)


def book(
    clinic: Clinic, patient_id: int, time: dt.time, day: dt.date = TOMORROW, login: str = "registrar"
) -> Appointment:
    with clinic.session() as session:
        actor = clinic.actor(session, login)
        start_at = clock.from_local(day, time)
        return service.book(
            session, actor, patient_id, start_at, clinic.tree["hospital"], clinic.practitioners["doctor"]
        )


@pytest.mark.parametrize("login", ["chief", "official"])
def test_who_may_not_book(clinic: Clinic, login: str) -> None:
    patient = clinic.register()
    assert clinic.browser(login).get(f"/patients/{patient.id}/appointments").status_code == 403
    assert clinic.browser(login).get("/appointments").status_code == 403


def test_another_organisation_does_not_book_here(clinic: Clinic) -> None:
    with pytest.raises(Forbidden):
        book(clinic, clinic.register().id, dt.time(8), login="stranger")


@pytest.mark.req("REG-03")
def test_a_booking_from_the_card(clinic: Clinic) -> None:
    patient = clinic.register()
    browser = clinic.browser("registrar")
    path = f"/patients/{patient.id}/appointments"
    form = {"practitioner_id": str(clinic.practitioners["doctor"]), "date": "+1", "time": "9:00", "minutes": "20"}
    assert browser.post(path, form).status_code == 303
    assert "9:00" in browser.get(path).text
    day = browser.get("/appointments", params={"day": f"{TOMORROW:%d.%m.%Y}"}).text
    assert patient.family_name in day
    for change, told in (
        ({"date": "yesterday"}, "has passed"),
        ({"date": "1.1.2099"}, "more than a year"),
        ({"time": "25"}, "Write a time"),
        ({"practitioner_id": str(clinic.practitioners["stranger"])}, "does not work here"),
    ):
        answer = browser.post(path, form | change)
        assert answer.status_code == 422
        assert told in answer.text


def test_a_time_is_given_once(clinic: Clinic) -> None:
    people = [clinic.register().id for _ in range(4)]

    def attempt(patient_id: int) -> str:
        try:
            book(clinic, patient_id, dt.time(10))
        except Invalid:
            return "taken"
        return "booked"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, people)) == ["booked", "taken", "taken", "taken"]


def test_nobody_is_in_two_places(clinic: Clinic) -> None:
    patient = clinic.register()
    book(clinic, patient.id, dt.time(11))
    start_at = clock.from_local(TOMORROW, dt.time(11, 10))
    with clinic.session() as session, pytest.raises(Invalid, match="another booking"):
        service.book(session, clinic.actor(session, "registrar"), patient.id, start_at, clinic.tree["hospital"])


def test_moving_and_cancelling(clinic: Clinic) -> None:
    patient = clinic.register()
    appointment = book(clinic, patient.id, dt.time(12))
    browser = clinic.browser("registrar")
    moved = {"date": f"{TOMORROW:%d.%m.%Y}", "time": "12:40"}
    assert browser.post(f"/appointments/{appointment.id}/move", moved).status_code == 303
    assert browser.post(f"/appointments/{appointment.id}/cancel", {"reason": "patient"}).status_code == 303
    assert browser.post(f"/appointments/{appointment.id}/cancel", {"reason": "patient"}).status_code == 409
    with clinic.session() as session:
        row = session.scalars(select(Appointment).where(Appointment.id == appointment.id)).one()
        assert (row.status, row.cancel_reason) == ("cancelled", "patient")
        assert clock.local(row.start_at).time() == dt.time(12, 40)


def test_arrival_is_marked(clinic: Clinic) -> None:
    appointment = book(clinic, clinic.register().id, dt.time(13))
    browser = clinic.browser("registrar")
    assert browser.post(f"/appointments/{appointment.id}/arrival", {"came": "0"}).status_code == 409
    assert browser.post(f"/appointments/{appointment.id}/arrival", {"came": "1"}).status_code == 303
    assert "has come" in browser.get("/appointments", params={"day": f"{TOMORROW:%d.%m.%Y}"}).text


def test_marking_an_arrival_leads_back_to_the_list_that_was_shown(clinic: Clinic) -> None:
    appointment = book(clinic, clinic.register().id, dt.time(17, 40))
    browser = clinic.browser("registrar")
    doctor = str(clinic.practitioners["doctor"])
    listed = browser.get("/appointments", params={"day": f"{TOMORROW:%d.%m.%Y}", "practitioner_id": doctor})
    assert f'name="of_practitioner_id" value="{doctor}"' in listed.text
    answer = browser.post(f"/appointments/{appointment.id}/arrival", {"came": "1", "of_practitioner_id": doctor})
    assert answer.headers["location"].endswith(f"?day={TOMORROW:%d.%m.%Y}&practitioner_id={doctor}")


def test_a_recorded_visit_fulfils_the_doctors_booking(clinic: Clinic) -> None:
    patient = clinic.register()
    now = clock.local(clock.now())
    with clinic.session() as session:
        session.add(
            Appointment(
                patient_id=patient.id,
                organization_id=clinic.tree["hospital"],
                practitioner_id=clinic.practitioners["doctor"],
                event_at=clock.now(),
                start_at=clock.from_local(now.date(), dt.time(0, 1)),
                end_at=clock.from_local(now.date(), dt.time(0, 20)),
            )
        )
    clinic.visit(patient.id)
    with clinic.session() as session:
        assert session.scalar(select(Appointment.status).where(Appointment.patient_id == patient.id)) == "fulfilled"


def test_a_marked_record_is_not_booked(clinic: Clinic) -> None:
    patient = clinic.register()
    path = f"/patients/{patient.id}/error"
    assert clinic.browser("registrar").post(path, {"reason": "registered twice"}).status_code == 303
    with pytest.raises(Conflict):
        book(clinic, patient.id, dt.time(15))
