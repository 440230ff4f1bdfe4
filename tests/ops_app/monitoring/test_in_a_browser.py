"""A blood-pressure crisis at home at real browsers: the nurse hears, nobody acts, it goes up, the doctor closes it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from ops_app.app import create_app
from ops_app.auth import cookie_name
from ops_app.kit import clock
from ops_app.mechanisms.task import escalation
from ops_app.mechanisms.task.models import Task
from ops_app.modules.accounts import queries, service
from ops_app.modules.monitoring.models import Alert, Enrolment
from tests.chromium import running_chromium, serious_findings
from tests.installation import Database
from tests.ops_app.clinic import Clinic, open_clinic
from tests.ops_app.live import served
from tests.ops_app.monitoring.test_devices import Home, pressure

CALM = ((26, 138, 84), (20, 142, 86), (14, 151, 90), (8, 147, 92), (4, 158, 96))
"""Hours ago and what was measured then."""

pytestmark = pytest.mark.browser


class Desk:
    """Somebody at a browser of his own."""

    def __init__(self, clinic: Clinic, chromium: Browser, url: str, login: str, language: str, *, phone: bool = False):
        with clinic.session() as session:
            account = queries.account_by_login(session, login)
            assert account is not None
            token = service.open_sign_in_session(session, account, "test")
        size = {"width": 390, "height": 844} if phone else {"width": 1366, "height": 768}
        self.context = chromium.new_context(locale=language, viewport=size)  # type: ignore[arg-type]
        self.context.add_cookies([{"name": cookie_name("session"), "value": token, "url": url}])
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.url = url

    def go(self, address: str) -> Page:
        self.page.goto(f"{self.url}{address}")
        return self.page

    def findings(self) -> list[str]:
        return serious_findings(self.page)


def calm_day(home: Home) -> None:
    with home.clinic.session() as session:
        row = session.scalars(select(Enrolment).where(Enrolment.patient_id == home.patient.id)).one()
        row.started_at = clock.now() - dt.timedelta(days=2)
    for hours, systolic, diastolic in CALM:
        at = (clock.now() - dt.timedelta(hours=hours)).isoformat()
        assert home.send(pressure(f"calm-{hours}", systolic, diastolic, effectiveDateTime=at)).status_code == 201


@pytest.mark.req("MONITOR-05", "MONITOR-06")
def test_a_crisis_at_home_goes_up_until_somebody_acts(module_database: Database, tmp_path: Path) -> None:
    clinic = open_clinic(create_app(module_database.engine("app")))
    home = Home(clinic)
    calm_day(home)
    found: list[str] = []
    with served(clinic.app) as url, running_chromium() as chromium:
        nurse = Desk(clinic, chromium, url, "nurse", "kk", phone=True)
        doctor = Desk(clinic, chromium, url, "doctor", "ru")
        chief = Desk(clinic, chromium, url, "chief", "kk")
        assert nurse.go("/notifications").locator("text=критикалық").count() == 0
        assert home.send(pressure("crisis", 214, 126)).status_code == 201

        page = nurse.go("/monitoring")
        page.screenshot(path=tmp_path / "nurse_list.png", full_page=True)
        found += nurse.findings()
        assert page.locator("text=214").count() > 0
        nurse.go("/notifications").click("text=критикалық көрсеткіш")
        page.wait_for_url("**/tasks/*")
        page.screenshot(path=tmp_path / "nurse_task.png", full_page=True)
        found += nurse.findings()

        with clinic.session() as session:
            task = session.scalars(select(Task).where(Task.patient_id == home.patient.id)).one()
            alert = session.scalars(select(Alert).where(Alert.patient_id == home.patient.id)).one()
        # a quarter of an hour passes and nobody has acted
        with clock.frozen(task.due_at + dt.timedelta(seconds=1)):
            escalation.sweep(clinic.app.state.engine)
        page = chief.go("/my-day")
        page.screenshot(path=tmp_path / "chief_my_day.png", full_page=True)
        assert page.locator(f"text={home.patient.family_name}").count() > 0

        page = doctor.go(f"/patients/{home.patient.id}/monitoring")
        page.screenshot(path=tmp_path / "doctor_patient.png", full_page=True)
        found += doctor.findings()
        assert page.locator("circle.trend-critical").count() == 2
        page = doctor.go(f"/tasks/{task.id}")
        page.click("text=Взять на себя")
        page.screenshot(path=tmp_path / "doctor_task.png", full_page=True)
        page = doctor.go(f"/monitoring/alerts/{alert.id}")
        page.check("input[value=ambulance]")
        page.fill("textarea[name=note]", "Каптоприл под язык, вызвана бригада; в сознании, жалоб на боль нет.")
        page.screenshot(path=tmp_path / "doctor_alert.png", full_page=True)
        found += doctor.findings()
        page.click("[data-submit]")
        page.wait_for_selector("text=скорая помощь")
        page.screenshot(path=tmp_path / "doctor_closed.png", full_page=True)
        assert chief.go("/tasks").locator(f"text={home.patient.family_name}").count() == 0
        page = doctor.go(f"/patients/{home.patient.id}/monitoring/enrol")
        page.screenshot(path=tmp_path / "doctor_enrol.png", full_page=True)
        found += doctor.findings()
        problems = [*nurse.problems, *doctor.problems, *chief.problems]
    assert found == []
    assert problems == []
