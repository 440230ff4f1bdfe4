"""Consents: who may not record them, what is stored, and what they open and close."""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.mechanisms.signature.development import authority_of
from ops_app.mechanisms.signature.making import sign
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data import consents
from ops_app.modules.personal_data.models import Consent, Representative, StoredFile
from ops_app.modules.visits.models import Encounter
from saulyq.settings import settings
from tests.ops_app.clinic import Clinic
from tests.ops_app.personal_data.conftest import HOSPITAL_BIN, SCAN, ask, give_consent
from tests.ops_app.together import at_once

TOKEN = "token of the access service"


@pytest.mark.parametrize("login", ["stranger", "official", "chief"])
def test_who_may_not_record_a_consent(office: Clinic, login: str) -> None:
    patient = office.register()
    assert give_consent(office, patient, login).status_code == 403


def newest(office: Clinic, patient: Patient) -> Consent:
    with office.session() as session:
        return session.scalars(
            select(Consent).where(Consent.patient_id == patient.id).order_by(Consent.id.desc()).limit(1)
        ).one()


@pytest.mark.req("PDATA-01", "PDATA-02")
def test_written_consent_keeps_its_scan_and_is_audited(office: Clinic) -> None:
    patient = office.register()
    assert "No consent is recorded" in office.browser("registrar").get(f"/patients/{patient.id}/personal-data").text
    assert give_consent(office, patient, valid_until="+365").status_code == 303
    consent = newest(office, patient)
    assert (consent.form, consent.organization_id) == ("paper", office.tree["hospital"])
    with office.session() as session:
        stored = session.get_one(StoredFile, consent.file_id)
        assert stored.sha256 == hashlib.sha256(SCAN).hexdigest()
        event = session.scalars(
            select(Event).where(Event.entity == "personal_data.consent", Event.entity_id == str(consent.id))
        ).one()
        assert event.login == "registrar" and event.patient_id == patient.id
    assert office.browser("doctor").get(f"/personal-data/files/{consent.file_id}").content == SCAN
    assert office.browser("stranger").get(f"/personal-data/files/{consent.file_id}").status_code == 403
    page = office.browser("doctor").get(f"/patients/{patient.id}/personal-data").text
    assert "all data of the card" in page and "holds" in page


@pytest.mark.req("PDATA-02")
@pytest.mark.parametrize(
    ("values", "content", "message"),
    [
        ({}, None, "Attach the scanned copy"),
        ({}, b"no picture", "Only PDF, JPEG and PNG"),
        ({"given_on": "+3"}, SCAN, "has not come yet"),
        ({"valid_until": "-3"}, SCAN, "before the beginning"),
        ({"purpose": "record_view"}, SCAN, "Name the organisation that may look"),
        ({"representative_id": "999"}, SCAN, "no powers"),
        ({"encounter_id": "999999"}, SCAN, "no visit of this person"),
        ({"form": "electronic"}, SCAN, "no CMS or XML signature"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    office: Clinic, values: dict[str, str], content: bytes | None, message: str
) -> None:
    answer = give_consent(office, office.register(), content=content, **values)
    assert answer.status_code == 422
    assert message in answer.text


@pytest.mark.req("PDATA-03", "PDATA-05")
def test_electronic_consent_is_taken_from_its_giver_only(office: Clinic) -> None:
    authority = authority_of(settings())
    patient, other = office.register(), office.register()
    identity = authority.issue("patient", str(patient.iin), kind="ecdsa")
    signed = sign(b"I agree to the processing of my data", [identity], detached=False)
    assert give_consent(office, patient, content=signed, form="electronic").status_code == 303
    assert newest(office, patient).signer
    refused = give_consent(office, other, content=signed, form="electronic")
    assert "not by the one who gives the consent" in refused.text
    # the same signature speaks for the other person once its owner is his recorded representative
    answer = office.browser("registrar").post(
        f"/patients/{other.id}/representatives/new",
        {
            "name": "Тестова Мать",
            "iin": str(patient.iin),
            "relation": "parent",
            "basis": "birth certificate 123 of 01.02.2020",
            "valid_from": "-10",
        },
    )
    assert answer.status_code == 303
    with office.session() as session:
        speaker = session.scalars(select(Representative.id).where(Representative.patient_id == other.id)).one()
    taken = give_consent(office, other, content=signed, form="electronic", representative_id=str(speaker))
    assert taken.status_code == 303
    page = office.browser("registrar").get(f"/patients/{other.id}/personal-data").text
    assert "Тестова Мать" in page and "birth certificate 123" in page


@pytest.mark.req("PDATA-07")
def test_doctor_documents_the_informed_consent_to_an_intervention(office: Clinic) -> None:
    patient = office.register()
    visit = office.visit(patient.id)
    answer = give_consent(
        office, patient, "doctor", purpose="treatment", scope="biopsy of the breast", encounter_id=str(visit.id)
    )
    assert answer.status_code == 303
    assert (newest(office, patient).encounter_id, newest(office, patient).recorded_by) == (visit.id, "doctor")


def received(patient: Patient, key: str, **values: Any) -> dict[str, Any]:
    return {
        "key": key,
        "reference": f"kdp-{patient.id}",
        "iin": str(patient.iin),
        "organization_bin": HOSPITAL_BIN,
        "purpose": "processing",
        "scope": "personal medical data",
        "result": "given",
        "given_on": clock.today().isoformat(),
    } | values


@pytest.mark.req("PDATA-04")
def test_decision_in_the_egov_cabinet_arrives_once(office: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAULYQ_REGISTRY_DATA_ACCESS_CONTROL_INBOUND_TOKEN", TOKEN)
    patient = office.register()
    client = office.browser("registrar").client

    def send(body: dict[str, Any], token: str = TOKEN) -> Any:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        return client.post("/personal-data/received-consents", json=body, headers=headers)

    assert send(received(patient, "1"), "wrong").status_code == 401
    assert send(received(patient, "1", iin="000000000000")).status_code == 404
    assert send(received(patient, "1")).json() == {"key": "1", "known": False}
    assert send(received(patient, "1")).json() == {"key": "1", "known": True}
    assert send(received(patient, "1", scope="something else")).status_code == 409
    assert newest(office, patient).form == "egov"
    assert send(received(patient, "2", result="withdrawn")).status_code == 200
    assert newest(office, patient).withdrawn_at is not None


def withdraw(office: Clinic, patient: Patient) -> None:
    number = newest(office, patient).id
    answer = office.browser("registrar").post(f"/consents/{number}/withdraw", {"basis": "application 5 of today"})
    assert answer.status_code == 303


@pytest.mark.req("PDATA-06", "PDATA-09")
def test_withdrawn_processing_leaves_only_a_stated_reason(office: Clinic) -> None:
    patient = office.register()
    doctor = office.browser("doctor")
    assert doctor.get(f"/patients/{patient.id}").status_code == 200
    give_consent(office, patient)
    withdraw(office, patient)
    asked = doctor.get(f"/patients/{patient.id}")
    assert asked.status_code == 303 and "/reason" in asked.headers["location"]
    json = {"accept": "application/json"}
    assert doctor.get(f"/patients/{patient.id}", headers=json).status_code == 403
    doctor.post(f"/patients/{patient.id}/reason", {"reason": "unconscious after an accident"})
    opened = doctor.get(f"/patients/{patient.id}")
    assert opened.status_code == 200 and "will be reviewed" in opened.text
    assert office.browser("nurse").get(f"/patients/{patient.id}", headers=json).status_code == 403
    give_consent(office, patient)
    assert office.browser("nurse").get(f"/patients/{patient.id}").status_code == 200


@pytest.mark.req("PDATA-06")
def test_refused_processing_closes_too(office: Clinic) -> None:
    patient = office.register()
    give_consent(office, patient, is_given="no")
    assert office.browser("doctor").get(f"/patients/{patient.id}", headers={"accept": "a/b"}).status_code == 403


@pytest.mark.req("PDATA-06", "PDATA-12")
def test_consent_to_look_opens_the_record_to_the_named_organisation_for_its_period(office: Clinic) -> None:
    patient = office.register()
    stranger, json = office.browser("stranger"), {"accept": "application/json"}
    card = f"/patients/{patient.id}"
    assert stranger.get(card, headers=json).status_code == 403
    there = str(office.tree["other"])
    give_consent(office, patient, purpose="record_view", recipient_id=there, given_on="-30", valid_until="-1")
    assert stranger.get(card, headers=json).status_code == 403
    give_consent(office, patient, purpose="record_view", recipient_id=there, valid_until="+5")
    assert stranger.get(card).status_code == 200
    with office.session() as session:
        event = session.scalars(
            select(Event).where(Event.patient_id == patient.id, Event.login == "stranger").order_by(Event.id.desc())
        ).first()
        assert event is not None and event.rule == "consented"
    # looking is not writing
    assert stranger.post(f"{card}/consents/new", {}, headers=json).status_code == 403
    withdraw(office, patient)
    assert stranger.get(card, headers=json).status_code == 403


@pytest.mark.req("PDATA-18")
def test_record_knows_whether_it_may_go_into_research(office: Clinic) -> None:
    patient = office.register()

    def agreed() -> bool:
        with office.session() as session:
            return session.get_one(Patient, patient.id).research_consent

    assert not agreed()
    give_consent(office, patient, purpose="research", valid_until="today")
    assert agreed()
    withdraw(office, patient)
    assert not agreed()
    give_consent(office, patient, purpose="research", valid_until="today")
    with clock.frozen(clock.now() + dt.timedelta(days=2)), office.session() as session:
        assert consents.end_expired(session) == 1
    assert not agreed()


@pytest.mark.req("PDATA-08", "PDATA-32", "PDATA-33")
def test_each_visit_says_where_its_data_came_from_whose_they_are_and_who_entered_them(office: Clinic) -> None:
    patient = office.register()
    visit = office.visit(patient.id)
    doctor = office.browser("doctor")
    page = doctor.get(f"/patients/{patient.id}/personal-data").text
    assert "words of the patient" in page and "hospital" in page and ">Doctor<" in page
    noted = {"encounter_id": str(visit.id), "way": "submitted", "document": "discharge summary 12"}
    assert doctor.post(f"/patients/{patient.id}/collection", noted).status_code == 303
    page = doctor.get(f"/patients/{patient.id}/personal-data").text
    assert "discharge summary 12" in page
    foreign = noted | {"encounter_id": str(office.visit(office.register().id).id)}
    assert doctor.post(f"/patients/{patient.id}/collection", foreign).status_code == 422
    give_consent(office, patient, purpose="record_view", recipient_id=str(office.tree["other"]))
    office.browser("stranger").get(f"/visits/{visit.id}")
    with office.session() as session:
        assert session.get_one(Encounter, visit.id).organization_id == office.tree["hospital"]


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_pages_speak_the_language(office: Clinic, language: str) -> None:
    patient = office.register()
    give_consent(office, patient)
    page = office.browser("registrar", language).get(f"/patients/{patient.id}/personal-data").text
    assert {"kk": "Келісімдер", "ru": "Согласия"}[language] in page


def test_two_withdrawals_at_once_are_one(office: Clinic) -> None:
    patient = office.register()
    assert give_consent(office, patient).status_code == 303
    consent, url = newest(office, patient), f"/consents/{newest(office, patient).id}/withdraw"
    bases = {"application of 20.11.2026": office.browser("registrar"), "letter of 21.11.2026": office.browser("doctor")}
    answers = at_once(
        office,
        "personal_data.consent",
        consent.id,
        *(partial(browser.post, url, {"basis": basis}) for basis, browser in bases.items()),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    winner = next(basis for basis, answer in zip(bases, answers, strict=True) if answer.status_code == 303)
    assert newest(office, patient).withdrawal_basis == winner


def test_answer_and_refusal_at_once_are_one(office: Clinic) -> None:
    patient = office.register()
    number = ask(office, patient)
    url = f"/personal-data/requests/{number}"
    answer = {"language": "ru", "outcome": "Ответ выдан"}
    officer, colleague = office.browser("officer"), office.browser("officer")
    posts = (partial(officer.post, f"{url}/answer", answer), partial(colleague.post, f"{url}/answer", answer))
    answers = at_once(office, "personal_data.subject_request", number, *posts)
    codes = sorted(each.status_code for each in answers)
    assert codes[0] == 303 and codes[1] in (409, 422), codes
