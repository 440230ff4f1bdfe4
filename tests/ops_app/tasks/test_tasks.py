"""Tasks: who may not, an urgent referral from its opening to its evidence, taking over, escalation."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select

from ops_app import registry
from ops_app.kit import clock
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.task import escalation, task
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.module import Module
from ops_app.modules.accounts.queries import account_by_login
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import ServiceRequest
from ops_app.modules.visits.task_kinds import URGENT_REFERRAL
from ops_app.permissions import Role
from ops_app.registry import RegistrationError
from tests.installation import Database
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.jobs.running import run_due


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Attached to the hospital that refers."""
    return clinic.register(birth_date=dt.date(1980, 6, 1))


def refer(clinic: Clinic, patient: Patient, **values: Any) -> ServiceRequest:
    """An urgent referral to the other organisation, where the stranger works."""
    known = {"category": "consultation", "priority": "urgent", "performer_organization_id": clinic.tree["other"]}
    visit = clinic.visit(patient.id, referrals=[known | values])
    with clinic.session() as session:
        return session.scalars(select(ServiceRequest).where(ServiceRequest.encounter_id == visit.id)).one()


def task_of(clinic: Clinic, request: ServiceRequest) -> Task:
    with clinic.session() as session:
        return session.scalars(select(Task).where(Task.subject == f"service_request:{request.id}")).one()


def steps(clinic: Clinic, found: Task) -> list[str]:
    with clinic.session() as session:
        chosen = select(TaskEvent.action).where(TaskEvent.task_id == found.id).order_by(TaskEvent.id)
        return list(session.scalars(chosen))


def told(clinic: Clinic, login: str, found: Task) -> list[str]:
    with clinic.session() as session:
        account = account_by_login(session, login)
        assert account is not None
        chosen = select(Notification.kind).where(
            Notification.account_id == account.id, Notification.target == f"/tasks/{found.id}"
        )
        return list(session.scalars(chosen.order_by(Notification.id)))


@pytest.fixture(scope="module")
def others(clinic: Clinic) -> None:
    """The chief of the other organisation, and a colleague there."""
    engine = clinic.app.state.engine
    make_account(engine, "other-chief", [(Role.CHIEF_PHYSICIAN, clinic.tree["other"])])


@pytest.mark.parametrize("login", ["registrar", "official"])
def test_who_has_no_tasks(clinic: Clinic, patient: Patient, login: str) -> None:
    found = task_of(clinic, refer(clinic, patient))
    browser = clinic.browser(login)
    assert browser.get("/tasks").status_code == 403
    assert browser.get(f"/tasks/{found.id}").status_code == 403
    assert browser.post(f"/tasks/{found.id}/take").status_code == 403


def test_another_organisations_task_does_not_exist(clinic: Clinic, patient: Patient) -> None:
    found = task_of(clinic, refer(clinic, patient))
    browser = clinic.browser("doctor")
    assert patient.family_name not in browser.get("/tasks?whose=place").text
    assert browser.get(f"/tasks/{found.id}").status_code == 404
    for action, form in (("take", {}), ("answer", {"code": "comment", "text": "mine"}), ("hand-over", {})):
        assert browser.post(f"/tasks/{found.id}/{action}", form).status_code == 404
    assert steps(clinic, found) == ["opened"]


def test_what_can_wait_or_stays_in_the_house_is_no_task(clinic: Clinic, patient: Patient) -> None:
    routine = refer(clinic, patient, priority="routine")
    own = refer(clinic, clinic.register(), performer_organization_id=clinic.tree["hospital"])
    with clinic.session() as session:
        subjects = [f"service_request:{row.id}" for row in (routine, own)]
        assert session.scalars(select(Task).where(Task.subject.in_(subjects))).all() == []


@pytest.mark.req("SCR-05")
def test_from_the_referral_to_its_evidence(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    found = task_of(clinic, request)
    assert told(clinic, "stranger", found) == ["tasks:waits"]
    browser = clinic.browser("stranger")
    for page in ("/my-day", "/tasks"):
        text = browser.get(page).text
        assert patient.family_name in text
        assert "An urgent referral came to your organisation" in text
    text = browser.get(f"/tasks/{found.id}").text
    assert "A time is set, the work is begun, or the referral is refused with a reason." in text
    assert f'href="/referrals/{request.id}"' in text
    answer = browser.post(f"/referrals/{request.id}", {"to": "in_progress", "version": str(request.row_xid)})
    assert answer.status_code == 303
    closed = task_of(clinic, request)
    assert (closed.state, closed.closed_by, closed.evidence) == (
        "done",
        "stranger",
        f"visits.service_request:{request.id}",
    )
    assert steps(clinic, found) == ["opened", "seen", "done"]
    assert patient.family_name not in browser.get("/tasks").text
    assert patient.family_name in browser.get("/tasks?state=closed").text
    assert browser.post(f"/tasks/{found.id}/take").status_code == 409
    with clinic.session() as session:
        rows = session.scalars(select(Event).where(Event.patient_id == patient.id, Event.rule == "task")).all()
        assert {row.login for row in rows} == {"stranger"}
        written = select(Event.login).where(Event.entity == "worklist.task", Event.entity_id == str(found.id))
        assert session.scalars(written.order_by(Event.id)).all() == ["doctor", "stranger"]


@pytest.mark.parametrize(("language", "why"), [("kk", "шұғыл жолдама келді"), ("ru", "поступило срочное направление")])
def test_the_reason_is_said_in_the_readers_language(clinic: Clinic, patient: Patient, language: str, why: str) -> None:
    refer(clinic, patient)
    assert why in clinic.browser("stranger", language).get("/tasks").text


def test_taken_over_answered_and_handed_over(clinic: Clinic, patient: Patient) -> None:
    found = task_of(clinic, refer(clinic, patient))
    browser = clinic.browser("stranger")
    assert browser.post(f"/tasks/{found.id}/take").status_code == 303
    assert browser.post(f"/tasks/{found.id}/answer", {"code": "comment"}).status_code == 422
    assert browser.post(f"/tasks/{found.id}/answer", {"code": "unheard", "text": "done"}).status_code == 422
    said = {"code": "comment", "text": "rang twice, nobody answered"}
    assert browser.post(f"/tasks/{found.id}/answer", said).status_code == 303
    assert "rang twice, nobody answered" in browser.get(f"/tasks/{found.id}").text
    outsider = {"practitioner_id": str(clinic.practitioners["doctor"])}
    assert browser.post(f"/tasks/{found.id}/hand-over", outsider).status_code == 422
    assert browser.post(f"/tasks/{found.id}/hand-over", {}).status_code == 422
    same = {"practitioner_id": str(clinic.practitioners["stranger"])}
    assert browser.post(f"/tasks/{found.id}/hand-over", same).status_code == 422
    assert steps(clinic, found) == ["opened", "taken", "seen", "answered"]


def test_a_colleague_gets_it_and_is_told(clinic: Clinic, patient: Patient) -> None:
    with clinic.session() as session:
        found = task.open(
            session,
            URGENT_REFERRAL,
            subject=f"service_request:{refer(clinic, patient, priority='routine').id}",
            patient_id=patient.id,
            organization_id=clinic.tree["hospital"],
            owner_practitioner_id=clinic.practitioners["doctor"],
            also=[clinic.practitioners["nurse"]],
        )
    assert told(clinic, "doctor", found) == told(clinic, "nurse", found) == ["tasks:waits"]
    assert told(clinic, "second", found) == []
    assert patient.family_name in clinic.browser("nurse").get("/tasks").text
    assert patient.family_name not in clinic.browser("second").get("/tasks").text
    assert patient.family_name in clinic.browser("second").get("/tasks?whose=place").text
    form = {"practitioner_id": str(clinic.practitioners["second"]), "reason": "I am on leave"}
    assert clinic.browser("doctor").post(f"/tasks/{found.id}/hand-over", form).status_code == 303
    assert told(clinic, "second", found) == ["tasks:handed_over"]
    assert patient.family_name in clinic.browser("second").get("/tasks").text
    assert patient.family_name not in clinic.browser("doctor").get("/tasks").text


def test_opened_twice_is_one_task(clinic: Clinic, patient: Patient) -> None:
    about = {"subject": "service_request:0", "organization_id": clinic.tree["other"], "patient_id": patient.id}
    with clinic.session() as session:
        first = task.open(session, URGENT_REFERRAL, **about)  # type: ignore[arg-type]
        assert task.open(session, URGENT_REFERRAL, **about).id == first.id  # type: ignore[arg-type]
        assert task.withdraw(session, URGENT_REFERRAL, "service_request:0", reason="entered_in_error")
        assert not task.settle(session, URGENT_REFERRAL, "service_request:0")
        assert task.open(session, URGENT_REFERRAL, **about).id != first.id  # type: ignore[arg-type]
        assert task.withdraw(session, URGENT_REFERRAL, "service_request:0", reason="entered_in_error")


def test_what_nobody_does_goes_up(clinic: Clinic, patient: Patient, others: None) -> None:
    request = refer(clinic, patient, priority="emergency")
    found = task_of(clinic, request)
    engine = clinic.app.state.engine
    assert round((found.due_at - found.opened_at).total_seconds()) == 7200
    with clock.frozen(found.due_at - dt.timedelta(minutes=1)):
        escalation.sweep(engine)
    assert told(clinic, "other-chief", found) == []
    with clock.frozen(found.due_at + dt.timedelta(minutes=1)):
        escalation.sweep(engine)
        escalation.sweep(engine)
        assert told(clinic, "other-chief", found) == ["tasks:overdue"]
        late = clinic.browser("other-chief").get("/tasks?whose=place").text
        assert re.search(r'href="/tasks\?whose=place&amp;late=1"[^>]*>overdue only: \d', late)
        assert f"/tasks/{found.id}" in clinic.browser("other-chief").get("/tasks?whose=place&late=1").text
        assert patient.family_name in clinic.browser("other-chief").get("/tasks").text
    assert steps(clinic, found) == ["opened", "escalated"]
    chief = clinic.browser("other-chief")
    assert chief.post(f"/tasks/{found.id}/take").status_code == 409, "an account without a member of staff"
    assert clinic.browser("stranger").post(f"/tasks/{found.id}/take").status_code == 303
    assert task_of(clinic, request).next_step_at is None


def test_whoever_takes_it_over_gets_its_time_once_more(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    with clock.frozen(task_of(clinic, request).due_at - dt.timedelta(minutes=5)):
        # a session lives for less than a day
        clinic.browser("stranger").post(f"/tasks/{task_of(clinic, request).id}/take")
        found = task_of(clinic, request)
        assert found.next_step_at is not None
        assert found.next_step_at - clock.now() == URGENT_REFERRAL.deadline


def test_evidence_recorded_elsewhere_is_found_by_the_worker(
    clinic: Clinic, patient: Patient, module_database: Database
) -> None:
    request = refer(clinic, patient)
    with clinic.session() as session:
        session.get_one(ServiceRequest, request.id).status = "scheduled"
    with clinic.session() as session:
        from ops_app.mechanisms.jobs import queue

        queue.enqueue(session, "tasks:sweep")
    run_due(module_database)
    found = task_of(clinic, request)
    assert (found.state, found.closed_by) == ("done", "system")


def test_one_task_that_breaks_holds_up_no_other(clinic: Clinic, patient: Patient) -> None:
    request = refer(clinic, patient)
    with clinic.session() as session:
        broken = task.open(
            session, URGENT_REFERRAL, subject="service_request:none", organization_id=clinic.tree["other"]
        )
        session.get_one(ServiceRequest, request.id).status = "scheduled"
    with pytest.raises(escalation.TasksFailed, match=f"{broken.id}: ValueError"):
        escalation.sweep(clinic.app.state.engine)
    assert task_of(clinic, request).state == "done"
    with clinic.session() as session:
        task.withdraw(session, URGENT_REFERRAL, "service_request:none", reason="entered_in_error")


def kind(**changes: Any) -> TaskKind:
    known = {
        "name": "visits:thing",
        "title": "Thing",
        "why": lambda _task: "because",
        "closes": "nothing",
        "deadline": dt.timedelta(hours=1),
        "owner_role": Role.DOCTOR,
        "answers": {"done": "done"},
    }
    return TaskKind(**(known | changes))  # type: ignore[arg-type]


def test_bad_declarations_stop_the_start() -> None:
    for changes, message in (
        ({"answers": {}}, "nothing ever closes"),
        ({"owner_role": "janitor"}, "unknown roles: janitor"),
        ({"escalation": ((dt.timedelta(0), "janitor"),)}, "unknown roles"),
        ({"escalation": ((dt.timedelta(2), Role.NURSE), (dt.timedelta(1), Role.DOCTOR))}, "back in time"),
        ({"severity": "pink"}, "severity"),
    ):
        with pytest.raises(ValueError, match=message):
            kind(**changes)
    one = kind()
    with pytest.raises(RegistrationError, match="wrong name"):
        registry.refuse_bad_task_kinds((Module("lab", task_kinds=(one,)),), {one.name: one})
    with pytest.raises(RegistrationError, match="not both"):
        registry.refuse_bad_task_kinds((Module("visits", task_kinds=(one,)),), {})


def test_an_answer_the_kind_names_closes_it(clinic: Clinic, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    from ops_app.mechanisms.task import kind as kinds

    asked = kind(name="visits:asked")
    monkeypatch.setattr(kinds, "declared", lambda: {asked.name: asked})
    for user in ("ops_app.mechanisms.task.working", "ops_app.modules.tasks.queries", "ops_app.modules.tasks.texts"):
        monkeypatch.setattr(f"{user}.declared", kinds.declared)
    with clinic.session() as session:
        found = task.open(session, asked, subject="x:1", organization_id=clinic.tree["hospital"], patient_id=patient.id)
    form = {"code": "done", "text": "told the patient"}
    assert clinic.browser("doctor").post(f"/tasks/{found.id}/answer", form).status_code == 303
    with clinic.session() as session:
        assert session.get_one(Task, found.id).evidence == "answer:done"
