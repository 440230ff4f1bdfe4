"""A clinic whose doctor holds a key of the development authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from httpx import Response

from ops_app.mechanisms.signature.development import Authority, Identity, authority_of
from ops_app.modules.organizations.models import Organization, Practitioner
from saulyq.settings import settings
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic

DOCTOR_IIN, SECOND_IIN = "850612400017", "900101300011"
CLINIC_BIN = "990140000017"


@dataclass
class Keys:
    """Keys of the staff."""

    authority: Authority
    doctor: Identity
    second: Identity


def name_the_doctor(clinic: Clinic) -> Authority:
    """Give the doctors and the clinic their numbers; return the authority that issues their keys."""
    with clinic.session() as session:
        for login, iin in (("doctor", DOCTOR_IIN), ("second", SECOND_IIN)):
            practitioner_id = clinic.actor(session, login).practitioner_id
            session.get_one(Practitioner, practitioner_id).iin = iin
        session.get_one(Organization, clinic.tree["hospital"]).bin = CLINIC_BIN
    return authority_of(settings())


@pytest.fixture(scope="module")
def keys(clinic: Clinic) -> Keys:
    """The doctor's key, and a colleague's."""
    authority = name_the_doctor(clinic)
    return Keys(
        authority,
        authority.issue("doctor", DOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ"),
        authority.issue("second", SECOND_IIN, kind="ecdsa"),
    )


def send(browser: Browser, url: str, body: Any) -> Response:
    """A JSON request as the page's script sends it."""
    headers = {"X-CSRF-Token": browser.csrf, "accept": "application/json"}
    return browser.client.post(url, json=body, headers=headers)
