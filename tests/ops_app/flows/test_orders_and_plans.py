"""A referral refused, called a mistake, done; a programme that says why, is left, entered again and closed."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.modules.visits.models import ServiceRequest
from tests.ops_app.flows.conftest import Desk

BORN = dt.date(clock.today().year - 46, 6, 1)

pytestmark = pytest.mark.browser


def move(page: Page, to: str) -> Locator:
    """The part of a referral's page with this step, opened."""
    part = page.locator("main details", has=page.locator(f"input[name=to][value={to}]"))
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    return part


def test_a_referral_is_ordered_refused_and_called_a_mistake(desk: Desk) -> None:
    person = desk.clinic.register()
    doctor = desk.sit("doctor")
    doctor.goto(f"/patients/{person.id}/visits/new")
    doctor.fill("#f-diagnoses-0-icd10", "J06")
    doctor.locator("#l-diagnoses-0-icd10 [role=option][data-value]").first.click()
    doctor.select_option("#f-referrals-0-category", "consultation")
    doctor.fill("#f-date", "+5")
    doctor.locator("[data-submit]").click()
    expect(doctor.locator("#e-date")).to_be_visible()
    doctor.fill("#f-date", "today")
    doctor.select_option("#f-referrals-0-performer_organization_id", str(desk.clinic.tree["hospital"]))
    doctor.locator("[data-submit]").click()
    doctor.wait_for_url(lambda url: not url.endswith(("/new", "/visits")))
    with desk.clinic.session() as session:
        number = session.scalars(select(ServiceRequest.id).where(ServiceRequest.patient_id == person.id)).one()
    registrar = desk.sit("registrar")
    answer = registrar.goto(f"/referrals/{number}")
    assert answer is not None and answer.status == 403

    page = desk.sit("second")
    page.goto("/journals/referrals-in")
    page.locator("tr", has_text=person.family_name).locator("a[href*='/referrals/']").first.click()
    page.wait_for_url(f"**/referrals/{number}")
    move(page, "cancelled").locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    move(page, "cancelled").locator("select").select_option("refused")
    move(page, "cancelled").locator("[data-submit]").click()
    expect(page.locator("main input[name=to]")).to_have_count(0)
    # the doctor says that it was written by mistake
    doctor.goto(f"/referrals/{number}")
    doctor.locator("dl.facts a[href*='/visits/']").click()
    doctor.locator("a.mark-error[href*='service_request']").click()
    doctor.fill("#f-reason", "басқа адам")
    doctor.locator("[data-submit]").click()
    doctor.wait_for_load_state()
    doctor.goto(f"/referrals/{number}")
    expect(doctor.locator("main .flash-danger")).to_be_visible()


def test_a_referral_is_done_with_a_result(desk: Desk) -> None:
    person = desk.clinic.register()
    written = {"category": "consultation", "performer_organization_id": desk.clinic.tree["hospital"]}
    desk.clinic.visit(person.id, referrals=[written])
    with desk.clinic.session() as session:
        number = session.scalars(select(ServiceRequest.id).where(ServiceRequest.patient_id == person.id)).one()
    page = desk.sit("second")
    page.goto(f"/referrals/{number}")
    move(page, "in_progress").locator("[data-submit]").click()
    expect(page.locator("main input[name=to][value=in_progress]")).to_have_count(0)
    move(page, "completed").locator("[data-submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    move(page, "completed").locator("textarea").fill("EF 60 %")
    move(page, "completed").locator("[data-submit]").click()
    expect(page.locator("main .note")).to_contain_text("EF 60 %")


@pytest.mark.req("SCR-01", "SCR-03", "SCR-06")
def test_a_programme_says_why_and_what_takes_off(desk: Desk) -> None:
    person = desk.clinic.register(birth_date=BORN)
    registrar = desk.sit("registrar")
    answer = registrar.goto(f"/patients/{person.id}/programmes")
    assert answer is not None and answer.status == 403

    page = desk.sit("nurse")
    page.goto(f"/patients/{person.id}/programmes")
    step = page.locator("main table tbody tr", has_text="C03.082.005")
    why = {"kk": "жастағы әйелдер тексеріледі", "ru": "Обследуют женщин", "en": "Women of 40"}[desk.language]
    expect(step).to_contain_text(why)
    step.locator("summary.btn").click()
    step.locator("form button").click()
    expect(page.locator("main .field-error")).to_be_visible()
    step.locator("select").select_option("refused")
    step.locator("form button").click()
    back = page.locator("main form[action$='/restore'] button")
    expect(back).not_to_have_count(0)
    left = back.count()
    back.first.click()
    expect(back).not_to_have_count(left)
    expect(step).not_to_have_count(0)
    desk.clinic.visit(person.id, purpose="screening", diagnoses=[], services=[{"code": "C03.082.005"}])
    page.reload()
    page.locator("main ul.plain a[href*='/visits/']").first.click()
    expect(page.locator("main")).to_contain_text("C03.082.005")
