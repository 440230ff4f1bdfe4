"""The week of a member of staff is written down on the way from his page, and a booking keeps to it."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, refused

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def keeper(clinic: Clinic) -> None:
    """Who keeps the staff of the hospital."""
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])


@pytest.mark.req("RES-02")
def test_hours_are_written_and_a_booking_keeps_to_them(desk: Desk) -> None:
    who = {"kk": "doctor", "ru": "second", "en": "nurse"}[desk.language]
    person = desk.clinic.practitioners[who]
    refused(desk.sit("doctor"), "/resources/staff_hours/new")
    page = desk.sit("keeper")
    page.goto(f"/staff/{person}")
    page.locator("a[href*='/staff_hours/new']").click()
    page.wait_for_url("**/staff_hours/new**")
    page.locator("[data-submit]").first.click()
    expect_refused(desk, page, "Write the hours of at least one day")
    page.fill("#f-sunday", "8-25")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#e-sunday")).to_be_visible()
    page.fill("#f-sunday", "8-12, 13.30-17")
    page.check("#f-on_holidays")
    page.locator("[data-submit]").first.click()
    page.wait_for_url("**/journals/staff_hours**")
    page.goto(f"/staff/{person}")
    expect(page.locator("main")).to_contain_text("13:30–17:00")

    sunday = clock.today() + dt.timedelta(days=7 - clock.today().weekday() + 6)
    registrar = desk.sit("registrar")
    registrar.goto(f"/patients/{desk.clinic.register().id}/appointments")
    registrar.select_option("#f-practitioner_id", str(person))
    registrar.fill("#f-date", show_date(sunday))
    registrar.fill("#f-time", "12:30")
    registrar.locator("#f-minutes").focus()
    expect(registrar.locator("form [aria-live] .hint")).to_contain_text("08:00–12:00, 13:30–17:00")
    registrar.locator("form[action$='/appointments'] [data-submit]").click()
    hours = "08:00–12:00, 13:30–17:00"
    expect_refused(desk, registrar, "On this day the doctor works at %(hours)s", hours=hours)
    registrar.fill("#f-time", "13:30")
    registrar.locator("form[action$='/appointments'] [data-submit]").click()
    expect(registrar.locator("main tbody")).to_contain_text("13:30")
