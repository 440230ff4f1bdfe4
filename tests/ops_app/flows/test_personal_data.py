"""A person's data under the law: consents, requests and their answers, blocks, destruction, disclosures."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from ops_app.modules.patients.models import Patient
from tests.ops_app.clinic import Clinic
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, form_of, refused, said
from tests.ops_app.personal_data.conftest import SCAN, ask, give_consent
from tests.ops_app.personal_data.conftest import office as office

APPLICATION = {"kk": "№ 5 өтініш, 20.11.2026", "ru": "заявление № 5 от 20.11.2026", "en": "application 5 of 20.11.2026"}
PAPER = {"name": "consent.pdf", "mimeType": "application/pdf", "buffer": SCAN}

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("office")]


def paper_language(desk: Desk) -> str:
    return "ru" if desk.language == "ru" else "kk"


def reveal(page: Page, action: str) -> None:
    """Open the part of the page that holds this form, if it is folded."""
    part = page.locator("details", has=form_of(page, action))
    if part.get_attribute("open") is None:
        part.locator("summary").click()


@pytest.mark.req("PDATA-01", "PDATA-02", "PDATA-06")
def test_a_consent_is_recorded_with_its_scan_and_withdrawn(desk: Desk) -> None:
    patient = desk.clinic.register()
    refused(desk.sit("chief"), f"/patients/{patient.id}/consents/new")
    page = desk.sit("registrar")
    page.goto(f"/patients/{patient.id}/personal-data")
    page.locator("a[data-new]").click()
    page.select_option("#f-purpose", "processing")
    page.locator('input[name="is_given"][value="yes"]').check()
    page.locator('input[name="form"][value="paper"]').check()
    page.fill("#f-scope", APPLICATION[desk.language])
    page.fill("#f-given_on", "today")
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "Attach the scanned copy or the signed document")
    page.set_input_files("#f-file", PAPER)  # type: ignore[arg-type]
    page.locator("[data-submit]").click()
    expect(page.locator("table.list .tag-green").first).to_have_text(said(desk, "holds"))
    doctor = desk.sit("doctor")
    doctor.goto(f"/patients/{patient.id}")
    expect(doctor.locator("main")).to_contain_text(patient.family_name)
    page.locator('a[href$="/withdraw"]').click()
    page.fill("#f-basis", APPLICATION[desk.language])
    page.keyboard.press("Control+Enter")
    expect(page.locator(".flash")).to_contain_text(said(desk, "The consent is withdrawn; the card is closed"))
    doctor.goto(f"/patients/{patient.id}")
    doctor.wait_for_url("**/reason*")


@pytest.mark.req("PDATA-24", "PDATA-25", "PDATA-26", "PDATA-27")
def test_a_request_is_registered_and_answered(desk: Desk) -> None:
    patient = desk.clinic.register()
    refused(desk.sit("doctor"), "/personal-data/requests/new")
    page = desk.sit("registrar")
    page.goto("/personal-data/requests/new")
    page.fill("#f-person", "000000000000")
    page.select_option("#f-kind", "information")
    page.select_option("#f-channel", "office")
    page.select_option("#f-organization_id", str(desk.clinic.tree["hospital"]))
    page.fill("#f-received_on", "today")
    page.fill("#f-wish", APPLICATION[desk.language])
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "No live record has this identifier")
    page.fill("#f-person", str(patient.iin))
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: url.rsplit("/", 1)[-1].isdigit())
    expect(page.locator("main .tag-amber")).to_have_count(2)
    officer = desk.sit("officer")
    officer.goto(page.url)
    form = form_of(officer, "/answer")
    form.locator(f'input[value="{paper_language(desk)}"]').check()
    form.locator("textarea").fill(APPLICATION[desk.language])
    form.locator("[data-submit]").click()
    expect(officer.locator("dl.facts")).to_contain_text(said(desk, "open the file"))
    with officer.expect_download() as download:
        officer.locator('a[href$="/answer.json"]').click()
    assert {each["table"] for each in json.loads(download.value.path().read_bytes())["held"]} >= {"patients.patient"}


@pytest.mark.req("PDATA-29")
def test_a_request_is_refused_with_its_reason(desk: Desk) -> None:
    number = ask(desk.clinic, desk.clinic.register())
    officer = desk.sit("officer")
    officer.goto(f"/personal-data/requests/{number}")
    reveal(officer, "/refuse")
    form = form_of(officer, "/refuse")
    form.locator(f'input[value="{paper_language(desk)}"]').check()
    form.locator("[data-submit]").click()
    expect_refused(desk, officer, "Fill in this field")
    form.locator("select").select_option(index=1)
    form.locator("textarea").fill(APPLICATION[desk.language])
    form.locator("[data-submit]").click()
    expect(officer.locator("dl.facts")).to_contain_text(APPLICATION[desk.language])
    expect(officer.locator("details[open] form")).to_have_count(0)


@pytest.mark.req("PDATA-13")
def test_blocked_data_are_shown_to_nobody_until_the_block_is_lifted(desk: Desk) -> None:
    patient = desk.clinic.register()
    number = ask(desk.clinic, patient, "blocking")
    officer, doctor = desk.sit("officer"), desk.sit("doctor")
    officer.goto(f"/personal-data/requests/{number}")
    form_of(officer, "/answer").locator(f'input[value="{paper_language(desk)}"]').check()
    form_of(officer, "/answer").locator("textarea").fill(APPLICATION[desk.language])
    form_of(officer, "/answer").locator("[data-submit]").click()
    expect_refused(desk, officer, "Block the data first, or refuse")
    reveal(officer, "/block")
    form_of(officer, "/block").locator("textarea").fill(APPLICATION[desk.language])
    form_of(officer, "/block").locator("[data-submit]").click()
    expect(officer.locator("main .tag-red").first).to_have_text(said(desk, "data blocked"))
    refused_card = doctor.goto(f"/patients/{patient.id}")
    assert refused_card is not None and refused_card.status == 403
    reveal(officer, "/lift")
    form_of(officer, "/lift").locator("textarea").fill(APPLICATION[desk.language])
    form_of(officer, "/lift").locator("[data-submit]").click()
    expect(form_of(officer, "/block")).to_have_count(1)
    opened = doctor.goto(f"/patients/{patient.id}")
    assert opened is not None and opened.status == 200


@pytest.mark.req("PDATA-15")
def test_an_act_of_destruction_is_drawn_up_by_one_and_approved_by_another(desk: Desk) -> None:
    patient = desk.clinic.register()
    number = ask(desk.clinic, patient, "destruction")
    officer, chief = desk.sit("officer"), desk.sit("chief")
    officer.goto(f"/personal-data/requests/{number}")
    reveal(officer, "/act")
    form_of(officer, "/act").locator("[data-submit]").click()
    expect_refused(desk, officer, "Fill in this field")
    form_of(officer, "/act").locator('input[value="violation"]').check()
    form_of(officer, "/act").locator("textarea").fill(APPLICATION[desk.language])
    form_of(officer, "/act").locator("[data-submit]").click()
    officer.locator('main a[href*="/personal-data/acts/"]').click()
    officer.wait_for_url("**/personal-data/acts/*")
    expect(officer.locator('form[action$="/execute"]')).to_have_count(0)
    chief.goto("/personal-data/acts")
    chief.locator("table.list tbody tr").filter(has_text=said(desk, "waits for approval")).locator("a").first.click()
    chief.once("dialog", lambda asked: asked.accept())
    chief.locator('form[action$="/execute"] button').click()
    expect(chief.locator("main")).to_contain_text("patients.patient")
    expect(chief.locator("main")).not_to_contain_text(patient.family_name)
    gone = desk.sit("doctor").goto(f"/patients/{patient.id}")
    assert gone is not None and gone.status == 404


def consented(clinic: Clinic) -> Patient:
    """Somebody who agreed to research."""
    patient = clinic.register()
    assert give_consent(clinic, patient, purpose="research").status_code == 303
    return patient


@pytest.mark.req("PDATA-12", "PDATA-18", "PDATA-19")
def test_a_disclosure_is_registered_with_its_ground_also_for_research(desk: Desk) -> None:
    patient = consented(desk.clinic)
    refused(desk.sit("doctor"), f"/patients/{patient.id}/disclosures/new")
    page = desk.sit("officer")
    page.goto(f"/patients/{patient.id}/disclosures/new")
    recipient = f"{APPLICATION[desk.language]} {patient.id}"
    page.fill("#f-recipient", recipient)
    page.fill("#f-what", APPLICATION[desk.language])
    page.fill("#f-purpose", APPLICATION[desk.language])
    page.locator('input[name="basis"][value="exception"]').check()
    page.fill("#f-given_on", "today")
    page.locator("[data-submit]").click()
    expect_refused(desk, page, "Without consent the exception of the law is named; otherwise none")
    page.locator('input[name="basis"][value="consent"]').check()
    page.select_option("#f-consent_id", index=1)
    page.locator("[data-submit]").click()
    expect(page.locator(".flash")).to_be_visible()
    page.goto(str(desk.clinic.app.url_path_for("personal_data:journal_disclosures")))
    expect(page.locator("table tbody tr").filter(has_text=recipient)).to_have_count(1)
    page.goto(f"/patients/{patient.id}/access-log")
    expect(page.locator("table.list tbody tr").first).to_be_visible()
