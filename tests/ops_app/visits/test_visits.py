"""Recording a visit: who may not, what is refused, what it completes, how it is corrected."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, text

from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.kit import clock
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.episodes import service as episodes
from ops_app.modules.episodes.forms import PregnancyForm
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits import corrections, service
from ops_app.modules.visits.forms import AmendInput
from ops_app.modules.visits.models import Condition, Encounter, Observation, Procedure
from ops_app.modules.visits.queries import rows_of
from tests.ops_app.clinic import Clinic

TODAY = clock.today()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Somebody attached to the clinic."""
    return clinic.register()


def posted(**values: Any) -> dict[str, str]:
    now = clock.local(clock.now())
    known: dict[str, Any] = {
        "encounter_class": "ambulatory",
        "purpose": "disease",
        "date": f"{now:%d.%m.%Y}",
        "time": f"{now:%H:%M}",
        "diagnoses-0-icd10": "J06.9",
        "diagnoses-0-type": "main",
        "diagnoses-0-kind": "final",
    }
    return {name: str(value) for name, value in (known | values).items() if value is not None}


@pytest.mark.parametrize("login", ["registrar", "chief", "official"])
def test_who_may_not_record(clinic: Clinic, patient: Patient, login: str) -> None:
    browser = clinic.browser(login)
    assert browser.get(f"/patients/{patient.id}/visits/new").status_code == 403
    assert browser.post(f"/patients/{patient.id}/visits", posted()).status_code == 403


def test_a_nurse_writes_no_diagnosis(clinic: Clinic, patient: Patient) -> None:
    browser = clinic.browser("nurse")
    assert "diagnoses-0-icd10" not in browser.get(f"/patients/{patient.id}/visits/new").text
    answer = browser.post(f"/patients/{patient.id}/visits", posted())
    assert answer.status_code == 422
    assert "written by a doctor" in answer.text
    measured = posted(**{"purpose": "patronage", "diagnoses-0-icd10": None}, systolic="120", diastolic="80")
    assert browser.post(f"/patients/{patient.id}/visits", measured).status_code == 303


@pytest.mark.req("CARD-01", "CARD-07")
def test_a_visit_on_one_screen_stands_on_the_card(clinic: Clinic, patient: Patient) -> None:
    browser = clinic.browser("doctor")
    assert browser.get(f"/patients/{patient.id}/visits/new").status_code == 200
    answer = browser.post(
        f"/patients/{patient.id}/visits",
        posted(
            **{
                "diagnoses-1-icd10": "i10",
                "diagnoses-1-type": "concomitant",
                "diagnoses-1-character": "chronic_known",
                "services-0-code": "A02.001.000",
                "referrals-0-category": "consultation",
                "referrals-0-priority": "urgent",
                "prescriptions-0-code": "C10AA05",
                "prescriptions-0-dosage": "40 mg",
            },
            systolic="152",
            diastolic="96",
            temperature="36,9",
            note="Cough for three days",
            presence_confirmed="1",
        ),
    )
    assert answer.status_code == 303, answer.text
    visit = browser.get(answer.headers["location"]).text
    card = browser.get(f"/patients/{patient.id}").text
    for told in (
        "J06.9",
        "I10",
        "152/96",
        "36,9",
        "Visit to the physician",
        "Atorvastatin",
        "40 mg",
        "Cough for three days",
        "presence confirmed",
    ):
        assert told in visit, told
        assert told in card, told
    again = browser.get(f"/patients/{patient.id}/visits/new").text
    assert "152 ·" in again
    assert "I10" in again
    with clinic.session() as session:
        encounter = session.scalars(select(Encounter).where(Encounter.patient_id == patient.id)).one()
        assert encounter.evidence == "presence"
        assert encounter.site_id == clinic.tree["site"]
        assert encounter.known_at == encounter.event_at


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"diagnoses-0-icd10": None}, "Enter the diagnosis"),
        ({"diagnoses-0-icd10": "Q99.9"}, "no such code"),
        ({"diagnoses-0-icd10": "инфаркт"}, "does not look right"),
        ({"diagnoses-0-type": "concomitant"}, "main one"),
        ({"diagnoses-1-icd10": "I10", "diagnoses-1-type": "main"}, "one main diagnosis"),
        ({"diagnoses-1-icd10": "J06.9", "diagnoses-1-type": "concomitant"}, "twice"),
        ({"systolic": "120"}, "both values"),
        ({"systolic": "80", "diastolic": "120"}, "higher than the diastolic"),
        ({"temperature": "366"}, "must lie between 25 and 45"),
        ({"temperature": "hot"}, "36,6"),
        ({"date": "31.12.2999"}, "future"),
        ({"date": "1.1.1970"}, "before the birth"),
        ({"services-0-code": "X99"}, "no such service"),
        ({"services-0-code": "C03.082.005", "services-0-result_code": "good"}, "one of: 0, 1"),
        ({"prescriptions-0-code": "ZZ99"}, "medicine from the list"),
        ({"disposition": "nobody_home"}, "home visit"),
        ({"next_date": "+7"}, "time too"),
        ({"next_date": "yesterday", "next_time": "9"}, "after this one"),
        ({"rankin": "7"}, "6 or less"),
    ],
)
def test_a_wrong_value_is_named(clinic: Clinic, patient: Patient, change: dict[str, str], told: str) -> None:
    answer = clinic.browser("doctor").post(f"/patients/{patient.id}/visits", posted(**change, note="kept text"))
    assert answer.status_code == 422
    assert told in answer.text
    assert "kept text" in answer.text
    with clinic.session() as session:
        assert session.scalar(select(Encounter.id).where(Encounter.patient_id == patient.id)) is None


def test_a_pregnancy_diagnosis_is_not_a_mans(clinic: Clinic) -> None:
    man = clinic.register(sex="male")
    with pytest.raises(Invalid, match="man"):
        clinic.visit(man.id, diagnoses=[{"icd10": "O14.1"}])


def test_the_same_form_twice_is_one_visit(clinic: Clinic, patient: Patient) -> None:
    moment = clock.local(clock.now() - dt.timedelta(hours=1))

    def record(_turn: int) -> str:
        try:
            clinic.visit(patient.id, date=moment.date(), time=moment.time().replace(second=0, microsecond=0))
        except service.RecordedAlready:
            return "refused"
        return "recorded"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(record, range(4))) == ["recorded", "refused", "refused", "refused"]


def test_two_writers_the_second_is_told(clinic: Clinic, patient: Patient) -> None:
    encounter = clinic.visit(patient.id)
    path = f"/visits/{encounter.id}"
    browser = clinic.browser("second")
    page = browser.get(path).text
    version = page.split('name="version" value="')[1].split('"')[0]
    assert clinic.browser("doctor").post(path, {"version": version, "note": "first writer"}).status_code == 303
    answer = browser.post(path, {"version": version, "note": "second writer"})
    assert answer.status_code == 422
    assert "Somebody changed this visit" in answer.text
    assert "first writer" in answer.text
    assert "second writer" in answer.text


def test_rows_are_added_to_a_visit(clinic: Clinic, patient: Patient) -> None:
    encounter = clinic.visit(patient.id)
    with clinic.session() as session:
        actor = clinic.actor(session, "doctor")
        version = session.get_one(Encounter, encounter.id).row_xid
        data = AmendInput.model_validate(
            {"version": version, "diagnoses": [{"icd10": "I10", "type": "concomitant"}], "pulse": 78}
        )
        service.amend_visit(session, actor, encounter.id, data)
        with pytest.raises(Conflict):
            service.amend_visit(session, actor, encounter.id, data)
    with clinic.session() as session:
        rows = rows_of(session, [encounter.id])
        assert [row.icd10 for row in rows["condition"]] == ["J06.9", "I10"]
        assert [row.value_number for row in rows["observation"]] == [78]


def test_who_may_not_mark_an_error(clinic: Clinic, patient: Patient) -> None:
    encounter = clinic.visit(patient.id)
    with clinic.session() as session:
        for login in ("nurse", "stranger", "registrar"):
            with pytest.raises(Forbidden):
                corrections.mark_visit_in_error(session, clinic.actor(session, login), encounter.id, "wrong patient")


def test_a_row_in_error_is_struck_through_not_deleted(clinic: Clinic, patient: Patient) -> None:
    encounter = clinic.visit(patient.id)
    browser = clinic.browser("doctor")
    with clinic.session() as session:
        condition = session.scalars(select(Condition).where(Condition.encounter_id == encounter.id)).one()
    path = f"/visit-rows/condition/{condition.id}/error"
    assert "J06.9" in browser.get(path).text
    assert browser.post(path, {"reason": ""}).status_code == 422
    assert browser.post(path, {"reason": "belongs to another person"}).status_code == 303
    card = browser.get(f"/patients/{patient.id}").text
    assert "belongs to another person" in card
    assert "in-error" in card
    assert "belongs to another person" not in browser.get(f"/patients/{patient.id}?errors=hide").text
    assert browser.post(path, {"reason": "belongs to another person"}).status_code == 409
    with clinic.session() as session, pytest.raises(Exception, match="permission denied"):
        session.execute(text("delete from visits.condition"))


def register_pregnancy(clinic: Clinic, patient_id: int, weeks: int) -> EpisodeOfCare:
    with clinic.session() as session:
        data = PregnancyForm(
            lmp_date=TODAY - dt.timedelta(weeks=weeks),
            registered_date=TODAY - dt.timedelta(weeks=2),
            risk_level="low",
            required_care_level=1,
        )
        actor = clinic.actor(session, "doctor")
        return episodes.register_pregnancy(session, actor, patient_id, data, clinic.place(session, "doctor"))


def steps(clinic: Clinic, patient_id: int, programme: str = "pregnancy") -> dict[str, str]:
    with clinic.session() as session:
        rows = session.scalars(
            select(CarePlanActivity).where(
                CarePlanActivity.patient_id == patient_id,
                CarePlanActivity.programme == programme,
                func.coalesce(CarePlanActivity.plan_year, 0) <= TODAY.year,
            )
        )
        return {row.step: row.status for row in rows}


def test_a_pregnancy_visit_completes_its_planned_step(clinic: Clinic, patient: Patient) -> None:
    register_pregnancy(clinic, patient.id, 20)
    assert steps(clinic, patient.id)["visit_3"] == "planned"
    encounter = clinic.visit(
        patient.id, purpose="pregnancy", diagnoses=[{"icd10": "Z34.9"}], services=[{"code": "L03.002.000"}]
    )
    after = steps(clinic, patient.id)
    assert after["visit_3"] == "done"
    assert after["visit_1"] == "planned"
    assert after["visit_4"] == "planned"
    with clinic.session() as session:
        weeks = select(Observation.value_number).where(
            Observation.encounter_id == encounter.id, Observation.code == "18185-9"
        )
        assert session.scalar(weeks) == 20
        corrections.mark_visit_in_error(session, clinic.actor(session, "doctor"), encounter.id, "another woman")
    assert steps(clinic, patient.id)["visit_3"] == "planned"


def test_a_phone_call_or_an_empty_house_completes_nothing(clinic: Clinic, patient: Patient) -> None:
    register_pregnancy(clinic, patient.id, 20)
    before = clock.local(clock.now() - dt.timedelta(hours=2))
    clinic.visit(
        patient.id,
        purpose="pregnancy",
        encounter_class="virtual",
        diagnoses=[],
        date=before.date(),
        time=before.time().replace(second=0, microsecond=0),
    )
    clinic.visit(patient.id, purpose="pregnancy", encounter_class="home", disposition="nobody_home", diagnoses=[])
    assert "done" not in steps(clinic, patient.id).values()


@pytest.mark.req("SCR-09")
def test_a_screening_service_completes_the_place_on_the_list(clinic: Clinic, patient: Patient) -> None:
    with clinic.session() as session:
        session.add(
            CarePlanActivity(
                patient_id=patient.id,
                organization_id=clinic.tree["hospital"],
                programme="breast",
                step="listed",
                plan_year=TODAY.year,
                event_at=clock.now() - dt.timedelta(days=30),
                known_at=clock.now(),
            )
        )
    encounter = clinic.visit(
        patient.id,
        purpose="screening",
        diagnoses=[],
        services=[{"code": "C03.082.005", "result_code": "2"}],
        presence_confirmed=True,
    )
    assert steps(clinic, patient.id, "breast") == {"listed": "done"}
    with clinic.session() as session:
        service_row = session.scalars(select(Procedure).where(Procedure.encounter_id == encounter.id)).one()
        assert (service_row.programme, service_row.evidence) == ("breast", "presence")
        corrections.mark_row_in_error(session, clinic.actor(session, "doctor"), "procedure", service_row.id, "not done")
    assert steps(clinic, patient.id, "breast") == {"listed": "planned"}


def test_the_next_visit_is_booked_or_planned(clinic: Clinic, patient: Patient) -> None:
    register_pregnancy(clinic, patient.id, 20)
    next_date = TODAY + dt.timedelta(days=10)
    clinic.visit(
        patient.id, purpose="pregnancy", diagnoses=[{"icd10": "Z34.9"}], next_date=next_date, next_time=dt.time(9, 40)
    )
    with clinic.session() as session:
        moved = session.scalars(
            select(CarePlanActivity).where(
                CarePlanActivity.patient_id == patient.id, CarePlanActivity.planned_date == next_date
            )
        ).one()
        assert moved.step == "visit_4"
        booked = session.scalars(select(Appointment).where(Appointment.patient_id == patient.id)).one()
        assert clock.local(booked.start_at).time() == dt.time(9, 40)
        assert booked.practitioner_id == clinic.practitioners["doctor"]


def test_json_beside_html(clinic: Clinic, patient: Patient) -> None:
    browser = clinic.browser("doctor")
    headers = {"accept": "application/json", "X-CSRF-Token": browser.csrf}
    body = {
        "date": f"{TODAY:%d.%m.%Y}",
        "time": "00:05",
        "diagnoses": [{"icd10": "I10"}],
        "systolic": 150,
        "diastolic": 90,
    }
    answer = browser.client.post(f"/api/patients/{patient.id}/visits", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    visit = answer.json()
    assert [row["icd10"] for row in visit["rows"]["condition"]] == ["I10"]
    assert browser.client.post(f"/api/patients/{patient.id}/visits", json=body, headers=headers).status_code == 409
    card = browser.client.get(f"/api/patients/{patient.id}/timeline", headers=headers).json()
    assert card["items"][0]["kind"] == "encounter"
    wrong = browser.client.post(f"/api/patients/{patient.id}/visits", json=body | {"time": "25:99"}, headers=headers)
    assert wrong.status_code == 422


def test_a_visit_needs_its_fields() -> None:
    with pytest.raises(ValidationError):
        AmendInput.model_validate({"diagnoses": [{"icd10": "10"}]})
