"""A journal filtered, printed and taken away as a spreadsheet; notices read one by one and all at once."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.modules.accounts.queries import account_by_login
from ops_app.modules.exchange.notices import DEAD_LETTER
from tests.ops_app.flows.conftest import Desk

pytestmark = pytest.mark.browser


@pytest.mark.req("REP-03", "REP-10")
def test_a_journal_is_filtered_printed_and_taken_away(desk: Desk) -> None:
    person = desk.clinic.register()
    desk.clinic.visit(person.id)
    registrar = desk.sit("registrar")
    answer = registrar.goto("/journals/visits")
    assert answer is not None and answer.status == 403

    page = desk.sit("doctor")
    page.goto("/journals/visits")
    day = page.locator("form.filters input[data-date]").first
    day.fill("32.13")
    page.keyboard.press("Enter")
    expect(page.locator("form.filters .field-error")).to_be_visible()
    day.fill(show_date(clock.today()))
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text=person.family_name)).to_have_count(1)
    page.locator("input[name=names]").check()
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text=person.family_name)).to_have_count(0)
    page.locator("input[name=names]").uncheck()
    page.locator("form.filters button").click()
    page.wait_for_load_state()
    with page.expect_download() as waited:
        page.locator(".actions a", has_text="XLSX").click()
    book = openpyxl.load_workbook(io.BytesIO(waited.value.path().read_bytes()))
    cells = [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
    assert any(person.family_name in str(cell) for cell in cells)
    page.locator(".actions a[href*='/print']").click()
    page.wait_for_url("**/print*")
    expect(page.locator("body")).to_contain_text(person.family_name)
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    page.locator("[data-print]").click()
    expect(page.locator("body[data-printed]")).to_have_count(1)


def test_notices_are_read(desk: Desk) -> None:
    with desk.clinic.session() as session:
        account = account_by_login(session, "nurse")
        assert account is not None
        for target in ("/my-day", "/tasks", "/places"):
            notify(session, DEAD_LETTER, [account.id], f"{target}?{desk.language}")
    page = desk.sit("nurse")
    page.goto("/")
    expect(page.locator(".bell-count")).to_have_text("3")
    page.locator(".bell").click()
    page.wait_for_url("**/notifications")
    page.locator("[data-list] tbody tr").first.locator("button").click()
    expect(page.locator("[data-list] .tag-amber")).to_have_count(2)
    page.locator("[data-list] tbody a").nth(1).click()
    page.wait_for_url(re.compile(r"/(my-day|tasks|places)\?"))
    page.go_back()
    page.reload()
    page.locator(".actions form button").click()
    expect(page.locator("[data-list] .tag-amber")).to_have_count(0)
    expect(page.locator(".actions form")).to_have_count(0)
