"""Undo: who may not, what travels, that what is taken back is exactly as before and leaves a trace."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from ops_app import audit
from ops_app.kit import clock
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.mechanisms.task import task as tasks
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.mechanisms.task.notices import WAITS
from ops_app.modules.accounts.queries import account_by_login
from ops_app.modules.appointments import service as bookings
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.audit.models import Event
from ops_app.modules.radiology.task_kinds import CRITICAL
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.undoing import way_back

TOMORROW = clock.today() + dt.timedelta(days=1)


def booked(clinic: Clinic, hour: int) -> Appointment:
    patient = clinic.register()
    with clinic.session() as session:
        actor = clinic.actor(session, "registrar")
        start = clock.from_local(TOMORROW, dt.time(hour))
        return bookings.book(session, actor, patient.id, start, clinic.tree["hospital"], clinic.practitioners["doctor"])


def stored(clinic: Clinic, model: Any, row_id: int) -> dict[str, Any]:
    with clinic.session() as session:
        values = audit.plain(audit.snapshot(session.get_one(model, row_id)))
    values.pop("row_xid")
    return values


def test_who_may_not_put_a_booking_back(clinic: Clinic) -> None:
    booking = booked(clinic, 9)
    registrar = clinic.browser("registrar")
    registrar.post(f"/appointments/{booking.id}/cancel", {"reason": "mistake"})
    action, fields = way_back(registrar, "/notifications")
    cancelled = stored(clinic, Appointment, booking.id)
    for login in ("chief", "official", "stranger"):
        assert clinic.browser(login).post(action, fields).status_code == 403
    # the state is sealed for the session that was given it, and for its own address
    assert clinic.browser("nurse").post(action, fields).status_code in (400, 403)
    other = booked(clinic, 10)
    assert registrar.post(action.replace(str(booking.id), str(other.id)), fields).status_code == 400
    held, mark = fields["undo_state"].split(".")
    forged = json.loads(base64.urlsafe_b64decode(held))
    forged["before"]["status"] = "arrived"
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
    assert registrar.post(action, {"undo_state": f"{changed}.{mark}"}).status_code == 400
    assert registrar.post(action, {}).status_code == 400
    assert stored(clinic, Appointment, booking.id) == cancelled


@pytest.mark.parametrize("act", ["cancel", "arrival", "move"])
def test_a_booking_is_exactly_as_before(clinic: Clinic, act: str) -> None:
    booking = booked(clinic, {"cancel": 11, "arrival": 12, "move": 13}[act])
    before = stored(clinic, Appointment, booking.id)
    registrar = clinic.browser("registrar")
    form = {"reason": "patient", "came": "1", "date": "+3", "time": "8:00"}
    assert registrar.post(f"/appointments/{booking.id}/{act}", form).status_code == 303
    assert stored(clinic, Appointment, booking.id) != before
    action, fields = way_back(registrar, "/appointments")
    assert "toast-line" not in registrar.get("/appointments").text.split("toast-template")[0]
    assert registrar.post(action, fields).status_code == 303
    assert stored(clinic, Appointment, booking.id) == before
    with clinic.session() as session:
        trace = select(Event).where(
            Event.entity == "appointments.appointment",
            Event.entity_id == str(booking.id),
            Event.action == "appointments:put_back",
        )
        assert session.scalars(trace).one().patient_id == booking.patient_id
    # it was undone: nothing is left to undo
    assert registrar.post(action, fields).status_code == 409


def test_a_time_given_away_meanwhile_stays_given(clinic: Clinic) -> None:
    booking = booked(clinic, 15)
    registrar = clinic.browser("registrar", "ru")
    registrar.post(f"/appointments/{booking.id}/cancel", {"reason": "patient"})
    action, fields = way_back(registrar, "/appointments")
    booked(clinic, 15)
    answer = registrar.post(action, fields)
    assert answer.status_code == 422
    assert "занято" in answer.text
    assert stored(clinic, Appointment, booking.id)["status"] == "cancelled"


def test_a_task_goes_back_to_its_owner(clinic: Clinic) -> None:
    with clinic.session() as session:
        opened = tasks.open(
            session,
            CRITICAL,
            subject="report:0",
            organization_id=clinic.tree["hospital"],
            owner_practitioner_id=clinic.practitioners["nurse"],
        )
        task_id = opened.id
    before = stored(clinic, Task, task_id)
    doctor = clinic.browser("doctor")
    assert doctor.post(f"/tasks/{task_id}/take").status_code == 303
    action, fields = way_back(doctor, "/tasks")
    assert clinic.browser("registrar").post(action, fields).status_code in (400, 403, 404)
    assert doctor.post(action, fields).status_code == 303
    assert stored(clinic, Task, task_id) == before
    code = next(iter(CRITICAL.answers))
    assert doctor.post(f"/tasks/{task_id}/answer", {"code": code, "text": "Қабылданды"}).status_code == 303
    assert stored(clinic, Task, task_id)["state"] == "done"
    action, fields = way_back(doctor, "/tasks")
    assert doctor.post(action, fields).status_code == 303
    assert stored(clinic, Task, task_id) == before
    with clinic.session() as session:
        steps = select(TaskEvent.action).where(TaskEvent.task_id == task_id).order_by(TaskEvent.id)
        assert [step for step in session.scalars(steps) if step != "seen"] == [
            "opened",
            "taken",
            "put_back",
            "answered",
            "done",
            "put_back",
        ]
    # a comment changes nothing of the task, so there is nothing to undo
    doctor.post(f"/tasks/{task_id}/answer", {"code": "comment", "text": "Хабарластым"})
    assert "toast-line" not in doctor.get("/tasks").text.split("toast-template")[0]


def test_two_people_wait_again(clinic: Clinic) -> None:
    kept = clinic.register(family_name="Қайтарова", given_name="Гүлмира")
    hidden = clinic.register(kind="undocumented", iin=None, family_name="Қайтарова", given_name="Гульмира")
    pair = {"kept": kept.iin or "", "hidden": hidden.temporary_id or ""}
    chief = clinic.browser("chief")
    assert chief.post("/merge-records", pair | {"verdict": "two", "reason": "Егіздер"}).status_code == 303
    action, fields = way_back(chief, "/merge-records")
    assert clinic.browser("doctor").post(action, fields).status_code == 403
    assert chief.post(action, fields).status_code == 303
    assert str(hidden.temporary_id) in chief.get("/merge-records").text
    assert chief.post(action, fields).status_code == 409
    # judged anew, and a link is undone by the same button
    assert chief.post("/merge-records", pair | {"verdict": "two", "reason": "Егіздер"}).status_code == 303
    action, fields = way_back(chief, "/merge-records")
    chief.post(action, fields)
    one = {"verdict": "one", "reason": "Куәлік", "is_sure": "1"}
    assert chief.post("/merge-records", pair | one).status_code == 303
    action, fields = way_back(chief, "/merge-records")
    assert action.startswith("/merge-records/")
    assert chief.post(action, fields).status_code == 303
    assert str(hidden.temporary_id) in chief.get("/merge-records").text


def test_a_role_comes_back(clinic: Clinic) -> None:
    places = [(Role.ADMINISTRATOR, clinic.tree["hospital"])]
    make_account(clinic.app.state.engine, "keeper", places)
    kept = [(Role.NURSE, clinic.tree["hospital"]), (Role.REGISTRAR, clinic.tree["hospital"])]
    make_account(clinic.app.state.engine, "helper", kept)
    admin = clinic.browser("keeper")
    with clinic.session() as session:
        account = account_by_login(session, "helper")
        assert account is not None
    page = f"/users/{account.id}"

    def roles() -> list[str]:
        return sorted(set(re.findall(rf"{page}/roles/\d+/take", admin.get(page).text)))

    assert len(roles()) == 2
    assert admin.post(roles()[0]).status_code == 303
    action, fields = way_back(admin, page)
    assert clinic.browser("doctor").post(action, fields).status_code == 403
    assert len(roles()) == 1
    assert admin.post(action, fields).status_code == 303
    # what was given is taken by the same button
    action, fields = way_back(admin, page)
    assert len(roles()) == 2
    assert admin.post(action, fields).status_code == 303
    # the last role here: the administrator of this place sees the user no more, so nothing is offered
    assert admin.post(roles()[0]).headers["location"] == "/users"
    assert "toast-line" not in admin.get("/users").text.split("toast-template")[0]


def test_notices_wait_again(clinic: Clinic) -> None:
    with clinic.session() as session:
        account = account_by_login(session, "doctor")
        assert account is not None
        account_id = account.id
        for number in range(3):
            notify(session, WAITS, [account_id], f"/tasks/{number}")
    doctor = clinic.browser("doctor")
    assert doctor.get("/notifications/unread").json() == {"unread": 3}
    with clinic.session() as session:
        first = session.scalars(select(Notification.id).where(Notification.account_id == account_id)).first()
    doctor.post(f"/notifications/{first}/read")
    one_back = way_back(doctor, "/notifications")
    assert clinic.browser("nurse").post(*one_back).status_code == 404
    doctor.post("/notifications/read")
    all_back = way_back(doctor, "/notifications")
    doctor.post(*all_back)
    assert doctor.get("/notifications/unread").json() == {"unread": 2}
    doctor.post(*one_back)
    assert doctor.get("/notifications/unread").json() == {"unread": 3}


def test_news_is_shown_again(clinic: Clinic) -> None:
    nurse = clinic.browser("nurse")
    put_away = re.search(r"/releases/[^/]+/dismiss", nurse.get("/").text)
    assert put_away is not None
    nurse.post(put_away.group(0))
    action, fields = way_back(nurse, "/")
    assert put_away.group(0) not in nurse.get("/").text
    nurse.post(action, fields)
    assert put_away.group(0) in nurse.get("/").text
