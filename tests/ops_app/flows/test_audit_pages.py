"""Who reviews the audit finds what somebody did, by user, patient and period, and takes it out as a sheet."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, form_of, refused, said
from tests.ops_app.personal_data.conftest import office as office

ROWS = "table.list tbody tr"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def administrator(clinic: Clinic) -> None:
    """The login ``admin``, who may read the audit of the hospital."""
    make_account(clinic.app.state.engine, "admin", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])


@pytest.mark.req("IAM-19")
def test_the_journal_is_asked_by_user_patient_and_period(desk: Desk) -> None:
    patient = desk.clinic.register()
    refused(desk.sit("registrar"), "/audit")
    doctor, page = desk.sit("doctor"), desk.sit("admin")
    doctor.goto(f"/patients/{patient.id}")
    page.goto("/audit")
    page.fill("#f-date_from", "99.99.2026")
    page.locator("form.filters .btn-secondary").click()
    expect(page.locator(".field-error")).to_be_visible()
    page.goto("/audit")
    page.fill("#f-user", "doctor")
    page.fill("#f-patient", str(patient.iin))
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text(f"№ {patient.id}")
    page.locator(".presets a").first.click()
    expect(page.locator(ROWS)).to_have_count(1)
    with page.expect_download() as download:
        page.locator('a[href*="journal.xlsx"]').click()
    sheet = load_workbook(io.BytesIO(download.value.path().read_bytes())).active
    assert sheet is not None and any("doctor" in str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    page.fill("#f-date_from", "01.01.2020")
    page.fill("#f-date_to", "02.01.2020")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text(said(desk, "No rows fit"))


@pytest.mark.req("IAM-21")
def test_refused_sign_ins_stand_beside_the_successful(desk: Desk) -> None:
    stranger, page = desk.sit(None), desk.sit("admin")
    stranger.goto("/sign-in")
    stranger.fill("#f-login", "nurse")
    stranger.fill("#f-password", "not this one")
    stranger.keyboard.press("Enter")
    expect_refused(desk, stranger, "Login or password is not right")
    page.goto("/security/sign-ins")
    page.fill("#f-login", "nurse")
    page.select_option("#f-result", "refused")
    page.locator("form.filters .btn-secondary").click()
    expect(page.locator(ROWS).first).to_contain_text(said(desk, "denied"))


@pytest.mark.usefixtures("office")
@pytest.mark.req("IAM-34", "PDATA-10")
def test_a_protection_check_is_confirmed_with_its_paper(desk: Desk) -> None:
    refused(desk.sit("doctor"), "/protection")
    login = f"protection.{desk.language}"
    make_account(desk.clinic.app.state.engine, login, [(Role.DATA_OFFICER, None)])
    page = desk.sit(login)
    page.goto("/protection")
    page.locator("summary[data-new]").click()
    state = form_of(page, "/protection/statements")
    state.locator("[data-submit]").click()
    expect_refused(desk, page, "Fill in this field")
    page.select_option("#f-check_code", index=1)
    state.locator('input[value="yes"]').check()
    page.fill("#f-responsible", "Омарова А.")
    page.fill("#f-document", f"№ 12-{desk.language}")
    page.fill("#f-stated_on", "today")
    state.locator("[data-submit]").click()
    expect(page.locator(ROWS).filter(has_text=f"№ 12-{desk.language}")).to_have_count(1)
    for tab in ("places", "aggregator"):
        page.locator(f'nav.tabs a[href$="/protection/{tab}"]').click()
        expect(page.locator("nav.tabs [aria-current]")).to_have_attribute("href", f"/protection/{tab}")
