"""Undo in each place that offers it: who may not, that everything is as before, and the trace it leaves."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select, text

from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.episodes.models import CarePlanActivity
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.undoing import way_back

NAMES = {"name_kk": "Кезекшілер", "name_ru": "Дежурные", "name_en": "On duty"}
TEMPLATE = {"title": "ARVI", "q-complaints": "Насморк"}


@dataclass
class Act:
    """Something a user does that can be taken back."""

    login: str
    url: str
    state: str
    """SELECT of what must be as before."""
    fields: dict[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ("doctor", "chief", "registrar")
    """Who may not take it back."""
    again: int = 409
    """The answer to whoever takes it back twice."""


@pytest.fixture(scope="module", autouse=True)
def _keepers(clinic: Clinic) -> None:
    engine = clinic.app.state.engine
    make_account(engine, "boss", [(Role.ADMINISTRATOR, None)])
    make_account(engine, "local", [(Role.ADMINISTRATOR, clinic.tree["other"])])


def made(answer: Any) -> str:
    """The address of what was just made."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("#")[0]


def found(browser: Browser, page: str, pattern: str) -> str:
    match = re.search(pattern, browser.get(page).text)
    assert match is not None, pattern
    return match[0]


def member_leaves(clinic: Clinic) -> Act:
    boss = clinic.browser("boss")
    group = made(boss.post("/groups/new", NAMES | {"organization_id": clinic.tree["hospital"]}))
    made(boss.post(f"{group}/members", {"login": "nurse"}))
    leave = found(boss, group, rf"{group}/members/\d+/leave")
    number = group.rpartition("/")[2]
    held = f"select * from accounts.group_member where group_id = {number}"
    return Act("boss", leave, held, refused=("chief", "local"))


def group_loses_a_role(clinic: Clinic) -> Act:
    boss = clinic.browser("boss")
    group = made(boss.post("/groups/new", NAMES | {"organization_id": clinic.tree["hospital"]}))
    made(boss.post(f"{group}/roles", {"role": "nurse", "place": "workplace", "level": "organization"}))
    take = found(boss, group, rf"{group}/roles/\d+/take")
    held = f"select * from accounts.role_assignment where group_id = {group.rpartition('/')[2]}"
    return Act("boss", take, held, refused=("chief", "local"))


def user_loses_a_role(clinic: Clinic) -> Act:
    boss = clinic.browser("boss")
    roles = [(Role.NURSE, clinic.tree["hospital"]), (Role.REGISTRAR, clinic.tree["hospital"])]
    account = make_account(clinic.app.state.engine, "loser", roles).id
    take = found(boss, f"/users/{account}", rf"/users/{account}/roles/\d+/take")
    held = f"select * from accounts.role_assignment where account_id = {account}"
    return Act("boss", take, held, refused=("chief", "local"))


def referral_is_scheduled(clinic: Clinic) -> Act:
    referral = {"category": "imaging", "code": "C03.082.005", "priority": "urgent"}
    visit = clinic.visit(
        clinic.register().id, referrals=[referral | {"performer_organization_id": clinic.tree["other"]}]
    )
    with clinic.session() as session:
        request = session.scalars(select(ServiceRequest).where(ServiceRequest.encounter_id == visit.id)).one()
    move = {"to": "scheduled", "version": str(request.row_xid), "date": "+1", "time": "9:30"}
    # the task about an urgent referral waits again, with its step
    held = (
        "select to_jsonb(r) - 'row_xid' as referral, to_jsonb(t) - 'row_xid' as task from visits.service_request r"
        f" join worklist.task t on t.subject = 'service_request:' || r.id where r.id = {request.id}"
    )
    return Act("stranger", f"/referrals/{request.id}", held, move, refused=("official", "registrar"))


def network_goes(clinic: Clinic) -> Act:
    boss = clinic.browser("boss")
    # nobody's roles are there, so nobody is shut out
    network = {"organization_id": clinic.tree["site"], "network": "10.7.0.0/16", "note": "Ғимарат № 2"}
    made(boss.post("/networks", network))
    remove = found(boss, "/networks", r"/networks/\d+/remove")
    return Act("boss", remove, "select * from accounts.trusted_network")


def code_loses_its_meaning(clinic: Clinic) -> Act:
    boss = clinic.browser("boss")
    device = {"kind": "analyser", "name": "Chemistry", "protocol": "astm", "sender": "BS-240"}
    page = made(boss.post("/devices/new", device | {"organization_id": clinic.tree["hospital"]}))
    glucose = {"their_code": "GLU", "their_unit": "mg/dL", "parameter_code": "glucose", "unit": "mmol/L"}
    made(boss.post(f"{page}/codes", glucose | {"factor": "0,0555"}))
    remove = found(boss, page, rf"{page}/codes/\d+/remove")
    held = f"select * from devices.code_mapping where device_id = {page.rpartition('/')[2]}"
    return Act("boss", remove, held, refused=("chief", "local"), again=404)


def template_goes(clinic: Clinic) -> Act:
    doctor = clinic.browser("doctor")
    made(doctor.post("/questionnaire-templates/of/therapist_examination", TEMPLATE))
    page = found(doctor, "/questionnaire-templates", r"/questionnaire-templates/\d+")
    held = f"select * from questionnaires.answer_template where id = {page.rpartition('/')[2]}"
    return Act("doctor", f"{page}/remove", held, refused=("second", "registrar", "stranger"), again=404)


def draft_of(clinic: Clinic) -> tuple[Browser, str]:
    doctor = clinic.browser("doctor")
    start = doctor.post(f"/patients/{clinic.register().id}/questionnaires", {"key": "therapist_examination"})
    return doctor, made(start).removesuffix("/edit")


def draft_is_discarded(clinic: Clinic) -> Act:
    _doctor, page = draft_of(clinic)
    held = f"select * from questionnaires.questionnaire_response where id = {page.rpartition('/')[2]}"
    return Act("doctor", f"{page}/discard", held, refused=("registrar", "stranger", "chief"))


def file_goes(clinic: Clinic) -> Act:
    doctor, page = draft_of(clinic)
    version = found(doctor, f"{page}/edit", r'(?<=name="version" value=")\d+')
    pdf = {"file-documents": ("эпикриз.pdf", b"%PDF-1.7\n", "application/pdf")}
    made(doctor.post(f"{page}/files/documents", {"version": version}, files=pdf))
    remove = found(doctor, f"{page}/edit", r"/questionnaire-files/\d+") + "/remove"
    held = f"select * from questionnaires.attachment where response_id = {page.rpartition('/')[2]}"
    return Act("doctor", remove, held, refused=("registrar", "stranger"), again=404)


def form_is_switched_off(clinic: Clinic) -> Act:
    # to switch on what is on changes nothing: whoever presses twice is told the same
    boss, url = clinic.browser("boss"), "/questionnaires/gcs/switch"
    made(boss.post(url, {"is_on": "1"}))
    assert "toast-line" not in boss.get("/notifications").text.split("toast-template")[0]
    held = "select key, is_on from questionnaires.questionnaire_switch"
    return Act("boss", url, held, {"is_on": "0"}, again=303)


def person_leaves_a_programme(clinic: Clinic) -> Act:
    patient = clinic.register(birth_date=dt.date(clock.today().year - 46, 6, 1))
    with clinic.session() as session:
        step = session.scalars(
            select(CarePlanActivity.id).where(
                CarePlanActivity.patient_id == patient.id,
                CarePlanActivity.programme == "breast",
                CarePlanActivity.plan_year == clock.today().year,
            )
        ).one()
    held = f"select * from episodes.care_plan_activity where patient_id = {patient.id} and status = 'planned'"
    return Act(
        "nurse",
        f"/patients/{patient.id}/programmes/{step}/exclude",
        held,
        {"reason": "refused"},
        refused=("registrar", "official", "stranger"),
    )


def system_is_switched_on(clinic: Clinic) -> Act:
    url = "/exchange/systems/authorised_body"
    made(clinic.browser("boss").post(f"{url}/off"))
    return Act(
        "boss", f"{url}/on", "select name, is_on from exchange.system_state", refused=("chief", "local"), again=303
    )


PLACES: list[Callable[[Clinic], Act]] = [
    member_leaves,
    group_loses_a_role,
    user_loses_a_role,
    referral_is_scheduled,
    network_goes,
    code_loses_its_meaning,
    template_goes,
    draft_is_discarded,
    file_goes,
    form_is_switched_off,
    person_leaves_a_programme,
    system_is_switched_on,
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_everything_is_as_before(clinic: Clinic, place: Callable[[Clinic], Act]) -> None:
    act = place(clinic)
    browser = clinic.browser(act.login)

    def state() -> list[dict[str, Any]]:
        with clinic.session() as session:
            # the number of the writing transaction is no part of what is known
            rows = session.execute(text(f"select to_jsonb(t) - 'row_xid' as row from ({act.state}) t order by 1"))
            return [row.row for row in rows]

    before = state()
    assert browser.post(act.url, act.fields).status_code == 303
    done = state()
    assert done != before
    url, fields = way_back(browser, "/notifications")
    for login in act.refused:
        assert clinic.browser(login).post(url, fields).status_code in (403, 404), login
    assert state() == done
    with clinic.session() as session:
        newest = session.scalar(select(func.max(Event.id))) or 0
    assert browser.post(url, fields).status_code == 303
    assert state() == before
    with clinic.session() as session:
        trace = select(Event.login).where(Event.id > newest, Event.kind == "write")
        assert act.login in session.scalars(trace).all()
    assert browser.post(url, fields).status_code == act.again
    assert state() == before


def test_a_code_that_got_another_meaning_meanwhile_keeps_it(clinic: Clinic) -> None:
    boss = clinic.browser("boss")
    device = {"kind": "analyser", "name": "Chemistry", "protocol": "astm", "sender": "BS-430"}
    page = made(boss.post("/devices/new", device | {"organization_id": clinic.tree["hospital"]}))
    code = {"their_code": "CRE", "their_unit": "mg/dL", "parameter_code": "creatinine", "unit": "umol/L"}
    made(boss.post(f"{page}/codes", code | {"factor": "884"}))
    made(boss.post(found(boss, page, rf"{page}/codes/\d+/remove")))
    url, fields = way_back(boss, page)
    colleague = clinic.browser("boss", "ru")
    made(colleague.post(f"{page}/codes", code | {"factor": "88,4"}))
    refused = boss.post(url, fields)
    assert refused.status_code == 409
    assert "changed since" in refused.text
    with clinic.session() as session:
        standing = text("select factor from devices.code_mapping where device_id = :id and removed_at is null")
        assert session.scalars(standing, {"id": int(page.rpartition("/")[2])}).all() == [88.4]


def test_who_joined_anew_meanwhile_is_not_taken_in_twice(clinic: Clinic) -> None:
    act = member_leaves(clinic)
    boss = clinic.browser("boss")
    made(boss.post(act.url))
    url, fields = way_back(boss, "/notifications")
    group = act.url.partition("/members")[0]
    made(clinic.browser("boss", "ru").post(f"{group}/members", {"login": "nurse"}))
    assert boss.post(url, fields).status_code == 409
    with clinic.session() as session:
        assert len(session.execute(text(act.state)).all()) == 1
