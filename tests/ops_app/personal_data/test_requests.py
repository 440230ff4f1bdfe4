"""Requests of people about their data: who may not decide them, their clock, the answers, blocks."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.kit.working_days import working_day_after
from ops_app.mechanisms.notifications.models import Notification
from ops_app.models import load_all
from ops_app.modules.documents.models import Document
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data import held, requests
from ops_app.modules.personal_data.declarations import data_set_of, refusals
from ops_app.modules.personal_data.models import DataBlock, Representative, SubjectRequest
from tests.ops_app.clinic import Clinic
from tests.ops_app.personal_data.conftest import ask, give_consent

JSON = {"accept": "application/json"}


def stored(office: Clinic, number: int) -> SubjectRequest:
    with office.session() as session:
        return session.get_one(SubjectRequest, number)


@pytest.mark.parametrize("login", ["registrar", "doctor", "chief", "stranger"])
def test_who_may_not_decide(office: Clinic, login: str) -> None:
    number, browser = ask(office, office.register()), office.browser(login)
    for act in ("answer", "refuse", "block", "lift", "act"):
        assert browser.post(f"/personal-data/requests/{number}/{act}", headers=JSON).status_code == 403


def test_who_may_not_register_or_see(office: Clinic) -> None:
    number = ask(office, office.register())
    for login in ("nurse", "doctor", "stranger", "official"):
        assert office.browser(login).get("/personal-data/requests/new", headers=JSON).status_code == 403
        assert office.browser(login).get(f"/personal-data/requests/{number}", headers=JSON).status_code == 403
    assert office.browser("registrar").get("/personal-data/requests/999999", headers=JSON).status_code == 404


@pytest.mark.req("PDATA-24", "PDATA-25")
@pytest.mark.parametrize("channel", ["office", "post", "email", "electronic"])
def test_every_channel_starts_the_clock_of_three_working_days(office: Clinic, channel: str) -> None:
    received = clock.today() - dt.timedelta(days=1)
    row = stored(office, ask(office, office.register(), channel=channel, received_on=show_date(received)))
    assert row.due_on == working_day_after(received, 3)
    page = office.browser("officer").get(f"/personal-data/requests/{row.id}").text
    assert "working day" in page and show_date(row.due_on) in page


@pytest.mark.req("PDATA-24")
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"person": "no such number"}, "No live record"),
        ({"received_on": "+2"}, "has not come yet"),
        ({"kind": "correction", "proof": ""}, "rests on documents"),
        ({"representative_id": "12345"}, "no powers"),
        ({"wish": ""}, "Fill in"),
        ({"channel": "pigeon"}, "Choose one"),
    ],
)
def test_a_wrong_application_says_why(office: Clinic, values: dict[str, str], message: str) -> None:
    patient = office.register()
    known = {
        "person": str(patient.iin),
        "organization_id": str(office.tree["hospital"]),
        "kind": "information",
        "channel": "office",
        "received_on": "today",
        "wish": "what do you hold about me",
    }
    answer = office.browser("registrar").post("/personal-data/requests/new", known | values)
    assert answer.status_code == 422 and message in answer.text


@pytest.mark.req("PDATA-25")
def test_overdue_requests_stand_out_and_are_told_of_once_a_day(office: Clinic) -> None:
    late = ask(office, office.register(), received_on=show_date(clock.today() - dt.timedelta(days=20)))
    officer = office.browser("officer")
    assert "overdue" in officer.get(f"/personal-data/requests/{late}").text
    journal = officer.get(str(office.app.url_path_for("personal_data:journal_requests")) + "?state=overdue")
    assert "working days overdue" in journal.text

    def notices() -> int:
        with office.session() as session:
            target = f"/personal-data/requests/{late}"
            return len(session.scalars(select(Notification).where(Notification.target == target)).all())

    with office.session() as session:
        assert requests.tell_of_overdue(session, clock.today()) >= 1
    with office.session() as session:
        assert requests.tell_of_overdue(session, clock.today()) == 0
    assert notices() == 1


@pytest.mark.req("PDATA-26", "PDATA-27", "PDATA-28")
def test_answer_says_what_is_really_held(office: Clinic) -> None:
    patient = office.register(phone="+7 701 123 45 67")
    office.visit(patient.id, diagnoses=[{"icd10": "I10"}, {"icd10": "J06.9", "type": "concomitant"}])
    give_consent(office, patient)
    number = ask(office, patient)
    officer = office.browser("officer")
    answer = officer.post(f"/personal-data/requests/{number}/answer", {"language": "ru", "outcome": "Ответ выдан"})
    assert answer.status_code == 303, answer.text
    row = stored(office, number)
    assert row.state == "answered" and row.answer is not None
    assert "Электронные медицинские записи: имеются" in "\n".join(row.answer["first"])
    second = "\n".join(row.answer["second"])
    assert "телефон" in second and "Диагнозы: 2" in second and "Приёмы и госпитализации: 1" in second
    assert "25 лет после последней записи" in "\n".join(row.answer["third"])
    tables = {each["table"]: each["rows"] for each in row.answer["held"]}
    assert tables["visits.condition"] == 2 and tables["personal_data.consent"] == 1
    given = json.loads(officer.get(f"/personal-data/requests/{number}/answer.json").content)
    assert given["held"] == row.answer["held"]
    with office.session() as session:
        document = session.get_one(Document, row.document_id)
        assert document.kind == "personal_data_answer" and document.signature_required
        assert document.pdf.startswith(b"%PDF")
        assert document.practitioner_id == office.practitioners["officer"]
    again = officer.post(
        f"/personal-data/requests/{number}/answer", {"language": "ru", "outcome": "Ответ выдан ещё раз"}
    )
    assert again.status_code == 422 and "decided already" in again.text


@pytest.mark.req("PDATA-27")
def test_every_table_about_people_belongs_to_a_database_of_the_register() -> None:
    load_all()
    held.person_tables.cache_clear()
    lost = [table.fullname for table in held.person_tables() if data_set_of(table.fullname) is None]
    assert lost == [], "name them in ops_app/content/personal_data/data_sets.yaml"


@pytest.mark.req("PDATA-29")
@pytest.mark.parametrize("reason", sorted(refusals()))
def test_refusal_names_its_reason_and_source(office: Clinic, reason: str) -> None:
    number = ask(office, office.register())
    officer = office.browser("officer")
    bad = officer.post(
        f"/personal-data/requests/{number}/refuse", {"language": "kk", "refusal": "whim", "outcome": "-----"}
    )
    assert bad.status_code == 422
    about = {"language": "kk", "refusal": reason, "outcome": "Түсіндірме мәтіні"}
    assert officer.post(f"/personal-data/requests/{number}/refuse", about).status_code == 303
    row = stored(office, number)
    assert (row.state, row.refusal) == ("refused", reason)
    with office.session() as session:
        document = session.get_one(Document, row.document_id)
        assert document.data["reason"] == refusals()[reason].title.kk
        assert document.data["source"] == refusals()[reason].source.kk
        assert document.kind == "personal_data_refusal"


@pytest.mark.req("PDATA-11")
def test_a_change_is_answered_only_after_it_was_made(office: Clinic) -> None:
    patient = office.register()
    number = ask(office, patient, "correction", wish="my phone is wrong, it is 8 701 000 00 01")
    officer = office.browser("officer")
    url, about = f"/personal-data/requests/{number}/answer", {"language": "kk", "outcome": "Телефон түзетілді"}
    assert "correct them first" in officer.post(url, about).text
    office.visit(patient.id)
    assert officer.post(url, about).status_code == 303


@pytest.mark.req("PDATA-13", "PDATA-09")
def test_blocked_data_are_stored_and_used_by_nobody_until_the_block_is_lifted(office: Clinic) -> None:
    patient = office.register()
    visit = office.visit(patient.id)
    number = ask(office, patient, "blocking")
    officer, doctor = office.browser("officer"), office.browser("doctor")
    url = f"/personal-data/requests/{number}"
    assert "Block the data first" in officer.post(f"{url}/answer", {"language": "kk", "outcome": "Бұғатталды"}).text
    assert officer.post(f"{url}/block", {"reason": "", "until": ""}).status_code == 422
    assert officer.post(f"{url}/block", {"reason": "the person disputes the diagnosis"}).status_code == 303
    for address in (f"/patients/{patient.id}", f"/visits/{visit.id}", f"/patients/{patient.id}/identity"):
        refused = doctor.get(address, headers=JSON)
        assert refused.status_code == 403 and "blocked" in refused.text, address
    # a stated reason opens no blocked card
    doctor.post(f"/patients/{patient.id}/reason", {"reason": "I am curious about it"})
    assert doctor.get(f"/patients/{patient.id}", headers=JSON).status_code == 403
    assert office.browser("chief").post(f"/patients/{patient.id}/export", {}, headers=JSON).status_code == 403
    assert doctor.get(f"/fhir/Patient/{patient.id}", headers=JSON).status_code == 403
    # the person's own rights go on
    assert officer.get(url).status_code == 200
    assert officer.post(f"{url}/answer", {"language": "kk", "outcome": "Бұғатталды"}).status_code == 303
    lifting = ask(office, patient, "unblocking")
    assert (
        "Lift the block first"
        in officer.post(f"/personal-data/requests/{lifting}/answer", {"language": "kk", "outcome": "Алынды"}).text
    )
    assert officer.post(f"/personal-data/requests/{lifting}/lift", {"reason": "the dispute is over"}).status_code == 303
    assert doctor.get(f"/patients/{patient.id}").status_code == 200
    with office.session() as session:
        block = session.scalars(select(DataBlock).where(DataBlock.patient_id == patient.id)).one()
        assert (block.blocked_by, block.lifted_by) == ("officer", "officer")


@pytest.mark.req("PDATA-13")
def test_blocked_person_is_named_in_no_search_and_no_list(office: Clinic) -> None:
    patient, child = office.register(family_name="Бұғатталғанова"), office.register()
    office.visit(patient.id)
    relative = {"relation": "mother", "relative": str(patient.iin), "way": "patient"}
    registrar = office.browser("registrar")
    assert registrar.post(f"/patients/{child.id}/facts/relatives/new", relative).status_code == 303
    doctor, officer = office.browser("doctor"), office.browser("officer")
    pages = (
        "/patients?q=Бұғатталғанова",
        "/api/patients?q=Бұғатталғанова",
        "/journals/visits",
        f"/patients/{child.id}/identity",
        "/fhir/Patient?family=Бұғатталғанова",
    )
    assert all("Бұғатталғанова" in doctor.get(each).text for each in pages)
    number = ask(office, patient, "blocking")
    about = {"reason": "the person disputes the diagnosis"}
    assert officer.post(f"/personal-data/requests/{number}/block", about).status_code == 303
    for each in pages:
        shown = doctor.get(each).text.replace("q=Бұғатталғанова", "").replace("family=", "")
        listed = re.sub(r'value="Бұғатталғанова"', "", shown)
        assert f"Бұғатталғанова {patient.given_name}" not in listed, each
        assert str(patient.iin) not in listed, each
    assert "Data blocked" in doctor.get("/journals/visits").text
    assert "are blocked" in registrar.get(f"/patients?q={patient.iin}").text
    # whoever handles the request sees whose it is
    assert "Бұғатталғанова" in officer.get(f"/personal-data/requests/{number}").text
    with office.session() as session:
        stored = session.get_one(Patient, patient.id)
        assert (stored.family_name, stored.iin) == ("Бұғатталғанова", patient.iin)


@pytest.mark.req("PDATA-13")
def test_a_block_ends_by_itself_on_its_last_day(office: Clinic) -> None:
    patient = office.register()
    number = ask(office, patient, "blocking")
    officer = office.browser("officer")
    about = {"reason": "while the complaint is examined", "until": "today"}
    assert officer.post(f"/personal-data/requests/{number}/block", about).status_code == 303
    assert office.browser("doctor").get(f"/patients/{patient.id}", headers=JSON).status_code == 403
    with office.session() as session:
        block = session.scalars(select(DataBlock).where(DataBlock.patient_id == patient.id)).one()
        block.until = clock.today() - dt.timedelta(days=1)
    assert office.browser("doctor").get(f"/patients/{patient.id}").status_code == 200
    again = about | {"until": "+5"}
    assert officer.post(f"/personal-data/requests/{number}/block", again).status_code == 303


@pytest.mark.req("PDATA-30")
def test_person_is_shown_who_opened_the_data(office: Clinic) -> None:
    patient = office.register()
    office.browser("doctor").get(f"/patients/{patient.id}")
    url = f"/patients/{patient.id}/access-log"
    assert office.browser("doctor").get(url, headers=JSON).status_code == 403
    page = office.browser("officer").get(url).text
    assert "Doctor" in page and "attached here" in page


def test_representative_of_an_applicant_stands_in_the_answer(office: Clinic) -> None:
    patient = office.register()
    about: dict[str, Any] = {
        "name": "Тестова Анар",
        "relation": "guardian",
        "basis": "order of guardianship 7 of 03.03.2024",
        "valid_from": "-100",
    }
    office.browser("registrar").post(f"/patients/{patient.id}/representatives/new", about)
    with office.session() as session:
        speaker = session.scalars(select(Representative).where(Representative.patient_id == patient.id)).one()
    number = ask(office, patient, representative_id=str(speaker.id))
    office.browser("officer").post(
        f"/personal-data/requests/{number}/answer", {"language": "kk", "outcome": "Жауап берілді"}
    )
    with office.session() as session:
        document = session.get_one(Document, stored(office, number).document_id)
        assert "Тестова Анар" in document.data["applicant"]
