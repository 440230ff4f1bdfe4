"""Journals over facts of people: who may not, what the filters find, whose reading is kept."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.person_facts.journals import JOURNALS
from ops_app.modules.resources.models import Enterprise
from tests.ops_app.clinic import Clinic
from tests.ops_app.person_facts.test_person import add

TODAY = clock.today()


@pytest.fixture(scope="module")
def people(clinic: Clinic) -> dict[str, Patient]:
    """One whose papers are in order, one whose papers ran out, one who renewed them."""
    with clinic.session() as session:
        plant = Enterprise(
            organization_id=clinic.tree["hospital"], name_kk="Мұнай", name_ru="Мунай", start_date=dt.date(2020, 1, 1)
        )
        session.add(plant)
    found = {name: clinic.register() for name in ("kept", "lost", "renewed")}
    past = {"start_date": "01.01.2024", "end_date": show_date(TODAY - dt.timedelta(days=10))}
    for name, patient in found.items():
        ends = {} if name == "kept" else past
        for register in ("insurance", "documents"):
            assert add(clinic, patient, register, **ends).status_code == 303
        if name == "renewed":
            again = {"start_date": show_date(TODAY - dt.timedelta(days=5))}
            assert add(clinic, patient, "insurance", **again).status_code == 303
            assert add(clinic, patient, "documents", number="N999", **again).status_code == 303
    kept = found["kept"]
    assert add(clinic, kept, "employment", employer="", enterprise_id=str(plant.id)).status_code == 303
    for register in ("education", "social_statuses", "addresses"):
        assert add(clinic, kept, register).status_code == 303
    return found


def shown(clinic: Clinic, people: dict[str, Patient], address: str, login: str = "registrar") -> set[str]:
    """Whom a journal names."""
    answer = clinic.browser(login).get(f"/journals/{address}")
    assert answer.status_code == 200, answer.text
    return {name for name, patient in people.items() if patient.family_name in answer.text}


def test_who_may_not(clinic: Clinic, people: dict[str, Patient]) -> None:
    for journal in JOURNALS:
        for form in ("", "/print", "/xlsx"):
            for login in ("official", "chief"):
                assert clinic.browser(login).get(f"/journals/{journal.name}{form}").status_code == 403
        assert shown(clinic, people, journal.name, "stranger") == set()


@pytest.mark.req("REG-01", "REG-06")
def test_whose_insurance_or_document_ended(clinic: Clinic, people: dict[str, Patient]) -> None:
    for name in ("person_insurance", "person_documents"):
        assert shown(clinic, people, name) == {"kept", "renewed"}
        assert shown(clinic, people, f"{name}?row=ended") == {"lost"}
        before = show_date(TODAY - dt.timedelta(days=20))
        assert shown(clinic, people, f"{name}?row=counting&on={before}") == {"kept", "lost", "renewed"}
    soon = show_date(TODAY + dt.timedelta(days=30))
    assert shown(clinic, people, f"person_insurance?row=counting&until={soon}") == set()
    assert shown(clinic, people, "person_insurance?state=uninsured") == set()


@pytest.mark.req("REG-01")
def test_people_of_a_status_an_enterprise_a_school_a_place(clinic: Clinic, people: dict[str, Patient]) -> None:
    with clinic.session() as session:
        plant = session.scalars(select(Enterprise.id)).one()
    for address, words in (
        ("person_social_statuses?status=many_children", "көп балалы"),
        (f"person_employment?enterprise_id={plant}", "Мұнай"),
        ("person_education", "№ 3 мектеп"),
        ("person_addresses?kato_code=275030100", "Қаратөбе"),
    ):
        assert shown(clinic, people, address) == {"kept"}
        assert words in clinic.browser("nurse", "kk").get(f"/journals/{address}").text
    assert shown(clinic, people, "person_social_statuses?status=veteran") == set()
    assert clinic.browser("registrar").get("/journals/person_addresses?kato_code=999").status_code == 422


def test_the_spreadsheet_holds_them_and_the_reading_is_kept(clinic: Clinic, people: dict[str, Patient]) -> None:
    answer = clinic.browser("registrar").get("/journals/person_documents/xlsx?row=ended&purpose=disease")
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert any(people["lost"].iin in row and "N10203040" in row for row in cells)
    paper = clinic.browser("registrar").get("/journals/person_documents/print?row=ended").text
    assert people["lost"].family_name in paper
    with clinic.session() as session:
        rules = session.scalars(
            select(Event.rule).where(Event.kind == "read", Event.patient_id == people["lost"].id)
        ).all()
    assert rules.count("journal person_documents") >= 2
