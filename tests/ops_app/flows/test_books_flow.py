"""Books of reference: a service gets a new price, a code list is loaded from a file that had to be corrected."""

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

BAD = "code;title_ru\nT01;\nT02;Б\nT02;В\n"
GOOD = "code;title_kk;title_ru;title_en\nT01;Терапия;Терапия;Therapy\nT02;Хирургия;Хирургия;Surgery\n"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def keeper(clinic: Clinic) -> None:
    """Who keeps the books of the region."""
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["region"])])


@pytest.mark.req("OID-01", "OID-03")
def test_an_edition_of_a_code_list_is_looked_at_and_loaded(desk: Desk) -> None:
    system = f"speciality_{desk.language}"
    page = desk.sit("keeper")
    page.goto("/code-systems")
    page.locator("details summary").last.click()
    form = page.locator("form[action$='/code-systems']")
    form.locator("#f-system").fill(system)
    form.locator("#f-title_kk").fill(f"Мамандықтар {desk.language}")
    form.locator("#f-title_ru").fill(f"Специальности {desk.language}")
    form.locator("#f-oid").fill("1..2")
    form.locator("[data-submit]").click()
    expect(page.locator("#e-oid")).to_be_visible()
    page.fill("#f-oid", f"1.2.398.9.{len(system)}.{ord(desk.language[0])}")
    page.locator("form[action$='/code-systems'] [data-submit]").click()
    page.goto(f"/code-systems/{system}")
    page.locator("details summary[data-new]").click()
    page.fill("#f-version", "2026-1")
    page.fill("#f-effective_from", show_date(clock.today() - dt.timedelta(days=2)))
    bad = {"name": "list.csv", "mimeType": "text/csv", "buffer": BAD.encode()}
    page.set_input_files("#f-file", files=[bad])  # type: ignore[list-item]
    page.locator("button[hx-post]").click()
    expect(page.locator("#preview .error-summary li")).to_have_count(2)
    expect(page.locator("#preview .error-summary")).to_contain_text("T02")
    # loaded all the same it is refused where the eye is taken, below a list however long
    page.locator("form[action$='/editions'] [data-submit]").click()
    expect(page.locator(".error-summary:focus li")).to_have_count(2)
    page.fill("#f-version", "2026-1")
    good = {"name": "list.csv", "mimeType": "text/csv", "buffer": GOOD.encode()}
    page.set_input_files("#f-file", files=[good])  # type: ignore[list-item]
    page.locator("button[hx-post]").click()
    expect(page.locator("#preview tbody tr")).to_have_count(2)
    page.locator("form[action$='/editions'] button[type=submit]").click()
    page.wait_for_load_state()
    page.goto(f"/code-systems/{system}")
    expect(page.locator("main tbody").first).to_contain_text("T02")

    doctor = desk.sit("doctor")
    doctor.goto(f"/code-systems/{system}?q=T01")
    expect(doctor.locator("main tbody").first).to_contain_text("T01")
    expect(doctor.locator("summary[data-new]")).to_have_count(0)


@pytest.mark.req("RES-06")
def test_a_service_gets_a_new_price_and_keeps_the_former_one(desk: Desk) -> None:
    code = f"K-{desk.language}"
    page = desk.sit("keeper")
    page.goto("/resources/services/new")
    page.select_option("#f-organization_id", str(desk.clinic.tree["hospital"]))
    page.select_option("#f-kind", "service")
    page.fill("#f-local_code", code)
    page.fill("#f-name_kk", f"Кардиолог қабылдауы {code}")
    page.fill("#f-name_ru", f"Приём кардиолога {code}")
    page.fill("#f-price_tenge", "free")
    page.fill("#f-start_date", "01.01.2026")
    page.locator("[data-submit]").first.click()
    expect(page.locator("#e-price_tenge")).to_be_visible()
    page.fill("#f-price_tenge", "5400")
    page.locator("[data-submit]").first.click()
    page.wait_for_url("**/journals/services**")
    page.locator("main tbody tr", has_text=code).locator("a").first.click()
    page.fill("#f-price_tenge", "6000")
    page.fill("#f-start_date", "01.07.2026")
    page.locator("[data-submit]").first.click()
    page.wait_for_url("**/journals/services**")
    page.locator("main tbody tr", has_text=code).locator("a").first.click()
    versions = page.locator("main table tbody tr")
    expect(versions).to_have_count(2)
    expect(page.locator("main table")).to_contain_text("400")
