"""Referrals: who may not, the way to the result, two people at once, what a result closes."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.episodes.models import CarePlanActivity
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Procedure, ServiceRequest, ServiceRequestEvent
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.undoing import way_back

TOMORROW = (clock.today() + dt.timedelta(days=1)).isoformat()


def refer(clinic: Clinic, patient: Patient, **values: Any) -> ServiceRequest:
    """A referral written at a visit to the other organisation."""
    known = {"category": "imaging", "code": "C03.082.005", "performer_organization_id": clinic.tree["other"]}
    visit = clinic.visit(patient.id, referrals=[known | values])
    with clinic.session() as session:
        return session.scalars(select(ServiceRequest).where(ServiceRequest.encounter_id == visit.id)).one()


def state(clinic: Clinic, request: ServiceRequest) -> ServiceRequest:
    with clinic.session() as session:
        return session.get_one(ServiceRequest, request.id)


def push(clinic: Clinic, who: str | Browser, request: ServiceRequest, to: str, **values: str) -> Response:
    version = str(state(clinic, request).row_xid)
    browser = clinic.browser(who) if isinstance(who, str) else who
    return browser.post(f"/referrals/{request.id}", {"to": to, "version": version} | values)


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Attached to the hospital that refers."""
    return clinic.register(birth_date=dt.date(clock.today().year - 46, 6, 1))


@pytest.mark.parametrize("login", ["registrar", "official"])
def test_who_may_not_open_a_referral(clinic: Clinic, patient: Patient, login: str) -> None:
    request = refer(clinic, patient)
    assert clinic.browser(login).get(f"/referrals/{request.id}").status_code == 403
    assert push(clinic, login, request, "in_progress").status_code == 403
    assert clinic.browser(login).get("/journals/referrals-in").status_code == 403


def test_a_referral_to_somebody_else_opens_no_card(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient, performer_organization_id=clinic.tree["hospital"])
    assert clinic.browser("stranger").get(f"/referrals/{request.id}").status_code == 403
    assert patient.family_name not in clinic.browser("stranger").get("/journals/referrals-in").text
    assert push(clinic, "stranger", request, "in_progress").status_code == 403


def test_the_requester_performs_nothing_elsewhere(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    assert push(clinic, "doctor", request, "in_progress").status_code == 409
    assert push(clinic, "doctor", request, "completed", result="done").status_code == 409
    assert state(clinic, request).status == "active"


@pytest.mark.req("SCR-05", "CARD-03")
def test_from_the_visit_to_the_result(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient, payer="guaranteed_package", priority="urgent", note="lump on the left")
    page = clinic.browser("stranger").get("/journals/referrals-in").text
    assert patient.family_name in page
    assert "Mammography" in page
    assert "guaranteed package" in page
    for form in ({}, {"date": TOMORROW}, {"date": "01.01.2020", "time": "09:00"}):
        assert push(clinic, "stranger", request, "scheduled", **form).status_code == 422
    assert push(clinic, "stranger", request, "scheduled", date=TOMORROW, time="09:30").status_code == 303
    assert state(clinic, request).occurrence_date.isoformat() == TOMORROW
    assert push(clinic, "stranger", request, "in_progress").status_code == 303
    refused = push(clinic, "stranger", request, "completed")
    assert refused.status_code == 422
    assert "Write the result" in refused.text
    assert push(clinic, "stranger", request, "completed", result="BI-RADS 2, no mass").status_code == 303
    seen = clinic.browser("doctor").get(f"/referrals/{request.id}").text
    assert "BI-RADS 2, no mass" in seen
    assert "lump on the left" in seen
    with clinic.session() as session:
        moves = session.scalars(
            select(ServiceRequestEvent.after)
            .where(ServiceRequestEvent.service_request_id == request.id)
            .order_by(ServiceRequestEvent.id)
        ).all()
        assert moves == ["scheduled", "in_progress", "completed"]
        service = session.scalars(select(Procedure).where(Procedure.service_request_id == request.id)).one()
        assert (service.programme, service.organization_id) == ("breast", clinic.tree["other"])
        place = session.scalars(
            select(CarePlanActivity).where(
                CarePlanActivity.patient_id == patient.id,
                CarePlanActivity.programme == "breast",
                CarePlanActivity.plan_year == clock.today().year,
            )
        ).one()
        assert place.status == "done"
        rules = session.scalars(
            select(Event.rule).where(Event.patient_id == patient.id, Event.kind == "read", Event.login == "stranger")
        ).all()
        assert {"referral", "journal referrals-in"} <= set(rules)
    assert push(clinic, "stranger", request, "cancelled", cancel_code="no_show").status_code == 409


def test_a_referral_is_cancelled_for_a_reason(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    page = clinic.browser("doctor").get(f"/referrals/{request.id}").text
    assert re.search(r'<details class="danger-zone" *>', page), "nobody finds himself in the form that cancels"
    assert push(clinic, "doctor", request, "cancelled").status_code == 422
    assert push(clinic, "doctor", request, "cancelled", cancel_code="other").status_code == 422
    assert push(clinic, "doctor", request, "cancelled", cancel_code="refused").status_code == 303
    assert state(clinic, request).cancel_reason == "refused"
    assert patient.family_name not in clinic.browser("doctor").get("/journals/referrals-out").text
    assert patient.family_name in clinic.browser("doctor").get("/journals/referrals-out?state=cancelled").text


def test_two_people_at_once(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    old = str(state(clinic, request).row_xid)
    assert push(clinic, "stranger", request, "in_progress").status_code == 303
    late = clinic.browser("stranger").post(f"/referrals/{request.id}", {"to": "in_progress", "version": old})
    assert late.status_code == 409


@pytest.mark.req("REP-21", "I18N-01")
@pytest.mark.parametrize(("language", "word"), [("en", "waits"), ("ru", "ожидает"), ("kk", "күтіп тұр")])
def test_the_visit_leads_to_its_referral(clinic: Clinic, patient: Patient, language: str, word: str) -> None:
    request = refer(clinic, patient)
    browser = clinic.browser("doctor", language)
    visit = browser.get(f"/visits/{request.encounter_id}").text
    assert re.search(rf'href="/referrals/{request.id}">[^<]*{word}', visit)
    assert word in browser.get("/journals/referrals-out").text


def test_a_step_is_taken_back(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    stranger = clinic.browser("stranger")
    assert push(clinic, stranger, request, "scheduled", date=TOMORROW, time="15:00").status_code == 303
    assert push(clinic, stranger, request, "scheduled", date=TOMORROW, time="09:30").status_code == 303
    url, fields = way_back(stranger, f"/referrals/{request.id}")
    # the requester did not move it, so it is not his step
    assert clinic.browser("doctor").post(url, fields).status_code == 400
    assert stranger.post(url, fields).status_code == 303
    assert re.search(r"Scheduled</strong>[^<]* 15:00", stranger.get(f"/referrals/{request.id}").text)
    assert push(clinic, stranger, request, "in_progress").status_code == 303
    before = state(clinic, request)
    assert push(clinic, stranger, request, "completed", result="BI-RADS 4").status_code == 303
    url, fields = way_back(stranger, f"/referrals/{request.id}")
    assert stranger.post(url, fields).status_code == 303
    now = state(clinic, request)
    assert (now.status, now.occurrence_date) == (before.status, before.occurrence_date)
    assert "the step before was taken back" in stranger.get(f"/referrals/{request.id}").text
    with clinic.session() as session:
        # what the completion had recorded stays, marked, and the screening waits again
        service = session.scalars(select(Procedure).where(Procedure.service_request_id == request.id)).one()
        assert service.entered_in_error_by == "stranger"
        place = session.scalars(
            select(CarePlanActivity).where(
                CarePlanActivity.patient_id == patient.id,
                CarePlanActivity.programme == "breast",
                CarePlanActivity.plan_year == clock.today().year,
            )
        ).one()
        assert place.status == "planned"
    assert stranger.post(url, fields).status_code == 409
    assert push(clinic, stranger, request, "completed", result="BI-RADS 2").status_code == 303


def test_a_step_after_somebody_elses_stays(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    stranger = clinic.browser("stranger")
    assert push(clinic, stranger, request, "in_progress").status_code == 303
    url, fields = way_back(stranger, f"/referrals/{request.id}")
    assert push(clinic, stranger, request, "completed", result="no mass").status_code == 303
    assert stranger.post(url, fields).status_code == 409
    assert state(clinic, request).status == "completed"
