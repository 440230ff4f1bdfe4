"""A program that reads the FHIR API, its token, and a person it reads about."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import text

from ops_app.auth import token_hash
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.modules.fhir.search import REGISTERS
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.oidc.models import OidcToken
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Immunization, MedicationRequest, Observation, Procedure, ServiceRequest
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.posting import as_fields, moment

JSON = {"accept": "application/fhir+json"}
ALL_TYPES = (*REGISTERS, *CLINICAL)


class Reader:
    """A program with a session; every answer is checked against the R4 models."""

    def __init__(self, browser: Browser):
        self.browser = browser

    def get(self, address: str, expected: int = 200, **headers: str) -> dict[str, Any]:
        answer = self.browser.client.get(f"/fhir/{address}", headers=JSON | headers)
        assert answer.status_code == expected, answer.text
        assert answer.headers["content-type"].startswith("application/fhir+json")
        resource: dict[str, Any] = answer.json()
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        for entry in resource.get("entry", []):
            get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])
        return resource

    def found(self, address: str) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self.get(address).get("entry", [])]


def reader(clinic: Clinic, login: str = "doctor") -> Reader:
    return Reader(clinic.browser(login))


def token_of(clinic: Clinic, login: str) -> str:
    """An access token of somebody who is signed in."""
    clinic.browser(login)
    token = secrets.token_urlsafe(32)
    with clinic.session() as session:
        session_id = session.execute(
            text(
                "select s.id from accounts.sign_in_session s join accounts.account a on a.id = s.account_id"
                " where a.login = :login order by s.id desc limit 1"
            ),
            {"login": login},
        ).scalar_one()
        session.add(
            OidcToken(
                token_hash=token_hash(token),
                code_hash=b"code",
                session_id=session_id,
                client_id="dashboards",
                scope="openid",
                expires_at=clock.now() + dt.timedelta(hours=1),
            )
        )
    return token


@pytest.fixture(scope="module")
def ill(clinic: Clinic) -> Patient:
    """A person with one row of every kind of fact."""
    patient = clinic.register(
        family_name="Қалиева", given_name="Әлия", patronymic="Ерланқызы", phone="+77011234567", kato_code="275030100"
    )
    visit = clinic.visit(
        patient.id, diagnoses=[{"icd10": "I10", "kind": "final"}, {"icd10": "J06.9", "type": "concomitant"}]
    )
    with clinic.session() as session:
        about = {
            "patient_id": patient.id,
            "organization_id": clinic.tree["hospital"],
            "practitioner_id": clinic.practitioners["doctor"],
            "encounter_id": visit.id,
            "event_at": clock.now() - dt.timedelta(hours=1),
        }
        session.add_all(
            [
                Observation(code="8480-6", value_number=141.0, unit="mm[Hg]", evidence="measured", **about),
                Observation(code="72166-2", value_code="never", **about),
                Procedure(code="C03.082.005", programme="breast", result_code="M1", **about),
                ServiceRequest(
                    category="imaging", code="C03.082.005", status="cancelled", cancel_reason="refused",
                    priority="emergency", performer_organization_id=clinic.tree["other"], reason_icd10="I10", **about,
                ),
                MedicationRequest(
                    code="C10AA05", dosage="20 mg", end_date=dt.date(2030, 1, 1), is_free=True, **about
                ),
                Immunization(code="140", dose_number=2, lot_number="A1", **about),
                Immunization(code="140", status="refused", **about),
            ]
        )  # fmt: skip
        session.execute(
            text(
                "insert into episodes.episode_of_care (kind, patient_id, organization_id, event_at, lmp_date, due_date,"
                " risk_level, icd10) values ('pregnancy', :person, :place, now(), '2026-05-01', '2027-02-05', 'high',"
                " 'Z35.9')"
            ),
            {"person": patient.id, "place": clinic.tree["hospital"]},
        )
        session.execute(
            text(
                "insert into appointments.appointment (patient_id, organization_id, practitioner_id, event_at,"
                " start_at, end_at) values (:person, :place, :doctor, now(), now() + interval '1 day',"
                " now() + interval '1 day 15 minutes')"
            ),
            {
                "person": patient.id,
                "place": clinic.tree["hospital"],
                "doctor": clinic.practitioners["doctor"],
            },
        )
    doctor = clinic.browser("doctor")
    example = shipped()["apgar"].compiled.definition.examples[0]
    form = doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "apgar"}).headers["location"]
    form = form.removesuffix("/edit")
    state = re.search(r'name="version" value="(\d+)"', doctor.get(f"{form}/edit").text)
    assert state is not None
    answers = as_fields(dict(example.answers)) | moment() | {"version": state[1]}
    assert doctor.post(f"{form}/complete", answers).status_code == 303
    return patient
