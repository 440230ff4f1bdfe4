"""Signed reports of orders, their correction, and corrections of other laboratories."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import Any

import pytest

from ops_app.kit import clock
from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Identity, authority_of
from ops_app.modules.documents.models import Document
from ops_app.modules.laboratory.incoming import IncomingPerson, IncomingResult
from ops_app.modules.laboratory.models import LabOrder, Report, Result, Specimen
from ops_app.modules.organizations.models import Organization, Practitioner
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation
from saulyq.settings import settings
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, send
from tests.ops_app.laboratory.lab import POTASSIUM, Bench

LABDOCTOR_IIN = "790315300015"


@pytest.fixture(scope="module")
def key(clinic: Clinic, bench: Bench) -> Identity:
    """The key of the laboratory doctor."""
    with clinic.session() as session:
        session.get_one(Practitioner, clinic.practitioners["labdoctor"]).iin = LABDOCTOR_IIN
        session.get_one(Organization, clinic.tree["hospital"]).bin = CLINIC_BIN
    authority = authority_of(settings())
    return authority.issue("labdoctor", LABDOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ")


@pytest.fixture
def patient(clinic: Clinic, bench: Bench) -> Patient:
    """A woman of forty."""
    return clinic.register(birth_date=dt.date(clock.today().year - 40, 1, 15), sex="female")


def form(clinic: Clinic, order: LabOrder, login: str = "labdoctor", language: str = "ru") -> int:
    """Form the report over HTTP; the key of its document."""
    answer = clinic.browser(login).post(f"/laboratory/orders/{order.id}/report", {"language": language})
    assert answer.status_code == 303, answer.text
    found = re.search(r"/documents/(\d+)", answer.headers["location"])
    assert found is not None
    return int(found[1])


def document(clinic: Clinic, document_id: int) -> Document:
    with clinic.session() as session:
        return session.get_one(Document, document_id)


def test_who_may_not_form_a_report(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    order = bench.measured(patient, POTASSIUM, K="4,2")
    for login in ("technician", "doctor", "nurse", "elsewhere"):
        assert clinic.browser(login).post(f"/laboratory/orders/{order.id}/report", {}).status_code == 403
    unconfirmed = bench.order(patient, POTASSIUM)
    assert clinic.browser("labdoctor").post(f"/laboratory/orders/{unconfirmed.id}/report", {}).status_code == 409


@pytest.mark.req("LAB-19", "LAB-22")
def test_a_report_is_formed_signed_checked_and_withdrawn_by_a_correction(
    clinic: Clinic, bench: Bench, patient: Patient, key: Identity
) -> None:
    order = bench.measured(patient, POTASSIUM, K="4,2")
    labdoctor, doctor = clinic.browser("labdoctor"), clinic.browser("doctor")
    number = form(clinic, order)
    formed = document(clinic, number)
    told = formed.data["tests"][0]["rows"][0]
    assert (told["value"], told["usual"]) == ("4,2", "3,5 – 5,1")
    assert formed.data["order"]["number"].startswith(order.order_number or "")
    # what must be signed is seen before that by its signer alone
    assert doctor.get(f"/documents/{number}/pdf").status_code == 409
    assert labdoctor.post(f"/laboratory/orders/{order.id}/report", {}).status_code == 409
    assert sign(clinic, number, key) == "valid"
    assert doctor.get(f"/documents/{number}/pdf").content.startswith(b"%PDF-")
    assert formed.number in doctor.get(f"/laboratory/orders/{order.id}").text
    check = f"/check/{formed.check_code}"
    before = doctor.get(check).text

    result = bench.result(order, "K")
    reason = "перепутаны пробирки"
    answer = labdoctor.post(f"/laboratory/results/{result.id}/correct", {"value": "5,9", "reason": reason})
    assert answer.status_code == 303, answer.text
    withdrawn = document(clinic, number)
    assert (withdrawn.status, withdrawn.annul_reason) == ("annulled", reason)
    assert doctor.get(check).text != before

    second = form(clinic, order, language="kk")
    again = document(clinic, second)
    assert (again.number, again.version) == (formed.number, 2)
    row = again.data["tests"][0]
    assert row["rows"][0]["value"] == "5,9" and reason in row["corrections"] and "4,2" in row["corrections"]
    page = labdoctor.get(f"/laboratory/orders/{order.id}").text
    assert f"/documents/{number}" in page and f"/documents/{second}" in page and reason in page
    assert document(clinic, number).data["tests"][0]["rows"][0]["value"] == "4,2"


def sign(clinic: Clinic, number: int, key: Identity) -> str:
    """Sign as the laboratory doctor; what the server said."""
    browser = clinic.browser("labdoctor")
    asked = send(browser, "/to-sign/content", {"ids": [number]}).json()
    content = base64.b64decode(asked["documents"][0]["content"])
    cms = base64.b64encode(making.sign(content, [key])).decode()
    answer = send(browser, "/to-sign/signatures", {"signatures": [{"id": number, "cms": cms}]})
    return str(answer.json()["results"][0]["result"])


def outside(bench: Bench, patient: Patient, number: str, value: float, **more: Any) -> Report:
    """A report of another laboratory with one haemoglobin."""
    person = IncomingPerson(identifiers=(("iin", patient.iin or ""),), birth_date=patient.birth_date)
    result = IncomingResult(code="718-7", code_system="loinc", value_number=value, unit="g/L")
    known = {
        "analyser": None,
        "specimen_barcode": None,
        "sender": "INVIVO",
        "performer": "Инвиво",
        "filler_number": number,
        "person": person,
        "results": (result,),
        "reported_at": clock.now(),
    }
    received = bench.report(Specimen(barcode=""), {}, **(known | more))
    return next(row for row in bench.all(Report, id=received.report_id))


@pytest.mark.req("INT-LIS-02")
def test_a_corrected_report_of_another_laboratory_takes_the_earlier_values_out_of_force(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    now = clock.now()
    first = outside(bench, patient, "F-1", 61.0, reported_at=now - dt.timedelta(hours=2))
    (old,) = bench.all(Observation, patient_id=patient.id)
    second = outside(bench, patient, "F-1", 132.0, status="corrected", reported_at=now)
    was, is_now = bench.all(Result, patient_id=patient.id)
    assert (was.status, was.is_current, is_now.status, is_now.version) == ("corrected", False, "confirmed", 2)
    old, new = bench.all(Observation, patient_id=patient.id)
    assert old.entered_in_error_at is not None and "Инвиво" in (old.entered_in_error_reason or "")
    assert (new.value_number, new.status, new.entered_in_error_at) == (132.0, "corrected", None)
    assert bench.all(Report, id=first.id)[0].replaced_by_id == second.id
    page = clinic.browser("doctor").get(f"/patients/{patient.id}/laboratory").text
    assert "132" in page and "replaced by a later report" in page
    # the message that it corrects comes once more, late: nothing changes
    late = outside(bench, patient, "F-1", 61.0, reported_at=now - dt.timedelta(hours=1))
    assert late.replaced_by_id == second.id
    assert len(bench.all(Result, patient_id=patient.id)) == 2
    # another number is another report
    outside(bench, patient, "F-2", 128.0)
    assert [row.value_number for row in bench.all(Result, patient_id=patient.id, is_current=True)] == [132.0, 128.0]


@pytest.mark.req("INT-LIS-02")
def test_a_cancelled_report_of_another_laboratory_leaves_nothing_in_force(
    clinic: Clinic, bench: Bench, patient: Patient
) -> None:
    now = clock.now()
    outside(bench, patient, "F-9", 61.0, reported_at=now - dt.timedelta(hours=2))
    outside(bench, patient, "F-9", 61.0, status="cancelled", reported_at=now)
    (row,) = bench.all(Result, patient_id=patient.id)
    (seen,) = bench.all(Observation, patient_id=patient.id)
    assert not row.is_current and seen.entered_in_error_at is not None
    trend = f"/patients/{patient.id}/laboratory/trends/{row.parameter_id}"
    assert clinic.browser("doctor").get(trend).status_code == 404
