"""Disclosures, messages to people, terms of storage, evidence, exports under check."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import secrets
import zipfile
from typing import Any

import pytest
from fhir.resources.R4B.documentreference import DocumentReference
from sqlalchemy import select

from ops_app.auth import token_hash
from ops_app.errors import Conflict
from ops_app.kit import clock
from ops_app.kit.working_days import working_day_after
from ops_app.mechanisms.outbox.models import Message
from ops_app.modules.accounts import queries as accounts
from ops_app.modules.accounts import service as account_service
from ops_app.modules.accounts.models import SignInSession
from ops_app.modules.audit.models import Event
from ops_app.modules.oidc.models import OidcToken
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data import consents, notifying, storage
from ops_app.modules.personal_data.declarations import exceptions
from ops_app.modules.personal_data.models import Consent, Disclosure, ExportDelivery, FacilityTerm
from ops_app.permissions import Permission
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, DOCTOR_IIN, name_the_doctor
from tests.ops_app.documents.test_documents import form, sign
from tests.ops_app.personal_data.conftest import ask, give_consent

JSON = {"accept": "application/json"}
GIVEN = {
    "recipient": "District court № 2",
    "what": "extract of the card",
    "purpose": "case 7 of 2026",
    "basis": "exception",
    "exception": "investigation",
    "document": "inquiry 12 of 20.11.2026",
    "given_on": "today",
}


def of(office: Clinic, patient: Patient) -> list[Disclosure]:
    with office.session() as session:
        return list(
            session.scalars(select(Disclosure).where(Disclosure.patient_id == patient.id).order_by(Disclosure.id))
        )


def test_who_may_not(office: Clinic) -> None:
    patient = office.register()
    for login in ("doctor", "registrar", "chief", "stranger"):
        browser = office.browser(login)
        assert browser.post(f"/patients/{patient.id}/disclosures/new", GIVEN, headers=JSON).status_code == 403
        assert browser.post(f"/patients/{patient.id}/evidence", headers=JSON).status_code == 403
        assert browser.post(f"/patients/{patient.id}/archive", headers=JSON).status_code == 403
        assert browser.post("/personal-data/deliveries", headers=JSON).status_code == 403
        assert browser.post("/personal-data/facilities/term", headers=JSON).status_code == 403
    for page in ("databases", "terms", "acts", "facilities"):
        assert office.browser("doctor").get(f"/personal-data/{page}", headers=JSON).status_code == 403
        assert office.browser("officer").get(f"/personal-data/{page}").status_code == 200


@pytest.mark.req("PDATA-12", "PDATA-19")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exception": ""}, "the exception of the law is named"),
        ({"exception": "curiosity"}, "Choose one"),
        ({"document": ""}, "number and date of the inquiry"),
        ({"basis": "consent", "exception": ""}, "Choose the consent"),
        ({"basis": "consent", "exception": "", "consent_id": "999999"}, "does not hold"),
        ({"recipient": ""}, "Fill in"),
        ({"given_on": "+1"}, "has not come yet"),
    ],
)
def test_a_disclosure_without_its_ground_is_refused(office: Clinic, change: dict[str, str], message: str) -> None:
    patient = office.register()
    answer = office.browser("officer").post(f"/patients/{patient.id}/disclosures/new", GIVEN | change)
    assert answer.status_code == 422 and message in answer.text
    assert of(office, patient) == []


@pytest.mark.req("PDATA-12", "PDATA-18", "PDATA-19")
def test_disclosures_by_exception_and_by_consent_stand_in_the_journal(office: Clinic) -> None:
    patient, officer = office.register(), office.browser("officer")
    url = f"/patients/{patient.id}/disclosures/new"
    for code in exceptions():
        assert officer.post(url, GIVEN | {"exception": code}).status_code == 303
    research = GIVEN | {"basis": "consent", "exception": "", "recipient": "Institute", "purpose": "study of hearts"}
    give_consent(office, patient, purpose="research")
    give_consent(office, patient, purpose="treatment")
    with office.session() as session:
        found = {
            row.purpose: row.id for row in session.scalars(select(Consent).where(Consent.patient_id == patient.id))
        }
    assert officer.post(url, research | {"consent_id": str(found["treatment"])}).status_code == 422
    assert officer.post(url, research | {"consent_id": str(found["research"])}).status_code == 303
    rows = of(office, patient)
    assert len(rows) == len(exceptions()) + 1 and rows[-1].consent_id == found["research"]
    journal = officer.get(str(office.app.url_path_for("personal_data:journal_disclosures"))).text
    assert "District court" in journal and "article 273" in journal and "Institute" in journal
    # what was given out stands in the answer to the person
    number = ask(office, patient)
    officer.post(f"/personal-data/requests/{number}/answer", {"language": "ru", "outcome": "Ответ выдан"})
    answer = json.loads(officer.get(f"/personal-data/requests/{number}/answer.json").content)
    assert any("District court" in line for line in answer["given"])


@pytest.mark.req("PDATA-12", "PDATA-19")
def test_export_writes_itself_into_the_register(office: Clinic) -> None:
    patient, doctor = office.register(), office.browser("doctor")
    asked = {"requester": "authority", "basis": "inquiry 5 of today", "language": "kk"}
    url = f"/patients/{patient.id}/export"
    assert "name the exception" in doctor.post(url, asked).text
    assert doctor.post(url, asked | {"exception": "investigation"}).status_code == 200
    assert doctor.post(url, asked | {"requester": "patient"}).status_code == 200
    by_law, to_person = of(office, patient)
    assert (by_law.basis, by_law.exception, by_law.origin) == ("exception", "investigation", "export")
    assert (to_person.basis, to_person.exception) == ("subject", None)
    with office.session() as session:
        events = session.scalars(
            select(Event).where(Event.entity == "exports.person", Event.patient_id == patient.id)
        ).all()
    assert {event.after["index_sha256"] for event in events if event.after} == {by_law.sha256, to_person.sha256}


def token_of(office: Clinic, login: str) -> str:
    """An access token as the OpenID provider gives it to a program."""
    with office.session() as session:
        account = accounts.account_by_login(session, login)
        assert account is not None
        account_service.open_sign_in_session(session, account, "program")
        session_id = session.scalars(
            select(SignInSession.id).where(SignInSession.account_id == account.id).order_by(SignInSession.id.desc())
        ).first()
        assert session_id is not None
        token = secrets.token_urlsafe(24)
        expires = clock.now() + dt.timedelta(hours=1)
        session.add(
            OidcToken(
                token_hash=token_hash(token),
                code_hash=token.encode(),
                session_id=session_id,
                client_id="dashboards",
                scope="openid",
                expires_at=expires,
            )
        )
    return token


@pytest.mark.req("PDATA-12")
def test_program_that_reads_by_fhir_is_a_disclosure_a_day(office: Clinic) -> None:
    patient = office.register()
    client = office.browser("doctor").client
    assert client.get(f"/fhir/Patient/{patient.id}").status_code == 200
    assert of(office, patient) == []
    headers = {"authorization": f"Bearer {token_of(office, 'doctor')}"}
    for address in (f"Patient/{patient.id}", f"Patient/{patient.id}/$everything", f"Patient?_id={patient.id}"):
        assert client.get(f"/fhir/{address}", headers=headers).status_code == 200
    [row] = of(office, patient)
    assert (row.origin, row.times, row.recorded_by, row.basis) == ("fhir", 3, "doctor", "care")


@pytest.mark.req("PDATA-16")
def test_person_with_a_cabinet_is_told_once_a_day_and_never_what_was_found(office: Clinic) -> None:
    patient, other = office.register(), office.register()
    doctor = office.browser("doctor")
    office.browser("registrar").post(f"/patients/{patient.id}/cabinet", {"is_registered": "1"})
    for each in (patient, other):
        doctor.get(f"/patients/{each.id}")
        doctor.get(f"/patients/{each.id}")
        office.visit(each.id, note="secret finding")
    today = clock.today()
    with office.session() as session:
        assert notifying.days_to_tell(session, today) == [today]
        assert notifying.tell_of_day(session, today) >= 1
    with office.session() as session:
        assert notifying.tell_of_day(session, today) == 0
        assert notifying.days_to_tell(session, today) == []
        assert notifying.days_to_tell(session, today + dt.timedelta(days=90))[-1] == today + dt.timedelta(days=90)
        messages = session.scalars(select(Message).where(Message.system == "egov_cabinet")).all()
    assert {message.patient_id for message in messages} == {patient.id}
    [message] = messages
    body = message.body
    uses = {(line["what"], line["right"]): line["times"] for line in body["events"]}
    assert body["iin"] == patient.iin and uses["use", "attached"] >= 2
    assert any(line["what"] == "change" for line in body["events"])
    assert {line["organization"] for line in body["events"]} >= {"hospital"}
    assert "secret" not in json.dumps(body) and "J06" not in json.dumps(body) and "doctor" not in json.dumps(body)


@pytest.mark.req("PDATA-22")
def test_record_past_its_term_is_listed_until_it_is_decided(office: Clinic) -> None:
    patient, officer = office.register(), office.browser("officer")
    long_ago = clock.today() - dt.timedelta(days=26 * 366)
    visit = office.visit(patient.id)
    with office.session() as session:
        row = session.merge(visit)
        row.event_at = clock.from_local(long_ago)
        scope = office.actor(session, "officer").scope(Permission.PERSONAL_DATA_REGISTER_READ)
    with office.session() as session:
        assert patient.id in {each.patient_id for each in storage.due(session, scope)}
    assert patient.family_name in officer.get("/personal-data/terms").text
    bad = {"record_type": "papyrus", "act": "act 3 of today", "keep_until": "+900"}
    url = f"/patients/{patient.id}/archive"
    assert officer.post(url, bad).status_code == 422
    assert officer.post(url, bad | {"record_type": "outpatient_record", "keep_until": "-1"}).status_code == 422
    assert officer.get(f"/patients/{patient.id}/term").status_code == 200
    # another person past the term: an act without any demand
    assert officer.post(url, bad | {"record_type": "outpatient_record"}).status_code == 303
    assert patient.family_name not in officer.get("/personal-data/terms").text
    about = {"ground": "term_ended", "finding": "the term of storage has ended"}
    kept = officer.post(f"/patients/{patient.id}/term-act", about)
    assert kept.status_code == 422 and "The term of storage ends on" in kept.text


@pytest.mark.req("PDATA-20")
def test_evidence_about_one_person_is_complete_and_agrees_with_its_index(office: Clinic) -> None:
    patient, officer = office.register(), office.browser("officer")
    give_consent(office, patient)
    office.visit(patient.id)
    officer.post(f"/patients/{patient.id}/disclosures/new", GIVEN)
    ask(office, patient)
    answer = officer.post(f"/patients/{patient.id}/evidence")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for row in csv.DictReader(io.StringIO(files["index.csv"].decode())):
        assert row["sha256"] == hashlib.sha256(files[row["file"]]).hexdigest()
    for name in ("consents", "sources", "requests", "disclosures", "changes", "held"):
        assert json.loads(files[f"{name}.json"]), name
    logins = {row["login"] for row in csv.DictReader(io.StringIO(files["access.csv"].decode()))}
    assert {"registrar", "doctor", "officer"} <= logins


@pytest.mark.req("DATAOUT-03")
def test_export_is_checked_within_twenty_working_days_and_may_be_rejected_until_mended(office: Clinic) -> None:
    officer = office.browser("officer")
    handed: dict[str, Any] = {
        "organization_id": str(office.tree["hospital"]),
        "delivered_on": "today",
        "manifest_sha256": "ab" * 32,
        "about": "whole facility on two disks",
    }
    assert officer.post("/personal-data/deliveries", handed | {"manifest_sha256": "xyz"}).status_code == 422
    foreign = handed | {"organization_id": str(office.tree["other"])}
    assert officer.post("/personal-data/deliveries", foreign).status_code == 422
    assert officer.post("/personal-data/deliveries", handed).status_code == 303

    def newest() -> ExportDelivery:
        with office.session() as session:
            found = session.scalars(select(ExportDelivery).order_by(ExportDelivery.id.desc())).first()
            assert found is not None
            return found

    first = newest()
    assert first.due_on == working_day_after(clock.today(), 20)
    url = f"/personal-data/deliveries/{first.id}/check"
    again = handed | {"replaces_id": str(first.id)}
    assert officer.post("/personal-data/deliveries", again).status_code == 422
    assert "does not fit" in officer.post(url, {"state": "rejected"}).text
    assert officer.post(url, {"state": "rejected", "findings": "three tables are missing"}).status_code == 303
    assert officer.post(url, {"state": "accepted"}).status_code == 422
    assert officer.post("/personal-data/deliveries", again).status_code == 303
    assert officer.post("/personal-data/deliveries", again).status_code == 422
    second = newest()
    assert officer.post(f"/personal-data/deliveries/{second.id}/check", {"state": "accepted"}).status_code == 303
    page = officer.get("/personal-data/facilities").text
    assert "three tables are missing" in page and "accepted" in page
    assert office.browser("chief").post(url, {"state": "accepted"}, headers=JSON).status_code == 403


@pytest.mark.req("DATAOUT-05")
def test_resources_are_kept_for_a_calendar_year_after_the_contract(office: Clinic) -> None:
    officer, patient = office.browser("officer"), office.register()
    ended = {"organization_id": str(office.tree["hospital"]), "ended_on": "29.02.2024", "document": "contract 4"}
    assert officer.post("/personal-data/facilities/term", ended).status_code == 303

    def term() -> FacilityTerm:
        with office.session() as session:
            return session.get_one(FacilityTerm, office.tree["hospital"])

    assert term().keep_until == dt.date(2025, 3, 1)
    with office.session() as session:
        storage.refuse_before_term(session, patient.id, office.tree["site"])
    assert officer.post("/personal-data/facilities/term", ended | {"ended_on": "today"}).status_code == 303
    with office.session() as session, pytest.raises(Conflict, match="kept until"):
        storage.refuse_before_term(session, patient.id, office.tree["site"])
    assert "contract 4" in officer.get("/personal-data/facilities").text


@pytest.mark.req("EDS-08")
def test_signed_document_waits_in_the_outbox_for_the_authorised_body(office: Clinic) -> None:
    authority = name_the_doctor(office)
    identity = authority.issue("doctor", DOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ")
    document_id = form(office)

    def waiting() -> list[Message]:
        with office.session() as session:
            statement = select(Message).where(Message.system == "authorised_body")
            return list(session.scalars(statement.where(Message.message_key.like(f"document:{document_id}:%"))))

    assert waiting() == []
    assert sign(office, document_id, identity, b"another document") != "valid"
    assert waiting() == []
    assert sign(office, document_id, identity) == "valid"
    [message] = waiting()
    assert (message.state, message.kind) == ("queued", "signed_document")
    reference = DocumentReference.model_validate(message.body)
    types = [content.attachment.contentType for content in reference.content]
    assert types == ["application/pdf", "application/pkcs7-signature"]
    with office.session() as session:
        patient = session.get_one(Patient, message.patient_id)
    [row] = of(office, patient)
    assert (row.basis, row.origin, row.recipient) == ("law", "outbox", "authorised_body")


def test_cabinet_that_does_not_change_writes_nothing(office: Clinic) -> None:
    patient = office.register()
    with office.session() as session:
        actor = office.actor(session, "registrar")
        consents.register_cabinet(session, actor, patient.id, True)
        consents.register_cabinet(session, actor, patient.id, True)
    with office.session() as session:
        events = session.scalars(select(Event).where(Event.entity == "personal_data.cabinet")).all()
        assert [event.patient_id for event in events].count(patient.id) == 1
