"""People: found in spite of errors, recognised at entry, with family, papers, statuses, and attached elsewhere."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from tests.ops_app.clinic import make_iin
from tests.ops_app.flows.conftest import Desk

FAMILY = {"kk": "Құспанова", "ru": "Жүнісова", "en": "Қожахметова"}
MISTYPED = {"kk": "Куспонова", "ru": "Жунсова", "en": "Kozhahmetova"}

pytestmark = pytest.mark.browser


@pytest.mark.req("REG-02", "REG-08")
def test_somebody_known_is_found_and_recognised_at_entry(desk: Desk) -> None:
    family = FAMILY[desk.language]
    known = desk.clinic.register(family_name=family, given_name="Жанар", birth_date=dt.date(1988, 3, 7))
    stranger = desk.sit("stranger")
    stranger.goto(f"/patients?q={family}")
    expect(stranger.locator("#found tbody tr")).to_have_count(0)

    page = desk.sit("registrar")
    page.goto("/patients")
    page.fill("#q", f"Жанар {MISTYPED[desk.language]}")
    expect(page.locator("#found tbody tr")).to_contain_text(family)
    page.goto("/patients/new")
    page.check("input[name=kind][value=undocumented]")
    page.fill("#f-birth_date", "03.07.1988")
    page.select_option("#f-sex", "female")
    page.fill("#f-family_name", family)
    page.fill("#f-given_name", "Жанар")
    page.locator("[data-submit]").click()
    why = {"kk": "күні мен айы алмасқан", "ru": "день и месяц", "en": "day and month exchanged"}[desk.language]
    double = page.locator("main [role=alert] tbody tr")
    expect(double).to_contain_text(known.iin or "")
    expect(double).to_contain_text(why)
    page.check("#f-is_another_person")
    page.locator("[data-submit]").click()
    page.wait_for_url(re.compile(r"/patients/\d+/identity"))
    expect(page.locator("main h1")).to_contain_text(family)
    assert not page.url.endswith(f"/patients/{known.id}/identity")


def _add(page: Page, patient_id: int, register: str) -> None:
    page.goto(f"/patients/{patient_id}/identity")
    page.locator(f"#{register} .page-head a").click()
    page.wait_for_url(f"**/{register}/new")


@pytest.mark.req("REG-06")
def test_what_is_known_of_a_person_is_written_down(desk: Desk) -> None:
    person, mother = desk.clinic.register(), desk.clinic.register(birth_date=dt.date(1960, 2, 3))
    page = desk.sit("registrar")
    _add(page, person.id, "relatives")
    page.select_option("#f-relation", "mother")
    page.locator("[data-submit]").first.click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("#f-relative", mother.iin or "")
    page.locator("[data-submit]").first.click()
    page.wait_for_url(f"**/patients/{person.id}/identity**")
    expect(page.locator("#relatives")).to_contain_text(mother.family_name)

    _add(page, person.id, "contacts")
    page.select_option("#f-kind", "email")
    page.fill("#f-value", "not an address")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#e-value")).to_contain_text("@")
    page.fill("#f-value", "aliya@mail.kz")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#contacts")).to_contain_text("aliya@mail.kz")

    _add(page, person.id, "documents")
    page.select_option("#f-type", "passport")
    page.fill("#f-number", "N1234567")
    page.fill("#f-country", "KZ")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#documents")).to_contain_text("N1234567")

    _add(page, person.id, "insurance")
    page.select_option("#f-state", "insured")
    page.select_option("#f-source", "document")
    page.fill("#f-start_date", "-10")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#insurance .fact-list li")).to_have_count(1)

    _add(page, person.id, "social_statuses")
    page.select_option("#f-status", "veteran")
    page.fill("#f-start_date", "-10")
    page.locator("[data-submit]").first.click()
    page.locator("#social_statuses .fact-edit").click()
    page.locator("details.danger-zone summary").first.click()
    page.locator("form[action$='/close'] #f-end_date").fill("today")
    page.locator("form[action$='/close'] [data-submit]").click()
    expect(page.locator("#social_statuses details")).to_have_count(1)

    # the mother's card names the child
    page.goto(f"/patients/{mother.id}/identity")
    expect(page.locator("#relatives")).to_contain_text(person.family_name)


@pytest.mark.req("REG-06")
def test_an_attachment_moves_and_its_history_stays(desk: Desk) -> None:
    person = desk.clinic.register()
    page = desk.sit("registrar")
    page.goto(f"/patients/{person.id}/identity")
    page.locator("a[href$='/attachment']").click()
    page.wait_for_url("**/attachment")
    page.fill("#f-start_date", "32.13.2026")
    page.locator("[data-submit]").click()
    expect(page.locator("#e-start_date")).to_be_visible()
    page.fill("#f-start_date", "today")
    site = page.locator("#site-choice select")
    site.select_option("")
    page.locator("[data-submit]").click()
    page.wait_for_url(f"**/patients/{person.id}/identity")
    rows = page.locator("section", has=page.locator("h3.flush")).first.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text=show_date(clock.today()))).not_to_have_count(0)


@pytest.mark.req("REG-04", "REG-05", "REG-07")
def test_somebody_without_papers_is_identified_later(desk: Desk) -> None:
    born = dt.date(1972, 9, 14)
    page = desk.sit("registrar")
    page.goto("/patients/new")
    page.check("input[name=kind][value=undocumented]")
    page.fill("#f-birth_date", show_date(born))
    page.select_option("#f-sex", "male")
    page.fill("#f-family_name", {"kk": "Белгісізов", "ru": "Безымянов", "en": "Newcomer"}[desk.language])
    page.fill("#f-given_name", "Марат")
    page.locator("[data-submit]").click()
    page.wait_for_url(re.compile(r"/patients/\d+/identity"))
    page.locator("[data-edit]").click()
    page.wait_for_url("**/edit")
    page.check("input[name=kind][value=confirmed]")
    page.fill("#f-iin", "123456789012")
    page.locator("[data-submit]").click()
    expect(page.locator("#e-iin")).to_be_visible()
    iin = make_iin(born, "male")
    page.fill("#f-iin", iin)
    page.locator("[data-submit]").click()
    page.wait_for_url(re.compile(r"/patients/\d+/identity"))
    expect(page.locator("dl.facts")).to_contain_text(iin)
