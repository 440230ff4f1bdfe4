"""The facility: its passport, a department, a site, a ward, a bed in it, a member of staff with a post."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def keeper(clinic: Clinic) -> None:
    """Who keeps the structure of the hospital."""
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])


@pytest.mark.req("RES-01", "RES-03", "OID-02")
def test_a_facility_gets_its_parts(desk: Desk) -> None:
    doctor = desk.sit("doctor")
    answer = doctor.goto("/organizations")
    assert answer is not None and answer.status == 403

    hospital = desk.clinic.tree["hospital"]
    page = desk.sit("keeper")
    page.goto("/organizations")
    page.locator(f"a[href$='/organizations/{hospital}']").click()
    page.wait_for_url(f"**/organizations/{hospital}")
    page.fill("#f-bin", "123456789012")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#e-bin")).to_be_visible()
    page.fill("#f-bin", "")
    page.fill("#f-oid", "1.2.398.1.7.15")
    page.check("input[name=care_profiles][value=outpatient]")
    page.check("input[name=care_profiles][value=inpatient]")
    page.locator("[data-submit]").first.click()
    page.wait_for_load_state()
    page.goto(f"/organizations/{hospital}")
    expect(page.locator("#f-oid")).to_have_value("1.2.398.1.7.15")

    name = f"Кардиология {desk.language}"
    page.keyboard.press("n")
    page.wait_for_url(f"**/organizations/{hospital}/new")
    page.check("input[name=kind][value=department]")
    page.fill("#f-name_kk", name)
    page.fill("#f-name_ru", name)
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    ward = page.locator("details", has=page.locator("form[action$='/locations']"))
    ward.locator("summary").click()
    ward.locator("select").select_option("ward")
    ward.locator("#f-name_kk").fill(f"3-палата {desk.language}")
    ward.locator("#f-name_ru").fill(f"Палата 3 {desk.language}")
    ward.locator("[data-submit]").click()
    expect(page.locator("main ul.plain").first).to_contain_text(f"3 {desk.language}" if desk.language == "ru" else "3")
    page.locator(".actions a[data-new]").click()
    page.wait_for_url("**/new")
    page.fill("#f-name_kk", f"5-учаске {desk.language}")
    page.fill("#f-name_ru", f"Участок 5 {desk.language}")
    page.select_option("#f-site_kind", "general_practice")
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    page.goto("/organizations")
    expect(page.locator("main tbody")).to_contain_text(name)


@pytest.mark.req("RES-02")
def test_a_member_of_staff_gets_a_post(desk: Desk) -> None:
    family = {"kk": "Әбенова", "ru": "Серікова", "en": "Омарова"}[desk.language]
    page = desk.sit("keeper")
    page.goto("/journals/staff")
    page.keyboard.press("n")
    page.wait_for_url("**/staff/new")
    page.fill("#f-family_name", family)
    page.fill("#f-given_name", "Гүлнар")
    page.select_option("#f-position", "cardiologist")
    page.select_option("#f-organization_id", str(desk.clinic.tree["hospital"]))
    page.fill("#f-rate", "3")
    page.fill("#f-start_date", "today")
    page.locator("[data-submit]").click()
    expect(page.locator("#e-rate")).to_be_visible()
    page.fill("#f-rate", "0,5")
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: not url.endswith("/new"))
    page.goto("/journals/staff")
    # found and opened by the keys alone, the name typed as in a passport
    page.keyboard.press("/")
    page.keyboard.type({"kk": "abenova", "ru": "serikova", "en": "omarova"}[desk.language])
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("main tbody tr")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("main table tbody tr")).to_contain_text("0,5")
    page.locator("main table tbody tr form button").click()
    page.wait_for_load_state()
    expect(page.locator("main table tbody tr form")).to_have_count(0)


@pytest.mark.req("RES-08")
def test_a_bed_is_entered_and_put_to_repair(desk: Desk) -> None:
    number = {"kk": "12", "ru": "13", "en": "14"}[desk.language]
    nurse = desk.sit("nurse")
    answer = nurse.goto("/resources/beds/new")
    assert answer is not None and answer.status == 403

    page = desk.sit("keeper")
    page.goto("/resources")
    page.locator("a[href$='/journals/beds']").click()
    page.wait_for_url("**/journals/beds")
    page.locator("[data-new]").click()
    page.wait_for_url("**/beds/new")
    page.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.select_option("#f-department_id", str(desk.clinic.tree["department"]))
    page.fill("#f-number", number)
    page.select_option("#f-profile", "cardiological")
    page.select_option("#f-state", "working")
    page.fill("#f-start_date", "today")
    page.locator("[data-submit]").first.click()
    page.wait_for_url("**/journals/beds**")
    page.locator("main tbody tr", has_text=number).locator("a").first.click()
    page.select_option("#f-state", "repair")
    page.locator("[data-submit]").first.click()
    page.wait_for_url("**/journals/beds**")
    expect(page.locator("main tbody tr", has_text=number)).to_have_count(1)
