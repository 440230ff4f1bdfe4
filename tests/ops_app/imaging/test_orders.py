"""Orders for images and ECG: who may not, what has to be asked, the way through the department."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.modules.imaging.order_numbers import accession_number
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.models import ImagingOrder
from ops_app.modules.visits.models import Encounter, ServiceRequest
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic

ORDER = {"modality": "DX", "body_part": "CHEST", "code": "C03.001.004", "pregnancy": "no", "priority": "urgent"}


_minutes = itertools.count()


def visited(clinic: Clinic, patient: Patient, **values: Any) -> Encounter:
    """A visit of its own minute: the same doctor may order twice."""
    minute = next(_minutes)
    at = {"date": clock.today() - dt.timedelta(days=1), "time": dt.time(8 + minute // 60, minute % 60)}
    return clinic.visit(patient.id, **(at | values))


def ordered(clinic: Clinic, patient: Patient, login: str = "doctor", **values: Any) -> Response:
    """The answer to an order written at a fresh visit of the doctor."""
    visit = visited(clinic, patient)
    return clinic.browser(login).post(f"/visits/{visit.id}/images", ORDER | values)


def order(clinic: Clinic, patient: Patient, **values: Any) -> int:
    """An order; the number of its request."""
    answer = ordered(clinic, patient, **values)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


@pytest.fixture
def patient(department: Clinic) -> Patient:
    return department.register(birth_date=dt.date(1990, 6, 12))


@pytest.mark.parametrize("login", ["registrar", "official", "nurse", "tech", "stranger"])
def test_who_may_not_order(department: Clinic, patient: Patient, login: str) -> None:
    visit = visited(department, patient)
    assert department.browser(login).get(f"/visits/{visit.id}/images/new").status_code in (303, 403)
    assert department.browser(login).post(f"/visits/{visit.id}/images", ORDER).status_code == 403


@pytest.mark.parametrize("login", ["doctor", "nurse", "registrar", "official", "chief"])
def test_who_may_not_work_the_list(department: Clinic, patient: Patient, login: str) -> None:
    request_id = order(department, patient)
    browser = department.browser(login)
    assert browser.get("/radiology/worklist").status_code == 403
    assert browser.post(f"/radiology/orders/{request_id}/arrived").status_code == 403
    assert browser.post(f"/radiology/orders/{request_id}/performed").status_code == 403


def test_another_department_sees_nothing(department: Clinic, patient: Patient) -> None:
    request_id = order(department, patient)
    other = department.browser("othertech")
    assert patient.family_name not in other.get("/radiology/worklist?step=all").text
    assert other.get(f"/radiology/orders/{request_id}").status_code == 403
    assert other.post(f"/radiology/orders/{request_id}/arrived").status_code == 403
    assert other.get(f"/patients/{patient.id}/images").status_code in (303, 403)
    # addressed to it, the same order opens, and the card by the rule of an unfinished referral
    sent = order(department, patient, performer_organization_id=str(department.tree["other"]))
    assert patient.family_name in other.get("/radiology/worklist").text
    assert other.get(f"/radiology/orders/{sent}").status_code == 200
    assert other.get(f"/patients/{patient.id}/images").status_code == 200
    assert accession_number(sent) not in department.browser("tech").get("/radiology/worklist?step=all").text


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"modality": ""}, "modality", "Fill in"),
        ({"body_part": ""}, "body_part", "Choose what is examined"),
        ({"pregnancy": ""}, "pregnancy", "Ask whether she may be pregnant"),
        ({"pregnancy": "pregnant"}, "note", "why it cannot wait"),
        ({"is_contrast": "1"}, "contrast_risks", "Ask about allergy"),
        ({"code": "Z99.999.999"}, "code", "no such service"),
        ({"reason_icd10": "Q99.9"}, "reason_icd10", "no such code"),
    ],
)
def test_what_has_to_be_asked(
    department: Clinic, patient: Patient, values: dict[str, str], field: str, told: str
) -> None:
    refused = ordered(department, patient, **values)
    assert refused.status_code == 422
    assert f'href="#f-{field}"' in refused.text
    assert told in refused.text


def test_a_man_and_an_ultrasound_are_not_asked_for_pregnancy(department: Clinic) -> None:
    man = department.register(sex="male")
    assert ordered(department, man, pregnancy="").status_code == 303
    woman = department.register(birth_date=dt.date(1990, 6, 12))
    assert ordered(department, woman, pregnancy="", modality="US", body_part="ABDOMEN").status_code == 303


def waiting(browser: Browser) -> int:
    """The number beside the worklist, in the navigation and on the start page."""
    told: int = browser.get("/waiting").json().get("radiology:worklist", 0)
    return told


@pytest.mark.req("INT-RIS-01", "PACS-03")
def test_from_the_visit_through_the_department(department: Clinic, patient: Patient) -> None:
    request_id = order(department, patient, note="cough for three weeks", reason_icd10="J06.9")
    number = accession_number(request_id)
    tech, reader = department.browser("tech"), department.browser("reader")
    to_make, to_read = waiting(tech), waiting(reader)
    listed = tech.get("/radiology/worklist?modality=DX").text
    assert number in listed
    assert patient.family_name in listed
    assert number not in tech.get("/radiology/worklist?modality=CT").text
    assert number not in tech.get(f"/radiology/worklist?day={clock.today() - dt.timedelta(days=3):%d.%m.%Y}").text
    assert tech.get("/radiology/worklist?day=nonsense").status_code == 422
    for asked, shows in ((patient.family_name.lower(), True), (patient.iin, True), ("Ешкім", False), ("%", False)):
        assert (number in tech.get("/radiology/worklist", params={"q": asked}).text) is shows, asked
    scanned = tech.get(f"/radiology/worklist?q={number}")
    assert (scanned.status_code, scanned.headers["location"].endswith(f"/orders/{request_id}")) == (303, True)
    # who is not asked to make it finds nothing under its number
    assert department.browser("othertech").get(f"/radiology/worklist?q={number}").status_code == 200
    page = tech.get(f"/radiology/orders/{request_id}").text
    assert "cough for three weeks" in page
    assert "Chest radiograph" in page
    assert tech.post(f"/radiology/orders/{request_id}/performed").status_code == 409
    assert tech.post(f"/radiology/orders/{request_id}/arrived").status_code == 303
    assert tech.post(f"/radiology/orders/{request_id}/arrived").status_code == 409
    assert "has come" in tech.get("/radiology/worklist?step=arrived").text
    assert tech.post(f"/radiology/orders/{request_id}/performed").status_code == 303
    assert number in tech.get("/radiology/worklist?step=performed").text
    # whoever makes examinations is told of those to be made, whoever reads them of those to be read
    assert (waiting(tech), waiting(reader)) == (to_make - 1, to_read + 1)
    with department.session() as session:
        row = session.scalars(select(ImagingOrder).where(ImagingOrder.service_request_id == request_id)).one()
        assert (row.modality, row.body_part, row.pregnancy, row.arrived_by) == ("DX", "CHEST", "no", "tech")
        assert session.get_one(ServiceRequest, request_id).status == "in_progress"
    assert "in progress" in department.browser("doctor").get(f"/referrals/{request_id}").text


def test_a_plain_referral_is_completed_by_the_department(department: Clinic, patient: Patient) -> None:
    visit = visited(department, patient, referrals=[{"category": "imaging", "code": "C03.001.004"}])
    with department.session() as session:
        request_id = session.scalars(select(ServiceRequest.id).where(ServiceRequest.encounter_id == visit.id)).one()
    tech = department.browser("tech")
    assert "Chest radiograph" in tech.get("/radiology/worklist").text
    refused = tech.post(f"/radiology/orders/{request_id}/arrived")
    assert refused.status_code == 422
    assert "Choose the kind of examination" in refused.text
    unasked = tech.post(f"/radiology/orders/{request_id}/arrived", {"modality": "DX", "body_part": "CHEST"})
    assert "Ask whether she may be pregnant" in unasked.text
    taken = {"modality": "DX", "body_part": "CHEST", "pregnancy": "no"}
    assert tech.post(f"/radiology/orders/{request_id}/arrived", taken).status_code == 303


@pytest.mark.parametrize(("language", "word"), [("kk", "рентгенография"), ("ru", "рентгенография")])
def test_the_visit_leads_to_the_order(department: Clinic, patient: Patient, language: str, word: str) -> None:
    visit = visited(department, patient)
    browser = department.browser("doctor", language)
    assert f'href="/visits/{visit.id}/images/new"' in browser.get(f"/visits/{visit.id}").text
    assert word in browser.get(f"/visits/{visit.id}/images/new").text
    request_id = order(department, patient)
    images = browser.get(f"/patients/{patient.id}/images").text
    assert re.search(rf'href="/radiology/orders/{request_id}">[^<]*{word}', images, re.IGNORECASE)
