"""A newborn is registered from the card of the mother."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from tests.ops_app.flows.conftest import Desk

pytestmark = pytest.mark.browser


@pytest.mark.req("REG-07")
def test_a_child_is_registered_by_its_mother(desk: Desk) -> None:
    mother = desk.clinic.register(phone="+7 701 123 45 67")
    stranger = desk.sit("stranger")
    stranger.goto(f"/patients/{mother.id}/newborn")
    expect(stranger.locator("input[name=sex]")).to_have_count(0)

    page = desk.sit("registrar")
    page.goto(f"/patients/{mother.id}/identity")
    page.locator("a[href$='/newborn']").click()
    page.wait_for_url("**/newborn")
    page.fill("#f-birth_date", "+1")
    page.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.check("input[name=sex][value=male]")
    page.fill("#f-birth_date", "today")
    page.locator("[data-submit]").click()
    page.wait_for_url(re.compile(rf"/patients/(?!{mother.id}/)\d+/identity"))
    expect(page.locator("main h1")).to_contain_text(mother.family_name)
    expect(page.locator("dl.facts")).to_contain_text(show_date(clock.today()))
    expect(page.locator("dl.facts")).to_contain_text("701")
    expect(page.locator("#relatives a", has_text=mother.family_name)).to_be_visible()
    # the mother's page offers the child, and a second press would not make a twin unasked
    page.goto(f"/patients/{mother.id}/newborn")
    page.check("input[name=sex][value=male]")
    page.fill("#f-birth_date", "today")
    page.locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
