"""A security incident: registered, investigated with rows of the journal, closed with a conclusion."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, form_of, refused, said

WHAT = {
    "kk": "мейіргердің жазбасымен басқа адам жұмыс істеген",
    "ru": "под записью медсестры работал другой человек",
    "en": "somebody else worked under the nurse's account",
}

pytestmark = pytest.mark.browser


@pytest.mark.req("IAM-33")
def test_an_incident_is_opened_proved_and_closed(desk: Desk) -> None:
    refused(desk.sit("nurse"), "/security/incidents")
    place = desk.clinic.tree["hospital"]
    login = f"admin.{desk.language}"
    make_account(desk.clinic.app.state.engine, login, [(Role.ADMINISTRATOR, place)])
    patient = desk.clinic.register()
    desk.sit("nurse").goto(f"/patients/{patient.id}")
    page = desk.sit(login)
    page.goto("/security/incidents")
    page.locator("a[data-new]").click()
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "Fill in this field")
    page.select_option("#f-kind", "account")
    page.select_option("#f-organization_id", str(place))
    page.fill("#f-description", WHAT[desk.language])
    page.locator("[data-submit]").click()
    expect(page.locator(".empty")).to_contain_text(said(desk, "Nothing is collected yet"))

    collect = form_of(page, "/evidence")
    page.locator("details", has=collect).locator("summary").click()
    collect.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#f-user", "nurse")
    page.fill("#f-patient", str(patient.iin))
    page.keyboard.press("Control+Enter")
    expect(page.locator("table.list tbody tr").first).to_contain_text(f"№ {patient.id}")

    page.fill("#f-outcome", "x")
    form_of(page, "/close").locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#f-outcome", WHAT[desk.language])
    form_of(page, "/close").locator("[data-submit]").click()
    expect(page.locator(".flash")).to_contain_text(said(desk, "The incident is closed"))
    expect(page.locator("main")).not_to_contain_text(WHAT[desk.language])
    page.select_option("#f-state", "closed")
    page.locator("form.filters button").click()
    expect(page.locator("table.list tbody tr").filter(has_text=WHAT[desk.language])).to_have_count(1)
