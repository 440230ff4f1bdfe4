"""A message that was refused is corrected and arrives; a failed job is run again and set aside."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.jobs.task import Task
from ops_app.permissions import Role
from tests.installation import Database
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.exchange.registry import Registry
from tests.ops_app.exchange.registry import registry as registry
from tests.ops_app.exchange.test_screens import message_to_refuse
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.jobs import running
from tests.ops_app.jobs.sample import TASKS

pytestmark = pytest.mark.browser


def run_due(database: Database, tasks: tuple[Task, ...] | None = None) -> None:
    """Run what is due in a thread of its own: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(running.run_due, database, tasks).result()


@pytest.fixture(scope="module", autouse=True)
def keeper(clinic: Clinic) -> None:
    """Who looks after the machine."""
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, None)])


def test_a_refused_message_is_corrected_and_arrives(desk: Desk, module_database: Database, registry: Registry) -> None:
    person = desk.clinic.register()
    number = message_to_refuse(desk.clinic, registry, person)
    run_due(module_database)
    doctor = desk.sit("doctor")
    answer = doctor.goto("/exchange")
    assert answer is not None and answer.status == 403

    page = desk.sit("chief")
    page.goto("/exchange?state=dead")
    page.locator(f"a[href$='/exchange/messages/{number}']").click()
    expect(page.locator("main .tag-red").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(person.family_name)
    page.locator(".actions a").first.click()
    page.wait_for_url("**/contents")
    page.fill("#f-body", "{")
    page.fill("#f-reason", "wrong name")
    page.locator("[data-submit]").click()
    expect(page.locator("#e-body")).to_be_visible()
    page.fill("#f-body", json.dumps({"family": "Түзетілген"}))
    page.locator("[data-submit]").click()
    page.wait_for_url(f"**/exchange/messages/{number}")
    run_due(module_database)
    page.reload()
    expect(page.locator("main .tag-green").first).to_be_visible()
    assert registry.held[registry.order[-1]]["body"] == {"family": "Түзетілген"}
    page.goto("/exchange/systems")
    expect(page.locator("main table tbody tr").first).to_be_visible()


def test_a_failed_job_is_run_again_and_set_aside(desk: Desk, module_database: Database) -> None:
    with desk.clinic.session() as session:
        number = queue.enqueue(session, "test:fail", secret="42")
    run_due(module_database, TASKS)
    chief = desk.sit("chief")
    answer = chief.goto("/jobs")
    assert answer is not None and answer.status == 403

    page = desk.sit("keeper")
    page.goto("/jobs?state=failed")
    row = page.locator("tr", has_text=f"№ {number}")
    row.locator("form[action$='/again'] button").click()
    page.goto("/jobs?state=waiting")
    expect(row).to_have_count(1)
    run_due(module_database, TASKS)
    page.goto("/jobs?state=failed")
    page.on("dialog", lambda dialog: dialog.accept())
    row.locator("form[action$='/aside'] button").click()
    page.wait_for_load_state()
    page.goto("/jobs?state=ended")
    expect(row).to_have_count(1)
