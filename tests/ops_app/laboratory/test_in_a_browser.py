"""A blood count from the order to the signed report through an analyser, and a critical potassium that is acted on."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from ingestion.archive import Archive
from ingestion.astm.gateway import Gateway
from ingestion.interpreter import Interpreter, make_engine
from ops_app.auth import cookie_name
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.astm import Message
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import authority_of
from ops_app.mechanisms.task.models import Task
from ops_app.modules.accounts import queries as accounts
from ops_app.modules.accounts import service as account_service
from ops_app.modules.devices.models import CodeMapping, Device
from ops_app.modules.laboratory.models import FollowUp, LabOrder, Parameter
from ops_app.modules.organizations.models import Organization, Practitioner
from saulyq.settings import settings
from tests.chromium import running_chromium
from tests.ingestion.astm.simulator import Analyser
from tests.installation import Database
from tests.ops_app.clinic import Clinic
from tests.ops_app.documents.conftest import CLINIC_BIN, send
from tests.ops_app.laboratory.lab import BLOOD_COUNT, NORMAL_COUNT, POTASSIUM, Bench
from tests.ops_app.live import served

LABDOCTOR_IIN = "790315300015"


@pytest.fixture
def gateway(module_database: Database) -> Iterator[int]:
    """The port of a gateway that archives what analysers send."""
    archive = Archive(module_database.libpq("app"))

    async def answer(_sender: str, _peer: str, _message: Message) -> bytes | None:
        return None

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(Gateway(archive, answer).serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        archive.close()


def counter(clinic: Clinic, bench: Bench) -> dict[str, str | None]:
    """An analyser that speaks in the system's codes; their units."""
    units = {row.code: row.unit for row in bench.all(Parameter) if row.code in NORMAL_COUNT}
    with clinic.session() as session:
        device = Device(
            kind="analyser",
            name="XN-550",
            protocol="astm",
            sender="SIM",
            profile="lis2_a2",
            organization_id=clinic.tree["hospital"],
            registered_by="test",
        )
        session.add(device)
        session.flush()
        for code, unit in units.items():
            session.add(
                CodeMapping(
                    device_id=device.id, their_code=code, their_unit=unit, parameter_code=code, mapped_by="test"
                )
            )
    return units


def blood_count(barcode: str, units: dict[str, str | None]) -> bytes:
    """What the analyser says of a tube."""
    moment = f"{clock.local(clock.now()):%Y%m%d%H%M%S}"
    results = [
        f"R|{number}|^^^{code}|{value}|{units[code]}||N||F||||{moment}"
        for number, (code, value) in enumerate(NORMAL_COUNT.items(), start=1)
    ]
    lines = ["H|\\^&|||SIM^1.0|||||||P|LIS2-A2", "P|1", f"O|1|{barcode}||^^^CBC|R", *results, "L|1|N", ""]
    return "\r".join(lines).encode()


def page_of(chromium: Chromium, clinic: Clinic, address: str, login: str) -> Page:
    """A window in which somebody is signed in."""
    with clinic.session() as session:
        account = accounts.account_by_login(session, login)
        assert account is not None
        token = account_service.open_sign_in_session(session, account, "test")
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="en")
    context.add_cookies([{"name": cookie_name("session"), "value": token, "url": address}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look: only where a folder is named."""
    folder = os.environ.get("SAULYQ_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.browser
@pytest.mark.timeout(900)
@pytest.mark.req("LAB-07", "LAB-14", "LAB-18", "LAB-19")
def test_a_blood_count_is_signed_and_a_critical_potassium_reaches_the_doctor(
    clinic: Clinic, bench: Bench, module_database: Database, gateway: int, tmp_path: Path
) -> None:
    patient = clinic.register(birth_date=dt.date(clock.today().year - 40, 1, 15), sex="female")
    units = counter(clinic, bench)
    with clinic.session() as session:
        session.get_one(Practitioner, clinic.practitioners["labdoctor"]).iin = LABDOCTOR_IIN
        session.get_one(Organization, clinic.tree["hospital"]).bin = CLINIC_BIN
    expect.set_options(timeout=60_000)
    with served(clinic.app) as address, running_chromium() as chromium:
        doctor, technician, labdoctor = (
            page_of(chromium, clinic, address, login) for login in ("doctor", "technician", "labdoctor")
        )
        # ordered by the doctor
        doctor.goto(f"{address}/patients/{patient.id}/laboratory/order")
        for service in (BLOOD_COUNT, POTASSIUM):
            doctor.check(f"input[name=services][value='{service}']")
        look(doctor, "order_form")
        doctor.click("[data-submit]")
        doctor.wait_for_url(re.compile(r"/laboratory/orders/\d+"))
        (order,) = bench.all(LabOrder, patient_id=patient.id)
        purple, yellow = bench.tubes(order)

        # scanned and accepted in the laboratory; the analyser measures the count, potassium is typed without a mouse
        technician.goto(f"{address}/laboratory")
        technician.keyboard.type(purple.barcode)
        technician.keyboard.press("Enter")
        for tube in (purple, yellow):
            technician.click(f"form[action$='/specimens/{tube.id}/receive'] button")
            technician.wait_for_load_state()
        with Analyser(gateway) as analyser:
            analyser.send(blood_count(purple.barcode, units))
        engine = make_engine(module_database.url("app"))
        Interpreter(engine).run_waiting()
        engine.dispose()
        technician.goto(f"{address}/laboratory/orders/{order.id}")
        expect(technician.locator("input[name=v-HGB]")).to_have_value("138")
        technician.fill("input[name=v-K]", "7,1")
        technician.keyboard.press("Enter")
        expect(technician.locator("input[name=v-K]")).to_have_value("7,1")
        look(technician, "to_be_confirmed")

        # until somebody answers for them the doctor sees none of the values
        doctor.reload()
        assert "138" not in doctor.inner_text("main")
        labdoctor.goto(f"{address}/laboratory/orders/{order.id}")
        labdoctor.click(f"form[action$='/orders/{order.id}/confirm'] button")
        expect(labdoctor.locator("#report button").first).to_be_visible()
        labdoctor.click("#report button[value=kk]")
        labdoctor.wait_for_url(re.compile(r"/documents/\d+"))
        number = int(re.findall(r"/documents/(\d+)", labdoctor.url)[0])
        assert sign(clinic, number) == "valid"
        doctor.reload()
        expect(doctor.locator("#report .tag-green")).to_be_visible()
        assert "138" in doctor.inner_text("main")
        look(doctor, "signed")

        # the alarm stands on the bench until somebody was told; the doctor has a notice and a task
        technician.goto(f"{address}/laboratory")
        technician.click(".flash-danger a")
        technician.fill("input[name=told_to]", "дежурный врач Ахметова")
        technician.check("input[name=read_back]")
        technician.keyboard.press("Enter")
        expect(technician.get_by_text("дежурный врач Ахметова was told")).to_be_visible()
        (row,) = bench.all(FollowUp, order_id=order.id)
        tasks = {task.kind: task for task in bench.all(Task, subject=f"laboratory_follow_up:{row.id}")}
        assert tasks["laboratory:critical_result"].owner_practitioner_id == clinic.practitioners["doctor"]
        with clinic.session() as session:
            account_id = clinic.actor(session, "doctor").account_id
        assert "laboratory:critical_result" in {note.kind for note in bench.all(Notification, account_id=account_id)}
        doctor.goto(f"{address}/patients/{patient.id}/laboratory")
        doctor.click(f"a[href='/laboratory/follow-ups/{row.id}']")
        doctor.check("input[name=how][value=telephone]")
        look(doctor, "critical")
        doctor.click("form[action$='/told'] [data-submit]")
        expect(doctor.locator(".lab-steps .is-done")).to_have_count(2)


def sign(clinic: Clinic, number: int) -> str:
    """What the signing page sends; the key is of the development authority."""
    key = authority_of(settings()).issue("labdoctor", LABDOCTOR_IIN, kind="ecdsa", bin=CLINIC_BIN, organization="ТЕСТ")
    browser = clinic.browser("labdoctor")
    asked = send(browser, "/to-sign/content", {"ids": [number]}).json()
    pdf = base64.b64decode(asked["documents"][0]["content"])
    cms = base64.b64encode(making.sign(pdf, [key])).decode()
    answer = send(browser, "/to-sign/signatures", {"signatures": [{"id": number, "cms": cms}]})
    return str(answer.json()["results"][0]["result"])
