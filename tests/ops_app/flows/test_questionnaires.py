"""Forms and scales: filled in by a nurse, begun from an own template, kept by an administrator."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from ops_app.kit import clock
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk

SCALES = {"kk": "katz", "ru": "barthel", "en": "morse"}
"""Of each language another one: a version is entered once."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def keeper(clinic: Clinic) -> None:
    """Who keeps the definitions."""
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, None)])


@pytest.mark.req("SCALE-05")
def test_a_nurse_fills_in_a_scale_goes_away_and_comes_back(desk: Desk) -> None:
    person = desk.clinic.register()
    page = desk.sit("nurse")
    page.goto(f"/patients/{person.id}/questionnaires")
    page.select_option("#f-key", "gcs")
    page.focus("#f-key")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit")
    page.check("input[name=q-eye][value='3']")
    page.check("input[name=q-verbal][value='4']")
    expect(page.locator("[data-saved]")).not_to_be_empty()

    # what was ticked waits in the list as a draft
    page.goto(f"/patients/{person.id}/questionnaires")
    page.locator("[data-list] tbody a").first.click()
    page.wait_for_url("**/edit")
    expect(page.locator("input[name=q-eye][value='3']")).to_be_checked()
    page.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("[data-error-of=q-motor]")).to_be_visible()
    page.check("input[name=q-motor][value='6']")
    expect(page.locator(".q-bar")).to_contain_text("13")
    page.locator("[data-submit]").click()
    page.wait_for_url(re.compile(r"questionnaire-responses/\d+$"))
    band = {"kk": "Жеңіл", "ru": "Оглушение (лёгкое)", "en": "Mild impairment"}[desk.language]
    expect(page.locator("main")).to_contain_text(band)
    page.goto(f"{page.url}/print")
    expect(page.locator(".q-paper")).to_contain_text(person.family_name)
    expect(page.locator(".q-paper")).to_contain_text("13")


@pytest.mark.req("SUP-03")
def test_a_form_begins_with_an_own_template(desk: Desk) -> None:
    stranger = desk.sit("registrar")
    answer = stranger.goto("/questionnaire-templates")
    assert answer is not None and answer.status == 403

    title = f"ARVI {desk.language}"
    page = desk.sit("doctor")
    page.goto("/questionnaire-templates")
    page.select_option("#f-key", "therapist_examination")
    page.locator("form.filters button").click()
    page.wait_for_url("**/questionnaire-templates/new*")
    page.fill("#f-q-complaints", "Мұрыннан су ағады")
    page.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#f-title", title)
    page.locator("[data-submit]").click()
    expect(page.locator("[data-list]")).to_contain_text(title)
    person = desk.clinic.register()
    page.goto(f"/patients/{person.id}/questionnaires")
    page.get_by_role("button", name=title).click()
    page.wait_for_url("**/edit")
    expect(page.locator("#f-q-complaints")).to_have_value("Мұрыннан су ағады")


def test_an_administrator_enters_a_new_version_after_looking_at_it(desk: Desk) -> None:
    page = desk.sit("keeper")
    page.goto("/questionnaires")
    why_off = {"kk": "Авторлық", "ru": "Авторск", "en": "Copyright"}[desk.language]
    expect(page.locator("tr", has=page.locator("a[href$='/questionnaires/moca']"))).to_contain_text(why_off)
    scale = SCALES[desk.language]
    page.locator(f"a[href$='/questionnaires/{scale}']").click()
    page.locator(".actions [data-edit]").click()
    given = page.input_value("#f-content")
    text = re.sub(r"(?m)^version: \d+", "version: 2", given)
    later = (clock.today() + dt.timedelta(days=30)).isoformat()
    text = re.sub(r"(?m)^effective_from: .*", f"effective_from: {later}", text)
    page.fill("#f-content", text.replace("type: ", "type: un", 1))
    page.locator("button[value=preview]").click()
    expect(page.locator(".error-summary li").first).to_be_visible()
    page.fill("#f-content", text)
    page.locator("button[value=preview]").click()
    expect(page.locator("form[data-preview]")).to_be_visible()
    page.locator("button[value=store]").click()
    page.wait_for_url(f"**/questionnaires/{scale}")
    expect(page.locator("main table tbody tr")).to_have_count(2)
    expect(page.locator("main table tbody tr").first).to_contain_text("Keeper")
