"""The clinic with an officer for personal data and a second organisation that may be let in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from httpx import Response

from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic

SCAN = b"%PDF-1.4 scanned application"
HOSPITAL_BIN = "990140000017"


@pytest.fixture(scope="module")
def office(clinic: Clinic) -> Clinic:
    """The clinic, with the login ``officer``."""
    with clinic.session() as session:
        person = Practitioner(family_name="Officer", given_name="Асан", sort_key="officer")
        session.add(person)
        session.flush()
        session.add(
            PractitionerRole(
                practitioner_id=person.id,
                organization_id=clinic.tree["hospital"],
                position="other",
                start_date=dt.date(2020, 1, 1),
            )
        )
        clinic.practitioners["officer"] = person.id
        session.get_one(Organization, clinic.tree["hospital"]).bin = HOSPITAL_BIN
    places = [(Role.DATA_OFFICER, clinic.tree["hospital"])]
    make_account(clinic.app.state.engine, "officer", places, practitioner_id=clinic.practitioners["officer"])
    return clinic


def give_consent(
    clinic: Clinic, patient: Patient, login: str = "registrar", content: bytes | None = SCAN, **values: Any
) -> Response:
    """A consent on paper for processing, unless said otherwise."""
    known = {
        "purpose": "processing",
        "is_given": "yes",
        "scope": "all data of the card",
        "form": "paper",
        "representative_id": "0",
        "given_on": "today",
    }
    files = {"file": ("consent.pdf", content)} if content is not None else None
    return clinic.browser(login).post(f"/patients/{patient.id}/consents/new", known | values, files=files)


def ask(clinic: Clinic, patient: Patient, kind: str = "information", login: str = "registrar", **values: Any) -> int:
    """A registered request; returns its number in the address."""
    known = {
        "person": str(patient.iin),
        "organization_id": str(clinic.tree["hospital"]),
        "kind": kind,
        "channel": "office",
        "representative_id": "0",
        "received_on": "today",
        "wish": "which of my data do you hold",
        "proof": "copy of the identity card",
    }
    answer = clinic.browser(login).post("/personal-data/requests/new", known | values)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[1])
