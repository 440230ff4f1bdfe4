"""A registrar looks a person up, finds nobody, registers them and is on the card."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import expect

from tests.ops_app.clinic import make_iin
from tests.ops_app.flows.conftest import Desk

BORN = dt.date(1991, 3, 4)
FAMILY = {"kk": "Оспанова", "ru": "Ткаченко", "en": "Beisenova"}

pytestmark = pytest.mark.browser


@pytest.mark.req("REG-01", "REG-02", "I18N-01")
def test_a_person_is_looked_for_and_registered(desk: Desk) -> None:
    page = desk.sit("registrar")
    page.goto("/patients")
    page.fill("#q", FAMILY[desk.language])
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    page.goto("/patients/new")
    page.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#f-iin", make_iin(BORN, "female"))
    expect(page.locator("#f-birth_date")).to_have_value("04.03.1991")
    page.fill("#f-family_name", FAMILY[desk.language])
    page.fill("#f-given_name", "Әсем")
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: url.split("?")[0].rsplit("/", 1)[-1].isdigit() or "identity" in url)
