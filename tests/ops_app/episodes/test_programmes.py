"""Programmes on the card: who may not, why and what takes off, leaving a list, the nightly run."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.episodes.models import CarePlanActivity
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits import corrections
from tests.ops_app.clinic import Clinic

TODAY = clock.today()
BORN = dt.date(TODAY.year - 46, 6, 1)


def steps(clinic: Clinic, patient_id: int) -> dict[tuple[str, int | None], CarePlanActivity]:
    with clinic.session() as session:
        rows = session.scalars(select(CarePlanActivity).where(CarePlanActivity.patient_id == patient_id))
        return {(row.programme, row.plan_year): row for row in rows}


def breast(clinic: Clinic, patient: Patient) -> CarePlanActivity:
    return steps(clinic, patient.id)["breast", TODAY.year]


@pytest.mark.parametrize(("login", "status"), [("registrar", 403), ("official", 403), ("stranger", 303)])
def test_who_may_not_see_programmes(clinic: Clinic, login: str, status: int) -> None:
    patient = clinic.register(birth_date=BORN)
    assert clinic.browser(login).get(f"/patients/{patient.id}/programmes").status_code == status
    step = breast(clinic, patient)
    answer = clinic.browser(login).post(f"/patients/{patient.id}/programmes/{step.id}/exclude", {"reason": "refused"})
    assert answer.status_code == 403
    assert breast(clinic, patient).status == "planned"


@pytest.mark.req("SCR-01", "SCR-06", "SCR-16", "I18N-01")
@pytest.mark.parametrize(
    ("language", "why", "off"),
    [
        ("en", "46 is reached", "death"),
        ("ru", "Обследуют женщин 40, 42, … 76 лет", "смерть"),
        ("kk", "жастағы әйелдер тексеріледі", "қайтыс болу"),
    ],
)
def test_the_card_says_why_and_what_takes_off(clinic: Clinic, language: str, why: str, off: str) -> None:
    patient = clinic.register(birth_date=BORN)
    page = clinic.browser("doctor", language).get(f"/patients/{patient.id}/programmes").text
    assert why in page
    assert off in page
    assert "C03.082.005" in page
    assert "ДСМ-174/2020" in page


@pytest.mark.req("SCR-02", "SCR-03")
def test_a_nurse_takes_a_person_off_for_a_reason_and_puts_him_back(clinic: Clinic) -> None:
    patient = clinic.register(birth_date=BORN)
    nurse = clinic.browser("nurse")
    step = breast(clinic, patient)
    address = f"/patients/{patient.id}/programmes/{step.id}"
    assert nurse.post(f"{address}/exclude", {}).status_code == 422
    assert nurse.post(f"{address}/restore").status_code == 409
    assert nurse.post(f"{address}/exclude", {"reason": "refused"}).status_code == 303
    assert nurse.post(f"{address}/exclude", {"reason": "refused"}).status_code == 409
    other = clinic.register(birth_date=BORN)
    assert nurse.post(f"/patients/{other.id}/programmes/{step.id}/restore").status_code == 404
    with clinic.session() as session:
        assert plan_refresh.refresh(session, None, patient.id) == 0
    assert (breast(clinic, patient).status, breast(clinic, patient).cancel_reason) == ("cancelled", "refused")
    assert "refuses" in nurse.get(f"/patients/{patient.id}/programmes").text
    assert nurse.post(f"{address}/restore").status_code == 303
    assert breast(clinic, patient).status == "planned"
    following = steps(clinic, patient.id).get(("breast", TODAY.year + 1))
    assert following is None or following.cancel_reason == "not_in_group"


@pytest.mark.req("SCR-09")
def test_evidence_closes_and_a_mark_in_error_opens_again(clinic: Clinic) -> None:
    patient = clinic.register(birth_date=BORN)
    visit = clinic.visit(patient.id, purpose="screening", diagnoses=[], services=[{"code": "C03.082.005"}])
    assert breast(clinic, patient).encounter_id == visit.id
    assert steps(clinic, patient.id)["cvd_dm", TODAY.year].status == "planned"
    with clinic.session() as session:
        corrections.mark_visit_in_error(session, clinic.actor(session, "doctor"), visit.id, "somebody else")
    assert breast(clinic, patient).status == "planned"


@pytest.mark.req("DISP-01")
def test_a_card_of_hypertension_plans_its_control_visits(clinic: Clinic) -> None:
    patient = clinic.register(birth_date=BORN)
    clinic.browser("doctor").post(f"/patients/{patient.id}/dispensary", {"icd10": "I10", "registered_date": "today"})
    [control] = [row for key, row in steps(clinic, patient.id).items() if key[0] == "dispensary"]
    assert control.planned_date is not None and 85 < (control.planned_date - TODAY).days < 95
    # the register took her off the screening for this disease
    screening = steps(clinic, patient.id)["cvd_dm", TODAY.year]
    assert (screening.status, screening.cancel_reason) == ("cancelled", "on_register")


def test_a_visit_of_somebody_long_on_the_register_plans_the_next_control(clinic: Clinic) -> None:
    patient = clinic.register(birth_date=BORN)
    long_ago = show_date(TODAY - dt.timedelta(days=700))
    opened = {"icd10": "I10", "registered_date": long_ago}
    assert clinic.browser("doctor").post(f"/patients/{patient.id}/dispensary", opened).status_code == 303
    clinic.visit(patient.id, purpose="dispensary", diagnoses=[{"icd10": "I10", "kind": "final"}])
    waiting = [
        row for key, row in steps(clinic, patient.id).items() if key[0] == "dispensary" and row.status == "planned"
    ]
    assert waiting and all(row.known_at >= row.event_at for row in waiting)


def test_a_death_takes_off_and_its_error_puts_back(clinic: Clinic) -> None:
    patient = clinic.register(birth_date=BORN)
    clinic.browser("doctor").post(
        f"/patients/{patient.id}/death",
        {"date": "today", "known_date": "today", "place": "home", "later_facts_seen": "1"},
    )
    assert breast(clinic, patient).cancel_reason == "died"
    number = breast(clinic, patient).id
    from ops_app.modules.deaths import service
    from ops_app.modules.deaths.models import Death

    with clinic.session() as session:
        death = session.scalars(select(Death).where(Death.patient_id == patient.id)).one()
        service.mark_death_in_error(session, clinic.actor(session, "doctor"), death.id, "another person")
    assert (breast(clinic, patient).id, breast(clinic, patient).status) == (number, "planned")


def test_the_nightly_run_looks_only_at_changed_people_and_repeats_nothing(clinic: Clinic) -> None:
    patient = clinic.register(birth_date=BORN)
    with clinic.session() as session:
        first = list(plan_refresh.refresh_changed(session))
    assert sum(outcome.people for outcome in first) > 0
    with clinic.session() as session:
        rows = session.scalar(select(func.count()).select_from(CarePlanActivity))
        assert sum(outcome.steps for outcome in plan_refresh.refresh_changed(session)) == 0
    with clinic.session() as session:
        assert session.scalar(select(func.count()).select_from(CarePlanActivity)) == rows
        quiet = plan_refresh.changed_people(session)
    clinic.visit(patient.id)
    with clinic.session() as session:
        assert set(plan_refresh.changed_people(session)) - set(quiet) <= {patient.id}
        assert patient.id in plan_refresh.changed_people(session)
