"""The card by kinds: what it collects, where each item came from, and who is let in with every opening."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.modules.access.models import CardRule
from ops_app.modules.audit.models import Event
from ops_app.modules.episodes.models import EpisodeOfCare
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.overview import EDGE, HEIGHT, WIDTH, line_through
from ops_app.modules.personal_data.models import DataBlock
from ops_app.modules.visits.models import Encounter, Immunization, MedicationRequest, Observation
from tests.ops_app.clinic import Clinic
from tests.ops_app.personal_data.conftest import give_consent


@pytest.fixture(scope="module")
def ill(clinic: Clinic) -> Patient:
    """A person with rows of every section, from different sources."""
    patient = clinic.register()
    now = clock.now()

    def about(days: int, **more: Any) -> dict[str, Any]:
        return {
            "patient_id": patient.id,
            "organization_id": clinic.tree["hospital"],
            "practitioner_id": clinic.practitioners["doctor"],
            "event_at": now - dt.timedelta(days=days),
            "known_at": now - dt.timedelta(days=days),
        } | more

    with clinic.session() as session:
        session.add_all(
            [
                Encounter(
                    encounter_class="inpatient", purpose="hospitalisation", end_at=now - dt.timedelta(days=20),
                    disposition="home", source="registry", source_system="bureau_of_hospitalisation", **about(30),
                ),
                Encounter(encounter_class="emergency", disposition="no_bed", **about(40)),
                Encounter(
                    encounter_class="emergency", purpose="ambulance_call", disposition="home", source="registry",
                    source_system="ambulance", evidence="presence", **about(50),
                ),
                Encounter(encounter_class="ambulatory", **about(60)),
                MedicationRequest(code="C10AA05", dosage="20 mg", **about(10)),
                Immunization(
                    code="140", dose_number=2, source="import", source_system="vaccines.csv", **about(100)
                ),
                Immunization(code="33", status="refused", **about(90)),
                Immunization(code="10", status="contraindicated", **about(80)),
                EpisodeOfCare(kind="dispensary", icd10="I10", **about(200)),
                Observation(code="8480-6", value_number=150.0, unit="mm[Hg]", **about(9)),
                Observation(
                    code="8480-6", value_number=141.0, unit="mm[Hg]", evidence="measured", source="device", **about(3)
                ),
                Observation(
                    code="8480-6", value_number=300.0, unit="mm[Hg]", entered_in_error_at=now, **about(1)
                ),
            ]
        )  # fmt: skip
    return patient


def summary(clinic: Clinic, patient: Patient, login: str = "doctor") -> str:
    answer = clinic.browser(login).get(f"/patients/{patient.id}/summary")
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


def section(text: str, kind: str) -> str:
    found = re.search(rf'<section class="panel" id="{kind}".*?</section>', text)
    assert found is not None, kind
    return found.group()


def test_who_may_not(clinic: Clinic, ill: Patient) -> None:
    assert clinic.browser("official").get(f"/patients/{ill.id}/summary").status_code == 403
    assert "/reason" in clinic.browser("stranger").get(f"/patients/{ill.id}/summary").headers["location"]


@pytest.mark.req("CARD-04", "CARD-05", "CARD-06", "CARD-08", "CARD-09")
def test_the_card_shows_each_kind(clinic: Clinic, ill: Patient) -> None:
    text = summary(clinic, ill)
    stays = section(text, "hospitalisation")
    assert stays.count("<li>") == 2
    assert "no bed" in stays.lower()
    calls = section(text, "ambulance")
    assert calls.count("<li>") == 1
    assert "Atorvastatin · 20 mg" in section(text, "medication_request")
    vaccines = section(text, "immunization")
    assert "Vaccination · 140 · dose 2" in vaccines
    assert "refused" in vaccines
    assert "contraindicated" in vaccines
    assert "I10 Essential hypertension" in section(text, "observed")
    trends = " ".join(re.findall(r'aria-label="([^"]*)"', text))
    assert "150; " in trends and ": 141" in trends, "both values of the trend, the error left out"
    assert "300" not in trends
    # "all 2" leads to the timeline with nothing but these
    listed = clinic.browser("doctor").get(f"/patients/{ill.id}?kind=hospitalisation").text
    assert listed.count("timeline-entry") == 2
    assert clinic.browser("doctor").get(f"/patients/{ill.id}?kind=ambulance").text.count("timeline-entry") == 1


@pytest.mark.req("CARD-11")
def test_each_item_says_where_it_came_from(clinic: Clinic, ill: Patient) -> None:
    text = summary(clinic, ill)
    assert "received from ambulance · presence confirmed" in section(text, "ambulance")
    assert "loaded from vaccines.csv" in section(text, "immunization")
    assert "entered here · typed, not confirmed" in section(text, "medication_request")
    assert "received from device · device, laboratory or image" in text
    timeline = " ".join(clinic.browser("doctor").get(f"/patients/{ill.id}").text.split())
    assert "received from bureau_of_hospitalisation" in timeline
    assert "entered here" in timeline


@pytest.mark.req("CARD-12")
def test_every_opening_asks_the_map_and_the_consents(clinic: Clinic) -> None:
    patient = clinic.register()
    doctor = clinic.browser("doctor")
    pages = [f"/patients/{patient.id}", f"/patients/{patient.id}/summary", f"/api/patients/{patient.id}/timeline"]
    assert [doctor.get(page).status_code for page in pages] == [200, 200, 200]
    refused = {"is_given": "no", "scope": "all data of the card"}
    assert give_consent(clinic, patient, **refused).status_code == 303
    assert all(doctor.get(page).status_code in (303, 403) for page in pages)
    assert give_consent(clinic, patient).status_code == 303
    assert doctor.get(pages[0]).status_code == 200
    with clinic.session() as session:
        cell = CardRule(
            organization_id=clinic.tree["hospital"], role="doctor", rule="attached", is_allowed=False, set_by="test"
        )
        session.add(cell)
        session.flush()
        cell_id = cell.id
    assert all(doctor.get(page).status_code in (303, 403) for page in pages)
    with clinic.session() as session:
        session.get_one(CardRule, cell_id).is_allowed = True
        session.add(
            DataBlock(
                patient_id=patient.id, organization_id=clinic.tree["hospital"], reason="по заявлению", blocked_by="x"
            )
        )
    assert all(doctor.get(page).status_code == 403 for page in pages)
    with clinic.session() as session:
        rules = session.scalars(
            select(Event.rule).where(Event.patient_id == patient.id, Event.login == "doctor", Event.kind == "read")
        ).all()
    assert rules == ["attached"] * 4


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=24))
def test_a_trend_stays_inside_its_picture(values: list[int]) -> None:
    corners = [tuple(map(float, each.split(","))) for each in line_through(values).split()]
    assert len(corners) == len(values)
    assert all(EDGE - 0.1 <= x <= WIDTH - EDGE + 0.1 and EDGE - 0.1 <= y <= HEIGHT - EDGE + 0.1 for x, y in corners)
    assert [x for x, _y in corners] == sorted(x for x, _y in corners)
    if max(values) > min(values):
        assert min(y for _x, y in corners) == pytest.approx(EDGE)
