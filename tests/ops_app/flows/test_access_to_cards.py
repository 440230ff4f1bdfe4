"""A closed card is opened with a stated reason, which the head judges; closed topics stay hidden; the map decides."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ops_app.permissions import Role
from tests.ops_app.access.test_closed_topics import employ, plant_closed_codes
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, refused, said

REASON = {
    "kk": "жедел жәрдем есінсіз әкелді",
    "ru": "доставлен скорой без сознания",
    "en": "brought unconscious by ambulance",
}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def staff(clinic: Clinic) -> None:
    """A head of the other clinic, an administrator of the hospital, a psychiatrist; codes of closed topics."""
    make_account(clinic.app.state.engine, "otherchief", [(Role.CHIEF_PHYSICIAN, clinic.tree["other"])])
    make_account(clinic.app.state.engine, "admin", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    employ(clinic, "psychiatrist", "psychiatrist")
    plant_closed_codes(clinic)


@pytest.mark.req("IAM-17", "IAM-23")
def test_a_stated_reason_opens_the_card_and_the_head_judges_it(desk: Desk) -> None:
    patient = desk.clinic.register()
    page = desk.sit("stranger")
    refused(page, "/security/reviews")
    page.goto(f"/patients/{patient.id}")
    page.wait_for_url("**/reason*")
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "Fill in this field")
    page.fill("#f-reason", REASON[desk.language])
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/patients/{patient.id}")
    expect(page.get_by_text(patient.family_name).first).to_be_visible()

    head = desk.sit("otherchief")
    head.goto("/security/reviews")
    row = head.locator("table.list tbody tr").filter(has_text=REASON[desk.language])
    expect(row).to_have_count(1)
    row.locator("summary").click()
    row.locator("textarea").fill("   ")
    row.locator(".btn-danger").click()
    expect(head.locator(".error-summary")).to_be_visible()
    head.fill("#f-note", REASON[desk.language])
    head.locator("[data-submit]").click()
    expect(head.locator(".flash")).to_be_visible()
    head.goto("/security/reviews?done=true")
    expect(head.locator("table.list tbody tr").filter(has_text=REASON[desk.language])).to_have_count(1)


@pytest.mark.req("IAM-17", "IAM-27")
def test_closed_topics_are_hidden_until_a_reason_is_stated(desk: Desk) -> None:
    patient = desk.clinic.register()
    desk.clinic.visit(patient.id, "psychiatrist", diagnoses=[{"icd10": "F32.1"}])
    desk.clinic.visit(patient.id, "second", diagnoses=[{"icd10": "J06.9"}])
    treats, page = desk.sit("psychiatrist"), desk.sit("doctor")
    treats.goto(f"/patients/{patient.id}")
    expect(treats.locator("main")).to_contain_text("F32.1")
    page.goto(f"/patients/{patient.id}")
    expect(page.locator("main")).to_contain_text("J06.9")
    expect(page.locator("main")).not_to_contain_text("F32.1")
    page.locator(f'a[href$="/patients/{patient.id}/closed-topics"]').first.click()
    page.fill("#f-reason", "   ")
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "Fill in this field")
    page.fill("#f-reason", REASON[desk.language])
    page.locator("[data-submit]").click()
    page.wait_for_url(f"**/patients/{patient.id}")
    expect(page.locator("main")).to_contain_text("F32.1")


@pytest.mark.req("IAM-27")
def test_the_map_forbids_a_rule_and_allows_it_again(desk: Desk) -> None:
    patient = desk.clinic.register()
    nurse, page = desk.sit("nurse"), desk.sit("admin")
    refused(nurse, "/permission-map")
    answer = nurse.goto(f"/patients/{patient.id}")
    assert answer is not None and answer.status == 200
    page.goto("/permission-map")
    page.select_option("#f-place", str(desk.clinic.tree["hospital"]))
    page.locator("form.filters button").click()
    cell = page.locator("form").filter(has=page.locator('input[name="role"][value="nurse"]'))
    attached = cell.filter(has=page.locator('input[name="rule"][value="attached"]')).locator("button")
    attached.click()
    expect(attached).to_have_text(said(desk, "Allow"))
    nurse.goto(f"/patients/{patient.id}")
    nurse.wait_for_url("**/reason*")
    attached.click()
    expect(attached).to_have_text(said(desk, "Forbid"))
    nurse.goto(f"/patients/{patient.id}")
    nurse.wait_for_url(f"**/patients/{patient.id}")


@pytest.mark.req("IAM-27")
def test_a_position_is_taken_into_the_circle_of_a_topic(desk: Desk) -> None:
    page = desk.sit("admin")
    page.goto("/closed-topics")
    page.locator("main form.fields [data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.select_option("#f-topic", index=1)
    title = page.locator("#f-topic option:checked").inner_text()
    page.select_option("#f-position", "general_practitioner")
    page.locator("main form.fields [data-submit]").click()
    row = page.locator("table.list tbody tr").filter(has_text=title)
    took = row.locator("form").filter(has=page.locator('input[name="position"][value="general_practitioner"]'))
    expect(took).to_have_count(1)
    took.locator("button").click()
    expect(row.get_by_text(said(desk, "taken out")).first).to_be_visible()
