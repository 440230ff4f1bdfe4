"""Everything of one person is given out as one file, with the ground of giving it out."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import expect

from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, refused

pytestmark = pytest.mark.browser


@pytest.mark.req("DATAOUT-04")
def test_the_file_of_a_person_is_downloaded_with_its_ground(desk: Desk) -> None:
    patient = desk.clinic.register()
    desk.clinic.visit(patient.id)
    refused(desk.sit("nurse"), f"/patients/{patient.id}/export")
    page = desk.sit("doctor")
    page.goto(f"/patients/{patient.id}/export")
    page.locator('input[name="requester"][value="patient"]').check()
    page.locator(f'input[name="language"][value="{"kk" if desk.language == "kk" else "ru"}"]').check()
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "Fill in this field")
    page.fill("#f-basis", "№ 17, 20.11.2026")
    with page.expect_download() as download:
        page.locator("[data-submit]").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"bundle.json"} <= set(archive.namelist())
        assert str(patient.iin) in archive.read("bundle.json").decode()
    expect(page.locator("#f-basis")).to_be_visible()
