"""Facts of a person outside care: who may not, what is refused, what ends what, and where it all shows."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import select, text

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import current_attachment, current_serving_site
from ops_app.modules.person_facts.registers import REGISTERS
from ops_app.modules.resources.models import Enterprise
from tests.ops_app.clinic import Clinic

PLAIN: dict[str, dict[str, str]] = {
    "relatives": {"relation": "spouse", "name": "Қалиев Ерлан", "phone": "8 701 555 44 33", "lives_together": "1"},
    "contacts": {"kind": "email", "value": "aliya@mail.kz"},
    "addresses": {"use": "registered", "kato_code": "275030100", "line": "Абай 5-12"},
    "documents": {"type": "passport", "number": "N10203040", "issuer": "МВД РК", "country": "kz"},
    "employment": {"employer": "ЖШС Нұр", "position": "бухгалтер"},
    "education": {"institution": "№ 3 мектеп", "group": "7 «Б»"},
    "social_statuses": {"status": "many_children", "start_date": "01.02.2024"},
    "insurance": {"state": "insured", "category": "employer", "source": "registry", "start_date": "01.01.2024"},
    "languages": {"language": "kk", "start_date": "01.01.2024"},
}
SHOWN = {
    "relatives": "Қалиев Ерлан · +77015554433",
    "contacts": "aliya@mail.kz",
    "addresses": "Qaratobe · Абай 5-12",
    "documents": "N10203040",
    "employment": "ЖШС Нұр · бухгалтер",
    "education": "№ 3 мектеп · 7 «Б»",
    "social_statuses": "mother of many children",
    "insurance": "insured · employer",
    "languages": "Kazakh",
}


@pytest.fixture(scope="module")
def aliya(clinic: Clinic) -> Patient:
    return clinic.register(family_name="Қалиева", given_name="Әлия", phone="+77011234567", kato_code="275030100")


def add(clinic: Clinic, patient: Patient, register: str, login: str = "registrar", **values: Any) -> Any:
    sent = PLAIN[register] | {"way": "submitted"} | values
    return clinic.browser(login).post(f"/patients/{patient.id}/facts/{register}/new", sent)


def page(clinic: Clinic, patient: Patient, login: str = "registrar") -> str:
    answer = clinic.browser(login).get(f"/patients/{patient.id}/identity")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_who_may_not(clinic: Clinic, aliya: Patient) -> None:
    for login in ("official", "chief"):
        assert add(clinic, aliya, "contacts", login).status_code == 403
        assert clinic.browser(login).get(f"/patients/{aliya.id}/facts/contacts/new").status_code == 403
    stranger = clinic.browser("stranger")
    assert add(clinic, aliya, "contacts", "stranger").status_code == 403
    assert "reason" in stranger.get(f"/patients/{aliya.id}/facts/contacts/new").headers["location"]
    assert clinic.browser("registrar").get(f"/patients/{aliya.id}/facts/nothing/new").status_code == 404


@pytest.mark.req("REG-01", "REG-06", "PDATA-08", "PDATA-32", "PDATA-33")
def test_every_kind_is_entered_and_shown_with_its_source(clinic: Clinic, aliya: Patient) -> None:
    assert set(PLAIN) == set(REGISTERS)
    for register in PLAIN:
        answer = add(clinic, aliya, register)
        assert answer.status_code == 303, (register, answer.text)
        assert answer.headers["location"].endswith(f"#{register}")
    shown = " ".join(page(clinic, aliya, "doctor").split())
    for register, words in SHOWN.items():
        assert words in shown, register
    assert shown.count("documents the patient submitted") == len(PLAIN)
    with clinic.session() as session:
        for register in REGISTERS.values():
            (row,) = session.scalars(select(register.table).where(register.table.patient_id == aliya.id))
            assert (row.organization_id, row.recorded_by) == (clinic.tree["hospital"], "registrar")
            written = select(Event).where(
                Event.entity == f"person_facts.{register.table.__tablename__}", Event.patient_id == aliya.id
            )
            assert session.scalars(written).one().kind == "write"


@pytest.mark.parametrize(
    ("register", "values", "told"),
    [
        ("contacts", {"value": "aliya"}, "An address of e-mail"),
        ("contacts", {"kind": "mobile", "value": "звонить"}, "A phone number"),
        ("addresses", {"kato_code": "999999999"}, "Choose one of the listed values"),
        ("relatives", {"name": ""}, "Choose from the register or write the name"),
        ("relatives", {"relative": "T-000000"}, "No live record has this identifier"),
        ("employment", {"enterprise_id": "999"}, "Choose one of the listed values"),
        ("social_statuses", {"start_date": ""}, "Fill in this field"),
        ("social_statuses", {"start_date": "+3"}, "The date lies in the future"),
        ("insurance", {"state": "maybe"}, "Choose one of the listed values"),
        ("documents", {"start_date": "01.02.2024", "end_date": "01.01.2024"}, "The end lies before the beginning"),
        ("documents", {"country": "Kazakhstan"}, "The value does not look right"),
    ],
)
def test_what_is_refused_is_said_at_its_field(
    clinic: Clinic, aliya: Patient, register: str, values: dict[str, str], told: str
) -> None:
    answer = add(clinic, aliya, register, **values)
    assert answer.status_code == 422
    field = next(iter(values))
    assert re.search(rf'id="e-{field}"[^>]*>{told}', answer.text) or told in answer.text


def test_one_insurance_status_at_a_time_and_the_desk_sees_who_has_none(clinic: Clinic) -> None:
    patient = clinic.register()
    assert add(clinic, patient, "insurance").status_code == 303
    assert "not insured" not in page(clinic, patient)
    lost = {"state": "uninsured", "category": "", "start_date": "01.03.2025"}
    assert add(clinic, patient, "insurance", **lost).status_code == 303
    earlier = add(clinic, patient, "insurance", start_date="01.06.2024")
    assert earlier.status_code == 422
    assert "Another entry of this kind counts from 01.01.2024" in earlier.text
    with clinic.session() as session:
        rows = session.execute(
            text("select state, start_date, end_date from person_facts.insurance where patient_id = :id order by id"),
            {"id": patient.id},
        ).all()
    assert [tuple(row) for row in rows] == [
        ("insured", dt.date(2024, 1, 1), dt.date(2025, 3, 1)),
        ("uninsured", dt.date(2025, 3, 1), None),
    ]
    shown = page(clinic, patient, "doctor")
    assert "Since 01.03.2025, by information system of insurance" in shown
    assert "1 former entry" in shown


def test_a_fact_is_corrected_ended_and_taken_back(clinic: Clinic) -> None:
    patient = clinic.register()
    add(clinic, patient, "contacts", kind="mobile", value="8 701 555 44 33")
    browser = clinic.browser("registrar")
    with clinic.session() as session:
        row_id = session.scalar(
            text("select id from person_facts.contact where patient_id = :id").bindparams(id=patient.id)
        )
    address = f"/patients/{patient.id}/facts/contacts/{row_id}"
    other = clinic.register()
    assert browser.get(f"/patients/{other.id}/facts/contacts/{row_id}").status_code == 404
    assert 'value="+77015554433"' in browser.get(address).text
    changed = {"kind": "home", "value": "8 7122 33 44 55", "way": "patient", "start_date": "01.01.2024"}
    assert browser.post(address, changed).status_code == 303
    assert browser.post(f"{address}/close", {"end_date": "31.12.2023"}).status_code == 422
    assert browser.post(f"{address}/close", {"end_date": "01.06.2024"}).status_code == 303
    assert "01.01.2024 – 01.06.2024" in page(clinic, patient)
    assert browser.post(f"{address}/error", {"reason": "чужой номер"}).status_code == 303
    assert "+77122334455" not in page(clinic, patient)
    assert "already marked as an error" in browser.post(address, changed).text


def test_work_is_chosen_from_the_register_of_the_facility(clinic: Clinic) -> None:
    with clinic.session() as session:
        for place, name in (("hospital", "Мұнай"), ("other", "Темір")):
            row = Enterprise(
                organization_id=clinic.tree[place], name_kk=name, name_ru=name, start_date=dt.date(2020, 1, 1)
            )
            session.add(row)
            session.flush()
            if place == "hospital":
                own = row.id
            else:
                foreign = row.id
    patient = clinic.register()
    offered = clinic.browser("registrar").get(f"/patients/{patient.id}/facts/employment/new").text
    assert "Мұнай" in offered
    assert "Темір" not in offered
    assert add(clinic, patient, "employment", employer="", enterprise_id=str(foreign)).status_code == 422
    assert add(clinic, patient, "employment", employer="", enterprise_id=str(own)).status_code == 303
    assert "Мұнай · бухгалтер" in " ".join(page(clinic, patient).split())


def test_relatives_are_seen_from_both_cards(clinic: Clinic) -> None:
    patient, brother = clinic.register(), clinic.register(sex="male", family_name="Бауырұлы")
    himself = add(clinic, patient, "relatives", relation="sibling", name="", relative=patient.iin)
    assert himself.status_code == 422
    added = add(clinic, patient, "relatives", relation="sibling", name="", relative=brother.iin)
    assert added.status_code == 303
    assert f'/patients/{brother.id}/identity">Бауырұлы' in page(clinic, patient)
    assert f'/patients/{patient.id}/identity">{patient.family_name}' in page(clinic, brother)


@pytest.mark.req("REG-04", "REG-07")
def test_newborn_is_registered_from_the_card_of_the_mother(clinic: Clinic) -> None:
    mother = clinic.register(family_name="Анаева", phone="+77010000001", kato_code="275030100", address_line="Абай 1")
    father = clinic.register(sex="male")
    assert "Register a newborn" not in page(clinic, father)
    assert clinic.browser("chief").post(f"/patients/{mother.id}/newborn", {}).status_code == 403
    nurse = clinic.browser("nurse")
    assert nurse.post(f"/patients/{father.id}/newborn", born(sex="female")).status_code == 422
    assert nurse.post(f"/patients/{mother.id}/newborn", {"birth_date": "today"}).status_code == 422
    answer = nurse.post(f"/patients/{mother.id}/newborn", born(sex="female"))
    assert answer.status_code == 303, answer.text
    child_id = int(re.findall(r"/patients/(\d+)/identity", answer.headers["location"])[0])
    with clinic.session() as session:
        child = session.get_one(Patient, child_id)
        attached = current_attachment(session, [child_id])
        assert attached is not None
        assert (attached.organization_id, attached.site_id) == (clinic.tree["hospital"], clinic.tree["site"])
    assert (child.family_name, child.address_line, child.kato_code) == ("Анаева", "Абай 1", "275030100")
    assert (child.phone, child.mother_id, child.iin) == ("+77010000001", mother.id, None)
    assert child.temporary_id is not None
    assert f'/patients/{mother.id}/identity">Анаева' in page(clinic, child)
    assert f'/patients/{child_id}/identity">Анаева' in page(clinic, mother)
    # the button pressed twice makes no second child; a twin is said to be one
    assert "Tick the box" in nurse.post(f"/patients/{mother.id}/newborn", born(sex="female")).text
    twin = nurse.post(f"/patients/{mother.id}/newborn", born(sex="male", is_another_child="1"))
    assert twin.status_code == 303, twin.text


def born(**values: str) -> dict[str, str]:
    return {"birth_date": show_date(clock.today())} | values


def test_child_of_a_mother_attached_elsewhere_is_served_here(clinic: Clinic) -> None:
    mother = clinic.register()
    with clinic.session() as session:
        session.execute(
            text("update patients.attachment set organization_id = :other, site_id = null where patient_id = :id"),
            {"other": clinic.tree["other"], "id": mother.id},
        )
    clinic.visit(mother.id)
    answer = clinic.browser("nurse").post(f"/patients/{mother.id}/newborn", born(sex="male"))
    assert answer.status_code == 303, answer.text
    child_id = int(re.findall(r"/patients/(\d+)/identity", answer.headers["location"])[0])
    with clinic.session() as session:
        assert current_attachment(session, [child_id]) is None
        served = current_serving_site(session, [child_id])
        assert served is not None
        assert served.organization_id == clinic.tree["hospital"]


def test_fhir_and_the_export_tell_what_is_noted(clinic: Clinic, aliya: Patient) -> None:
    doctor = clinic.browser("doctor")
    headers = {"accept": "application/fhir+json"}
    whole = doctor.client.get(f"/fhir/Patient/{aliya.id}", headers=headers).json()
    get_fhir_model_class("Patient").model_validate(whole)
    assert {each["value"] for each in whole["telecom"]} == {"+77011234567", "aliya@mail.kz"}
    assert [each["text"] for each in whole["address"] if "text" in each] == ["Абай 5-12"]
    assert whole["communication"][0]["language"]["coding"][0]["code"] == "kk"
    assert "N10203040" in {each["value"] for each in whole["identifier"]}
    found = doctor.client.get(f"/fhir/RelatedPerson?patient={aliya.id}", headers=headers).json()
    (related,) = [entry["resource"] for entry in found["entry"]]
    get_fhir_model_class("RelatedPerson").model_validate(related)
    assert related["name"] == [{"text": "Қалиев Ерлан"}]
    sent = {"requester": "patient", "basis": "№ 12, 20.11.2026", "language": "ru"}
    given = doctor.post(f"/patients/{aliya.id}/export", sent)
    assert given.status_code == 200, given.text
    with zipfile.ZipFile(io.BytesIO(given.content)) as files:
        bundle = json.loads(files.read("bundle.json"))
        assert files.read("summary.pdf").startswith(b"%PDF")
    assert "RelatedPerson" in {entry["resource"]["resourceType"] for entry in bundle["entry"]}
