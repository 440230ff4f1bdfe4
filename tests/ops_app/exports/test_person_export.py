"""The data of one person as files: who may not give them, what is in them, and what the audit keeps."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import select

from ops_app.i18n import speaking
from ops_app.modules.audit.models import Event
from ops_app.modules.exports.forms import ExportForm
from ops_app.modules.exports.summary import _document
from ops_app.modules.patients.models import Patient
from tests.ops_app.clinic import Clinic

ASKED = {"requester": "patient", "basis": "request 17 of 20.11.2026", "language": "kk"}


@pytest.fixture(scope="module")
def patient(clinic: Clinic) -> Patient:
    """A person with a visit of last year and one of today."""
    made = clinic.register(family_name="Қалиева", given_name="Әлия")
    clinic.visit(made.id, date=dt.date(2025, 3, 4), diagnoses=[{"icd10": "I10"}])
    clinic.visit(made.id)
    return made


def files(answer: Any) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def codes(found: dict[str, bytes]) -> set[str]:
    bundle = json.loads(found["bundle.json"])
    resources = [entry["resource"] for entry in bundle["entry"]]
    return {each["code"]["coding"][0]["code"] for each in resources if each["resourceType"] == "Condition"}


@pytest.mark.parametrize("login", ["stranger", "registrar", "nurse", "official"])
def test_who_may_not_give_out_data(clinic: Clinic, patient: Patient, login: str) -> None:
    browser = clinic.browser(login)
    assert browser.post(f"/patients/{patient.id}/export", ASKED).status_code == 403
    assert browser.get(f"/patients/{patient.id}/export", headers={"accept": "application/json"}).status_code == 403


@pytest.mark.req("DATAOUT-04")
def test_a_request_without_its_basis_is_asked_for_it(clinic: Clinic, patient: Patient) -> None:
    browser = clinic.browser("doctor")
    assert "Basis" in browser.get(f"/patients/{patient.id}/export").text
    assert f"/patients/{patient.id}/export" in browser.get(f"/patients/{patient.id}/identity").text
    for change in (
        {"basis": ""},
        {"requester": "neighbour"},
        {"kind": "Nothing"},
        {"until": "01.01.2020", "since": "today"},
    ):
        assert browser.post(f"/patients/{patient.id}/export", ASKED | change).status_code == 422


@pytest.mark.req("DATAOUT-04")
def test_files_hold_everything_and_agree_with_their_index(clinic: Clinic, patient: Patient) -> None:
    found = files(clinic.browser("doctor").post(f"/patients/{patient.id}/export", ASKED))
    assert set(found) == {"summary.pdf", "bundle.json", "index.csv"}
    Bundle.model_validate(json.loads(found["bundle.json"]))
    assert codes(found) == {"I10", "J06.9"}
    assert found["summary.pdf"].startswith(b"%PDF")
    for row in csv.DictReader(io.StringIO(found["index.csv"].decode())):
        assert row["sha256"] == hashlib.sha256(found[row["file"]]).hexdigest()
    with clinic.session() as session:
        event = session.scalars(
            select(Event).where(Event.entity == "exports.person").order_by(Event.id.desc()).limit(1)
        ).one()
        assert (event.patient_id, event.login, event.rule) == (patient.id, "doctor", "attached")
        assert event.after is not None
        assert event.after["basis"] == ASKED["basis"]
        assert event.after["index_sha256"] == hashlib.sha256(found["index.csv"]).hexdigest()


@pytest.mark.req("DATAOUT-04")
@pytest.mark.parametrize(
    ("criteria", "kept"),
    [
        ({"until": "31.12.2025"}, {"I10"}),
        ({"since": "01.01.2026"}, {"J06.9"}),
        ({"since": "04.03.2025", "until": "04.03.2025"}, {"I10"}),
        ({"kind": "Condition"}, {"I10", "J06.9"}),
        ({"kind": "Observation"}, set()),
    ],
)
def test_period_and_kind_narrow_what_is_given(
    clinic: Clinic, patient: Patient, criteria: dict[str, str], kept: set[str]
) -> None:
    assert codes(files(clinic.browser("chief").post(f"/patients/{patient.id}/export", ASKED | criteria))) == kept


@pytest.mark.parametrize(
    ("language", "title"), [("kk", "Дербес медициналық деректер"), ("ru", "Персональные медицинские данные")]
)
def test_summary_speaks_the_chosen_language(clinic: Clinic, patient: Patient, language: str, title: str) -> None:
    form = ExportForm.model_validate(ASKED | {"language": language})
    with clinic.session() as session, speaking(language):
        document = _document(session, patient.id, form)
    assert document["title"] == title
    assert document["sections"][0]["rows"][0][0] == "04.03.2025"
