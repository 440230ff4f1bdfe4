"""The FHIR API: what is found, page by page, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_app.errors import BadRequest
from ops_app.kit import clock
from ops_app.modules.fhir.parameters import span
from ops_app.modules.patients.models import Patient
from tests.ops_app.clinic import Clinic
from tests.ops_app.fhir.reading import reader


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("family=калиева", True),
        ("family=Kalieva&given=alia", True),
        ("name=Ерлан", True),
        ("given=Болат", False),
        ("birthdate=1985-06-12&name=Қалиева", True),
        ("birthdate=ge1985-06-13&name=Қалиева", False),
        ("birthdate=1985&name=Қалиева", True),
        ("gender=male&name=Қалиева", False),
        ("name=Қалиева&_lastUpdated=gt2090", False),
        ("name=Қалиева&_lastUpdated=ge2020-01-01", True),
        ("name=Қалиева,Жоқ", True),
    ],
)
def test_people_are_found_by(clinic: Clinic, ill: Patient, query: str, finds: bool) -> None:
    found = [each["id"] for each in reader(clinic).found(f"Patient?{query}")]
    assert (str(ill.id) in found) is finds


def test_search_without_a_person_or_with_nonsense_is_explained(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    assert "patient" in doctor.get("Observation", 400)["issue"][0]["details"]["text"]
    for address in (
        f"Observation?patient={ill.id}&date=yesterday",
        f"Observation?patient={ill.id}&date=2026-13-01",
        f"Observation?patient={ill.id}&encounter=abc",
        "Patient?_count=many",
        "Patient?_format=xml",
        "Observation?patient=99999999999999999999",
    ):
        assert doctor.get(address, 400)["issue"][0]["code"] == "invalid"
    for address in ("Device", "Patient/999999", "Patient/abc", "Observation/999999", "Observation?patient=999999"):
        assert doctor.get(address, 404)["issue"][0]["code"] == "not-found"
    doctor.get("Patient?colour=red&name=Қалиева", 400, prefer="handling=strict")
    assert "colour" not in str(doctor.get("Patient?colour=red&name=Қалиева")["link"])


def test_pages_lead_through_all_and_back(clinic: Clinic, ill: Patient) -> None:
    doctor = reader(clinic)
    address: str | None = f"Condition?patient={ill.id}&_count=1&_include=Condition:encounter&_include=Condition:patient"
    seen: list[str] = []
    while address:
        page = doctor.get(address)
        modes = [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in page["entry"]]
        assert modes == [("match", "Condition"), ("include", "Patient"), ("include", "Encounter")]
        seen.append(page["entry"][0]["resource"]["id"])
        assert page["total"] == 2
        following = {link["relation"]: link["url"] for link in page["link"]}
        address = following["next"].partition("/fhir/")[2] if "next" in following else None
    assert len(set(seen)) == 2
    assert "previous" in following
    counted = doctor.get(f"Condition?patient={ill.id}&_summary=count")
    assert counted["total"] == 2
    assert "entry" not in counted


def test_places_and_staff_are_found(clinic: Clinic) -> None:
    doctor = reader(clinic)
    assert [each["name"] for each in doctor.found("Organization?type=site")] == ["site"]
    assert {each["name"] for each in doctor.found(f"Organization?partof={clinic.tree['region']}")} == {
        "hospital",
        "other",
    }
    roles = doctor.found(f"PractitionerRole?organization={clinic.tree['hospital']}&role=nurse&_include=*")
    assert [each["code"][0]["coding"][0]["code"] for each in roles] == ["nurse"]
    included = doctor.found("PractitionerRole?role=nurse&_include=PractitionerRole:practitioner")
    assert included[1]["name"][0]["family"] == "Nurse"
    assert "iin" not in str(included)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2098, 12, 30)))
def test_a_day_a_month_and_a_year_cover_their_days(day: dt.date) -> None:
    noon = clock.from_local(day, dt.time(12))
    for value in (f"{day:%Y-%m-%d}", f"{day:%Y-%m}", f"{day:%Y}"):
        _prefix, start, end = span(value)
        assert start <= noon < end


@given(st.text(max_size=20))
def test_any_text_is_a_date_or_refused(value: str) -> None:
    try:
        prefix, start, end = span(value)
    except BadRequest:
        return
    assert len(prefix) == 2
    assert start < end
