"""Nobody dies twice; the dead are booked, billed and listed nowhere; a mistake can be undone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.kit import clock
from ops_app.modules.appointments import service as appointments
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.deaths import service
from ops_app.modules.deaths.forms import DeathForm
from ops_app.modules.deaths.models import Death
from ops_app.modules.patients.models import Attachment, Patient
from ops_app.modules.visits.models import Procedure
from tests.ops_app.clinic import Clinic

TODAY = clock.today()


def death_form(**values: Any) -> DeathForm:
    known = {"date": TODAY, "time": dt.time(0, 1), "place": "home", "known_date": TODAY}
    return DeathForm.model_validate(known | values)


def bury(clinic: Clinic, patient: Patient, login: str = "registrar", **values: Any) -> service.Registered:
    with clinic.session() as session:
        actor = clinic.actor(session, login)
        return service.register_death(session, actor, patient.id, death_form(**values), clinic.place(session, login))


@pytest.mark.parametrize("login", ["nurse", "chief", "official"])
def test_who_may_not_register_a_death(clinic: Clinic, login: str) -> None:
    patient = clinic.register()
    assert clinic.browser(login).get(f"/patients/{patient.id}/death").status_code == 403
    assert clinic.browser(login).post(f"/patients/{patient.id}/death", {}).status_code == 403


def test_a_death_cancels_bookings_and_ends_the_attachment(clinic: Clinic) -> None:
    patient = clinic.register()
    with clinic.session() as session:
        start_at = clock.from_local(TODAY + dt.timedelta(days=3), dt.time(9))
        actor = clinic.actor(session, "registrar")
        appointments.book(session, actor, patient.id, start_at, clinic.tree["hospital"])
    browser = clinic.browser("registrar")
    form = {"date": "today", "time": "00:01", "place": "home", "cause_icd10": "I21.0", "known_date": "today"}
    answer = browser.post(f"/patients/{patient.id}/death", form)
    assert answer.status_code == 303, answer.text
    assert "died" in browser.get(f"/patients/{patient.id}/identity").text
    with clinic.session() as session:
        booking = session.scalars(select(Appointment).where(Appointment.patient_id == patient.id)).one()
        assert (booking.status, booking.cancel_reason) == ("cancelled", "died")
        attached = session.scalars(select(Attachment).where(Attachment.patient_id == patient.id)).one()
        assert (attached.end_date, attached.end_reason) == (TODAY + dt.timedelta(days=1), "died")
        with pytest.raises(Conflict, match="death"):
            appointments.book(session, actor, patient.id, start_at, clinic.tree["hospital"])
    assert clinic.browser("doctor").get(f"/patients/{patient.id}").status_code == 200


def test_nobody_dies_twice(clinic: Clinic) -> None:
    patient = clinic.register()
    bury(clinic, patient)
    with pytest.raises(service.RegisteredAlready):
        bury(clinic, patient, "doctor")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"date": TODAY + dt.timedelta(days=1)}, "future"),
        ({"date": dt.date(1900, 1, 1)}, "before the birth"),
        ({"known_date": TODAY - dt.timedelta(days=1)}, "before it happened"),
        ({"known_date": TODAY + dt.timedelta(days=1)}, "future"),
        ({"cause_icd10": "Q99.9"}, "no such code"),
    ],
)
def test_a_wrong_value_is_named(clinic: Clinic, values: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        bury(clinic, clinic.register(), **values)


def test_a_death_known_late_warns_about_what_came_after(clinic: Clinic) -> None:
    patient = clinic.register()
    clinic.visit(patient.id)
    died = TODAY - dt.timedelta(days=6)
    browser = clinic.browser("registrar")
    form = {"date": f"{died:%d.%m.%Y}", "place": "home", "known_date": "today"}
    answer = browser.post(f"/patients/{patient.id}/death", form)
    assert answer.status_code == 422
    assert "Visits and stays: 1" in answer.text
    answer = browser.post(f"/patients/{patient.id}/death", form | {"later_facts_seen": "1"})
    assert answer.status_code == 303
    assert "Services are recorded after the death" in browser.get(answer.headers["location"]).text
    with clinic.session() as session:
        death = session.scalars(select(Death).where(Death.patient_id == patient.id)).one()
        assert not death.is_time_exact
        assert clock.local(death.known_at).date() == TODAY
    with pytest.raises(Invalid, match="died"):
        clinic.visit(patient.id, "second")


def test_a_mistaken_death_is_undone(clinic: Clinic) -> None:
    patient = clinic.register()
    death = bury(clinic, patient).death
    with clinic.session() as session:
        with pytest.raises(Forbidden):
            service.mark_death_in_error(session, clinic.actor(session, "stranger"), death.id, "alive and well")
        service.mark_death_in_error(session, clinic.actor(session, "registrar"), death.id, "namesake")
        attached = session.scalars(select(Attachment).where(Attachment.patient_id == patient.id)).one()
        assert attached.end_date is None
    clinic.visit(patient.id)
    bury(clinic, patient, time=None, later_facts_seen=True)


def test_a_review_is_recorded_by_the_head(clinic: Clinic) -> None:
    death = bury(clinic, clinic.register()).death
    form = {"date": "today", "conclusion": "Late call, no road: nothing else could be done"}
    assert clinic.browser("registrar").post(f"/deaths/{death.id}/review", form).status_code == 422
    browser = clinic.browser("chief")
    assert browser.post(f"/deaths/{death.id}/review", form).status_code == 303
    assert "no road" in browser.get(f"/deaths/{death.id}").text
    with clinic.session() as session:
        review = session.scalars(select(Procedure).where(Procedure.patient_id == death.patient_id)).one()
        assert review.code == "L08.001.000"
    assert "done" in browser.get("/journals/deaths").text
