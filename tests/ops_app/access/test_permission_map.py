"""The permission map: which rule opens whose card for which role, and what an organisation changes in it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ops_app.modules.access.permission_map import PermissionMap, permission_map
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> str:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    return "keeper"


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return clinic.register()


def rules_of(clinic: Clinic, login: str, patient: Patient) -> list[str | None]:
    with clinic.session() as session:
        events = select(Event.rule).where(Event.login == login, Event.patient_id == patient.id, Event.kind == "read")
        return list(session.scalars(events.order_by(Event.id)))


def opens(clinic: Clinic, login: str, patient: Patient) -> bool:
    return clinic.browser(login).get(f"/patients/{patient.id}").status_code == 200


def answer(clinic: Clinic, keeper: str, role: str, rule: str, said: str, place: str = "hospital") -> int:
    form = {"organization_id": str(clinic.tree[place]), "role": role, "rule": rule, "answer": said}
    return clinic.browser(keeper).post("/permission-map", form).status_code


@pytest.mark.req("IAM-27")
def test_only_who_keeps_the_map_sees_and_changes_it_and_only_at_his_organisation(clinic: Clinic, keeper: str) -> None:
    assert clinic.browser("doctor").get("/permission-map").status_code == 403
    assert answer(clinic, "doctor", "nurse", "attached", "no") == 403
    assert answer(clinic, keeper, "nurse", "attached", "no", place="other") == 422
    assert answer(clinic, keeper, "nobody", "attached", "no") == 422
    assert answer(clinic, keeper, "nurse", "everywhere", "yes") == 422
    page = clinic.browser(keeper).get("/permission-map").text
    assert "Permission map" in page
    assert "Forbid" in page


@pytest.mark.req("IAM-27")
def test_forbidden_rule_opens_no_card_until_it_is_allowed_again(clinic: Clinic, keeper: str, patient: Patient) -> None:
    assert opens(clinic, "nurse", patient)
    assert answer(clinic, keeper, "nurse", "attached", "no") == 303
    assert not opens(clinic, "nurse", patient)
    assert opens(clinic, "doctor", patient)
    # the department below says otherwise for its own nurses
    make_account(clinic.app.state.engine, "ward.nurse", [(Role.NURSE, clinic.tree["department"])])
    assert not opens(clinic, "ward.nurse", patient)
    assert answer(clinic, keeper, "nurse", "attached", "yes", place="department") == 303
    assert opens(clinic, "ward.nurse", patient)
    assert not opens(clinic, "nurse", patient)
    assert answer(clinic, keeper, "nurse", "attached", "yes") == 303
    assert opens(clinic, "nurse", patient)


@pytest.mark.req("IAM-27")
def test_stated_reason_can_be_forbidden_to_a_role(clinic: Clinic, keeper: str, patient: Patient) -> None:
    make_account(clinic.app.state.engine, "other.keeper", [(Role.ADMINISTRATOR, clinic.tree["other"])])
    stranger = clinic.browser("stranger")
    assert answer(clinic, "other.keeper", "doctor", "stated_reason", "no", place="other") == 303
    assert stranger.post(f"/patients/{patient.id}/reason", {"reason": "жедел жәрдем"}).status_code == 403
    # said before a reason is written, with whom to ask
    before = stranger.get(f"/patients/{patient.id}/reason")
    assert before.status_code == 403
    assert "ask a colleague who treats the person" in before.text
    assert "<textarea" not in before.text
    assert not opens(clinic, "stranger", patient)
    assert answer(clinic, "other.keeper", "doctor", "stated_reason", "yes", place="other") == 303
    assert stranger.post(f"/patients/{patient.id}/reason", {"reason": "жедел жәрдем"}).status_code == 303
    assert opens(clinic, "stranger", patient)
    assert rules_of(clinic, "stranger", patient)[-1] == "stated_reason"


@pytest.mark.req("IAM-17", "IAM-27")
def test_referral_opens_the_card_to_whom_it_is_addressed_until_it_is_finished(clinic: Clinic, patient: Patient) -> None:
    make_account(clinic.app.state.engine, "receiver", [(Role.DOCTOR, clinic.tree["other"])])
    visit = clinic.visit(patient.id)
    assert not opens(clinic, "receiver", patient)
    with clinic.session() as session:
        request = ServiceRequest(
            patient_id=patient.id,
            organization_id=clinic.tree["hospital"],
            encounter_id=visit.id,
            category="consultation",
            performer_organization_id=clinic.tree["other"],
            event_at=visit.event_at,
            known_at=visit.event_at,
        )
        session.add(request)
    assert opens(clinic, "receiver", patient)
    assert rules_of(clinic, "receiver", patient)[-1] == "referral"
    with clinic.session() as session:
        found = session.get(ServiceRequest, request.id)
        assert found is not None
        found.status = "cancelled"
    assert not opens(clinic, "receiver", patient)


def test_declared_map_opens_nothing_to_officials_and_knows_its_rules() -> None:
    declared = permission_map()
    assert declared.roles[Role.OFFICIAL] == declared.roles[Role.DATA_ENGINEER] == frozenset()
    assert declared.allows("doctor", "attached")
    assert declared.allows("a_role_of_ours", "attached")
    with pytest.raises(ValueError, match="unknown rules"):
        PermissionMap(version="x", rules=declared.rules, roles={}, other_roles=frozenset({"curious"}))
