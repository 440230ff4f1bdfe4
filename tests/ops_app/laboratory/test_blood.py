"""The blood bank minimum: group by two determinations, transfusions that must fit, reactions for haemovigilance."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.errors import Forbidden
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.task import escalation
from ops_app.mechanisms.task.models import Task
from ops_app.modules.audit.models import Event
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
    determined(clinic, patient, ("technician", "A", "positive"))
    (row,) = bench.all(BloodGroup, patient_id=patient.id)
    for login in ("registrar", "nurse", "doctor", "chief"):
        wrong = clinic.browser(login).post(f"{url}/blood/groups/{row.id}/wrong", {"reason": "чужая пробирка"})
        assert wrong.status_code == 403
    other = clinic.register(sex="female")
    elsewhere = f"/patients/{other.id}/laboratory/blood/groups/{row.id}/wrong"
    assert clinic.browser("technician").post(elsewhere, {"reason": "чужая пробирка"}).status_code == 404
    for login in ("registrar", "nurse", "technician"):
        told = {"imputability": "excluded", "conclusion": "не связано"}
        assert clinic.browser(login).post(f"{url}/reactions/1", told).status_code == 403
    assert bench.all(BloodGroup, patient_id=patient.id)[0].entered_in_error_at is None


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


def test_a_wrong_determination_is_withdrawn(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    page = f"/patients/{patient.id}/laboratory/blood"
    told = (("technician", "A", "positive"), ("labdoctor", "A", "positive"), ("technician", "B", "positive"))
    determined(clinic, patient, *told)
    browser = clinic.browser("labdoctor")
    assert "determinations disagree" in browser.get(page).text
    wrong = bench.all(BloodGroup, patient_id=patient.id)[-1]
    url = f"{page}/groups/{wrong.id}/wrong"
    refused = browser.post(url, {"reason": ""})
    assert refused.status_code == 422 and f"f-group-{wrong.id}-reason" in refused.text
    assert browser.post(url, {"reason": "Перепутана пробирка"}).status_code == 303
    shown = browser.get(page).text
    assert "determinations disagree" not in shown
    assert 'tag-green">A (II) Rh+' in shown
    assert "Перепутана пробирка" in shown and 'class="in-error"' in shown
    # people are named, not their logins
    assert "Technician" in shown and ", technician" not in shown
    again = browser.post(url, {"reason": "ещё раз"})
    assert again.status_code == 409 and "withdrawn already" in again.text
    with clinic.session() as session:
        chosen = select(Event).where(Event.entity == "laboratory.blood_group", Event.entity_id == str(wrong.id))
        journal = session.scalars(chosen.order_by(Event.id)).all()
    assert len(journal) == 2
    assert journal[1].before["entered_in_error_reason"] is None
    assert journal[1].after["entered_in_error_reason"] == "Перепутана пробирка"


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


def test_a_transfusion_is_a_service(clinic: Clinic, bench: Bench, patient: Patient) -> None:
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


def test_a_reaction_is_looked_into_until_somebody_concludes(clinic: Clinic, bench: Bench, patient: Patient) -> None:
    url, doctor = f"/patients/{patient.id}/laboratory", clinic.browser("doctor")
    begun = clock.now() - dt.timedelta(hours=3)
    hour = clock.local(begun)
    given = unit(date=show_date(hour.date()), time=f"{hour:%H:%M}", without_group_reason="угроза жизни")
    assert doctor.post(f"{url}/transfusions", given).status_code == 303
    (row,) = bench.all(Transfusion, patient_id=patient.id)
    reactions = f"{url}/transfusions/{row.id}/reactions"

    def told(after: dt.timedelta, **values: str) -> dict[str, str]:
        at = clock.local(begun + after)
        known = {"kind": "acute_haemolytic", "severity": "severe", "imputability": "probable", "signs": "озноб, 38,4"}
        return known | {"date": show_date(at.date()), "time": f"{at:%H:%M}"} | values

    other = clinic.register(sex="female")
    after = dt.timedelta(minutes=20)
    wrong = doctor.post(f"/patients/{other.id}/laboratory/transfusions/{row.id}/reactions", told(after))
    assert wrong.status_code == 404
    for moment, said in ((dt.timedelta(minutes=-5), "began later"), (dt.timedelta(hours=4), "lies in the future")):
        refused = doctor.post(reactions, told(moment))
        assert refused.status_code == 422 and said in refused.text
    assert doctor.post(reactions, told(after, signs="")).status_code == 422
    assert bench.all(TransfusionReaction, transfusion_id=row.id) == []
    assert doctor.post(reactions, told(after)).status_code == 303
    (reaction,) = bench.all(TransfusionReaction, transfusion_id=row.id)
    assert reaction.started_at == (begun + after).replace(second=0, microsecond=0)
    # it is the task of whoever gave the unit, soon of the doctors there, at last of the chief physician
    (waiting,) = bench.all(Task, patient_id=patient.id)
    assert waiting.owner_practitioner_id == clinic.practitioners["doctor"]
    assert round((waiting.due_at - waiting.opened_at) / dt.timedelta(hours=1)) == 24
    assert "acute haemolysis, severe" in doctor.get("/tasks").text
    for moment in (waiting.opened_at + dt.timedelta(minutes=61), waiting.due_at + dt.timedelta(minutes=1)):
        with clock.frozen(moment):
            escalation.sweep(clinic.app.state.engine)
    (waiting,) = bench.all(Task, patient_id=patient.id)
    assert waiting.told_roles == ["chief_physician", "doctor"] and waiting.state == "open"
    chief, page = clinic.browser("chief"), f"{url}/reactions/{reaction.id}"
    assert "not looked into yet" in chief.get(page).text
    assert chief.get(f"/patients/{other.id}/laboratory/reactions/{reaction.id}").status_code == 404
    assert chief.post(page, {"imputability": "certain", "conclusion": ""}).status_code == 422
    found = {"imputability": "certain", "conclusion": "Доза другого пациента, гемолиз подтверждён"}
    assert chief.post(page, found).status_code == 303
    (waiting,) = bench.all(Task, patient_id=patient.id)
    assert (waiting.state, waiting.evidence) == ("done", f"laboratory.transfusion_reaction:{reaction.id}")
    assert chief.post(page, found).status_code == 409
    shown = doctor.get(f"{url}/blood").text
    assert "озноб" in shown and "гемолиз подтверждён" in shown and "certainly by it" in shown
