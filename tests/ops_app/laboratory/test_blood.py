"""The blood bank minimum: group by two determinations, transfusions that must fit, reactions for haemovigilance."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ops_app.errors import Forbidden
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.laboratory import blood
from ops_app.modules.laboratory.models import BloodGroup, Transfusion, TransfusionReaction
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Procedure
from tests.ops_app.clinic import Clinic
from tests.ops_app.laboratory.lab import Bench


@pytest.fixture
def patient(clinic: Clinic, bench: Bench) -> Patient:
    """A woman of thirty."""
    return clinic.register(birth_date=dt.date(clock.today().year - 30, 1, 15), sex="female")


def unit(**values: Any) -> dict[str, str]:
    """A unit of red cells given now."""
    known = {
        "component": "red_cells",
        "unit_number": f"KZ-{clock.now().timestamp()}",
        "unit_abo": "O",
        "unit_rhesus": "negative",
        "unit_expires_on": show_date(clock.now() + dt.timedelta(days=20)),
        "volume_ml": "320",
        "indication": "Кровопотеря, гемоглобин 62",
        "consent_signed": "1",
        "crossmatch": "compatible",
        "biological_test": "1",
        "date": "today",
        "time": f"{clock.local(clock.now() - dt.timedelta(minutes=1)):%H:%M}",
    }
    return {name: value for name, value in (known | values).items() if value is not None}


def determined(clinic: Clinic, patient: Patient, *told: tuple[str, str, str]) -> None:
    """Determinations by these people."""
    for login, abo, rhesus in told:
        url = f"/patients/{patient.id}/laboratory/blood"
        answer = clinic.browser(login).post(url, {"abo": abo, "rhesus": rhesus})
        assert answer.status_code == 303, answer.text


def test_who_may_not(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    url = f"/patients/{patient.id}/laboratory"
    for login in ("registrar", "nurse", "doctor"):
        assert clinic.browser(login).post(f"{url}/blood", {"abo": "A", "rhesus": "positive"}).status_code == 403
    for login in ("registrar", "nurse", "technician", "labdoctor", "stranger"):
        assert clinic.browser(login).post(f"{url}/transfusions", unit()).status_code in (303, 403)
    assert bench.all(Transfusion, patient_id=patient.id) == []


def test_a_transfusion_is_recorded_only_where_one_may(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    data = blood.TransfusionForm.model_validate(unit(without_group_reason="угроза жизни"))
    with clinic.session() as session, pytest.raises(Forbidden):
        blood.transfuse(session, clinic.actor(session, "doctor"), patient.id, data, clinic.tree["other"])
    assert bench.all(Transfusion, patient_id=patient.id) == []


def test_a_group_holds_when_two_people_agree(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    page = f"/patients/{patient.id}/laboratory"
    determined(clinic, patient, ("technician", "A", "positive"), ("technician", "A", "positive"))
    assert "A (II) Rh+" not in clinic.browser("doctor").get(page).text
    determined(clinic, patient, ("labdoctor", "A", "positive"))
    assert "A (II) Rh+" in clinic.browser("doctor").get(page).text
    determined(clinic, patient, ("labdoctor", "B", "positive"))
    assert "A (II) Rh+" not in clinic.browser("doctor").get(page).text
    assert len(bench.all(BloodGroup, patient_id=patient.id)) == 4


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"unit_abo": "B"}, "unit_abo"),
        ({"unit_abo": "A", "unit_rhesus": "positive"}, "unit_abo"),
        ({"crossmatch": "incompatible"}, "crossmatch"),
        ({"unit_expires_on": "01.01.2026"}, "unit_expires_on"),
        ({"consent_signed": None}, "consent_signed"),
    ],
)
def test_a_unit_that_would_harm_is_refused(
    clinic: Clinic, bench: Bench, patient: Patient, changed: dict[str, Any], field: str
) -> None:
    determined(clinic, patient, ("technician", "A", "negative"), ("labdoctor", "A", "negative"))
    answer = clinic.browser("doctor").post(f"/patients/{patient.id}/laboratory/transfusions", unit(**changed))
    assert answer.status_code == 422 and f"f-{field}" in answer.text
    assert bench.all(Transfusion, patient_id=patient.id) == []


def test_a_transfusion_is_a_service_and_its_reaction_is_kept(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    url, doctor = f"/patients/{patient.id}/laboratory", clinic.browser("doctor")
    given = unit(unit_number="KZ-0001")
    # the group is not known: only with a word about why it cannot wait
    assert doctor.post(f"{url}/transfusions", given).status_code == 422
    answer = doctor.post(f"{url}/transfusions", given | {"without_group_reason": "угроза жизни, O Rh−"})
    assert answer.status_code == 303, answer.text
    (row,) = bench.all(Transfusion, patient_id=patient.id)
    (service,) = bench.all(Procedure, patient_id=patient.id)
    assert (service.code, row.procedure_id) == (blood.SERVICES["red_cells"], service.id)
    again = doctor.post(f"{url}/transfusions", given | {"without_group_reason": "ещё раз"})
    assert again.status_code == 422 and "given already" in again.text
    told = {"kind": "febrile", "severity": "mild", "imputability": "probable", "signs": "озноб, 38,4"}
    other = clinic.register(sex="female")
    wrong = doctor.post(f"/patients/{other.id}/laboratory/transfusions/{row.id}/reactions", told)
    assert wrong.status_code == 404
    assert doctor.post(f"{url}/transfusions/{row.id}/reactions", told | {"signs": ""}).status_code == 422
    assert doctor.post(f"{url}/transfusions/{row.id}/reactions", told).status_code == 303
    (reaction,) = bench.all(TransfusionReaction, transfusion_id=row.id)
    assert (reaction.kind, reaction.imputability) == ("febrile", "probable")
    assert "озноб" in doctor.get(f"{url}/blood").text
