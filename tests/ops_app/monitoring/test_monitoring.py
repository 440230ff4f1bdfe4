"""Patients watched at home: who may not, enrolment, values by hand, alerts until something is done, visits."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_moment, show_time
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.task import escalation
from ops_app.mechanisms.task.models import Task
from ops_app.modules.accounts.queries import account_by_login
from ops_app.modules.audit.models import Event
from ops_app.modules.monitoring.models import Alert, Enrolment, Value
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation
from tests.ops_app.clinic import Clinic

PRESSURE = ("8480-6", "8462-4")


def enrol(clinic: Clinic, patient: Patient, *codes: str, login: str = "doctor", **values: Any) -> Response:
    staff = clinic.practitioners
    known = {
        "indicators": list(codes or PRESSURE),
        "treating_id": str(staff["doctor"]),
        "observing_id": str(staff["nurse"]),
        "on_duty_ids": [str(staff["second"])],
        "every_hours": "24",
    }
    return clinic.browser(login).post(f"/patients/{patient.id}/monitoring/enrol", known | values)


def type_values(
    clinic: Clinic, patient: Patient, login: str = "nurse", ago: dt.timedelta = dt.timedelta(0), **values: str
) -> Response:
    at = clock.local(clock.now() - ago)
    known = {"entry": "patient", "date": show_date(at.date()), "time": show_time(at)}
    return clinic.browser(login).post(f"/patients/{patient.id}/monitoring/values", known | values)


def alerts(clinic: Clinic, patient: Patient) -> list[Alert]:
    with clinic.session() as session:
        return list(session.scalars(select(Alert).where(Alert.patient_id == patient.id).order_by(Alert.id)))


def tasks(clinic: Clinic, patient: Patient) -> list[Task]:
    with clinic.session() as session:
        return list(session.scalars(select(Task).where(Task.patient_id == patient.id).order_by(Task.id)))


def told(clinic: Clinic, login: str, task: Task) -> list[str]:
    with clinic.session() as session:
        account = account_by_login(session, login)
        assert account is not None
        chosen = select(Notification.kind).where(
            Notification.account_id == account.id, Notification.target == f"/tasks/{task.id}"
        )
        return list(session.scalars(chosen))


def measure(clinic: Clinic, alert: Alert, login: str = "doctor", **values: str) -> Response:
    at = clock.local(clock.now())
    known = {"measure": "ambulance", "date": show_date(at.date()), "time": show_time(at), "note": "brigade sent"}
    return clinic.browser(login).post(f"/monitoring/alerts/{alert.id}", known | values)


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Attached to the hospital."""
    return clinic.register(birth_date=dt.date(1960, 6, 1))


@pytest.fixture
def watched(clinic: Clinic, patient: Patient) -> Patient:
    """Watched for blood pressure with the limits of the age."""
    assert enrol(clinic, patient).status_code == 303
    return patient


@pytest.mark.parametrize("login", ["registrar", "official"])
def test_who_sees_nothing_of_it(clinic: Clinic, watched: Patient, login: str) -> None:
    browser = clinic.browser(login)
    assert browser.get("/monitoring").status_code == 403
    assert browser.get(f"/patients/{watched.id}/monitoring").status_code == 403
    assert type_values(clinic, watched, login, systolic="120").status_code == 403


def test_another_organisation_sees_nobody_of_ours(clinic: Clinic, watched: Patient) -> None:
    assert type_values(clinic, watched, systolic="200", diastolic="110").status_code == 303
    browser = clinic.browser("stranger")
    assert watched.family_name not in browser.get("/monitoring?whose=all").text
    assert browser.get(f"/patients/{watched.id}/monitoring").status_code in (303, 403)
    assert type_values(clinic, watched, "stranger", systolic="120").status_code == 403
    [alert] = alerts(clinic, watched)
    assert browser.get(f"/monitoring/alerts/{alert.id}").status_code == 404
    assert measure(clinic, alert, "stranger").status_code == 404
    assert alerts(clinic, watched)[0].closed_at is None


def test_a_nurse_enrols_nobody_and_a_chief_types_nothing(clinic: Clinic, watched: Patient) -> None:
    assert enrol(clinic, clinic.register(), login="nurse").status_code == 403
    assert clinic.browser("nurse").post(f"/patients/{watched.id}/monitoring/limits/8480-6", {}).status_code == 403
    assert type_values(clinic, watched, "chief", systolic="120").status_code == 403
    assert clinic.browser("chief").get(f"/patients/{watched.id}/monitoring").status_code == 200


def test_an_enrolment_names_what_and_who(clinic: Clinic, patient: Patient) -> None:
    assert enrol(clinic, patient, indicators=[]).status_code == 422
    assert enrol(clinic, patient, indicators=["unheard"]).status_code == 422
    assert enrol(clinic, patient, treating_id=str(clinic.practitioners["stranger"])).status_code == 422
    assert enrol(clinic, patient, every_hours="0").status_code == 422
    assert enrol(clinic, patient).status_code == 303
    assert enrol(clinic, patient, *PRESSURE, "8867-4", on_duty_ids=[]).status_code == 303, "a change"
    with clinic.session() as session:
        assert len(session.scalars(select(Enrolment).where(Enrolment.patient_id == patient.id)).all()) == 1
    page = clinic.browser("doctor").get(f"/patients/{patient.id}/monitoring").text
    for expected in ("Systolic pressure", "90–160", "critical above 179", "Pulse", "observing nurse", "by age"):
        assert expected in page
    assert "on duty" not in page


@pytest.mark.req("MONITOR-03")
def test_values_by_hand_become_facts_with_their_author(clinic: Clinic, watched: Patient) -> None:
    for wrong, said in (
        ({}, "Enter at least one value"),
        ({"systolic": "900"}, "must lie between"),
        ({"systolic": "abc"}, "Write a number"),
        ({"systolic": "120", "date": "+2"}, "future"),
        ({"systolic": "120", "date": "01.01.2020"}, "older than 30 days"),
    ):
        refused = type_values(clinic, watched, **wrong)  # type: ignore[arg-type]
        assert refused.status_code == 422
        assert said in refused.text
    assert type_values(clinic, watched, systolic="128", diastolic="82", device_text="cuff without radio").status_code
    assert type_values(clinic, watched, "doctor", entry="staff", systolic="130").status_code == 303
    with clinic.session() as session:
        values = session.scalars(select(Value).where(Value.patient_id == watched.id).order_by(Value.id)).all()
        assert [(row.number, row.entry, row.recorded_by) for row in values] == [
            (128, "patient", "nurse"),
            (82, "patient", "nurse"),
            (130, "staff", "doctor"),
        ]
        facts = session.scalars(
            select(Observation).where(Observation.patient_id == watched.id).order_by(Observation.id)
        ).all()
        assert {(row.source, row.evidence, row.unit) for row in facts} == {("screen", "typed", "mm[Hg]")}
        assert [row.practitioner_id for row in facts] == [None, None, clinic.practitioners["doctor"]]
    page = clinic.browser("nurse").get(f"/patients/{watched.id}/monitoring").text
    assert "told by the patient, cuff without radio" in page
    assert page.count('class="trend-point') == 3
    assert alerts(clinic, watched) == []


@pytest.mark.req("MONITOR-04", "MONITOR-05", "MONITOR-06")
def test_a_crisis_reaches_everybody_at_once_and_closes_by_what_was_done(clinic: Clinic, watched: Patient) -> None:
    answer = type_values(clinic, watched, systolic="205", diastolic="118")
    assert answer.status_code == 303
    [alert] = alerts(clinic, watched)
    assert (alert.level, alert.worst_number, alert.worst_limit) == ("critical", 205, 179)
    [task] = tasks(clinic, watched)
    assert task.kind == "monitoring:critical"
    for login in ("doctor", "nurse", "second"):
        assert told(clinic, login, task) == ["monitoring:crisis"]
        assert "Systolic pressure at home: 205 mm Hg, limit 179 mm Hg" in clinic.browser(login).get("/tasks").text
    assert told(clinic, "chief", task) == []
    assert watched.family_name in clinic.browser("nurse").get("/monitoring").text
    # repeats join the open alert and tell nobody again
    type_values(clinic, watched, systolic="210")
    type_values(clinic, watched, systolic="190")
    [alert] = alerts(clinic, watched)
    assert (alert.values_count, alert.worst_number) == (4, 210)
    assert len(tasks(clinic, watched)) == 1
    # nobody acts: up it goes, again and again
    for minutes, expected in ((16, 1), (20, 1), (32, 2)):
        with clock.frozen(task.opened_at + dt.timedelta(minutes=minutes)):
            escalation.sweep(clinic.app.state.engine)
        assert len([1 for kind in told(clinic, "chief", task) if kind == "tasks:overdue"]) == 1
        with clinic.session() as session:
            assert session.get_one(Task, task.id).level == 1, expected
    # the nurse acknowledges, better values alone do not end it
    assert clinic.browser("nurse").post(f"/tasks/{task.id}/take").status_code == 303
    for _again in range(3):
        type_values(clinic, watched, systolic="130", diastolic="80")
    assert alerts(clinic, watched)[0].closed_at is None
    page = clinic.browser("doctor").get(f"/monitoring/alerts/{alert.id}").text
    for expected_text in ("210 mm Hg", "taken over", "Nurse", "passed up", "What was done"):
        assert expected_text in page
    for wrong in ({"measure": ""}, {"measure": "prayer"}, {"note": ""}, {"date": "+1"}):
        assert measure(clinic, alert, **wrong).status_code == 422
    assert measure(clinic, alert).status_code == 303
    [alert] = alerts(clinic, watched)
    assert (alert.measure, alert.closed_because, alert.closed_by) == ("ambulance", "measure", "doctor")
    [task] = tasks(clinic, watched)
    assert (task.state, task.evidence) == ("done", f"monitoring.alert:{alert.id}")
    assert measure(clinic, alert).status_code == 422
    with clinic.session() as session:
        rows = session.scalars(select(Event).where(Event.entity == "monitoring.alert")).all()
        assert any(row.entity_id == str(alert.id) and row.after and row.after.get("measure") for row in rows)


def test_out_of_limits_is_the_nurses_and_ends_with_two_values_inside(clinic: Clinic, watched: Patient) -> None:
    type_values(clinic, watched, systolic="168")
    [task] = tasks(clinic, watched)
    assert task.kind == "monitoring:out_of_limits"
    assert told(clinic, "nurse", task) == ["tasks:waits"]
    assert told(clinic, "doctor", task) == []
    type_values(clinic, watched, systolic="158")
    assert alerts(clinic, watched)[0].back_in_a_row == 0, "inside, but at the edge"
    type_values(clinic, watched, systolic="140")
    assert alerts(clinic, watched)[0].closed_at is None
    type_values(clinic, watched, systolic="138")
    assert alerts(clinic, watched)[0].closed_because == "returned"
    assert tasks(clinic, watched)[0].state == "done"


def test_worse_raises_the_alert_and_the_lesser_task_goes(clinic: Clinic, watched: Patient) -> None:
    type_values(clinic, watched, systolic="168")
    type_values(clinic, watched, systolic="186")
    [alert] = alerts(clinic, watched)
    assert (alert.level, alert.values_count) == ("critical", 2)
    assert [(task.kind, task.state) for task in tasks(clinic, watched)] == [
        ("monitoring:out_of_limits", "withdrawn"),
        ("monitoring:critical", "open"),
    ]
    assert (
        "critical alert is open"
        in clinic.browser("doctor").post(f"/patients/{watched.id}/monitoring/end", {"reason": "moved away"}).text
    )
    assert measure(clinic, alert, measure="remote_consultation").status_code == 303
    # what was just dealt with stays high for a while
    type_values(clinic, watched, systolic="184")
    assert len(alerts(clinic, watched)) == 1
    type_values(clinic, watched, systolic="215")
    assert len(alerts(clinic, watched)) == 2


@pytest.mark.req("MONITOR-04")
def test_limits_of_the_patient_replace_those_of_the_age(clinic: Clinic, watched: Patient) -> None:
    browser = clinic.browser("doctor")
    address = f"/patients/{watched.id}/monitoring/limits/8480-6"
    assert browser.get(address).status_code == 200
    assert browser.get(f"/patients/{watched.id}/monitoring/limits/8310-5").status_code == 404
    shown = re.findall(r'name="(?:critical_)?(?:low|high)"[^>]*value="([^"]*)"', browser.get(address).text)
    assert shown and all(re.fullmatch(r"\d+(,\d+)?|", each) for each in shown)
    assert browser.post(address, {"low": "150", "high": "120"}).status_code == 422
    assert browser.post(address, {}).status_code == 422
    assert browser.post(address, {"low": "100", "high": "130", "critical_high": "150"}).status_code == 303
    type_values(clinic, watched, systolic="152")
    assert alerts(clinic, watched)[0].level == "critical"
    assert browser.post(address, {"by_age": "1"}).status_code == 303
    assert "90–160" in browser.get(f"/patients/{watched.id}/monitoring").text


def test_a_gain_of_weight_within_days(clinic: Clinic, patient: Patient) -> None:
    enrol(clinic, patient, "29463-7")
    type_values(clinic, patient, weight="80,0", ago=dt.timedelta(days=2))
    type_values(clinic, patient, weight="81,5", ago=dt.timedelta(days=1))
    assert alerts(clinic, patient) == []
    type_values(clinic, patient, weight="82,1")
    [alert] = alerts(clinic, patient)
    assert (alert.level, alert.worst_number, alert.worst_limit) == ("limit", 82.1, 82.0)


def test_a_late_value_is_kept_but_alerts_nobody(clinic: Clinic, watched: Patient) -> None:
    type_values(clinic, watched, systolic="200", ago=dt.timedelta(days=3))
    assert alerts(clinic, watched) == []
    assert "200 mm Hg" in clinic.browser("nurse").get(f"/patients/{watched.id}/monitoring").text


def test_ended_and_begun_again(clinic: Clinic, watched: Patient) -> None:
    browser = clinic.browser("doctor")
    assert browser.post(f"/patients/{watched.id}/monitoring/end", {}).status_code == 422
    assert browser.post(f"/patients/{watched.id}/monitoring/end", {"reason": "stable"}).status_code == 303
    assert type_values(clinic, watched, systolic="120").status_code == 404
    assert "stable" in browser.get(f"/patients/{watched.id}/monitoring").text
    assert enrol(clinic, watched).status_code == 303


def test_who_fell_silent_is_seen(clinic: Clinic, watched: Patient) -> None:
    with clinic.session() as session:
        row = session.scalars(select(Enrolment).where(Enrolment.patient_id == watched.id)).one()
        row.started_at = clock.now() - dt.timedelta(hours=30)
    assert "No value for more than 24 hours." in clinic.browser("nurse").get(f"/patients/{watched.id}/monitoring").text
    type_values(clinic, watched, systolic="120")
    assert "No value for more" not in clinic.browser("nurse").get(f"/patients/{watched.id}/monitoring").text


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_screen_speaks_the_readers_language(clinic: Clinic, watched: Patient, language: str) -> None:
    type_values(clinic, watched, systolic="200")
    [alert] = alerts(clinic, watched)
    browser = clinic.browser("doctor", language)
    title = {"kk": "Систолалық қысым", "ru": "Систолическое давление"}[language]
    for address in (
        "/monitoring",
        "/tasks",
        f"/monitoring/alerts/{alert.id}",
        f"/patients/{watched.id}/monitoring",
        f"/patients/{watched.id}/monitoring/enrol",
        f"/patients/{watched.id}/monitoring/values",
        f"/patients/{watched.id}/monitoring/limits/8480-6",
    ):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert title in answer.text, address


@pytest.mark.req("INT-WEARABLE-02")
def test_values_are_put_into_a_visit_with_their_own_time(clinic: Clinic, watched: Patient) -> None:
    type_values(clinic, watched, systolic="144", diastolic="92", ago=dt.timedelta(hours=5))
    visit = clinic.visit(watched.id)
    other = clinic.visit(clinic.register().id)
    with clinic.session() as session:
        values = session.scalars(select(Value).where(Value.patient_id == watched.id)).all()
        ids = [str(row.id) for row in values]
    address = f"/patients/{watched.id}/monitoring/apply"
    browser = clinic.browser("doctor")
    assert browser.post(address, {"encounter_id": str(visit.id)}).status_code == 422
    assert browser.post(address, {"encounter_id": str(other.id), "value_ids": ids}).status_code == 422
    assert browser.post(address, {"encounter_id": str(visit.id), "value_ids": ["0"]}).status_code == 422
    assert browser.post(address, {"encounter_id": str(visit.id), "value_ids": ids}).status_code == 303
    page = browser.get(f"/visits/{visit.id}").text
    assert "144" in page
    assert show_moment(values[0].measured_at) in page, "its own time, not the visit's"
    with clinic.session() as session:
        facts = session.scalars(select(Observation).where(Observation.encounter_id == visit.id)).all()
        assert sorted(row.value_number for row in facts if row.value_number) == [92, 144]
        assert all(row.event_at < visit.event_at for row in facts)
    second = clinic.visit(watched.id, login="second")
    assert browser.post(address, {"encounter_id": str(second.id), "value_ids": ids}).status_code == 422
