"""Reports: who may not, what must stand in one, document and signature, correction, doses, who is told."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Identity, authority_of
from ops_app.mechanisms.task.escalation import sweep
from ops_app.mechanisms.task.models import Task
from ops_app.modules.documents.models import Document
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.order_numbers import accession_number
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.models import Exposure, Report
from ops_app.modules.radiology.report_templates import template_for, templates
from ops_app.modules.visits.models import Procedure, ServiceRequest
from saulyq.settings import settings
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import send
from tests.ops_app.imaging import made
from tests.ops_app.imaging.conftest import CLINIC_BIN, RADIOLOGIST_IIN, Storing
from tests.ops_app.imaging.test_orders import order

CHEST = {
    "template": "chest",
    "q-quality": "good",
    "q-lungs": "changed",
    "q-lungs_text": "Инфильтрация справа",
    "conclusion": "Правосторонняя пневмония",
    "icd10": "J06.9",
    "effective_msv": "0,05",
    "dap_dgycm2": "1,2",
    "language": "ru",
}


@pytest.fixture
def patient(department: Clinic) -> Patient:
    return department.register(birth_date=dt.date(1990, 6, 12))


@pytest.fixture
def study(department: Clinic, patient: Patient, store: Storing) -> int:
    """A chest image of an order that was performed."""
    request_id = order(department, patient)
    tech = department.browser("tech")
    for step in ("arrived", "performed"):
        assert tech.post(f"/radiology/orders/{request_id}/{step}").status_code == 303
    return store(made.chest(patient, AccessionNumber=accession_number(request_id)))


@pytest.fixture(scope="module")
def key(department: Clinic) -> Identity:
    authority = authority_of(settings())
    return authority.issue("reader", RADIOLOGIST_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ")


def begun(browser: Browser, study_id: int) -> int:
    answer = browser.post(f"/radiology/studies/{study_id}/report")
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].split("/")[3])


def finished(clinic: Clinic, study_id: int, **values: Any) -> int:
    browser = clinic.browser("reader")
    report_id = begun(browser, study_id)
    answer = browser.post(f"/radiology/reports/{report_id}/finish", CHEST | values)
    assert answer.status_code == 303, answer.text
    return report_id


def load(clinic: Clinic, report_id: int) -> Report:
    with clinic.session() as session:
        return session.get_one(Report, report_id)


def notices(clinic: Clinic, login: str, report_id: int) -> list[str]:
    with clinic.session() as session:
        account_id = clinic.actor(session, login).account_id
        found = select(Notification.kind).where(
            Notification.account_id == account_id, Notification.target == f"/radiology/reports/{report_id}"
        )
        return list(session.scalars(found))


@pytest.mark.parametrize("login", ["doctor", "nurse", "tech", "chief", "registrar", "otherreader"])
def test_who_may_not_write_a_report(department: Clinic, study: int, login: str) -> None:
    assert department.browser(login).post(f"/radiology/studies/{study}/report").status_code == 403
    report_id = begun(department.browser("reader"), study)
    for step in ("keep", "finish", "discard", "correct"):
        assert department.browser(login).post(f"/radiology/reports/{report_id}/{step}", CHEST).status_code == 403
    # a draft is nobody's finding
    assert department.browser(login).get(f"/radiology/reports/{report_id}").status_code in (
        403,
        409,
        200 if login == "tech" else 403,
    )
    assert "Правосторонняя" not in department.browser("doctor").get(f"/radiology/studies/{study}").text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"conclusion": ""}, "conclusion"),
        ({"q-quality": ""}, "q-quality"),
        ({"q-lungs_text": ""}, "q-lungs_text"),
        ({"icd10": "Q99.9"}, "icd10"),
        ({"icd10": "what"}, "icd10"),
        ({"effective_msv": "", "dap_dgycm2": ""}, "effective_msv"),
        ({"effective_msv": "lots"}, "effective_msv"),
    ],
)
def test_what_must_stand_in_a_report(department: Clinic, study: int, values: dict[str, str], field: str) -> None:
    browser = department.browser("reader")
    report_id = begun(browser, study)
    refused = browser.post(f"/radiology/reports/{report_id}/finish", CHEST | values)
    assert refused.status_code == 422
    assert f'id="e-{field}"' in refused.text or f'data-error-of="{field}"' in refused.text
    assert load(department, report_id).status == "draft"


@pytest.mark.req("PACS-03", "INT-RIS-02", "EDS-09")
def test_from_the_image_to_the_signed_report(department: Clinic, patient: Patient, study: int, key: Identity) -> None:
    with department.session() as session:
        row = session.get_one(Study, study)
        request_id = row.service_request_id
        assert row.patient_id == patient.id
    reader = department.browser("reader")
    report_id = begun(reader, study)
    assert begun(reader, study) == report_id
    form = reader.get(f"/radiology/reports/{report_id}/write").text
    assert 'value="1,2"' in form
    assert "PA" in form
    kept = reader.post(f"/radiology/reports/{report_id}/keep", {"template": "chest", "conclusion": "half a thought"})
    assert kept.status_code == 303
    assert "half a thought" in reader.get(f"/radiology/reports/{report_id}/write").text
    assert reader.post(f"/radiology/reports/{report_id}/finish", CHEST).status_code == 303
    report = load(department, report_id)
    assert (report.status, report.icd10, report.language) == ("final", "J06.9", "ru")
    assert ["Изменения в лёгких", "Инфильтрация справа"] in report.shown
    assert notices(department, "doctor", report_id) == ["radiology:report_ready"]
    doctor = department.browser("doctor")
    assert "not signed it yet" in doctor.get(f"/radiology/reports/{report_id}").text
    with department.session() as session:
        document = session.get_one(Document, report.document_id)
        assert document.number.startswith("IR-")
        assert document.data["conclusion"] == "Правосторонняя пневмония"
        assert document.data["study"]["order"].startswith(accession_number(request_id or 0))
        request = session.get_one(ServiceRequest, request_id)
        assert request.status == "completed"
        rendered = session.scalars(select(Procedure).where(Procedure.service_request_id == request_id)).one()
        assert rendered.note == "Правосторонняя пневмония"
    asked = send(reader, "/to-sign/content", {"ids": [document.id]}).json()
    pdf = base64.b64decode(asked["documents"][0]["content"])
    assert pdf.startswith(b"%PDF")
    cms = base64.b64encode(making.sign(pdf, [key])).decode()
    signed = send(reader, "/to-sign/signatures", {"signatures": [{"id": document.id, "cms": cms}]}).json()
    assert signed["results"][0]["result"] == "valid"
    assert doctor.get(f"/documents/{document.id}/pdf").content.startswith(b"%PDF")
    for url in (f"/radiology/orders/{request_id}", f"/radiology/studies/{study}", f"/patients/{patient.id}"):
        assert "Правосторонняя пневмония" in doctor.get(url).text, url
    assert reader.post(f"/radiology/reports/{report_id}/finish", CHEST).status_code == 422


@pytest.mark.req("PACS-03")
def test_a_corrected_report_replaces_the_first_and_both_stay_readable(department: Clinic, study: int) -> None:
    first = finished(department, study)
    reader = department.browser("reader")
    refused = reader.post(f"/radiology/reports/{first}/correct", {"reason": "no"})
    assert refused.headers["location"] == f"/radiology/reports/{first}"
    answer = reader.post(f"/radiology/reports/{first}/correct", {"reason": "wrong side was named"})
    second = int(answer.headers["location"].split("/")[3])
    assert second != first
    assert load(department, first).status == "final"
    changed = CHEST | {"conclusion": "Левосторонняя пневмония", "effective_msv": "0,07"}
    assert reader.post(f"/radiology/reports/{second}/finish", changed).status_code == 303
    assert (load(department, first).status, load(department, second).status) == ("replaced", "final")
    assert notices(department, "doctor", second) == ["radiology:report_corrected"]
    doctor = department.browser("doctor")
    page = doctor.get(f"/radiology/reports/{second}").text
    assert "wrong side was named" in page
    assert "Правосторонняя пневмония" in page
    assert f'href="/radiology/reports/{second}"' in doctor.get(f"/radiology/reports/{first}").text
    with department.session() as session:
        old, new = (session.get_one(Document, load(department, each).document_id) for each in (first, second))
        assert (old.status, new.version, new.number) == ("replaced", 2, old.number)
        doses = session.scalars(
            select(Exposure).where(Exposure.report_id.in_([first, second])).order_by(Exposure.id)
        ).all()
        assert [(dose.effective_msv, dose.withdrawn_at is None) for dose in doses] == [(0.05, False), (0.07, True)]


def task_of(clinic: Clinic, report_id: int) -> Task:
    with clinic.session() as session:
        found = select(Task).where(Task.subject == f"radiology_report:{report_id}").order_by(Task.id.desc())
        return session.scalars(found).first()


def told(clinic: Clinic, login: str, task: Task) -> bool:
    """Whether an account has the notice of a critical finding."""
    with clinic.session() as session:
        found = select(Notification.id).where(
            Notification.account_id == clinic.actor(session, login).account_id,
            Notification.kind == "radiology:critical_finding",
            Notification.target == f"/tasks/{task.id}",
        )
        return session.scalar(found) is not None


@pytest.mark.req("PACS-03")
def test_a_critical_finding_stays_a_task_of_whoever_asked_until_it_is_acknowledged(
    department: Clinic, study: int
) -> None:
    report_id = finished(department, study, is_critical="1", told_to="Доктор, 14:05")
    task = task_of(department, report_id)
    assert task.owner_practitioner_id == department.practitioners["doctor"]
    assert (task.state, task.severity, task.due_at - task.opened_at) == ("open", "red", dt.timedelta(hours=1))
    assert told(department, "doctor", task) and not told(department, "stranger", task)
    answer = {"code": "acknowledged", "text": "Сүзбе қойылды, госпитализация"}
    for login in ("stranger", "otherreader", "registrar"):
        assert department.browser(login).post(f"/tasks/{task.id}/answer", answer).status_code in (403, 404)
    doctor = department.browser("doctor")
    page = doctor.get(f"/radiology/reports/{report_id}").text
    assert "14:05" in page and f'href="/tasks/{task.id}"' in page
    assert f'href="/tasks/{task.id}"' not in department.browser("tech").get(f"/radiology/reports/{report_id}").text
    # reading alone takes nothing off
    assert doctor.get(f"/tasks/{task.id}").status_code == 200
    assert task_of(department, report_id).state == "open"
    assert doctor.post(f"/tasks/{task.id}/answer", answer).status_code == 303
    done = task_of(department, report_id)
    assert (done.state, done.evidence, done.closed_by) == ("done", "answer:acknowledged", "doctor")
    assert "was acknowledged" in doctor.get(f"/radiology/reports/{report_id}").text


def test_a_critical_finding_nobody_acknowledges_goes_up(department: Clinic, study: int) -> None:
    task = task_of(department, finished(department, study, is_critical="1"))
    for hours in (1, 3):
        with department.session() as session:
            row = session.get_one(Task, task.id)
            row.next_step_at = clock.now() - dt.timedelta(hours=hours)
        sweep(department.app.state.engine)
    with department.session() as session:
        assert session.get_one(Task, task.id).told_roles == ["chief_physician", "doctor"]


def test_a_correction_takes_the_task_of_the_first_report_off_and_asks_anew_when_it_is_critical(
    department: Clinic, study: int
) -> None:
    first = finished(department, study, is_critical="1")
    reader = department.browser("reader")
    reports = [first]
    for values in ({"is_critical": "1"}, {}):
        answer = reader.post(f"/radiology/reports/{reports[-1]}/correct", {"reason": "another side was meant"})
        reports.append(int(answer.headers["location"].split("/")[3]))
        assert reader.post(f"/radiology/reports/{reports[-1]}/finish", CHEST | values).status_code == 303
    assert [task_of(department, each).state for each in reports[:2]] == ["withdrawn", "withdrawn"]
    assert task_of(department, reports[2]) is None
    assert notices(department, "doctor", reports[2]) == ["radiology:report_corrected"]


def test_a_critical_finding_nobody_asked_for_is_a_task_of_those_who_look_after_the_person(
    department: Clinic, patient: Patient, store: Storing
) -> None:
    task = task_of(department, finished(department, store(made.chest(patient)), is_critical="1"))
    assert task.owner_practitioner_id is None
    assert [login for login in ("doctor", "second", "stranger") if told(department, login, task)] == [
        "doctor",
        "second",
    ]


def test_the_register_of_doses_counts_a_year(department: Clinic, patient: Patient, store: Storing) -> None:
    finished(department, store(made.chest(patient)))
    finished(department, store(made.chest(patient)), effective_msv="", dap_dgycm2="", dose_unknown="1")
    finished(department, store(made.chest(patient)), effective_msv="")
    old = f"{clock.today() - dt.timedelta(days=500):%Y%m%d}"
    finished(department, store(made.chest(patient, StudyDate=old)), effective_msv="9")
    page = department.browser("doctor").get(f"/patients/{patient.id}/images").text
    assert "In the last 12 months: 0,05 mSv" in page
    assert "1 examination without an effective dose" in page
    with department.session() as session:
        sources = session.scalars(
            select(Exposure.source).where(Exposure.patient_id == patient.id).order_by(Exposure.id)
        ).all()
        assert sources == ["typed", "dicom", "typed"]


@pytest.mark.req("INT-ECG-01", "INT-ECG-02")
def test_an_ecg_from_the_order_to_its_conclusion(department: Clinic, patient: Patient, store: Storing) -> None:
    request_id = order(department, patient, modality="ECG", body_part="", code="", pregnancy="")
    tech = department.browser("tech")
    listed = tech.get("/radiology/worklist?modality=ECG").text
    assert accession_number(request_id) in listed
    assert "Doctor" in listed
    for step in ("arrived", "performed"):
        assert tech.post(f"/radiology/orders/{request_id}/{step}").status_code == 303
    study_id = store(made.ecg(patient, AccessionNumber=accession_number(request_id)))
    reader = department.browser("reader")
    report_id = begun(reader, study_id)
    typed = {
        "template": "ecg",
        "q-rhythm": "sinus",
        "q-rate": "75",
        "q-qt": "380",
        "conclusion": "Норма",
        "language": "kk",
    }
    assert reader.post(f"/radiology/reports/{report_id}/finish", typed).status_code == 303
    report = load(department, report_id)
    assert ["QTc (Базетт)", "425 ms"] in [[label, text.replace("мс", "ms")] for label, text in report.shown]
    with department.session() as session:
        assert session.get_one(ServiceRequest, request_id).status == "completed"
        assert session.scalar(select(Exposure.id).where(Exposure.report_id == report_id)) is None
    assert "Норма" in department.browser("doctor").get(f"/patients/{patient.id}").text


@pytest.mark.parametrize(
    ("modalities", "part", "expected"),
    [
        (["DX"], "CHEST", "chest"),
        (["CR"], "chest", "chest"),
        (["DX"], "HAND", "bones"),
        (["MG"], "BREAST", "mammography"),
        (["SR", "CT"], None, "sectional"),
        (["US"], None, "ultrasound"),
        (["ECG"], None, "ecg"),
        (["OT"], None, "general"),
        ([], None, "general"),
    ],
)
def test_the_protocol_fits_the_study(modalities: list[str], part: str | None, expected: str) -> None:
    assert template_for(modalities, part) == expected
    assert expected in templates()
