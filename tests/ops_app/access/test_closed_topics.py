"""Closed topics: what a reader who does not treat them finds on each page, and how he opens them."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from ops_app.kit import clock
from ops_app.mechanisms.closed_topics.declaration import pattern, topics, topics_of
from ops_app.mechanisms.closed_topics.veil import Veil, draw
from ops_app.modules.access.queries import veil_for
from ops_app.modules.audit.models import Event
from ops_app.modules.classifiers.loading import ConceptRow, store_concepts
from ops_app.modules.deaths.models import Death
from ops_app.modules.episodes.models import EpisodeOfCare
from ops_app.modules.episodes.plan_facts import people
from ops_app.modules.episodes.plan_refresh import refresh
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.patients.models import AccessGrant, Patient
from ops_app.modules.visits.models import Encounter, ServiceRequest
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic

CODES = ("F32.1", "B20.0", "O04.9", "T74.1", "A54.0")
PAGES = (
    "/patients/{patient}",
    "/patients/{patient}?kind=condition",
    "/patients/{patient}?kind=encounter",
    "/patients/{patient}/registers",
    "/patients/{patient}/visits/new",
    "/patients/{patient}/documents",
    "/patients/{patient}/programmes",
    "/patients/{patient}/questionnaires",
    "/api/patients/{patient}/timeline",
    "/fhir/Condition?patient={patient}",
    "/fhir/Encounter?patient={patient}",
    "/fhir/EpisodeOfCare?patient={patient}",
    "/fhir/Patient/{patient}/$everything",
    "/journals/visits",
    "/journals/visits/print",
)


@dataclass(frozen=True)
class Closed:
    """A woman whose depression a psychiatrist treats, with a cold that everybody may know of."""

    clinic: Clinic
    patient: Patient
    visit: Encounter
    open_visit: Encounter

    def page(self, login: str, address: str) -> str:
        answer = self.clinic.browser(login).client.get(address.format(patient=self.patient.id))
        assert answer.status_code == 200, address
        return answer.text


def employ(clinic: Clinic, login: str, position: str, role: Role = Role.DOCTOR, place: str = "hospital") -> None:
    with clinic.session() as session:
        person = Practitioner(family_name=login.title(), given_name="Асан", sort_key=login)
        session.add(person)
        session.flush()
        session.add(
            PractitionerRole(
                practitioner_id=person.id,
                organization_id=clinic.tree[place],
                position=position,
                start_date=dt.date(2020, 1, 1),
            )
        )
        clinic.practitioners[login] = person.id
    make_account(
        clinic.app.state.engine, login, [(role, clinic.tree[place])], practitioner_id=clinic.practitioners[login]
    )


def plant_closed_codes(clinic: Clinic) -> None:
    """Diagnoses of the closed topics."""
    with clinic.session() as session:
        rows = [
            ConceptRow(
                code=code,
                parent_code=None,
                kind="subcategory",
                title_kk=f"Жабық {code}",
                title_ru=f"Закрыто {code}",
                title_en=f"Closed {code}",
                unit=None,
                is_selectable=True,
            )
            for code in CODES
        ]
        store_concepts(session.connection(), "icd10", rows)


@pytest.fixture(scope="module")
def closed(clinic: Clinic) -> Closed:
    plant_closed_codes(clinic)
    employ(clinic, "psychiatrist", "psychiatrist")
    employ(clinic, "midwife", "midwife", Role.NURSE)
    patient = clinic.register(birth_date=dt.date(1985, 6, 12))
    visit = clinic.visit(patient.id, "psychiatrist", diagnoses=[{"icd10": "F32.1"}], note="Тәтті түнбасар")
    open_visit = clinic.visit(patient.id, "second", diagnoses=[{"icd10": "J06.9"}])
    with clinic.session() as session:
        card = EpisodeOfCare(
            patient_id=patient.id,
            organization_id=clinic.tree["hospital"],
            practitioner_id=clinic.practitioners["psychiatrist"],
            kind="dispensary",
            icd10="F32.1",
            event_at=visit.event_at,
            known_at=visit.event_at,
            recorded_by="psychiatrist",
        )
        session.add(card)
    return Closed(clinic, patient, visit, open_visit)


@pytest.mark.req("IAM-17", "IAM-27")
@pytest.mark.parametrize("address", PAGES)
def test_page_holds_nothing_of_a_topic_its_reader_does_not_treat(closed: Closed, address: str) -> None:
    text = closed.page("doctor", address)
    assert "F32" not in text
    assert "Тәтті" not in text
    assert f'/visits/{closed.visit.id}"' not in text


@pytest.mark.req("IAM-17")
def test_who_treats_it_sees_it_and_so_does_everybody_what_is_open(closed: Closed) -> None:
    without_codes = ("/fhir/Encounter", "/documents", "/programmes", "/questionnaires", "/codes")
    for address in PAGES:
        if not any(part in address for part in without_codes):
            assert "F32" in closed.page("psychiatrist", address), address
    assert "J06.9" in closed.page("doctor", "/patients/{patient}")
    assert "J06.9" in closed.page("doctor", "/fhir/Condition?patient={patient}")


def test_count_does_not_betray_a_closed_visit(closed: Closed) -> None:
    shown = closed.clinic.browser("doctor").client.get(f"/fhir/Encounter?patient={closed.patient.id}").json()
    assert shown["total"] == 1


@pytest.mark.parametrize("revealed", [False, True])
def test_other_names_of_a_table_hide_the_same_rows(closed: Closed, revealed: bool) -> None:
    one = aliased(Encounter)
    two = aliased(Encounter, select(Encounter).subquery())
    expected = {closed.open_visit.id} | ({closed.visit.id} if revealed else set())
    with closed.clinic.session() as session:
        draw(session, Veil(frozenset(topics()), "doctor", revealed=(closed.patient.id,) if revealed else ()))
        for other in (one, two):
            of_person = select(other.id).where(other.patient_id == closed.patient.id)
            joined = (
                select(other.id).join(Patient, Patient.id == other.patient_id).where(Patient.id == closed.patient.id)
            )
            assert set(session.scalars(of_person)) == expected
            assert set(session.scalars(joined)) == expected


def test_closed_visit_is_not_there_under_its_address(closed: Closed) -> None:
    browser = closed.clinic.browser("doctor")
    for address in (f"/visits/{closed.visit.id}", f"/visits/{closed.visit.id}/documents"):
        assert browser.client.get(address).status_code == 404
    assert browser.post(f"/visits/{closed.visit.id}", {"reason": "менің жазбам"}).status_code in (404, 422)
    assert browser.client.get(f"/api/visits/{closed.visit.id}").status_code == 404


def test_export_of_a_person_leaves_closed_topics_out(closed: Closed) -> None:
    form = {"requester": "patient", "basis": "request 17 of 20.11.2026", "language": "kk"}
    found = {}
    for login in ("doctor", "psychiatrist"):
        answer = closed.clinic.browser(login).post(f"/patients/{closed.patient.id}/export", form)
        assert answer.status_code == 200
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            found[login] = "F32.1" in archive.read("bundle.json").decode()
    assert found == {"doctor": False, "psychiatrist": True}


def test_cause_of_death_of_a_closed_topic_is_masked_but_the_death_is_not(closed: Closed) -> None:
    patient = closed.clinic.register()
    with closed.clinic.session() as session:
        at = clock.now() - dt.timedelta(hours=3)
        death = Death(
            patient_id=patient.id,
            organization_id=closed.clinic.tree["hospital"],
            event_at=at,
            known_at=at,
            place="home",
            cause_icd10="T74.1",
            recorded_by="psychiatrist",
        )
        session.add(death)
        session.flush()
    for address in (f"/patients/{patient.id}", f"/deaths/{death.id}", "/journals/deaths"):
        for login, sees in (("doctor", False), ("psychiatrist", True)):
            answer = closed.clinic.browser(login).get(address)
            assert answer.status_code == 200
            assert patient.family_name in answer.text
            assert ("T74.1" in answer.text) is sees, (address, login)


def test_order_from_a_closed_visit_is_found_by_who_performs_it_without_its_reason(closed: Closed) -> None:
    with closed.clinic.session() as session:
        order = ServiceRequest(
            patient_id=closed.patient.id,
            organization_id=closed.clinic.tree["hospital"],
            encounter_id=closed.visit.id,
            category="consultation",
            code="A02.001.000",
            reason_icd10="F32.1",
            event_at=closed.visit.event_at,
            known_at=closed.visit.event_at,
        )
        session.add(order)
        session.flush()
    for login, sees in (("doctor", False), ("psychiatrist", True)):
        browser = closed.clinic.browser(login)
        for address in (f"/referrals/{order.id}", f"/fhir/ServiceRequest?patient={closed.patient.id}"):
            answer = browser.client.get(address)
            assert answer.status_code == 200
            assert "A02.001.000" in answer.text
            assert ("F32.1" in answer.text) is sees, (login, address)


def test_author_sees_his_own_record_whatever_his_position(closed: Closed) -> None:
    patient = closed.clinic.register()
    closed.clinic.visit(patient.id, "doctor", diagnoses=[{"icd10": "T74.1"}])
    assert "T74.1" in closed.clinic.browser("doctor").get(f"/patients/{patient.id}").text
    assert "T74.1" not in closed.clinic.browser("nurse").get(f"/patients/{patient.id}").text


@pytest.mark.parametrize(
    ("born", "seen_by_nurse"), [(dt.date(1990, 5, 1), True), (clock.today() - dt.timedelta(days=16 * 365), False)]
)
def test_private_matters_are_closed_for_minors_only(closed: Closed, born: dt.date, seen_by_nurse: bool) -> None:
    patient = closed.clinic.register(birth_date=born)
    closed.clinic.visit(patient.id, "second", diagnoses=[{"icd10": "A54.0"}])
    assert ("A54.0" in closed.clinic.browser("nurse").get(f"/patients/{patient.id}").text) is seen_by_nurse
    assert "A54.0" in closed.clinic.browser("midwife").get(f"/patients/{patient.id}").text


def test_other_diagnosis_closes_itself_and_not_the_visit(closed: Closed) -> None:
    patient = closed.clinic.register()
    visit = closed.clinic.visit(
        patient.id, "second", diagnoses=[{"icd10": "J06.9"}, {"icd10": "B20.0", "type": "concomitant"}]
    )
    text = closed.clinic.browser("nurse").get(f"/patients/{patient.id}").text
    assert "J06.9" in text
    assert "B20" not in text
    assert closed.clinic.browser("nurse").get(f"/visits/{visit.id}").status_code == 200


@pytest.mark.req("IAM-17", "IAM-27")
def test_stated_reason_opens_closed_topics_and_waits_for_review(closed: Closed) -> None:
    employ(closed.clinic, "surgeon", "surgeon")
    browser = closed.clinic.browser("surgeon")
    address = f"/patients/{closed.patient.id}/closed-topics"
    card = browser.get(f"/patients/{closed.patient.id}").text
    assert address in card
    assert browser.post(address, {"reason": ""}).status_code == 422
    assert browser.post(address, {"reason": "ес-түссіз жеткізілді"}).status_code == 303
    assert "F32.1" in browser.get(f"/patients/{closed.patient.id}").text
    for page in (*PAGES, "/patients/{patient}/consents/new"):
        assert browser.client.get(page.format(patient=closed.patient.id)).status_code == 200, page
    with closed.clinic.session() as session:
        grant = session.scalars(select(AccessGrant).where(AccessGrant.granted_to == "surgeon")).one()
        assert grant.opens_closed
        rules = session.scalars(
            select(Event.rule).where(Event.login == "surgeon", Event.patient_id == closed.patient.id)
        ).all()
    assert "closed_topics" in rules
    assert "ес-түссіз жеткізілді" in closed.clinic.browser("chief").get("/security/reviews").text
    assert "F32.1" not in closed.page("doctor", "/patients/{patient}")


def test_stated_reason_for_the_card_alone_opens_no_closed_topic(closed: Closed) -> None:
    employ(closed.clinic, "outsider", "therapist", place="other")
    browser = closed.clinic.browser("outsider")
    browser.post(f"/patients/{closed.patient.id}/reason", {"reason": "жедел жәрдем жеткізді"})
    card = browser.get(f"/patients/{closed.patient.id}").text
    assert "J06.9" in card
    assert "F32.1" not in card


def test_plan_is_worked_out_from_every_fact(closed: Closed) -> None:
    clinic = closed.clinic
    with clinic.session() as session:
        everything = people(session, [closed.patient.id])[0].history
        with Session(clinic.app.state.engine) as veiled:
            actor = clinic.actor(veiled, "doctor")
            draw(veiled, veil_for(veiled, actor))
            assert people(veiled, [closed.patient.id])[0].history != everything
            assert refresh(veiled, actor, closed.patient.id) == 0


@pytest.mark.req("IAM-27")
def test_administrator_takes_a_position_in_and_out_again(closed: Closed) -> None:
    clinic = closed.clinic
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    keeper = clinic.browser("keeper")
    cell = {"organization_id": str(clinic.tree["hospital"]), "topic": "psychiatry", "position": "nurse"}
    assert keeper.get("/closed-topics").status_code == 200
    other = cell | {"organization_id": str(clinic.tree["other"]), "answer": "yes"}
    assert keeper.post("/closed-topics", other).status_code == 422
    assert clinic.browser("doctor").get("/closed-topics").status_code == 403
    assert "F32.1" not in closed.page("nurse", "/patients/{patient}")
    assert keeper.post("/closed-topics", cell | {"answer": "yes"}).status_code == 303
    assert "F32.1" in closed.page("nurse", "/patients/{patient}")
    assert keeper.post("/closed-topics", cell | {"answer": "no"}).status_code == 303
    assert "F32.1" not in closed.page("nurse", "/patients/{patient}")
    with clinic.session() as session:
        changes = session.scalars(select(Event).where(Event.entity == "access.topic_circle")).all()
    assert [change.login for change in changes] == ["keeper", "keeper"]


def test_declared_codes_belong_to_their_topics() -> None:
    assert topics_of("O04.9", 30) == {"abortion"}
    assert topics_of("O04.9", 16) == {"abortion", "minors"}
    assert topics_of("B24", 50) == topics_of("Z21", 50) == {"hiv"}
    assert topics_of("X99", 40) == topics_of("Y04.1", 40) == topics_of("T74.0", 40) == {"violence"}
    assert topics_of("I10", 16) == set()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letter=st.sampled_from("ABFIOTXYZ"), number=st.integers(0, 99), tail=st.sampled_from(["", ".1", ".09"]))
def test_expression_and_declaration_say_the_same(letter: str, number: int, tail: str) -> None:
    code = f"{letter}{number:02d}{tail}"
    for of_minors in (False, True):
        chosen = frozenset(name for name, topic in topics().items() if (topic.under_age is not None) == of_minors)
        expression = pattern("icd10", chosen, of_minors=of_minors)
        assert expression is not None
        assert (re.match(expression, code) is not None) == bool(topics_of(code, 10) & chosen)
