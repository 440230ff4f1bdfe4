"""The frame: palette, undo, dark mode, language, the keyboard alone through a visit, news, help, a booking."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from ops_app.auth import cookie_name
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from tests.ops_app.flows.conftest import PHONE, Desk

TIMES = {"kk": "09:00", "ru": "10:00", "en": "11:00"}

pytestmark = pytest.mark.browser


@pytest.mark.req("REG-03")
def test_the_palette_finds_a_person_a_place_and_a_page(desk: Desk) -> None:
    person = desk.clinic.register()
    page = desk.sit("doctor")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type(person.family_name)
    # whoever does not wait for the person gets the search instead
    page.locator(f"#palette-list [data-url$='/patients/{person.id}']").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/patients/{person.id}**")
    # what the open page offers stands first
    page.keyboard.press("Control+k")
    first = page.locator("#palette-list [role=option]").first
    expect(first).to_have_attribute("data-url", re.compile(f"/patients/{person.id}/visits/new"))
    page.keyboard.type("hospital")
    page.locator("#palette-list [data-place]").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/places/{desk.clinic.tree['hospital']}**")
    # a page that does not exist is told, not thrown
    answer = page.goto("/patients/999999999")
    assert answer is not None and answer.status == 404
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.req("OPS-10")
def test_the_news_stays_one_line_until_it_is_read_and_comes_back_by_a_key(desk: Desk) -> None:
    login = {"kk": "nurse", "ru": "doctor", "en": "registrar"}[desk.language]
    page = desk.sit(login)
    page.goto("/")
    news = page.locator("details.news")
    expect(news.locator("li").first).to_be_hidden()
    news.locator("summary").click()
    expect(news.locator("li").first).to_be_visible()
    news.locator("button").click()
    page.wait_for_selector("#toasts [data-undo]")
    expect(news).to_have_count(0)
    page.keyboard.press("z")
    expect(page.locator("details.news")).to_have_count(1)
    page.locator("details.news summary").click()
    page.locator("details.news button").click()
    page.wait_for_selector("#toasts [data-undo]")
    page.goto("/releases")
    expect(page.locator("main section").first).to_be_visible()


@pytest.mark.req("I18N-01", "I18N-02")
def test_language_and_darkness_keep_the_place(desk: Desk) -> None:
    page = desk.sit(None)
    page.goto("/sign-in")
    page.fill("#f-login", "nobody")
    page.fill("#f-password", "wrong password")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_visible()

    # a page of its own: the desk would take the other language for a mistake
    context = desk.chromium.new_context(base_url=desk.address, locale=desk.language)
    context.add_cookies([{"name": cookie_name("session"), "value": desk.session_of("nurse"), "url": desk.address}])
    page = context.new_page()
    page.goto("/patients?q=Т1")
    page.locator("[data-toggle-theme]").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    for language in (next(other for other in ("kk", "ru") if other != desk.language), desk.language):
        page.locator(f".languages button[lang={language}]").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#q")).to_have_value("Т1")
    context.close()


def test_a_visit_is_recorded_by_the_keyboard_alone(desk: Desk) -> None:
    person = desk.clinic.register()
    page = desk.sit("doctor")
    page.goto(f"/patients/{person.id}")
    page.keyboard.press("n")
    page.wait_for_url("**/visits/new")
    page.wait_for_load_state()

    def tab_to(selector: str) -> None:
        for _step in range(60):
            if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the key Tab does not reach {selector}")

    # a pressure nobody has is refused beside its field, and what was typed stays
    tab_to("#f-systolic")
    page.keyboard.type("950")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#e-systolic")).to_be_visible()
    expect(page.locator("#f-systolic")).to_have_value("950")
    tab_to("#f-systolic")
    page.keyboard.press("Control+a")
    page.keyboard.type("131")
    tab_to("#f-diastolic")
    page.keyboard.type("84")
    tab_to("#f-diagnoses-0-icd10")
    page.keyboard.type("J06")
    page.wait_for_selector("#l-diagnoses-0-icd10 [role=option][data-value]")
    page.keyboard.press("Enter")
    expect(page.locator("input[name=diagnoses-0-icd10]")).to_have_value("J06.9")
    tab_to("#f-note")
    page.keyboard.type("37,4")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/visits/\d+|/patients/\d+$"))
    expect(page.locator("main")).to_contain_text("J06.9")
    expect(page.locator("main")).to_contain_text("131")


def test_help_says_why_and_the_keys_are_listed(desk: Desk) -> None:
    page = desk.sit("registrar", PHONE)
    page.goto("/help")
    expect(page.locator("section.panel .help-steps li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_time_is_booked_moved_and_given_free(desk: Desk) -> None:
    person = desk.clinic.register()
    path = f"/patients/{person.id}/appointments"
    chief = desk.sit("chief")
    answer = chief.goto(path)
    assert answer is not None and answer.status == 403

    page = desk.sit("registrar")
    page.goto(path)
    page.select_option("#f-practitioner_id", str(desk.clinic.practitioners["doctor"]))
    page.fill("#f-date", "-1")
    page.fill("#f-time", TIMES[desk.language])
    page.locator("[data-submit]").first.click()
    expect(page.locator("#e-date")).to_be_visible()
    page.fill("#f-date", "+1")
    page.locator("[data-submit]").first.click()
    row = page.locator("section table tbody tr")
    expect(row).to_contain_text(TIMES[desk.language].lstrip("0"))
    tomorrow = show_date(clock.today() + dt.timedelta(days=1))
    page.goto(f"/appointments?day={tomorrow}")
    page.locator("tr", has_text=person.family_name).locator("td").first.click()
    page.wait_for_url(re.compile(r"/appointments/\d+"))
    page.locator("input[name=reason]").first.check()
    page.locator("section", has=page.locator("input[name=reason]")).locator("[data-submit]").click()
    page.wait_for_url(f"**{path}")
    expect(page.locator("section table tbody tr a")).to_have_count(0)
