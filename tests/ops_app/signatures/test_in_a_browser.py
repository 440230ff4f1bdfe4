"""A doctor at a real browser: enters with a key, signs fifty documents with one password, is told what fails."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from ops_app.app import create_app
from ops_app.modules.documents import service
from ops_app.modules.documents.models import Document
from saulyq.settings import settings
from tests.chromium import running_chromium, serious_findings
from tests.installation import Database
from tests.ops_app.clinic import Clinic, open_clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, DOCTOR_IIN, name_the_doctor
from tests.ops_app.live import served
from tests.ops_app.signatures.simulator import NcaLayer, listening

FIFTY = 50

pytestmark = pytest.mark.browser


def form_fifty(clinic: Clinic) -> None:
    visit = clinic.visit(clinic.register().id)
    with clinic.session() as session:
        actor = clinic.actor(session, "doctor")
        for number in range(FIFTY):
            typed: dict[str, str | None] = {"presented_to": f"мектеп № {number}"}
            service.form_document(session, actor, visit.id, "visit_certificate", "kk", typed, "/check/CODE")


def signed(clinic: Clinic) -> int:
    with clinic.session() as session:
        return session.scalar(select(func.count()).select_from(Document).where(Document.status == "signed")) or 0


@pytest.mark.req("EDS-01", "EDS-02", "EDS-04", "IAM-14")
def test_one_password_enters_and_one_signs_fifty(module_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = open_clinic(create_app(module_database.engine("app")))
    authority = name_the_doctor(clinic)
    layer = NcaLayer(
        signing=authority.issue("doctor", DOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ"),
        entering=authority.issue("entering", DOCTOR_IIN, kind="ecdsa", use="enter"),
    )
    form_fifty(clinic)
    with listening(layer) as address:
        monkeypatch.setenv("SAULYQ_NCALAYER_URL", address)
        settings.cache_clear()
        try:
            walk(clinic, create_app(module_database.engine("app")), layer)
        finally:
            monkeypatch.undo()
            settings.cache_clear()


def walk(clinic: Clinic, app: FastAPI, layer: NcaLayer) -> None:
    found: list[str] = []
    problems: list[str] = []
    with served(app) as url, running_chromium() as chromium:
        page = chromium.new_page(locale="en")
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{url}/sign-in")
        page.click("text=Sign in with an EDS")
        page.click("text=Choose a key")
        page.wait_for_url(lambda address: "sign-in" not in address)
        page.goto(f"{url}/to-sign")
        assert page.locator("[data-document]").count() == FIFTY
        layer.cancels = True
        page.click("[data-sign]")
        page.wait_for_selector("[data-told]:not([hidden])")
        assert signed(clinic) == 0
        layer.cancels, layer.passwords_asked = False, 0
        page.select_option("[data-store]", "AKKZIDCardStore")
        page.click("[data-sign]")
        page.wait_for_selector(".empty", timeout=60_000)
        assert (signed(clinic), layer.passwords_asked) == (FIFTY, 1)
        assert layer.requests[-1]["args"]["allowedStorages"] == ["AKKZIDCardStore"]
        assert not problems
        # axe is injected, which our own policy rightly forbids
        inspected = chromium.new_context(bypass_csp=True, storage_state=page.context.storage_state()).new_page()
        for address in ("/to-sign", "/documents", "/documents/1", "/visits/1/documents"):
            inspected.goto(url + address)
            found += [f"{address}: {finding}" for finding in serious_findings(inspected)]
        stranger = chromium.new_context(bypass_csp=True).new_page()
        with clinic.session() as session:
            code = session.scalar(select(Document.check_code).order_by(Document.id).limit(1))
        for address in ("/sign-in/certificate", f"/check/{code}"):
            stranger.goto(url + address)
            found += [f"{address}: {finding}" for finding in serious_findings(stranger)]
    assert not found
