"""Acts that need an EDS where a rule says so: without it, with another's or for another act nothing is done."""

from __future__ import annotations

import base64
import html
import re

import pytest
from sqlalchemy import select

from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Identity
from ops_app.modules.documents.models import Document
from ops_app.modules.signatures.models import SignatureAttempt, SignedAct
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import Keys, keys

__all__ = ["keys"]


@pytest.fixture(scope="module", autouse=True)
def _rules(clinic: Clinic, keys: Keys) -> None:
    """The hospital has made the EDS mandatory for annulments and for giving out data."""
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    for kind in ("action:annulment", "action:person_export"):
        rule = {"kind": kind, "organization_id": clinic.tree["hospital"], "is_mandatory": "1"}
        assert clinic.browser("doctor").post("/signatures/rules", rule).status_code == 403
        assert clinic.browser("keeper").post("/signatures/rules", rule).status_code == 303


def document(clinic: Clinic) -> int:
    visit = clinic.visit(clinic.register().id)
    posted = {"kind": "visit_record", "language": "kk"}
    answer = clinic.browser("doctor").post(f"/visits/{visit.id}/documents", posted)
    return int(answer.headers["location"].rpartition("/")[2])


def status(clinic: Clinic, document_id: int) -> str:
    with clinic.session() as session:
        return session.get_one(Document, document_id).status


def asked(page: str) -> tuple[str, bytes]:
    """The act a page asks to sign: its number and its bytes."""
    number = re.search(r'name="_act" value="(\d+)"', page)
    content = re.search(r'data-sign-act="([^"]+)"', page)
    assert number is not None
    assert content is not None
    return number[1], base64.b64decode(html.unescape(content[1]))


def signed(browser: Browser, url: str, fields: dict[str, str], identity: Identity) -> dict[str, str]:
    """The form as the page sends it again after NCALayer has signed."""
    number, content = asked(browser.post(url, fields).text)
    cms = base64.b64encode(making.sign(content, [identity])).decode()
    return fields | {"_act": number, "_cms": cms}


@pytest.mark.req("EDS-03")
def test_without_a_signature_of_ones_own_nothing_is_done(clinic: Clinic, keys: Keys) -> None:
    document_id, other = document(clinic), document(clinic)
    doctor, url = clinic.browser("doctor"), f"/documents/{document_id}/annul"
    reason = {"reason": "по ошибке"}
    page = doctor.post(url, reason)
    assert page.status_code == 200
    number, content = asked(page.text)
    assert "по ошибке" in page.text, "nothing is typed twice"
    assert "Annulment of an issued document" in content.decode()
    forged = signed(doctor, url, reason, keys.second)
    for wrong in (
        reason | {"_act": number, "_cms": ""},
        reason | {"_act": number, "_cms": "AAAA"},
        reason | {"_act": "1" * 30, "_cms": "AAAA"},
        forged,
        signed(doctor, url, reason, keys.doctor) | {"reason": "другая причина"},
    ):
        refused = doctor.post(url, wrong)
        assert refused.status_code == 422
        assert 'role="alert"' in refused.text
        assert status(clinic, document_id) != "annulled"
    elsewhere = signed(doctor, url, reason, keys.doctor)
    assert doctor.post(f"/documents/{other}/annul", elsewhere).status_code == 422
    assert status(clinic, other) != "annulled"
    with clinic.session() as session:
        reasons = set(session.scalars(select(SignatureAttempt.reason).where(SignatureAttempt.purpose == "action")))
    assert "iin_differs" in reasons


@pytest.mark.req("EDS-03")
def test_a_signed_act_is_done_once_and_kept_with_its_signature(clinic: Clinic, keys: Keys) -> None:
    document_id = document(clinic)
    doctor, url = clinic.browser("doctor"), f"/documents/{document_id}/annul"
    fields = signed(doctor, url, {"reason": "по ошибке"}, keys.doctor)
    assert doctor.post(url, fields).status_code == 303
    assert status(clinic, document_id) == "annulled"
    assert doctor.post(url, fields).status_code in (409, 422), "a signature is used once"
    with clinic.session() as session:
        act = session.get_one(SignedAct, int(fields["_act"]))
    assert act.cms == base64.b64decode(fields["_cms"])
    assert act.signed_at is not None
    person = clinic.visit(clinic.register().id).patient_id
    form = {"requester": "patient", "basis": "request of the person", "language": "kk"}
    page = doctor.post(f"/patients/{person}/export", form)
    assert not page.headers["content-type"].startswith("application/zip")
