"""A form in a real browser: live values, drafts, the server's words at the field, no serious accessibility finding."""

from __future__ import annotations

import re

import pytest

from ops_app.modules.questionnaires.models import QuestionnaireResponse
from tests.chromium import running_chromium, serious_findings
from tests.ops_app.browser import PASSWORD
from tests.ops_app.clinic import Clinic
from tests.ops_app.live import served


@pytest.mark.browser
def test_a_nurse_fills_in_a_form(clinic: Clinic) -> None:
    patient = clinic.register()
    clinic.visit(patient.id, systolic=131, diastolic=84, pulse=70, height=170)
    with served(clinic.app) as address, running_chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(20_000)
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"{address}/sign-in")
        page.fill("#f-login", "nurse")
        page.fill("#f-password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto(f"{address}/patients/{patient.id}/questionnaires")
        page.select_option("#f-key", "nurse_assessment")
        page.click("form.filters button[type=submit]")
        page.wait_for_url("**/edit")

        # computed while typing, asked only when it matters
        page.fill("#f-q-weight", "68,5")
        assert page.text_content("[data-calculated=q-bmi]") == "23,7"
        assert not page.is_visible("[data-item=pain_places]")
        page.fill("#f-q-pain", "4")
        page.click("[data-body-map=pain_places] svg[data-view=back]", position={"x": 50, "y": 66})
        page.select_option("#f-q-pain_places--0--finding", "sharp")
        page.get_by_text("сақталды").first.wait_for()

        # the same words as the server's, and a second press goes through
        page.fill("#f-q-systolic", "400")
        page.click("[data-submit]")
        page.wait_for_selector(".error-summary")
        assert "260" in page.inner_text("[data-error-of=q-systolic]")
        assert page.is_visible("[data-error-of=q-consciousness]")
        assert serious_findings(page) == []
        page.fill("#f-q-systolic", "131")
        page.check("input[name=q-consciousness][value=clear]")
        page.click("[data-submit]")
        page.wait_for_url(re.compile(r"questionnaire-responses/\d+$"))
        number = int(page.url.rsplit("/", 1)[1])

        # a code is found by its Kazakh name, on the layout that happens to be on, with the keyboard alone
        page.goto(f"{address}/patients/{patient.id}/questionnaires")
        page.select_option("#f-key", "infection_notice")
        page.click("form.filters button[type=submit]")
        page.wait_for_url("**/edit")
        assert page.input_value("#f-q-diagnosis") == ""
        page.focus("#f-q-diagnosis")
        page.keyboard.type(";hdb")
        page.wait_for_selector("#l-q-diagnosis [role=option][data-value]")
        page.keyboard.press("Enter")
        assert page.input_value("input[name=q-diagnosis]") == "J06.9"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "f-q-is_confirmed", "Enter goes on and sends nothing"
        page.fill("#f-q-contact_list--0--finding", "zzzz")
        page.click("[data-submit]")
        page.wait_for_selector(".error-summary")
        assert page.is_visible("[data-error-of=q-contact_list--0--finding]")
        assert not page.is_visible("[data-error-of=q-diagnosis]")
        assert serious_findings(page) == []
    assert broken == []
    with clinic.session() as session:
        stored = session.get(QuestionnaireResponse, number)
    assert stored is not None
    assert stored.status == "completed"
    assert stored.answers["pain_places"][0]["finding"] == "sharp"
