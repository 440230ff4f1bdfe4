"""Forms walked with the keys alone: every control in its order and seen, never a trap, and the hand never lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ops_app.permissions import Role
from tests.chromium import running_chromium
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.live import served
from tests.ops_app.walk import keyboard
from tests.ops_app.walk.test_accessibility import DESK, enter

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """Without smooth scrolling: where the focus stands is looked at after each key."""
    with running_chromium() as browser:
        yield browser.new_context(viewport=DESK, reduced_motion="reduce", locale="kk")


@pytest.fixture(scope="module")
def address(clinic: Clinic) -> Iterator[str]:
    """The clinic's app on a real port."""
    with served(clinic.app) as at:
        yield at


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


def focused(page: Page) -> str:
    name: str = page.evaluate("document.activeElement.name || document.activeElement.id")
    return name


def test_every_control_of_a_form_is_reached_and_seen(clinic: Clinic, context: BrowserContext, address: str) -> None:
    patient = clinic.register()
    make_account(clinic.app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    walks = {
        "doctor": (f"/patients/{patient.id}/visits/new", f"/patients/{patient.id}/laboratory/order"),
        "registrar": ("/patients", "/patients/new"),
        "boss": ("/users/new", "/groups/new"),
    }
    found: dict[str, list[str]] = {}
    for login, paths in walks.items():
        enter(clinic, context, address, login)
        page = context.new_page()
        for path in paths:
            page.goto(address + path)
            assert page.evaluate("Boolean(document.activeElement.form)"), f"{path} does not begin in its form"
            if findings := keyboard.findings(page):
                found[path] = findings
        page.close()
    assert not found


def test_enter_goes_on_and_does_not_send_half_a_form(
    clinic: Clinic, context: BrowserContext, address: str, page: Page
) -> None:
    patient = clinic.register()
    enter(clinic, context, address, "doctor")
    page.goto(f"{address}/patients/{patient.id}/visits/new")
    passed = []
    for _field in range(7):
        passed.append(focused(page))
        page.keyboard.press("Enter")
    assert passed[:6] == ["encounter_class", "purpose", "date", "time", "presence_confirmed", "systolic"]
    assert page.url.endswith("/visits/new")

    # a row that was asked for takes the hand, and the list of codes gives back what was typed
    page.locator(".add-row").first.press("Enter")
    expect(page.locator("#f-diagnoses-1-icd10")).to_be_focused()
    page.keyboard.type("гипер")
    expect(page.locator(".code-list:visible [role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".code-list:visible")).to_have_count(0)
    expect(page.locator("#f-diagnoses-1-icd10")).to_have_value("гипер")
    page.keyboard.press("Control+a")
    page.keyboard.type("I10")
    expect(page.locator(".code-list:visible [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert focused(page) == "diagnoses-1-type"
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".error-summary:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def test_a_questionnaire_is_filled_in_by_the_keys(
    clinic: Clinic, context: BrowserContext, address: str, page: Page
) -> None:
    patient = clinic.register()
    enter(clinic, context, address, "nurse")
    page.goto(f"{address}/patients/{patient.id}/questionnaires")
    page.select_option("#f-key", "nurse_assessment")
    page.locator("form.filters button[type=submit]").press("Enter")
    page.wait_for_url("**/edit")
    page.fill("#f-q-pain", "4")
    page.check("#f-q-allergy")
    assert keyboard.findings(page) == []
    # nobody is told off for what was only passed by
    page.wait_for_timeout(400)
    expect(page.locator(".field-error:visible")).to_have_count(0)
    places = page.locator("[data-body-map=pain_places]")
    places.locator("[data-add-point]").press("Enter")
    places.locator("[data-remove-point]").press("Enter")
    expect(places.locator("[data-add-point]")).to_be_focused()
    page.locator("[data-add-row]").first.press("Enter")
    assert page.evaluate("document.activeElement.closest('tr') !== null")
