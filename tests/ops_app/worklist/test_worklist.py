"""Signals come back with a person for the team and without one for the official."""

from __future__ import annotations

import datetime as dt
import json

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.patients.models import Patient
from ops_app.modules.worklist.evidence import masked, speakable
from ops_app.permissions import Role
from tests.gate import people
from tests.installation import Database
from tests.ops_app.browser import Browser, make_account, signed_in

Tree = dict[str, int]
CASE = "SIG-02:encounter:1"
PATH = f"/signals/cases/{CASE}"


@pytest.fixture
def patient(database: Database) -> int:
    """A person whose pseudonym the signal names."""
    with psycopg.connect(database.libpq("owner")) as owner:
        return people.add_patient(owner)


def send(database: Database, patient: int, place: int, **changes: object) -> None:
    """Write one version of the case as the egress role does."""
    with psycopg.connect(database.libpq("owner")) as owner:
        row = owner.execute("select patient_key from vault.pseudonym where patient_id = %s", (patient,)).fetchone()
    assert row is not None
    now = dt.datetime.now(dt.UTC)
    values = {
        "case_id": CASE,
        "signal_code": "SIG-02",
        "rule_version": "1",
        "patient_key": str(row[0]),
        "organization_id": place,
        "event_key": "encounter:1",
        "event_at": now - dt.timedelta(days=3),
        "known_at": now - dt.timedelta(days=2),
        "detected_at": now - dt.timedelta(days=2),
        "next_step": "call",
        "due_at": now - dt.timedelta(hours=1),
        "severity": "red",
        "state": "open",
        "evidence": json.dumps({"icd10": "I21.4", "discharge_date": "2026-11-19"}),
        "as_of": now,
        "content_hash": "h",
    } | changes
    names = ", ".join(values)
    with psycopg.connect(database.libpq("egress")) as egress:
        marks = ", ".join(["%s"] * len(values))
        egress.execute(f"insert into inbox.signal ({names}) values ({marks})", list(values.values()))  # type: ignore[arg-type]


def official(app: FastAPI, tree: Tree) -> Browser:
    make_account(app.state.engine, "official", [(Role.OFFICIAL, tree["region"])])
    return signed_in(app, "official")


def opened(browser: Browser) -> Browser:
    answer = browser.post(f"{PATH}/reason", {"reason": "list_review"})
    assert answer.status_code in (200, 303)
    return browser


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.ADMINISTRATOR, Role.DATA_ENGINEER, Role.OFFICIAL])
def test_who_may_not_see_a_work_list(app: FastAPI, tree: Tree, role: Role) -> None:
    make_account(app.state.engine, "somebody", [(role, tree["region"])])
    assert signed_in(app, "somebody").get("/my-day").status_code == 403


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.DOCTOR, Role.NURSE, Role.DATA_ENGINEER])
def test_who_may_not_decide(app: FastAPI, database: Database, tree: Tree, patient: int, role: Role) -> None:
    send(database, patient, tree["hospital"])
    make_account(app.state.engine, "somebody", [(role, tree["region"])])
    browser = signed_in(app, "somebody")
    assert browser.get("/signals").status_code == 403
    assert browser.post(f"{PATH}/decision", {"decision": "accepted"}).status_code == 403


def test_another_organisations_case_does_not_exist(app: FastAPI, database: Database, tree: Tree, patient: int) -> None:
    send(database, patient, tree["other"])
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    make_account(app.state.engine, "official", [(Role.OFFICIAL, tree["hospital"])])
    assert people.FAMILY_NAME not in signed_in(app, "doctor").get("/my-day").text
    assert signed_in(app, "doctor").get(f"/my-day/cases/{CASE}").status_code == 404
    assert signed_in(app, "official").get(PATH).status_code == 404


@pytest.mark.req("DWH-12", "SIG-01")
def test_the_team_sees_the_person_and_the_reading_is_kept(
    app: FastAPI, database: Database, tree: Tree, patient: int
) -> None:
    send(database, patient, tree["hospital"])
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    page = signed_in(app, "doctor").get("/my-day")
    assert people.FAMILY_NAME in page.text
    assert "I21.4" in page.text
    assert "overdue" in page.text
    with Session(app.state.engine) as session:
        read = session.execute(
            text("select rule from audit.event where kind = 'read' and patient_id = :id"), {"id": patient}
        ).scalars()
        assert list(read) == ["task"]


def test_the_end_of_a_day_is_named_by_its_day(app: FastAPI, database: Database, tree: Tree, patient: int) -> None:
    send(database, patient, tree["hospital"], due_at=dt.datetime(2026, 11, 18, 19, 0, tzinfo=dt.UTC))
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    page = signed_in(app, "doctor").get("/my-day")
    assert 'href="/my-day?late=1">overdue only: 1<' in page.text
    assert people.FAMILY_NAME in signed_in(app, "doctor").get("/my-day?late=1").text
    assert "18.11.2026" in page.text
    assert "19.11.2026 00:00" not in page.text


def test_what_is_not_due_yet_is_not_among_the_overdue(
    app: FastAPI, database: Database, tree: Tree, patient: int
) -> None:
    send(database, patient, tree["hospital"], due_at=clock.now() + dt.timedelta(hours=3))
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    browser = signed_in(app, "doctor")
    assert "overdue only" not in browser.get("/my-day").text
    assert people.FAMILY_NAME not in browser.get("/my-day?late=1").text


def test_only_the_newest_version_of_a_case_counts(app: FastAPI, database: Database, tree: Tree, patient: int) -> None:
    send(database, patient, tree["hospital"])
    send(database, patient, tree["hospital"], state="closed", next_step=None, closed_by="seen", content_hash="h2")
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    browser = signed_in(app, "doctor")
    assert people.FAMILY_NAME not in browser.get("/my-day").text
    assert "closed" in browser.get(f"/my-day/cases/{CASE}").text


@pytest.mark.req("SIG-08", "DWH-12")
def test_the_official_decides_without_the_person(app: FastAPI, database: Database, tree: Tree, patient: int) -> None:
    send(database, patient, tree["hospital"])
    browser = official(app, tree)
    seen = [browser.get("/signals").text, browser.get(PATH).text]
    # No reason, no decision: the form comes back and nothing is stored.
    assert "Say why" in seen[1]
    browser.post(f"{PATH}/decision", {"decision": "accepted"})
    opened(browser)
    seen.append(browser.get(PATH).text)
    assert "Confidential" in seen[2]
    assert browser.post(f"{PATH}/decision", {"decision": "explain"}).status_code == 422
    past = browser.post(f"{PATH}/decision", {"decision": "explain", "due_date": "01.01.2020"})
    assert past.status_code == 422
    browser.post(f"{PATH}/decision", {"decision": "explain", "due_date": "+1", "comment": "why late?"})
    seen.append(browser.get(PATH).text)
    assert "explain by the date" in seen[3]
    # A second official, whose page is older than this decision, is told so.
    assert browser.post(f"{PATH}/decision", {"decision": "accepted", "seen": "0"}).status_code in (409, 422)
    for page in seen:
        assert people.FAMILY_NAME not in page
        assert "Айгүл" not in page
    with Session(app.state.engine) as session:
        decisions = session.execute(text("select decision, decided_by from worklist.signal_decision")).all()
        assert [tuple(row) for row in decisions] == [("explain", "official")]


@pytest.mark.req("SIG-08")
def test_the_team_sees_the_decision_and_answers(app: FastAPI, database: Database, tree: Tree, patient: int) -> None:
    send(database, patient, tree["hospital"])
    browser = opened(official(app, tree))
    browser.post(f"{PATH}/decision", {"decision": "visit_ordered", "due_date": "+2"})
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    doctor = signed_in(app, "doctor")
    assert "visit ordered" in doctor.get("/my-day").text
    assert doctor.post(f"/my-day/cases/{CASE}", {"kind": "contact", "text": ""}).status_code == 422
    doctor.post(f"/my-day/cases/{CASE}", {"kind": "contact", "text": "Phoned, visit tomorrow"})
    assert "Phoned, visit tomorrow" in browser.get(PATH).text


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize(("language", "words"), [("kk", "Менің күнім"), ("ru", "Мой день"), ("en", "My day")])
def test_the_list_speaks_three_languages(app: FastAPI, tree: Tree, language: str, words: str) -> None:
    make_account(app.state.engine, "doctor", [(Role.DOCTOR, tree["hospital"])])
    browser = signed_in(app, "doctor", language)
    assert words in browser.get("/my-day").text


def test_an_answer_reaches_the_official_without_the_name() -> None:
    person = Patient(family_fold="ahmetova", given_fold="aigul", patronymic_fold="serikkizi")
    told = masked("Ахметоваға барылды, Айгүлдің тел. 8 701 123 45 67, ЖСН 850612400123; Ахметовой лучше", person)
    assert "Ахметов" not in told
    assert "Айгүл" not in told
    assert "701" not in told
    assert "850612400123" not in told
    assert "барылды" in told


def test_two_people_on_the_phone_name_the_same_case() -> None:
    assert speakable(CASE) == speakable(CASE)
    assert speakable(CASE) != speakable("SIG-02:encounter:2")
    assert len(speakable(CASE)) == 7
