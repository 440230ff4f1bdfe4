"""A task: seen, taken over, handed on, late, done by its evidence."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.mechanisms.task.models import Task
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import ServiceRequest
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk

pytestmark = pytest.mark.browser


def urgent_referral(clinic: Clinic, person: Patient) -> tuple[int, int]:
    """The numbers of a referral from the other organisation and of its task, which is late already."""
    visit = clinic.visit(
        person.id,
        login="stranger",
        referrals=[
            {
                "category": "consultation",
                "priority": "urgent",
                "performer_organization_id": clinic.tree["hospital"],
            }
        ],
    )
    with clinic.session() as session:
        request = session.scalars(select(ServiceRequest).where(ServiceRequest.encounter_id == visit.id)).one()
        task = session.scalars(select(Task).where(Task.subject == f"service_request:{request.id}")).one()
        task.due_at = clock.now() - dt.timedelta(hours=1)
        return request.id, task.id


def test_a_task_is_taken_handed_on_and_done(desk: Desk) -> None:
    person = desk.clinic.register()
    request, task = urgent_referral(desk.clinic, person)
    registrar = desk.sit("registrar")
    answer = registrar.goto("/tasks")
    assert answer is not None and answer.status == 403

    page = desk.sit("doctor")
    page.goto("/tasks")
    row = page.locator("tr", has_text=person.family_name)
    expect(row.locator(".tag-red").last).to_be_visible()
    row.locator("a", has_text=person.family_name).click()
    page.wait_for_url(f"**/patients/{person.id}")
    page.go_back()
    row.locator("a.btn").click()
    page.wait_for_url(f"**/tasks/{task}")
    page.locator(f"form[action$='/tasks/{task}/take'] button").click()
    page.wait_for_load_state()
    expect(page.locator(f"form[action$='/tasks/{task}/take']")).to_have_count(0)
    hand = page.locator(f"form[action$='/tasks/{task}/hand-over']")
    hand.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    hand.locator("select").select_option(str(desk.clinic.practitioners["second"]))
    hand.locator("[data-submit]").click()
    page.goto("/tasks")
    expect(page.locator("tr", has_text=person.family_name)).to_have_count(0)

    colleague = desk.sit("second")
    colleague.goto("/notifications")
    colleague.locator("[data-list] tbody a").first.click()
    colleague.wait_for_url(f"**/tasks/{task}")
    colleague.locator(".actions a.btn-primary").click()
    colleague.wait_for_url(f"**/referrals/{request}")
    started = colleague.locator("details", has=colleague.locator("input[name=to][value=in_progress]"))
    if started.get_attribute("open") is None:
        started.locator("summary").click()
    started.locator("[data-submit]").click()
    colleague.wait_for_load_state()
    colleague.goto("/tasks?state=closed")
    expect(colleague.locator("tr", has_text=person.family_name).locator(".tag-green")).to_be_visible()
