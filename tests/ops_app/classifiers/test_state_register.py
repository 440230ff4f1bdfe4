"""The state register of medicines and medical devices: loaded, searched, named by devices and prescriptions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.modules.classifiers import state_register
from ops_app.modules.classifiers.service import load_shipped
from ops_app.modules.devices.models import Device
from ops_app.modules.monitoring.device_queries import is_certified
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.classifiers.test_books import days_ago, load
from tests.ops_app.clinic import Clinic

FILES = Path(__file__).parent / "state_register"
CUFF, ANALYSER, METER = (f"РК-МИ(ТЕСТ)-00010{number}" for number in (1, 2, 3))


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["hospital"])])
    with clinic.session() as session:
        load_shipped(session)
    return clinic.browser("keeper")


def edition(browser: Browser, system: str, name: str, day: dt.date) -> int:
    text = (FILES / f"{name}.csv").read_text(encoding="utf-8")
    return int(load(browser, system, name, day, text, is_complete="1").status_code)


def device(clinic: Clinic, **more: str) -> dict[str, str]:
    known = {"kind": "wearable", "name": "Cuff", "protocol": "fhir", "organization_id": str(clinic.tree["hospital"])}
    certificate = {"is_certified": "1", "certificate_number": "KZ-1"}
    return known | certificate | more


@pytest.mark.req("INT-DEVREG-01")
def test_editions_of_the_state_register_are_loaded_searched_and_named(clinic: Clinic, keeper: Browser) -> None:
    doctor = clinic.browser("doctor")
    assert edition(doctor, state_register.DEVICES, "devices_2026_1", days_ago(20)) == 403
    assert "No edition" in doctor.get("/state-register").text
    unknown = keeper.post("/devices/new", device(clinic, sender="cuff", registration_number=CUFF))
    assert unknown.status_code == 422 and 'id="e-registration_number"' in unknown.text

    assert edition(keeper, state_register.DEVICES, "devices_2026_1", days_ago(20)) == 303
    found = doctor.get("/state-register?book=state_device&q=тонометр").text
    assert CUFF in found and ANALYSER not in found and "in force" in found
    assert ANALYSER in doctor.get("/state-register?book=state_device&q=000102").text
    assert CUFF in keeper.get("/codes/registered/devices?q=тонометр").text
    made = keeper.post("/devices/new", device(clinic, sender="cuff", registration_number=CUFF))
    assert made.status_code == 303
    assert "Sample-1" in keeper.get(made.headers["location"]).text

    # the next edition no longer names it: from that day it does not count, and nothing new is registered by it
    assert edition(keeper, state_register.DEVICES, "devices_2026_2", days_ago(5)) == 303
    assert "not in force" in keeper.get(made.headers["location"]).text
    assert CUFF not in keeper.get("/codes/registered/devices?q=тонометр").text
    assert "not in force" in doctor.get("/state-register?book=state_device&q=тонометр").text
    again = keeper.post("/devices/new", device(clinic, sender="cuff-2", registration_number=CUFF))
    assert again.status_code == 422
    corrected = keeper.post(
        f"{made.headers['location']}/change",
        device(clinic, sender="cuff", registration_number=CUFF, name="Cuff of the ward"),
    )
    assert corrected.status_code == 303
    with clinic.session() as session:
        row = session.scalars(select(Device).where(Device.sender == "cuff")).one()
        counts = [is_certified(session, row, clock.now() - dt.timedelta(days=days)) for days in (30, 10, 2)]
        # before the first edition nobody can know; then it was registered; then no longer
        assert counts == [True, True, False]
        assert state_register.in_force(session, state_register.DEVICES, METER, days_ago(10)) is False
        assert state_register.in_force(session, state_register.DEVICES, METER, days_ago(2)) is True


@pytest.mark.req("INT-DEVREG-01")
def test_a_medicine_is_prescribed_by_its_registered_name(clinic: Clinic, keeper: Browser) -> None:
    assert edition(keeper, state_register.MEDICINES, "medicines_2026_1", days_ago(20)) == 303
    doctor = clinic.browser("doctor")
    options = doctor.get("/codes/atc?q=образцоприл").text
    assert 'data-value="C09AA02"' in options and "Sampleopril" in options
    # a product of a substance that nobody prescribes here is not offered
    assert "data-value" not in doctor.get("/codes/atc?q=иновещество").text
    page = doctor.get("/code-systems/state_medicine/codes/РК-ЛС(ТЕСТ)-000201").text
    assert "The same active substance" in page and "Exampleopril" in page
    for language, name in (("kk", "Үлгіприл"), ("ru", "Образцоприл")):
        assert name in clinic.browser("doctor", language).get("/state-register?q=000201").text
