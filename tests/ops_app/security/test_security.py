"""Who may not judge, investigate or look at sign-ins, and what those who may can do."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import AccessGrant
from ops_app.modules.security import watch
from ops_app.modules.security.models import AccessReview, Incident
from ops_app.permissions import Role
from saulyq import integrity
from saulyq.settings import Settings
from tests.installation import Installation
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.together import at_once


@pytest.fixture(scope="module")
def staff(clinic: Clinic) -> Clinic:
    """The clinic with an administrator of its own and one of the whole installation."""
    make_account(clinic.app.state.engine, "admin", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    make_account(clinic.app.state.engine, "root", [(Role.ADMINISTRATOR, None)])
    make_account(clinic.app.state.engine, "otherchief", [(Role.CHIEF_PHYSICIAN, clinic.tree["other"])])
    return clinic


def stated(clinic: Clinic, login: str, reason: str) -> int:
    """A stated reason under which somebody opened a card."""
    patient = clinic.register()
    browser = clinic.browser(login)
    browser.post(f"/patients/{patient.id}/reason", {"reason": reason})
    assert browser.get(f"/patients/{patient.id}").status_code == 200
    with clinic.session() as session:
        return session.scalars(select(AccessGrant.id).where(AccessGrant.patient_id == patient.id)).one()


@pytest.mark.parametrize("address", ["/security/reviews", "/security/incidents", "/security/sign-ins"])
@pytest.mark.parametrize("login", ["doctor", "registrar", "official"])
def test_staff_do_not_see_security(staff: Clinic, login: str, address: str) -> None:
    assert staff.browser(login).get(address).status_code == 403


@pytest.mark.req("IAM-17", "IAM-23")
def test_only_the_chief_of_the_reader_reviews_and_confirms(staff: Clinic) -> None:
    grant = stated(staff, "stranger", "brought by ambulance at night")
    assert "brought by ambulance" not in staff.browser("chief").get("/security/reviews").text
    assert staff.browser("chief").post(f"/security/reviews/{grant}", {"verdict": "confirmed"}).status_code == 404
    browser = staff.browser("otherchief")
    assert "brought by ambulance" in browser.get("/security/reviews").text
    assert browser.get("/waiting").json()["security:reviews"] == 1
    assert browser.post(f"/security/reviews/{grant}", {"verdict": "confirmed"}).status_code == 303
    assert "brought by ambulance" not in browser.get("/security/reviews").text
    assert "brought by ambulance" in browser.get("/security/reviews?done=true").text
    assert browser.post(f"/security/reviews/{grant}", {"verdict": "confirmed"}).status_code == 404


def test_nobody_reviews_his_own_access(staff: Clinic) -> None:
    grant = stated(staff, "otherchief", "my own curiosity")
    browser = staff.browser("otherchief")
    assert "my own curiosity" not in browser.get("/security/reviews").text
    assert browser.post(f"/security/reviews/{grant}", {"verdict": "confirmed"}).status_code == 404


@pytest.mark.req("IAM-33")
def test_a_refused_reason_becomes_an_incident_with_the_rows_of_the_access(staff: Clinic) -> None:
    grant = stated(staff, "stranger", "a neighbour asked")
    browser = staff.browser("otherchief")
    refused = browser.post(f"/security/reviews/{grant}", {"verdict": "incident"})
    assert refused.status_code == 422 and "Say what is wrong" in refused.text
    browser.post(f"/security/reviews/{grant}", {"verdict": "incident", "note": "no care needed this card"})
    with staff.session() as session:
        number = session.scalars(select(AccessReview.incident_id).where(AccessReview.grant_id == grant)).one()
    shown = browser.get(f"/security/incidents/{number}")
    assert "no care needed this card" in shown.text and "stranger" in shown.text
    assert staff.browser("chief").get(f"/security/incidents/{number}").status_code == 404


@pytest.mark.req("IAM-33")
def test_an_incident_is_registered_investigated_and_closed(staff: Clinic) -> None:
    browser = staff.browser("admin")
    values = {"kind": "account", "description": "somebody else used the nurse's account"}
    foreign = browser.post("/security/incidents/new", values | {"organization_id": staff.tree["other"]})
    assert foreign.status_code == 422
    made = browser.post("/security/incidents/new", values | {"organization_id": staff.tree["hospital"]})
    address = made.headers["location"]
    assert browser.post(f"{address}/evidence", {}).status_code == 422
    Browser(staff.app).sign_in("nurse", "wrong password")
    assert browser.post(f"{address}/evidence", {"user": "nurse", "date_from": "today"}).status_code == 303
    assert "Failed to sign in" in browser.get(address).text
    assert browser.post(f"{address}/close", {"outcome": "short"}).status_code == 422
    assert browser.post(f"{address}/close", {"outcome": "the password was changed"}).status_code == 303
    assert browser.post(f"{address}/evidence", {"user": "nurse"}).status_code in (409, 422)
    assert browser.post(f"{address}/close", {"outcome": "closed once more"}).status_code == 409
    with staff.session() as session:
        changes = session.scalars(
            select(Event.action).where(Event.login == "admin", Event.kind == "write").order_by(Event.id)
        ).all()
    assert {"security:register_incident", "security:collect_evidence", "security:close_incident"} <= set(changes)


def test_two_officers_do_not_close_one_incident(staff: Clinic) -> None:
    admin, root = staff.browser("admin"), staff.browser("root")
    values = {"kind": "account", "description": "a password lay on the desk"}
    made = admin.post("/security/incidents/new", values | {"organization_id": staff.tree["hospital"]})
    address = made.headers["location"]
    number = int(address.rpartition("/")[2])
    outcomes = {"the password was changed": admin, "the nurse was warned": root}
    answers = at_once(
        staff,
        "security.incident",
        number,
        *(partial(browser.post, f"{address}/close", {"outcome": told}) for told, browser in outcomes.items()),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    winner = next(told for told, answer in zip(outcomes, answers, strict=True) if answer.status_code == 303)
    with staff.session() as session:
        assert session.get_one(Incident, number).outcome == winner


@pytest.mark.req("IAM-21")
def test_sign_ins_show_their_method_and_why_they_were_refused(staff: Clinic) -> None:
    Browser(staff.app).sign_in("second", "not this one")
    Browser(staff.app).sign_in("second")
    Browser(staff.app).sign_in("ghost", "nobody at all")
    own = staff.browser("admin").get("/security/sign-ins", params={"login": "second"}).text
    assert own.count("wrong password") == 1 and "signed in" in own
    refused = staff.browser("admin").get("/security/sign-ins", params={"result": "refused", "login": "second"}).text
    assert refused.count('<td data-title="Method">password') == 1
    assert "ghost" not in staff.browser("admin").get("/security/sign-ins").text
    assert "ghost" in staff.browser("root").get("/security/sign-ins").text


@pytest.mark.req("IAM-19", "IAM-23")
def test_the_journal_leaves_as_a_workbook_of_the_own_scope_and_that_is_written_down(staff: Clinic) -> None:
    mine, foreign = staff.register(), staff.register()
    assert staff.browser("doctor").get(f"/patients/{mine.id}").status_code == 200
    staff.browser("stranger").post(f"/patients/{foreign.id}/reason", {"reason": "called to the house"})
    assert staff.browser("doctor").get("/audit/journal.xlsx").status_code == 403
    answer = staff.browser("chief").get("/audit/journal.xlsx", params={"kind": "read", "date_from": "today"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert mine.id in {row[5] for row in rows}
    assert foreign.id not in {row[5] for row in rows}
    assert staff.browser("chief").get("/audit/journal.xlsx", params={"date_from": "soon"}).status_code == 422
    with staff.session() as session:
        written = session.scalars(select(Event).where(Event.action == "audit:exported")).all()
    assert [(row.login, row.after and row.after["rows"]) for row in written] == [("chief", len(rows))]


@pytest.fixture
def program(tmp_path: Path) -> tuple[Settings, Path]:
    """A small installed program and the settings of its installation."""
    root = tmp_path / "program"
    for name in integrity.PARTS:
        (root / name).mkdir(parents=True)
        (root / name / "__init__.py").write_text(f"# {name}\n")
    return Settings(home=tmp_path / "home"), root


@pytest.mark.req("IAM-25")
def test_changed_removed_and_added_files_are_named(program: tuple[Settings, Path]) -> None:
    current, root = program
    assert integrity.seal(current, root) == len(integrity.PARTS)
    assert integrity.verify(current, root).intact
    (root / "ops_app" / "__init__.py").write_text("# changed\n")
    (root / "quality" / "__init__.py").unlink()
    (root / "saulyq" / "backdoor.py").write_text("")
    report = integrity.verify(current, root)
    assert report.changed == ["ops_app/__init__.py"]
    assert report.removed == ["quality/__init__.py"]
    assert report.added == ["saulyq/backdoor.py"]


@pytest.mark.req("IAM-25")
def test_a_forged_state_is_refused_and_opens_one_incident(
    app: FastAPI, program: tuple[Settings, Path], installation: Installation
) -> None:
    current, root = program
    assert watch.check_files(app.state.engine, current) is None
    integrity.seal(current, root)
    # the real program is compared with the sealed small one: everything differs
    assert watch.check_files(app.state.engine, current) is not None
    assert watch.check_files(app.state.engine, current) is None
    with Session(app.state.engine) as session:
        assert session.scalars(select(Incident.kind)).all() == ["integrity"]
        assert session.scalar(text("select count(*) from audit.event where action = 'security:files_changed'")) == 1
    path = integrity.manifest_file(current)
    path.write_text(path.read_text().replace('"seal": "', '"seal": "0'))
    with pytest.raises(Exception, match="forged"):
        integrity.verify(current, root)


@pytest.mark.req("IAM-25")
def test_the_command_says_what_is_missing(installation: Installation) -> None:
    assert installation.run("integrity", "verify", check=False).returncode == 3
    integrity.seal(installation.settings)
    assert installation.run("integrity", "verify").stdout.startswith("intact")
