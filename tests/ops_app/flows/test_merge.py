"""Two records of one person are compared, linked, and parted again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ops_app.flows.conftest import Desk

pytestmark = pytest.mark.browser


@pytest.mark.req("REG-08")
def test_two_cards_are_linked_and_parted(desk: Desk) -> None:
    family = {"kk": "Әшірова", "ru": "Байланысова", "en": "Кезекова"}[desk.language]
    kept = desk.clinic.register(family_name=family, given_name="Гүлмира")
    hidden = desk.clinic.register(kind="undocumented", iin=None, family_name=family, given_name="Гульмира")
    doctor = desk.sit("doctor")
    answer = doctor.goto("/merge-records")
    assert answer is not None and answer.status == 403

    page = desk.sit("chief")
    page.goto("/merge-records")
    page.locator("tr[data-href]", has_text=family).locator("td.end a").click()
    page.wait_for_url("**/merge-records?kept=*")
    expect(page.locator("tr.differs").first).to_be_visible()
    page.check("input[name=verdict][value=one]")
    page.check("#f-is_sure")
    page.locator("[data-submit]").click()
    expect(page.locator("#e-reason")).to_be_visible()
    page.fill("#f-reason", "Жеке куәлігін көрсетті")
    if not page.locator("#f-is_sure").is_checked():
        page.check("#f-is_sure")
    page.locator("[data-submit]").click()
    page.goto("/merge-records")
    expect(page.locator("tr[data-href]", has_text=family)).to_have_count(0)
    page.goto(f"/patients/{kept.id}/identity")
    expect(page.locator("main")).to_contain_text(hidden.temporary_id or "")

    page.goto("/merge-records")
    linked = page.locator("tr:not([data-href])", has_text=family)
    linked.locator("button").click()
    page.wait_for_load_state()
    page.goto("/merge-records")
    expect(page.locator("tr[data-href]", has_text=family)).to_have_count(1)
    page.goto(f"/patients/{hidden.id}/identity")
    expect(page.locator("main h1")).to_contain_text("Гульмира")
