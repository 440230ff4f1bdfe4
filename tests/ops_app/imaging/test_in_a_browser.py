"""A chest image from the worklist to the signed report in a real browser, and the viewer under the hands."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from ops_app.modules.imaging.order_numbers import accession_number
from tests.chromium import running_chromium, serious_findings
from tests.ops_app.browser import PASSWORD
from tests.ops_app.clinic import Clinic
from tests.ops_app.imaging import made
from tests.ops_app.imaging.conftest import Storing
from tests.ops_app.imaging.test_orders import order
from tests.ops_app.live import served


def sign_in(page: Page, address: str, login: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#f-login", login)
    page.fill("#f-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look: only where a folder is named."""
    folder = os.environ.get("SAULYQ_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def grey(page: Page) -> int:
    """How bright the middle of the picture is."""
    return int(
        page.evaluate(
            "() => { const c = document.querySelector('[data-stage] canvas');"
            " return c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data[0]; }"
        )
    )


@pytest.mark.browser
@pytest.mark.req("PACS-03", "PACS-04", "CARD-01")
def test_a_chest_image_from_the_worklist_to_the_report(department: Clinic, store: Storing, tmp_path: Path) -> None:
    patient = department.register(birth_date=dt.date(1990, 6, 12))
    request_id = order(department, patient, note="Кашель три недели")
    image = tmp_path / "chest.dcm"
    image.write_bytes(made.chest(patient, AccessionNumber=accession_number(request_id)))
    store(*made.slices(patient, 12))
    ecg = store(made.ecg(patient))
    broken = store(made.undecodable(patient))
    with served(department.app) as address, running_chromium() as browser:
        page = browser.new_page(viewport={"width": 1366, "height": 768}, device_scale_factor=1)
        page.set_default_timeout(30_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)

        # the radiographer: worklist, arrival, files, done
        sign_in(page, address, "tech")
        page.goto(f"{address}/radiology/worklist")
        look(page, "worklist")
        page.click(f"a[href='/radiology/orders/{request_id}']")
        page.click("[data-submit]")
        page.goto(f"{address}/radiology/upload")
        page.set_input_files("#f-files", str(image))
        page.wait_for_selector("[data-finished='1']")
        assert page.locator("[data-results] tr.upload-stored").count() == 1
        look(page, "upload")
        page.goto(f"{address}/radiology/orders/{request_id}")
        look(page, "order")
        page.click("form[action$=performed] button")

        # the radiologist: the picture under the hands
        page.context.clear_cookies()
        sign_in(page, address, "reader")
        page.goto(f"{address}/radiology/orders/{request_id}")
        page.click("a[href^='/radiology/studies/']")
        page.wait_for_selector("[data-ready='1'] [data-shown]")
        page.wait_for_function("() => document.querySelector('[data-told-window]').textContent.includes('2000')")
        before = grey(page)
        page.focus("[data-stage]")
        page.keyboard.press("i")
        page.wait_for_function("() => document.querySelector('[data-act=invert]').ariaPressed === 'true'")
        page.wait_for_timeout(100)
        assert abs(grey(page) - (255 - before)) <= 2
        page.keyboard.press("i")
        box = page.locator("[data-stage]").bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 60, middle[1] + 30)
        page.mouse.up()
        page.wait_for_function("() => !document.querySelector('[data-told-window]').textContent.includes('3200')")
        page.keyboard.press("l")
        page.mouse.move(middle[0] - 50, middle[1])
        page.mouse.down()
        page.mouse.move(middle[0] + 50, middle[1])
        page.mouse.up()
        told = page.locator("[data-stage] svg text").first.text_content() or ""
        # 100 points of a screen on which 320 rows of 1.25 mm fill the height
        assert abs(float(told.split()[0].replace(",", ".")) - 100 * 400 / box["height"]) < 2, told
        page.keyboard.press("k")
        page.wait_for_selector("[data-keys] img")
        look(page, "viewer")
        assert serious_findings(page) == []

        # the report
        page.click("form[action$='/report'] button")
        page.wait_for_url("**/write")
        page.check('input[name="q-quality"][value="good"]')
        page.check('input[name="q-lungs"][value="clear"]')
        page.fill("#f-conclusion", "Патологических изменений не выявлено")
        page.fill("#f-effective_msv", "0,05")
        look(page, "write")
        page.click("[data-submit]")
        page.wait_for_url(re.compile(r"/radiology/reports/\d+$"))
        assert "Патологических изменений не выявлено" in page.inner_text("main")
        look(page, "report")

        # stack, ECG, what cannot be decoded; the doctor on a phone
        page.context.clear_cookies()
        sign_in(page, address, "doctor")
        page.goto(f"{address}/patients/{patient.id}")
        assert page.locator(".timeline .image-thumb img").count() == 4
        look(page, "card")
        # as the card links it: a study of signals only opens on its paper
        page.goto(f"{address}/radiology/studies/{ecg}")
        page.wait_for_selector("[data-ecg][data-drawn='1']")
        look(page, "ecg")
        page.goto(f"{address}/radiology/studies/{broken}")
        page.wait_for_selector("[data-problem]:not([hidden])")
        assert page.get_attribute("[data-problem-file]", "href")
        phone = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        phone.set_default_timeout(30_000)
        phone.on("pageerror", lambda error: wrong.append(str(error)))
        sign_in(phone, address, "doctor")
        phone.goto(f"{address}/patients/{patient.id}/images")
        look(phone, "phone-images")
        phone.click(".image-list li:has-text('CT') .fact-head a")
        phone.wait_for_selector("[data-ready='1'] [data-shown]")
        phone.keyboard.press("ArrowDown")
        phone.wait_for_function("() => document.querySelector('[data-told-series]').textContent.includes('2 / 12')")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        look(phone, "phone-viewer")
        phone.goto(f"{address}/radiology/instances/{_first_waveform(department, ecg)}/ecg")
        phone.wait_for_selector("[data-ecg][data-drawn='1']")
        look(phone, "phone-ecg")
    assert wrong == []


def _first_waveform(clinic: Clinic, study_id: int) -> int:
    page = clinic.browser("doctor").get(f"/radiology/studies/{study_id}/manifest").json()
    return int(page["series"][0]["ecg"].split("/")[3])
