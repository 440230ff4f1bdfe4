"""Protocols by diagnosis and conditions of services: who enters them, what a doctor and a registrar see."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.audit.models import Event
from ops_app.modules.guidance.models import Protocol, ServiceRule
from ops_app.modules.guidance.queries import fits
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic

PDF = b"%PDF-1.7 protocol"
SERVICE = "C03.082.005"


@pytest.fixture(scope="module")
def chief(clinic: Clinic) -> Browser:
    return clinic.browser("chief")


def enter(browser: Browser, version: str = "1", content: bytes | None = PDF, **more: Any) -> Any:
    fields = {
        "code": "hypertension",
        "version": version,
        "title_kk": "Артериялық гипертензия",
        "title_ru": "Артериальная гипертензия",
        "icd10": "i10, I11.9",
        "approved_on": "01.02.2026",
        "source": "Protocol № 1",
        "csrf_token": browser.csrf,
    } | more
    files = {"file": ("p.pdf", content)} if content is not None else {}
    return browser.client.post("/protocols", data=fields, files=files, follow_redirects=False)


def condition(browser: Browser, **more: Any) -> Any:
    fields = {
        "service_code": SERVICE,
        "hint_kk": "Тек жолдамамен",
        "hint_ru": "Только по направлению",
        "source": "ҚР ДСМ-37, item 1",
        "effective_from": show_date(clock.today()),
    } | more
    return browser.post("/service-conditions", fields)


def test_doctors_and_registrars_read_and_do_not_enter(clinic: Clinic) -> None:
    for login in ("doctor", "registrar", "nurse"):
        browser = clinic.browser(login)
        assert enter(browser).status_code == 403
        assert condition(browser).status_code == 403
        assert browser.get("/protocols").status_code == 200
        assert browser.get("/service-hints?code=x").status_code == 200
    with clinic.session() as session:
        assert session.scalars(select(Protocol)).all() == []
        assert session.scalars(select(ServiceRule)).all() == []


@pytest.mark.req("SUP-01")
def test_a_doctor_finds_the_protocol_of_a_diagnosis_beside_the_visit(clinic: Clinic, chief: Browser) -> None:
    assert "Give the file" in enter(chief, content=None).text
    assert "Only PDF is taken" in enter(chief, content=b"MZ").text
    assert "not X" in enter(chief, icd10="I10, X").text
    assert enter(chief, url="javascript:alert(1)").status_code == 422
    first = enter(chief).headers["location"]
    assert enter(chief).status_code == 422, "a version is entered once"
    assert enter(chief, "2", approved_on="01.01.2026").status_code == 422, "not before the one in force"
    doctor = clinic.browser("doctor")
    visit = clinic.visit(clinic.register().id, diagnoses=[{"icd10": "I10"}])
    page = doctor.get(f"/visits/{visit.id}").text
    assert f'href="http://testserver{first}"' in page or f'href="{first}"' in page
    assert doctor.get(f"{first}/file").content == PDF
    assert "Артериальная гипертензия" in doctor.get("/protocols?q=i10").text
    assert "Артериальная гипертензия" not in doctor.get("/protocols?q=J06.9").text
    second = enter(chief, "2").headers["location"]
    shown = doctor.get("/protocols").text
    assert second in shown and f'{first}"' not in shown
    assert "Not in force since" in doctor.get(first).text, "the former version stays readable"
    assert doctor.post(f"{second}/withdraw").status_code == 403
    assert chief.post(f"{second}/withdraw").status_code == 303
    assert second not in doctor.get(f"/visits/{visit.id}").text
    with clinic.session() as session:
        actions = set(session.scalars(select(Event.action).where(Event.login == "chief", Event.kind == "write")))
    assert {"guidance:add_protocol", "guidance:withdraw"} <= actions


@pytest.mark.req("SUP-06", "SUP-07")
def test_what_an_order_demands_is_told_at_the_visit_and_while_booking(clinic: Clinic, chief: Browser) -> None:
    registrar, doctor = clinic.browser("registrar"), clinic.browser("doctor")
    patient = clinic.register()
    assert "No conditions" in registrar.get(f"/service-hints?code={SERVICE}").text
    assert "no service with this code" in condition(chief, service_code="ZZZ").text
    asked = condition(chief, needs_referral="1", interval_days="30", icd10="C50")
    assert asked.status_code == 303
    hint = registrar.get(f"/service-hints?code={SERVICE}").text
    assert "Только по направлению" in hint and "A referral is needed" in hint and "ҚР ДСМ-37, item 1" in hint
    assert "Тек жолдамамен" in clinic.browser("registrar", "kk").get(f"/service-hints?code={SERVICE}").text
    assert "service-hints" in registrar.get(f"/patients/{patient.id}/appointments").text
    visit = clinic.visit(patient.id, diagnoses=[{"icd10": "I10"}], services=[{"code": SERVICE}])
    warned = doctor.get(f"/visits/{visit.id}").text
    assert "no diagnosis among C50; without a referral" in warned
    assert "rendered on" not in warned
    later = clinic.visit(patient.id, login="second", services=[{"code": SERVICE}])
    assert "rendered on" in doctor.get(f"/visits/{later.id}").text
    other = clinic.visit(clinic.register().id, diagnoses=[{"icd10": "I10"}])
    assert "without a referral" not in doctor.get(f"/visits/{other.id}").text
    with clinic.session() as session:
        rule = session.scalars(select(ServiceRule.id)).one()
    assert doctor.post(f"/service-conditions/{rule}/close", {"effective_to": "+1"}).status_code == 403
    assert chief.post(f"/service-conditions/{rule}/close", {"effective_to": "+1"}).status_code == 303
    assert chief.post(f"/service-conditions/{rule}/close", {"effective_to": "+1"}).status_code == 409
    with clinic.session() as session:
        assert session.get_one(ServiceRule, rule).effective_to == clock.today() + dt.timedelta(days=1)


def test_a_code_means_its_subcategories_and_no_neighbours() -> None:
    assert fits(["I10", "I11.9"], "I10") and fits(["I10"], "I10.1")
    assert not fits(["I10"], "I100") and not fits(["I11.9"], "I11") and not fits([], "I10")
