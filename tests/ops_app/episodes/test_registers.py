"""Register cards: who may not, the plan by the declaration, outcomes, two doctors at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.errors import Conflict, Invalid
from ops_app.kit import clock
from ops_app.modules.episodes import plans, service
from ops_app.modules.episodes.forms import CloseForm, DispensaryForm, OutcomeForm, PregnancyForm
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from tests.ops_app.clinic import Clinic

TODAY = clock.today()


def pregnancy(clinic: Clinic, patient_id: int, weeks: int = 10, **values: Any) -> EpisodeOfCare:
    known: dict[str, Any] = {
        "lmp_date": TODAY - dt.timedelta(weeks=weeks),
        "registered_date": TODAY,
        "risk_level": "low",
        "required_care_level": 1,
    }
    with clinic.session() as session:
        data = PregnancyForm.model_validate(known | values)
        actor = clinic.actor(session, "doctor")
        return service.register_pregnancy(session, actor, patient_id, data, clinic.place(session, "doctor"))


@pytest.mark.parametrize("login", ["nurse", "registrar", "chief", "official"])
def test_who_may_not_open_a_card(clinic: Clinic, login: str) -> None:
    patient = clinic.register()
    for path in ("pregnancy", "dispensary"):
        assert clinic.browser(login).get(f"/patients/{patient.id}/{path}").status_code == 403
        assert clinic.browser(login).post(f"/patients/{patient.id}/{path}", {}).status_code == 403


@pytest.mark.req("MAT-10")
def test_a_pregnancy_is_registered_with_its_visits(clinic: Clinic) -> None:
    patient = clinic.register()
    browser = clinic.browser("doctor")
    lmp = TODAY - dt.timedelta(weeks=10)
    answer = browser.post(
        f"/patients/{patient.id}/pregnancy",
        {"lmp_date": f"{lmp:%d.%m.%Y}", "registered_date": "today", "risk_level": "high", "required_care_level": "3"},
    )
    assert answer.status_code == 303, answer.text
    visit_form = browser.get(answer.headers["location"]).text
    assert "L03.001.000" in visit_form
    with clinic.session() as session:
        card = session.scalars(select(EpisodeOfCare).where(EpisodeOfCare.patient_id == patient.id)).one()
        assert card.due_date == lmp + dt.timedelta(days=280)
        assert card.site_id == clinic.tree["site"]
        steps = session.scalars(select(CarePlanActivity).where(CarePlanActivity.episode_id == card.id)).all()
    assert [step.step for step in steps] == [f"visit_{number}" for number in range(1, 11)]
    cards = browser.get(f"/patients/{patient.id}/registers").text
    assert "Pregnancy card" in cards
    assert "10 w" in browser.get(f"/patients/{patient.id}").text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"lmp_date": TODAY}, "0 weeks"),
        ({"lmp_date": TODAY - dt.timedelta(weeks=60)}, "60 weeks"),
        ({"registered_date": TODAY + dt.timedelta(days=3)}, "future"),
    ],
)
def test_what_is_no_pregnancy(clinic: Clinic, values: dict[str, dt.date], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        pregnancy(clinic, clinic.register().id, **values)


def test_who_is_not_pregnant(clinic: Clinic) -> None:
    with pytest.raises(Invalid, match="woman"):
        pregnancy(clinic, clinic.register(sex="male").id)
    with pytest.raises(Invalid, match="age"):
        pregnancy(clinic, clinic.register(birth_date=dt.date(1940, 1, 1)).id)
    patient = clinic.register()
    pregnancy(clinic, patient.id)
    with pytest.raises(Conflict, match="already open"):
        pregnancy(clinic, patient.id)


def outcome(episode: EpisodeOfCare, **values: Any) -> OutcomeForm:
    known = {"outcome": "live_birth", "outcome_date": TODAY, "version": episode.row_xid}
    return OutcomeForm.model_validate(known | values)


def test_an_outcome_closes_the_card_and_cancels_what_waits(clinic: Clinic) -> None:
    patient = clinic.register()
    card = pregnancy(clinic, patient.id, 39)
    with clinic.session() as session:
        actor = clinic.actor(session, "doctor")
        service.close_pregnancy(session, actor, card.id, outcome(card))
        with pytest.raises(Conflict, match="Somebody changed"):
            service.close_pregnancy(session, actor, card.id, outcome(card, outcome="stillbirth"))
    with clinic.session() as session:
        closed = session.get_one(EpisodeOfCare, card.id)
        assert (closed.status, closed.close_reason, closed.outcome) == ("finished", "outcome", "live_birth")
        statuses = session.scalars(select(CarePlanActivity.status).where(CarePlanActivity.episode_id == card.id)).all()
        assert set(statuses) == {"cancelled"}
    header = clinic.browser("doctor").get(f"/patients/{patient.id}").text
    assert "gave birth" in header


def test_a_lost_pregnancy_is_no_marker(clinic: Clinic) -> None:
    patient = clinic.register()
    card = pregnancy(clinic, patient.id, 10)
    with clinic.session() as session:
        service.close_pregnancy(session, clinic.actor(session, "doctor"), card.id, outcome(card, outcome="miscarriage"))
    header = clinic.browser("doctor").get(f"/patients/{patient.id}/appointments").text
    assert "gave birth" not in header
    assert "miscarriage" not in header


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"outcome_date": TODAY + dt.timedelta(days=1)}, "future"),
        ({"outcome_date": TODAY - dt.timedelta(weeks=30)}, "before the pregnancy"),
        ({"known_date": TODAY - dt.timedelta(days=1)}, "before it happened"),
        ({}, "miscarriage"),
    ],
)
def test_a_wrong_outcome_is_named(clinic: Clinic, values: dict[str, dt.date], told: str) -> None:
    card = pregnancy(clinic, clinic.register().id, 15)
    with clinic.session() as session, pytest.raises(Invalid, match=told):
        service.close_pregnancy(session, clinic.actor(session, "doctor"), card.id, outcome(card, **values))


def test_a_dispensary_card_opens_and_closes(clinic: Clinic) -> None:
    patient = clinic.register()
    browser = clinic.browser("doctor")
    opened = {"icd10": "I10", "registered_date": "today", "next_date": "+30"}
    assert browser.post(f"/patients/{patient.id}/dispensary", opened).status_code == 303
    assert browser.post(f"/patients/{patient.id}/dispensary", opened).status_code == 422
    assert "D-register: I10" in browser.get(f"/patients/{patient.id}").text
    with clinic.session() as session:
        card = session.scalars(select(EpisodeOfCare).where(EpisodeOfCare.patient_id == patient.id)).one()
        actor = clinic.actor(session, "doctor")
        form = {"close_reason": "moved", "end_date": TODAY, "version": card.row_xid}
        service.close_card(session, actor, card.id, CloseForm.model_validate(form))
        with pytest.raises(Conflict):
            service.close_card(session, actor, card.id, CloseForm.model_validate(form))
        data = DispensaryForm(icd10="Q99.9", registered_date=TODAY)
        with pytest.raises(Invalid, match="no such code"):
            service.open_dispensary_card(session, actor, patient.id, data, clinic.place(session, "doctor"))


def test_a_screening_is_known_by_its_service() -> None:
    assert plans.screening_of("C03.082.005", TODAY) is not None
    assert plans.screening_of("A02.001.000", TODAY) is None
