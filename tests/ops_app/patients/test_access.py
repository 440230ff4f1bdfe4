"""Who may open whose card; every opening leaves a row with the rule."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from httpx import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.errors import Conflict, Invalid
from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.patients import merge
from ops_app.modules.patients.models import AccessGrant, Patient
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.patients.search import search
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.together import at_once


def rules(session: Session, patient_id: int, login: str) -> list[str | None]:
    return list(
        session.scalars(
            select(Event.rule)
            .where(Event.patient_id == patient_id, Event.login == login, Event.kind == "read")
            .order_by(Event.id)
        )
    )


@pytest.mark.req("IAM-17")
def test_who_may_not_open_a_card(clinic: Clinic) -> None:
    patient = clinic.register()
    for login, status in (("official", 403), ("registrar", 403)):
        assert clinic.browser(login).get(f"/patients/{patient.id}").status_code == status
    answer = clinic.browser("stranger").get(f"/patients/{patient.id}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/patients/{patient.id}/reason")
    for path in ("/edit", "/attachment", "/visits/new", "/registers", "/appointments", "/death", "/identity"):
        answer = clinic.browser("stranger").get(f"/patients/{patient.id}{path}")
        assert answer.status_code == 303, path
        assert "/reason" in answer.headers["location"], path
    with clinic.session() as session:
        assert rules(session, patient.id, "stranger") == []
    api = clinic.browser("stranger")
    assert api.client.get(f"/api/patients/{patient.id}", headers={"accept": "application/json"}).status_code == 403


@pytest.mark.parametrize(
    ("language", "told"),
    [("kk", "төлқұжат деректері"), ("ru", "Открыто для вас"), ("en", "Open to you about this person")],
)
def test_a_refusal_says_what_is_open_instead_and_whom_to_ask(clinic: Clinic, language: str, told: str) -> None:
    engine = clinic.app.state.engine
    make_account(
        engine, f"near.{language}", [(Role.ADMINISTRATOR, clinic.tree["hospital"])], display_name="Жақын Әкімші"
    )
    make_account(engine, f"far.{language}", [(Role.ADMINISTRATOR, clinic.tree["other"])], display_name="Алыс Әкімші")
    patient = clinic.register()
    registrar = clinic.browser("registrar", language)
    page = registrar.get(f"/patients/{patient.id}").text
    assert told in page
    assert "Жақын Әкімші" in page
    assert "Алыс Әкімші" not in page
    assert patient.family_name not in page
    for way in ("identity", "appointments"):
        assert f'href="/patients/{patient.id}/{way}"' in page
        assert registrar.get(f"/patients/{patient.id}/{way}").status_code == 200
    # an official opens nothing about a person and is offered nothing
    assert f"/patients/{patient.id}/" not in clinic.browser("official", language).get(f"/patients/{patient.id}").text


@pytest.mark.req("IAM-18")
def test_an_opened_card_leaves_a_row_with_its_rule(clinic: Clinic) -> None:
    patient = clinic.register()
    assert clinic.browser("doctor").get(f"/patients/{patient.id}").status_code == 200
    with clinic.session() as session:
        assert rules(session, patient.id, "doctor") == ["attached"]


def test_a_stated_reason_opens_the_card_for_a_shift(clinic: Clinic) -> None:
    patient = clinic.register()
    browser = clinic.browser("stranger")
    asked = browser.get(f"/patients/{patient.id}/reason").text
    assert patient.family_name not in asked
    path = f"/patients/{patient.id}/reason"
    assert browser.post(path, {"reason": "так"}).status_code == 422
    answer = browser.post(path, {"reason": "Brought by ambulance, unconscious", "next": "//evil.example/"})
    assert answer.headers["location"] == f"/patients/{patient.id}"
    page = browser.get(f"/patients/{patient.id}")
    assert page.status_code == 200
    assert "stated reason" in page.text
    with clinic.session() as session:
        assert rules(session, patient.id, "stranger") == ["stated_reason"]
        grant = session.scalars(select(AccessGrant).where(AccessGrant.patient_id == patient.id)).one()
        grant.expires_at = clock.now() - dt.timedelta(seconds=1)
    assert browser.get(f"/patients/{patient.id}").status_code == 303


def test_a_full_number_tells_that_somebody_is_registered_elsewhere(clinic: Clinic) -> None:
    patient = clinic.register(family_name="Алыстаева")
    browser = clinic.browser("stranger")
    page = browser.get("/patients", params={"q": patient.iin or ""}).text
    assert f"/patients/{patient.id}/reason" in page
    assert "Алыстаева" not in page
    assert f"/patients/{patient.id}" not in browser.get("/patients", params={"q": "Алыстаева"}).text
    assert f"/patients/{patient.id}" not in browser.get("/patients", params={"q": (patient.iin or "")[:11]}).text


def test_treatment_here_opens_the_card(clinic: Clinic) -> None:
    patient = clinic.register()
    browser = clinic.browser("stranger")
    browser.post(f"/patients/{patient.id}/reason", {"reason": "came as a walk-in"})
    clinic.visit(patient.id, "stranger")
    with clinic.session() as session:
        for grant in session.scalars(select(AccessGrant).where(AccessGrant.patient_id == patient.id)):
            grant.expires_at = clock.now() - dt.timedelta(hours=1)
    assert browser.get(f"/patients/{patient.id}").status_code == 200
    with clinic.session() as session:
        assert rules(session, patient.id, "stranger")[-1] == "treated"


def test_a_search_names_people_in_the_journal(clinic: Clinic) -> None:
    patient = clinic.register(family_name="Іздеуова")
    clinic.browser("doctor").get("/patients", params={"q": "Іздеуова"})
    with clinic.session() as session:
        assert rules(session, patient.id, "doctor") == ["search"]


def _two(clinic: Clinic) -> tuple[Patient, Patient]:
    kept = clinic.register(family_name="Бірова", given_name="Екіаты")
    hidden = clinic.register(kind="undocumented", iin=None, family_name="Бирова", given_name="Екиаты")
    return kept, hidden


@pytest.mark.parametrize("login", ["doctor", "nurse", "official"])
def test_who_may_not_merge(clinic: Clinic, login: str) -> None:
    assert clinic.browser(login).get("/merge-records").status_code == 403


@pytest.mark.req("REG-08")
def test_two_records_become_one_and_two_again(clinic: Clinic) -> None:
    kept, hidden = _two(clinic)
    clinic.visit(hidden.id)
    browser = clinic.browser("chief")
    pair = {"kept": kept.iin or "", "hidden": hidden.temporary_id or ""}
    compared = browser.get("/merge-records", params=pair)
    assert "Бирова" in compared.text
    why = {"reason": "Удостоверение показано"}
    assert browser.post("/merge-records", pair | why).status_code == 422
    assert browser.post("/merge-records", pair | {"is_sure": "1"}).status_code == 422
    assert browser.post("/merge-records", pair | why | {"is_sure": "1"}).status_code == 303
    assert "Удостоверение показано" in browser.get("/merge-records").text
    with clinic.session() as session:
        assert record_ids(session, kept.id) == [kept.id, hidden.id]
        assert [person.id for person in search(session, "Бирова Екиаты")] == [kept.id]
    card = clinic.browser("doctor").get(f"/patients/{kept.id}").text
    assert "J06.9" in card
    with clinic.session() as session:
        link = session.scalars(select(merge.PatientLink).where(merge.PatientLink.patient_id == kept.id)).one()
    assert browser.post(f"/merge-records/{link.id}/undo").status_code == 303
    assert "J06.9" not in clinic.browser("doctor").get(f"/patients/{kept.id}").text
    assert browser.post(f"/merge-records/{link.id}/undo").status_code == 409


def test_what_cannot_be_merged(clinic: Clinic) -> None:
    kept, hidden = _two(clinic)
    other = clinic.register()
    with clinic.session() as session:
        actor = clinic.actor(session, "chief")
        with pytest.raises(Invalid, match="same record"):
            merge.merge(session, actor, kept.id, kept.id)
        with pytest.raises(Conflict, match="two people"):
            merge.merge(session, actor, kept.id, other.id)
        with pytest.raises(Invalid, match="has the IIN"):
            merge.merge(session, actor, hidden.id, kept.id)
        merge.merge(session, actor, kept.id, hidden.id)
        with pytest.raises(Conflict, match="hidden already"):
            merge.merge(session, actor, kept.id, hidden.id)


def test_a_record_that_was_hidden_at_the_same_moment_stands_for_nobody(clinic: Clinic) -> None:
    first, middle, last = (
        clinic.register(kind="undocumented", iin=None, family_name="Тізбекова") for _each in range(3)
    )
    sure = {"is_sure": "1", "reason": "Куәлік", "verdict": "one"}

    def link(browser: Browser, kept: Patient, hidden: Patient) -> Response:
        pair = {"kept": str(kept.temporary_id), "hidden": str(hidden.temporary_id)}
        return browser.post("/merge-records", pair | sure)

    one, other = clinic.browser("chief"), clinic.browser("chief", "ru")
    answers = at_once(
        clinic,
        "patients.patient",
        middle.id,
        partial(link, one, first, middle),
        partial(link, other, middle, last),
        partial(link, one, last, middle),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    records = (first.id, middle.id, last.id)
    with clinic.session() as session:
        made = select(merge.PatientLink).where(merge.PatientLink.patient_id.in_(records))
        link_id = session.scalars(made).one().id
    # and the link is undone once
    url = f"/merge-records/{link_id}/undo"
    answers = at_once(clinic, "patients.patient_link", link_id, partial(one.post, url), partial(other.post, url))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
