"""What nobody reacts to: a home device that is refused, a value out of limits; both go up."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.mechanisms.task import escalation
from ops_app.mechanisms.task.models import Task
from ops_app.modules.devices.models import Device
from ops_app.modules.monitoring import device_intake
from ops_app.modules.monitoring.models import Binding
from tests.installation import Database
from tests.ops_app.clinic import Clinic
from tests.ops_app.monitoring.test_devices import Home, pressure
from tests.ops_app.monitoring.test_hl7 import Cuff, systolic
from tests.ops_app.monitoring.test_monitoring import alerts, tasks, told


@pytest.mark.req("MONITOR-02", "MONITOR-04")
def test_a_device_that_is_not_heard_is_somebodys_task(clinic: Clinic) -> None:
    here = Home(clinic)
    address = f"/patients/{here.patient.id}/monitoring"
    ahead = (clock.now() + dt.timedelta(days=2)).isoformat()
    for number in range(5):
        assert here.send(pressure(f"f{number}", 214, 126, effectiveDateTime=ahead)).status_code == 422
    [task] = tasks(clinic, here.patient)
    assert (task.kind, task.owner_practitioner_id) == ("monitoring:refused", clinic.practitioners["nurse"])
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    assert "Cuff measures, but nothing of it is taken in: The moment" in clinic.browser("nurse").get("/tasks").text
    assert "was not taken in. The moment of the measurement" in clinic.browser("nurse").get(address).text
    # nobody sets the clock: the doctors hear of it
    with clock.frozen(task.due_at + dt.timedelta(minutes=1)):
        escalation.sweep(clinic.app.state.engine)
    assert "tasks:overdue" in told(clinic, "doctor", task)
    assert here.send(pressure("right")).status_code == 201
    [task] = tasks(clinic, here.patient)
    assert task.state == "done" and (task.evidence or "").startswith("monitoring.value:")
    assert "was not taken in" not in clinic.browser("nurse").get(address).text
    # an identifier used twice is not heard either; whoever takes the device back has done it
    assert here.send(pressure("right", 214, 126)).status_code == 409
    assert [task.state for task in tasks(clinic, here.patient)] == ["done", "open"]
    with clinic.session() as session:
        [binding] = session.scalars(select(Binding).where(Binding.device_id == here.device_id))
    taken = clinic.browser("doctor").post(f"{address}/devices/{binding.id}/end")
    assert taken.status_code == 303
    assert [task.state for task in tasks(clinic, here.patient)] == ["done", "done"]


def test_a_key_that_was_ended_is_told_of_once_a_day_and_a_strangers_never(clinic: Clinic) -> None:
    here = Home(clinic)
    address = f"/patients/{here.patient.id}/monitoring"
    assert here.send(pressure("k0"), key="of-nobody").status_code == 401
    assert here.send(pressure("k1")).status_code == 201
    assert "has no key that holds" not in clinic.browser("nurse").get(address).text
    with clinic.session() as session:
        device_intake.end_key(session, clinic.actor(session, "doctor"), session.get_one(Device, here.device_id))
    for number in range(5):
        assert here.send(pressure(f"k{2 + number}", 214, 126)).status_code == 401
    assert len(here.messages()) == 1, "what comes under an ended key is not kept"
    [task] = tasks(clinic, here.patient)
    assert (task.kind, task.owner_practitioner_id) == ("monitoring:refused", clinic.practitioners["nurse"])
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    assert "The key it shows has been ended" in clinic.browser("nurse").get("/tasks").text
    assert "Cuff has no key that holds" in clinic.browser("nurse").get(address).text
    # a new key: heard again; a copy that goes on with the old one is told of tomorrow
    old = here.key
    with clinic.session() as session:
        here.key = device_intake.give_key(
            session, clinic.actor(session, "doctor"), session.get_one(Device, here.device_id)
        )
    assert here.send(pressure("k9")).status_code == 201
    assert here.send(pressure("k10"), key=old).status_code == 401
    assert [task.state for task in tasks(clinic, here.patient)] == ["done"]
    with clock.frozen(clock.now() + dt.timedelta(hours=25)):
        assert here.send(pressure("k11"), key=old).status_code == 401
    assert [task.state for task in tasks(clinic, here.patient)] == ["done", "open"]


@pytest.mark.req("MONITOR-05")
def test_forty_readings_over_the_limit_are_one_alert_that_goes_up(clinic: Clinic) -> None:
    here = Home(clinic)
    start = clock.now() - dt.timedelta(seconds=60)
    for number in range(40):
        at = (start + dt.timedelta(seconds=number)).isoformat()
        assert here.send(pressure(f"s{number}", 168, effectiveDateTime=at)).status_code == 201
    [alert] = alerts(clinic, here.patient)
    assert (alert.level, alert.values_count) == ("limit", 80), "both pressures of a reading belong to it"
    [task] = tasks(clinic, here.patient)
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    assert told(clinic, "doctor", task) == []
    with clock.frozen(task.due_at + dt.timedelta(minutes=1)):
        escalation.sweep(clinic.app.state.engine)
    assert "tasks:overdue" in told(clinic, "doctor", task)


def test_a_device_refused_by_hl7_is_somebodys_task_too(clinic: Clinic, module_database: Database) -> None:
    cuff = Cuff(clinic, module_database)
    assert cuff.bind() == 303
    # its clock is two days ahead
    ahead = clock.now() + dt.timedelta(days=2)
    assert cuff.send(systolic(214), systolic(216), at=ahead, pid="") == ["OBX-14", "OBX-14"]
    [task] = tasks(clinic, cuff.patient)
    assert (task.kind, task.owner_practitioner_id) == ("monitoring:refused", clinic.practitioners["nurse"])
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    shown = clinic.browser("nurse").get("/tasks").text
    assert "Cuff measures, but nothing of it is taken in: The time of the measurement is missing or lies ahead" in shown
    assert (
        "was not taken in. The time of" in clinic.browser("nurse").get(f"/patients/{cuff.patient.id}/monitoring").text
    )
    assert cuff.send(systolic(130), pid="") == ["done"]
    [task] = tasks(clinic, cuff.patient)
    assert task.state == "done" and (task.evidence or "").startswith("monitoring.value:")


def test_a_device_that_is_with_nobody_is_the_facilitys_task(clinic: Clinic, module_database: Database) -> None:
    cuff = Cuff(clinic, module_database)
    assert cuff.send(systolic(214), pid="") == ["PID-3"]
    with clinic.session() as session:
        task = session.scalars(select(Task).where(Task.subject == f"device:{cuff.id}")).one()
    assert (task.kind, task.state, task.patient_id) == ("monitoring:unplaced", "open", None)
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    assert "Cuff is given to no patient here and sends" in clinic.browser("nurse").get("/tasks").text
    assert cuff.bind() == 303
    with clock.frozen(task.due_at + dt.timedelta(minutes=1)):
        escalation.sweep(clinic.app.state.engine)
    with clinic.session() as session:
        assert session.get_one(Task, task.id).state == "done"


@pytest.mark.req("MONITOR-02")
@pytest.mark.parametrize("way", ["fhir", "hl7"])
def test_that_a_certificate_has_ended_is_somebodys_task(clinic: Clinic, module_database: Database, way: str) -> None:
    here = Cuff(clinic, module_database) if way == "hl7" else Home(clinic)
    number = here.id if isinstance(here, Cuff) else here.device_id
    if isinstance(here, Cuff):
        assert here.bind() == 303
    with clinic.session() as session:
        session.get_one(Device, number).certificate_until = clock.today() - dt.timedelta(days=1)
    if isinstance(here, Cuff):
        assert here.send(systolic(214), pid="") == ["done"]
    else:
        assert here.send(pressure("late", 214, 126)).status_code == 201
    assert alerts(clinic, here.patient) == []
    [task] = tasks(clinic, here.patient)
    assert (task.kind, task.owner_practitioner_id) == ("monitoring:untrusted", clinic.practitioners["nurse"])
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    assert "does not hold any more" in clinic.browser("nurse").get("/tasks").text
    with clinic.session() as session:
        session.get_one(Device, number).certificate_until = clock.today() + dt.timedelta(days=30)
    with clock.frozen(task.due_at + dt.timedelta(minutes=1)):
        escalation.sweep(clinic.app.state.engine)
    [task] = tasks(clinic, here.patient)
    assert task.state == "done"
